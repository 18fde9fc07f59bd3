"""Text search in fields, answered by the database's full-text index."""

from pathlib import Path

import pytest
from sqlalchemy import text

from soundlab.domain.clip import Clip
from soundlab.domain.fieldquery import parse
from soundlab.errors import WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.database import Database


@pytest.fixture
def database(tmp_path: Path):
    made = Database(tmp_path / ".soundlab" / "soundlab.db")
    yield made
    made.close()


def door(store: ClipStore) -> Clip:
    return store.add(
        Clip(
            "",
            "/a/doors.wav",
            "Barn door slam_01",
            "0" * 64,
            1.0,
            48_000,
            1,
            rights="own",
            note="an old hinge (café)",
            tags=("wood", "slam"),
            collections=("barn",),
            metadata={"description": "recorded at night"},
        )
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / ".soundlab").mkdir()


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("door", True),
        ("DOOR", True),
        ("doo", True),
        ("oor", False),
        ("title:door", True),
        ("tag:door", False),
        ("door AND hinge", True),
        ("door hinge", True),
        ("door glass", False),
        ("glass OR hinge", True),
        ("glass OR (door AND NOT tag:metal)", True),
        ("door NOT tag:slam", False),
        ("NOT glass NOT metal", True),
        ('"barn door"', True),
        ('title:"door slam"', True),
        ('"door barn"', False),
        ("door or glass and metal", True),
        ("rights:own", True),
        ("collection:barn description:night cafe", True),
        ("slam 01", True),
        ("doors.wav", True),
        ("doorsXwav", False),
        ("[a-z]+", False),
        ("path:/a/doors", True),
        ("tag:slam'; DROP TABLE clips", False),
    ],
)
def test_queries(database: Database, query: str, matches: bool) -> None:
    store = ClipStore(database)
    clip = door(store)
    assert store.matching(fields=parse(query)) == ([clip.id] if matches else [])


@pytest.mark.parametrize(
    "query", ["", "   ", "(door", "door)", "AND door", "door OR", "NOT", "colour:red", "()", "door AND OR glass", '""']
)
def test_mistakes_are_named(query: str) -> None:
    with pytest.raises(WrongInput):
        parse(query)


def test_the_index_follows_every_change(database: Database) -> None:
    store = ClipStore(database)
    clip = door(store)
    store.change([clip.id], {"title": "gate", "note": ""}, tags=["iron"], untag=["wood"], collections=["farm"])
    for query, found in (
        ("title:gate", True),
        ("door title:barn", False),
        ("hinge", False),
        ("tag:iron tag:slam", True),
        ("tag:wood", False),
        ("collection:farm collection:barn", True),
    ):
        assert bool(store.matching(fields=parse(query))) is found, query
    assert store.named(["gate", "iron"], 10) == [clip.id] and store.named(["gate", "wood"], 10) == []
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM clips"))
    assert store.matching(fields=parse("gate")) == []


def test_a_portable_copy_finds_its_own_rows(database: Database, tmp_path: Path) -> None:
    store = ClipStore(database)
    gone = store.add(Clip("", "/a/one.wav", "first", "1" * 64, 1.0, 48_000, 1))
    clip = door(store)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM clips WHERE id = :i"), {"i": gone.id})
    database.copy_portable(tmp_path / "copy" / ".soundlab" / "soundlab.db", {"/a/doors.wav": "media/doors.wav"})
    copy = Database(tmp_path / "copy" / ".soundlab" / "soundlab.db")
    found = ClipStore(copy)
    assert found.matching(fields=parse("door path:media")) == [clip.id] == found.matching(fields=parse("NOT first"))
    assert found.names([clip.id])[clip.id].split()[0] == "Barn"
    copy.close()


def test_filters_on_what_a_file_is(database: Database) -> None:
    store = ClipStore(database)
    one = store.add(Clip("", "/a/one.WAV", "one", "1" * 64, 1.0, 48_000, 1, rights="cc0"))
    two = store.add(Clip("", "/a/two.flac", "two", "2" * 64, 9.0, 44_100, 1, tags=("x",)))
    assert store.matching(kind="wav") == [one.id] and store.matching(kind=".flac") == [two.id]
    assert store.matching(shortest=2) == [two.id] and store.matching(longest=2) == [one.id]
    assert store.matching(rate=48_000, rights="cc0") == [one.id] and store.matching(tag="x", rights="cc0") == []
