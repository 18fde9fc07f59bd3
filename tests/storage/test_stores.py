"""Rows and vectors: migrated, found again, and surviving a kill."""

from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import update

from soundlab.domain.clip import Clip
from soundlab.domain.ports import Embedded
from soundlab.domain.take import Take
from soundlab.errors import NotFound, SoundlabError
from soundlab.storage import database as database_module
from soundlab.storage.clips import ClipStore
from soundlab.storage.database import HEAD, Database
from soundlab.storage.tables import clips, metadata, takes
from soundlab.storage.takes import TakeStore
from soundlab.storage.vectors import VectorStore


@pytest.fixture
def database(tmp_path: Path):
    made = Database(tmp_path / "soundlab.db")
    yield made
    made.close()


def clip(name: str, **given) -> Clip:
    digest = name.encode().hex().ljust(64, "0")
    return Clip(
        **{
            "id": "",
            "path": f"/x/{name}.wav",
            "title": name,
            "sha256": digest,
            "duration": 1.0,
            "sample_rate": 48_000,
            "channels": 1,
            **given,
        }
    )


def take(identity: str, **given) -> Take:
    return Take(
        **{
            "id": identity,
            "path": "/x.wav",
            "prompt": "rain",
            "seed": 1,
            "checkpoint": "sketch",
            "duration": 1.0,
            **given,
        }
    )


def test_migrations_build_the_tables_of_the_code(database: Database) -> None:
    folder = Path(database_module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD
    with database.engine.connect() as connection:
        # The full-text index is made by SQL alone; SQLite keeps it in tables of that name.
        options = {"include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("clip_text")}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_files_of_a_project_that_was_moved_under_an_older_schema_are_found(tmp_path: Path) -> None:
    now, other = tmp_path / "now", tmp_path / "other"
    for file in (now / "takes" / "t1.wav", now / "media" / "own.wav", other / "far.wav"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    path = now / ".soundlab" / "soundlab.db"
    path.parent.mkdir()
    older = Database(path)
    TakeStore(older).add([take("t1")])
    own, far = (ClipStore(older).add(clip(name)).id for name in ("own", "far"))
    was = tmp_path / "was"
    with older.engine.begin() as connection:
        for table, identity, place in (
            (takes, "t1", f"{was}/takes/t1.wav"),
            (clips, own, f"{was}/media/own.wav"),
            (clips, far, f"{now}/../other/far.wav"),
        ):
            connection.execute(update(table).where(table.c.id == identity).values(path=place))
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0007'")
    older.close()
    opened = Database(path)
    assert TakeStore(opened).get("t1").path == str(now / "takes" / "t1.wav")
    assert [c.path for c in ClipStore(opened).all()] == [str(now / "media" / "own.wav"), str(other / "far.wav")]
    opened.close()


def test_a_newer_database_and_a_broken_one_are_refused(tmp_path: Path) -> None:
    made = Database(tmp_path / "new.db")
    with made.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    made.close()
    with pytest.raises(SoundlabError, match="newer soundlab"):
        Database(tmp_path / "new.db")
    (tmp_path / "bad.db").write_text("this is not a database" * 100)
    with pytest.raises(SoundlabError, match="cannot open"):
        Database(tmp_path / "bad.db")


def test_a_database_that_cannot_be_written_says_so(database: Database) -> None:
    with (
        pytest.raises(SoundlabError, match="readonly database"),
        database.engine.connect() as connection,
    ):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("DELETE FROM clips")


def test_another_process_is_noticed(database: Database) -> None:
    before = database.version()
    other = Database(database.path)
    ClipStore(other).add(clip("rain"))
    other.close()
    assert database.version() != before


def test_clips_are_found_by_id_hash_tag_and_collection(database: Database) -> None:
    store = ClipStore(database)
    rain = store.add(clip("rain", tags=("wet",), collections=("night",)))
    wind = store.add(clip("wind"))
    assert store.get(rain.id[:5]) == rain
    assert store.by_hash(wind.sha256) == wind
    assert store.all(tag="wet") == [rain] == store.all(collection="night")
    store.change([rain.id, wind.id], {"rights": "own"}, tags=["storm"], untag=["wet"])
    assert [c.rights for c in store.all(tag="storm")] == ["own", "own"]
    assert store.all(tag="wet") == []
    with pytest.raises(NotFound):
        store.get("cffffffff")


def test_equal_starts_of_hashes_get_longer_ids(database: Database) -> None:
    store = ClipStore(database)
    one = store.add(clip("a", sha256="ab" * 32))
    two = store.add(clip("b", sha256="ab" * 31 + "cd"))
    assert one.id != two.id
    assert store.get(one.id) == one


def test_a_batch_of_changes_is_all_or_nothing(database: Database) -> None:
    store = TakeStore(database)
    store.add([take("taaaaaa"), take("tbbbbbb")])
    with pytest.raises(Exception, match="no_such_column"):
        store.finish([("taaaaaa", {"state": "failed"}), ("tbbbbbb", {"no_such_column": 1})])
    assert {t.state for t in store.all()} == {"done"}


def test_search_is_exact_and_vectors_stay_with_their_model(database: Database, tmp_path: Path) -> None:
    store = VectorStore(database, tmp_path / "vectors")
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 32))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    store.put("a@1", [(f"c{i:03}", Embedded((0.0,), (tuple(v),))) for i, v in enumerate(rows)])
    store.put("b@1", [("c000", Embedded((0.0, 10.0), (tuple(rows[1]), tuple(rows[2]))))])
    query = rng.standard_normal(32)
    wanted = np.argsort(-(rows @ query))[:10]
    found = store.search("a@1", query, 10)
    assert [h.owner for h in found] == [f"c{i:03}" for i in wanted]
    assert found[0].score == pytest.approx(float(rows[wanted[0]] @ query / np.linalg.norm(query)), abs=2e-3)
    assert [h.at for h in store.search("b@1", rows[2], 1)] == [10.0]
    assert store.search("none@1", query, 10) == []
    assert store.search("a@1", np.zeros(32), 10) == []


def test_the_matrix_is_rebuilt_when_rows_change_or_it_is_lost(database: Database, tmp_path: Path) -> None:
    store = VectorStore(database, tmp_path / "vectors")
    store.put("a@1", [("c1", Embedded((0.0,), ((1.0, 0.0),)))])
    assert [h.owner for h in store.search("a@1", (0.0, 1.0), 5)] == ["c1"]
    store.put("a@1", [("c2", Embedded((0.0,), ((0.0, 1.0),)))])
    assert [h.owner for h in store.search("a@1", (0.0, 1.0), 5)] == ["c2", "c1"]
    for path in (tmp_path / "vectors").iterdir():
        path.unlink()
    assert len(store.search("a@1", (0.0, 1.0), 5)) == 2


def test_the_matrix_grows_at_its_end_and_starts_over_when_rows_go(database: Database, tmp_path: Path) -> None:
    store, other = (VectorStore(database, tmp_path / "vectors") for _ in range(2))
    store.put("a@1", [("c1", Embedded((0.0,), ((1.0, 0.0),)))])
    assert other.count("a@1") == store.count("a@1") == 1
    files = {p.name: p.stat().st_ino for p in (tmp_path / "vectors").glob("*.f2")}
    store.put("a@1", [("c2", Embedded((0.0, 10.0), ((0.0, 1.0), (0.6, 0.8)))), ("t1", Embedded((0.0,), ((0.0, 1.0),)))])
    assert [(h.owner, h.at) for h in other.search("a@1", (0.6, 0.8), 5)] == [("c2", 10.0), ("c2", 0.0), ("c1", 0.0)]
    assert {p.name: p.stat().st_ino for p in (tmp_path / "vectors").glob("*.f2")} == files
    store.put("a@1", [("c2", Embedded((0.0,), ((-1.0, 0.0),)))])  # replaces two rows by one
    for view in (store, other, VectorStore(database, tmp_path / "vectors")):
        assert [(h.owner, round(h.score)) for h in view.search("a@1", (1.0, 0.0), 5)] == [("c1", 1), ("c2", -1)]
    assert len(list((tmp_path / "vectors").glob("*.f2"))) == 1


def test_search_among_some_owners_looks_at_no_others(database: Database, tmp_path: Path) -> None:
    store = VectorStore(database, tmp_path / "vectors")
    store.put("a@1", [(f"c{i}", Embedded((0.0,), ((1.0, i / 10),))) for i in range(10)])
    assert [h.owner for h in store.search("a@1", (1.0, 0.0), 5, {"c7", "c3", "cx"})] == ["c3", "c7"]
    assert store.search("a@1", (1.0, 0.0), 5, set()) == []


def test_a_large_library_is_searched_by_a_graph_whose_recall_is_known(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soundlab.storage.matrix.GRAPH_FROM", 1000)
    store = VectorStore(database, tmp_path / "vectors")
    rows = np.random.default_rng(0).standard_normal((1500, 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    named = [(f"c{i}", Embedded((0.0,), (tuple(v),))) for i, v in enumerate(rows)]
    store.put("a@1", named[:500])
    assert store.connect("a@1") is None  # exact search is quick enough there
    assert all(store.alike("a@1", 0.5, 3)[pair] >= 0.5 for pair in store.alike("a@1", 0.5, 3))
    store.put("a@1", named[500:1200])
    built = store.connect("a@1")
    assert built is not None and built.rows == 1200 and built.recall >= 0.95
    store.put("a@1", named[1200:])
    for i in (7, 700, 1400):  # those added since are found as well
        assert store.search("a@1", rows[i], 3)[0].owner == f"c{i}"
    pairs = store.alike("a@1", 0.8, 5)
    cosines = np.round(rows.astype(np.float16).astype(float), 6) @ rows.astype(np.float16).astype(float).T
    np.fill_diagonal(cosines, -1)
    wanted = {
        tuple(sorted((f"c{i}", f"c{j}")))
        for i in range(1500)
        for j in np.argsort(-cosines[i])[:5]
        if cosines[i, j] >= 0.8
    }
    assert len(wanted & set(pairs)) >= 0.98 * len(wanted) > 10
    assert any(int(name[1:]) >= 1200 for pair in pairs for name in pair), "what the graph does not cover counts too"
    grown = store.connect("a@1")
    assert grown is not None and grown.rows == 1500
    for path in (tmp_path / "vectors").glob("*.graph"):
        path.unlink()
    assert VectorStore(database, tmp_path / "vectors").search("a@1", rows[9], 1)[0].owner == "c9"
