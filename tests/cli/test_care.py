"""What a person could lose or be told wrongly: rights, adapters, names of files, the hint of a command."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.cli.options import opened
from tests.conftest import Cli


@pytest.fixture
def take(cli: Cli, inside: Path) -> str:
    """A short take."""
    return str(cli.json("generate", "rain", "-d", "1", "--seed", "3")["takes"][0]["id"])


def test_a_revoked_clip_stays_so_when_its_folder_is_imported_again(cli: Cli, inside: Path, noises: Path) -> None:
    clips = cli.json("import", str(noises), "--rights", "own")["clips"]
    cli("rights", "revoke", clips[0]["id"], "--why", "the library withdrew")
    again = cli.json("import", str(noises), "--rights", "cc0", "--tag", "field")
    assert again["revoked"] == [clips[0]["id"]] and again["unchanged"] == len(clips)
    assert cli("import", str(noises), "--rights", "cc0") == 0 and f"{clips[0]['id']} was revoked" in cli.err
    rights = {c["id"]: c["rights"] for c in cli.json("clips")["clips"]}
    assert rights == {c["id"]: "cc0" for c in clips} | {clips[0]["id"]: "restricted"}
    assert all("field" in c["tags"] for c in cli.json("clips")["clips"])
    assert cli("edit", clips[0]["id"], "--rights", "own") == 0 and "had been revoked" in cli.err


def test_an_adapter_that_takes_were_made_with_is_not_trained_over(cli: Cli, inside: Path, noises: Path) -> None:
    cli("import", str(noises), "--rights", "own", "--collection", "bed")
    train = ("train", "night", "--collection", "bed", "--steps", "1", "--rank", "2", "--no-evaluate")
    assert cli(*train) == 0 and cli(*train) == 0  # nobody has used it yet
    made = cli.json("generate", "rain", "-d", "1", "--adapter", "night")["takes"][0]["id"]
    assert cli(*train) == 2 and made in cli.err and "--replace" in cli.err
    assert cli(*train, "--replace") == 0


def test_purge_tells_the_command_that_does_what_it_showed(cli: Cli, take: str) -> None:
    cli("reject", take)
    assert cli("purge", "--rejected") == 0
    assert "soundlab purge --rejected --yes" in cli.err


def test_a_reference_that_cannot_be_read_steers_nothing(cli: Cli, inside: Path) -> None:
    Path("notes.wav").write_text("no sound", encoding="utf-8")
    assert cli("generate", "rain", "-d", "1", "--like", "notes.wav") == 1
    assert "notes.wav" in cli.err and not cli.json("takes")["takes"]


def test_a_brief_is_saved_among_the_briefs_or_not_at_all(cli: Cli, take: str, inside: Path) -> None:
    assert cli("presets", "--save", take, "../evil") == 2 and "no name for a brief" in cli.err
    assert cli("presets", "--save", take, "hangar") == 0
    assert [p.name for p in inside.rglob("*.toml") if p.parent.name == "briefs"] == ["hangar.toml"]


def test_feedback_that_changes_nothing_or_names_the_take_itself_is_told_so(cli: Cli, take: str) -> None:
    for words, says in (
        ("I love it, don't touch it", "nothing to do"),
        ("don't make it darker", "only what is not to change"),
        ("like the first one but slower", f"{take} itself"),
        ("bad", "does not say what is wrong"),
    ):
        assert cli("feedback", take, words) == 2
        assert says in cli.err
    assert len(cli.json("takes")["takes"]) == 1


def test_a_take_is_known_by_its_id_without_an_at(cli: Cli, take: str, inside: Path) -> None:
    with opened(inside) as project:
        (found,) = project.understanding.parse(f"more like {take}")
        assert (found.kind, found.target) == ("like", take)
        assert [a.term for a in project.understanding.parse("more thunder")] == ["thunder"]


def test_the_doctor_misses_sound_that_is_gone(cli: Cli, take: str, inside: Path) -> None:
    path = Path(next(t["path"] for t in cli.json("takes")["takes"] if t["id"] == take))
    path.rename(path.with_suffix(".elsewhere"))
    assert cli("doctor") == 1 and f"is gone: {take}" in cli.out


def test_an_axis_that_cannot_be_measured_is_said_to_be_that(cli: Cli, inside: Path) -> None:
    take = cli.json("generate", "a steady drone", "-d", "1", "--seed", "3")["takes"][0]
    with opened(inside) as project:  # whether a drone is heard to have a pulse is the checkpoint's affair
        project.takes.change(take["id"], descriptors=take["descriptors"] | {"speed": None})
    assert cli("feedback", take["id"], "faster and spookier", "--generate") == 0
    assert "faster (nothing to measure)" in cli.out and "(by ear)" in cli.out


def test_a_project_can_be_copied_and_moved_with_all_that_is_in_it(
    cli: Cli, take: str, inside: Path, noises: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("import", f"../{noises.relative_to(inside.parent)}")
    cli("import", str(noises), "--copy")
    cli("reject", take)
    copy, moved = inside.parent / "copy", inside.parent / "moved"
    shutil.copytree(inside, copy)
    monkeypatch.chdir(copy)
    assert cli("purge", "--rejected", "--yes") == 0 and not (copy / "takes" / f"{take}.wav").exists()
    monkeypatch.chdir(inside)
    assert (inside / "takes" / f"{take}.wav").is_file()
    inside.rename(moved)
    monkeypatch.chdir(moved)
    assert cli("export", take, "--to", str(inside.parent / "out")) == 0
    clips = cli.json("clips")["clips"]
    assert clips and not any(c["missing"] for c in clips) and not any(".." in c["path"] for c in clips)


def test_a_take_of_a_hundredth_of_a_second_is_compared_and_treated(cli: Cli, take: str) -> None:
    short = cli.json("generate", "rain", "-d", "0.01", "--seed", "3")["takes"][0]["id"]
    assert cli("compare", take, short) == 0
    for words in ("sparser", "smoother"):
        assert cli("feedback", short, "--treat", words) == 0


def test_a_search_is_saved_under_a_name_or_not_at_all(cli: Cli, inside: Path, noises: Path) -> None:
    cli("import", str(noises))
    assert cli("search", "hiss", "--save", "") == 2 and "no name for a search" in cli.err


def test_a_seed_beyond_the_last_is_told_the_last(cli: Cli, inside: Path) -> None:
    assert cli("generate", "rain", "-n", "1", "--seed", str(2**64)) == 2
    assert f"0 to {2**63 - 2}" in cli.err


def test_a_project_that_cannot_be_written_is_read(
    cli: Cli, take: str, inside: Path, noises: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("import", str(noises))
    before = {p: p.stat().st_mtime_ns for p in inside.rglob("*")}
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    assert cli.json("takes")["takes"][0]["id"] == take
    assert len(cli.json("search", "hiss")["results"]) == len(cli.json("clips")["clips"])
    assert cli("approve", take) == 1 and "readonly" in cli.err
    assert {p: p.stat().st_mtime_ns for p in inside.rglob("*")} == before


def test_an_adapter_of_a_revoked_clip_says_so_wherever_it_is_used(cli: Cli, inside: Path, noises: Path) -> None:
    clip = cli.json("import", str(noises), "--rights", "own", "--collection", "bed")["clips"][0]["id"]
    train = ("train", "night", "--collection", "bed", "--steps", "1", "--rank", "2", "--no-evaluate")
    assert cli(*train) == 0
    assert cli(*train, "--resume") == 2 and "to its end" in cli.err
    cli("rights", "revoke", clip)
    assert "--replace" in cli.err
    assert cli("generate", "rain", "-d", "1", "--adapter", "night") == 0 and f"trained on {clip}" in cli.err
    assert cli("adapters", "night", "--merge", "merged") == 0 and f"trained on {clip}" in cli.err
    assert cli("generate", "rain", "-d", "1", "--adapter", "night=0.5", "--adapter", "night=0.3") == 2
    assert cli("generate", "rain", "-d", "1", "--adapter", "night=50") == 2 and "out of range" in cli.err


def test_the_words_of_a_project_are_read_wherever_feedback_is(cli: Cli, inside: Path) -> None:
    (inside / "feedback").mkdir(exist_ok=True)
    (inside / "feedback" / "own.toml").write_text('[axes.brightness]\nless = ["bananary"]\n', encoding="utf-8")
    (wish,) = cli.json("feedback", "--parse", "more bananary")["adjustments"]
    assert (wish["axis"], wish["direction"]) == ("brightness", -1)


def test_what_is_silent_or_missing_is_not_said_to_train(cli: Cli, inside: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sil"
    folder.mkdir()
    for name, level in (("silent", 0.0), ("noise", 0.1), ("gone", 0.2)):
        audio = level * np.random.default_rng(0).standard_normal(32_000)
        soundfile.write(folder / f"{name}.wav", audio, 32_000)
    cli("import", str(folder), "--rights", "own", "--collection", "sil")
    (folder / "gone.wav").unlink()
    allowed = {c["title"]: c["trainable"] for c in cli.json("clips", "--collection", "sil")["clips"]}
    assert allowed["noise"] and not allowed["gone"]
    plan = cli.json("train", "night", "--collection", "sil", "--plan")["plan"]
    reasons = {s["caption"].split(",")[0]: s["reason"] for s in plan["sources"]}
    assert "silent" in reasons["silent"] and "missing" in reasons["gone"]
    assert cli("train", "other", "--plan") == 1 and "nothing to train on" in cli.err
    assert cli("clips", "--collection", "nosuch") == 3


def test_a_tag_that_is_not_there_cannot_be_taken_away(cli: Cli, inside: Path, noises: Path) -> None:
    clip = cli.json("import", str(noises), "--tag", "field")["clips"][0]["id"]
    assert cli("edit", clip, "--untag", "nosuch") == 3 and "field" in cli.err
    assert cli("edit", clip, "--untag", "field") == 0 and "-field" in cli.err
    assert cli("edit", "--undo") == 0 and "-field" in cli.err
