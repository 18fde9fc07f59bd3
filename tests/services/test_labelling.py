"""Labels that people give: ratings, suggestions, saved searches, edits taken back, files that changed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.config import packaged
from soundlab.domain.labels import Labels
from soundlab.domain.searchrecipe import Recipe
from soundlab.errors import NotFound, WrongInput
from soundlab.project import Project
from soundlab.services.starting import add_starter
from tests.conftest import Cli

RATE = 32_000


def write(path: Path, seed: int = 0, seconds: float = 2.0) -> Path:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, 0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)), RATE)
    return path


def test_an_edit_of_many_is_taken_back_whole(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="own", tags=("field",), collections=("night",)))
    before = warm.clips.all()
    ids = [c.id for c in before]
    labels = Labels(rating=4, note="loud", category="RAINConc", tags=("wet",), untag=("field",), uncollect=("night",))
    warm.clips.change(
        ids, labels.columns(), tags=labels.tags, untag=labels.untag, uncollect=labels.uncollect, undoable=labels.told
    )
    assert {(c.rating, c.category, c.tags, c.collections) for c in warm.clips.all()} == {(4, "RAINConc", ("wet",), ())}
    warm.clips.change(ids[:1], {"title": "other"}, undoable="title other")
    assert warm.clips.undo() == ("title other", ids[:1])
    what, changed = warm.clips.undo() or ("", [])
    assert what == "note loud, rating 4, category RAINConc, +wet, -field, out of night"
    assert sorted(changed) == sorted(ids)
    assert warm.clips.all() == before
    assert warm.clips.undo() is None


def test_edits_from_the_command_line(inside: Path, cli: Cli, noises: Path) -> None:
    cli("import", str(noises), "--rights", "own")
    rows = cli.json("edit", "--found", "title:drone", "--rating", "5", "--category", "DSGNDron", "--tag", "low")[
        "clips"
    ]
    assert [(r["title"], r["rating"], r["category"], r["tags"]) for r in rows] == [
        ("low drone", 5, "DSGNDron", ["low"])
    ]
    (clip,) = cli.json("search", "rating>=5 seconds<9")["results"]
    assert clip["title"] == "low drone" and cli.json("search", "rating>5")["results"] == []
    assert cli.json("edit", "--undo")["clips"][0]["rating"] == 0
    for wrong, code in (
        (("edit", "--undo"), 3),
        (("edit", clip["id"], "--undo", "--tag", "x"), 2),
        (("edit", clip["id"]), 2),
        (("edit", "--tag", "x"), 2),
        (("edit", clip["id"], "--rating", "6"), 2),
        (("edit", clip["id"], "--category", "NOPE"), 3),
        (("edit", "--found", "rain", "--tag", "x"), 2),
        (("edit", "--found", "title:nothing", "--tag", "x"), 3),
        (("search", "rating<3"), 2),
    ):
        assert cli(*wrong) == code, wrong
        assert cli.err.strip()


def test_a_saved_search_fills_itself(inside: Path, cli: Cli, noises: Path) -> None:
    cli("import", str(noises), "--rights", "own")
    found = cli.json("search", "hiss", "--kind", "wav", "--save", "noise")["results"]
    assert [r["title"] for r in found] == ["rain hiss"]
    write(noises / "more hiss.wav", 3)
    cli("import", str(noises))
    assert {r["title"] for r in cli.json("search", "--saved", "noise")["results"]} == {"rain hiss", "more hiss"}
    narrowed = cli.json("search", "title:more", "--saved", "noise")["results"]
    assert [r["title"] for r in narrowed] == ["more hiss"]
    assert cli.json("collections")["searches"] == {"noise": {"text": "hiss", "kind": "wav"}}
    assert cli("collections", "--forget", "noise") == 0 and cli("search", "--saved", "noise") == 3
    recipe = Recipe(text="a", like=("x=0.5",), where=("brightness<2000",), rating=3)
    assert Recipe.from_json(recipe.as_json()) == recipe


def test_suggestions_name_what_is_heard(warm: Project) -> None:
    """The starter clips, each without its tags: their categories, and tags of what sounds alike."""
    add_starter(packaged("references"), warm.folder / "references", warm.importer)
    clips = {c.title: c for c in warm.clips.all()}
    rows = {s.clip.title: s for s in warm.suggester.suggest([c.id for c in clips.values()])}
    firsts = {title: [name for name, _ in row.categories] for title, row in rows.items()}
    for title, start in (
        ("Campfire, close", "FIRE"),
        ("Summer crickets", "AMBInsc"),
        ("Breaking glass", "GLAS"),
        ("Slow surf at night", "WATRSurf"),
        ("Factory floor", "MACH"),
    ):
        assert firsts[title][0].startswith(start), firsts[title]
    for title, row in rows.items():
        assert not {tag for tag, _ in row.tags} & set(clips[title].tags)
    rain = clips["Steady rain, close"]
    warm.clips.change([rain.id], {}, untag=rain.tags)
    (again,) = warm.suggester.suggest([rain.id])
    assert {"rain", "weather"} <= {tag for tag, _ in again.tags}, again.tags
    warm.suggester.accept([again], 2)
    given = warm.clips.get(rain.id)
    assert len(given.tags) == 2 and given.category.startswith("RAIN")
    assert warm.clips.undo() and warm.clips.get(rain.id).tags == ()


def test_own_words_are_suggested_too(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="own"))
    (warm.folder / "vocabulary").mkdir()
    (warm.folder / "vocabulary" / "ours.toml").write_text('ours = ["heavy rain shower", "x"]')
    (row,) = warm.suggester.suggest([c.id for c in warm.clips.all() if c.title == "rain hiss"])
    assert "heavy rain shower" in {tag for tag, _ in row.tags}
    warm.__dict__.pop("suggester")
    (warm.folder / "vocabulary" / "ours.toml").write_text("ours = 3")
    with pytest.raises(WrongInput, match="list of tags"):
        _ = warm.suggester


def test_a_changed_file_succeeds_what_it_was(warm: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "s" / "take.wav", 1)
    warm.importer.run([path], Labels(rights="own", evidence="ours", tags=("field",), collections=("a",), rating=3))
    (old,) = warm.clips.all()
    write(path, 2, seconds=3.0)
    report = warm.importer.run([path], Labels())
    (new,) = report.imported
    assert report.changed == [(path, old.id)]
    assert (new.rights, new.evidence, new.tags, new.collections, new.rating, new.duration) == (
        "own",
        "ours",
        ("field",),
        ("a",),
        3,
        3.0,
    )
    assert warm.clips.get(old.id).missing and not new.missing
    (kept,) = (tmp_path / "s", tmp_path / "older")[1:]
    write(kept / "take.wav", 1)
    found, lost = warm.keeper.relink([kept])
    assert [c.id for c in found] == [old.id] and lost == []


def test_nothing_is_suggested_for_what_was_not_heard(warm: Project) -> None:
    assert warm.suggester.suggest([]) == []
    with pytest.raises(NotFound):
        warm.searches.get("nothing")
