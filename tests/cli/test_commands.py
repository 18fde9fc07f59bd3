"""The command line: the contract's fields, exit codes and one clear line for each mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from soundlab.cli.main import COMMANDS
from tests.conftest import Cli

CLIP = {
    "id",
    "path",
    "title",
    "sha256",
    "duration",
    "sample_rate",
    "channels",
    "rights",
    "evidence",
    "consent",
    "trainable",
    "tags",
    "collections",
}
TAKE = {
    "id",
    "path",
    "prompt",
    "avoid",
    "terms",
    "references",
    "seed",
    "checkpoint",
    "adapters",
    "parent",
    "verdict",
    "descriptors",
    "adjustments",
    "obeyed",
    "licence",
    "duration",
    "seconds_to_generate",
    "dtype",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    assert cli(command, "--help") == 0
    assert "Usage: soundlab" in cli.out


def test_starting_up_loads_no_model_library() -> None:
    code = """
import sys, soundlab
from soundlab.cli.main import exit_code
exit_code(["--help"])
exit_code(["generate", "--help"])
heavy = {"torch", "transformers", "librosa", "scipy", "sqlalchemy", "numpy"} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_loop_in_json(inside: Path, cli: Cli, noises: Path) -> None:
    imported = cli.json("import", str(noises), "--rights", "own", "--tag", "field")
    assert (imported["imported"], imported["unchanged"], imported["failed"]) == (3, 0, [])
    clips = cli.json("clips")["clips"]
    assert len(clips) == 3 and set(clips[0]) >= CLIP and clips[0]["trainable"] is True
    changed = cli.json("edit", clips[0]["id"], "--collection", "bed", "--untag", "field", "--note", "wet")["clips"][0]
    assert changed["collections"] == ["bed"] and changed["tags"] == []
    results = cli.json("search", "clock", "clicks", "-k", "2")["results"]
    assert results[0]["title"] == "clock clicks" and set(results[0]) >= CLIP | {"score"} and len(results) == 2

    takes = cli.json(
        "generate", "distant wind over a low drone", "-n", "2", "-d", "1", "--seed", "7", "--avoid", "birds"
    )["takes"]
    assert [t["seed"] for t in takes] == [7, 8] and set(takes[0]) >= TAKE
    assert takes[0]["obeyed"] is None and takes[0]["parent"] is None and Path(takes[0]["path"]).is_absolute()
    (child,) = cli.json("feedback", takes[0]["id"], "more metallic, less bright, further away")["takes"]
    assert child["parent"] == takes[0]["id"]
    assert [set(o) for o in child["obeyed"]] == [{"axis", "asked", "before", "after", "jnd", "ok"}] * 3
    assert cli.json("approve", child["id"], "--note", "yes")["takes"][0]["verdict"] == "approved"
    assert cli.json("reject", takes[1]["id"])["takes"][0]["verdict"] == "rejected"
    assert len(cli.json("takes")["takes"]) == 3
    adapter = cli.json("train", "night", "--steps", "2", "--rank", "2", "--collection", "bed", "--no-evaluate")[
        "adapters"
    ][0]
    assert adapter["name"] == "night" and len(adapter["clips"]) == 2
    made = cli.json("generate", "wind", "-d", "1", "--adapter", "night=0.5")["takes"][0]
    assert made["adapters"] == [{"name": "night", "weight": 0.5}]
    longer = cli.json("generate", "--continue", made["id"], "-d", "2")["takes"][0]
    assert longer["parent"] == made["id"] and longer["prompt"] == "wind"
    exported = cli.json("export", child["id"], "--to", "out")["exported"][0]
    info = soundfile.info(exported["path"])
    assert (info.samplerate, info.subtype) == (48_000, "PCM_24")
    assert cli.json("adapters", "night")["adapters"][0]["steps"] == 2
    assert cli.json("doctor")["ok"] is True


def test_parsing_alone_needs_no_project(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = cli.json("feedback", "--parse", "darker")["adjustments"]
    assert found == {
        "kind": "axis",
        "axis": "brightness",
        "direction": -1,
        "strength": 0.5,
        "target": None,
        "text": "darker",
    }
    assert len(cli.json("presets")["presets"]) >= 8


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["generate", "x" * 10_000], 2, "10,000 characters"),
        (["generate", "rain", "-d", "-1"], 2, "duration -1"),
        (["generate", "rain", "-n", "0"], 2, "cannot make 0"),
        (["generate", "rain", "--guidance", "x"], 2, "--guidance"),
        (["generate"], 2, "empty"),
        (["generate", "rain", "--checkpoint", "nope"], 3, "no checkpoint called 'nope'"),
        (["generate", "rain", "--checkpoint", "facebook/musicgen-small"], 3, "not on this machine"),
        (["generate", "--preset", "distant-strom"], 3, "did you mean distant-storm"),
        (["generate", "rain", "--adapter", "nope"], 3, "no adapter"),
        (["generate", "rain", "--like", "cffffff"], 3, "no clip"),
        (["import", "/nowhere/at/all"], 3, "no such file"),
        (["import"], 2, "name files or folders"),
        (["import", ".", "--rights", "mine"], 2, "--rights"),
        (["feedback", "tzzzzzz", "darker"], 3, "no take"),
        (["feedback", "--parse", "please"], 2, "nothing to do"),
        (["search"], 2, "nothing to search for"),
        (["approve", "tzzzzzz"], 3, "no take"),
        (["train", "night"], 1, "no take is approved"),
        (["export", "tzzzzzz", "--to", "out"], 3, "no take"),
        (["export", "--to", "out"], 2, "nothing to export"),
        (["frobnicate"], 2, "No such command"),
        (["search", "brightness<dark"], 2, "limits nothing"),
        (["edit", "cffffff", "--title", ""], 2, "needs a title"),
        (["import", ".", "--tag", " "], 2, "needs a name"),
        (["generate", "rain", "--temperature", "-1"], 2, "cannot draw with temperature -1"),
        (["clips", "--project", "/nowhere"], 3, "no project"),
    ],
)
def test_mistakes_are_one_clear_line(inside: Path, cli: Cli, args: list[str], code: int, says: str) -> None:
    assert cli(*args) == code
    assert says in cli.err
    assert "Traceback" not in cli.err
    assert cli.out == ""


def test_an_unwritable_place_is_one_line(inside: Path, cli: Cli) -> None:
    take = cli.json("generate", "rain", "-d", "1")["takes"][0]["id"]
    assert cli("export", take, "--to", "/proc/nowhere") == 1
    assert "cannot write /proc/nowhere" in cli.err and "Traceback" not in cli.err
    assert cli("init", "/proc/nowhere") == 1
    assert "/proc/nowhere: No such file" in cli.err


def test_bad_files_are_listed_and_the_rest_goes_on(inside: Path, cli: Cli, noises: Path) -> None:
    (noises / "text.wav").write_text("no audio")
    (noises / "empty.wav").touch()
    row = cli.json("import", str(noises))
    assert row["imported"] == 3
    assert {(Path(f["path"]).name, f["reason"].split(" (")[0]) for f in row["failed"]} == {
        ("text.wav", "not readable as audio"),
        ("empty.wav", "empty file"),
    }
    assert cli("import", str(noises / "text.wav")) == 1


def test_unknown_keys_name_the_right_one(inside: Path, cli: Cli) -> None:
    (inside / "briefs").mkdir()
    (inside / "briefs" / "storm.toml").write_text('subjct = "rain"\n')
    assert cli("generate", "--preset", "storm") == 2
    assert "storm.toml" in cli.err and "'subjct'" in cli.err and "did you mean subject?" in cli.err
    (inside / "soundlab.toml").write_text('nmae = "film"\n')
    assert cli("clips") == 2
    assert "'nmae'" in cli.err and "did you mean name?" in cli.err


def test_init_refuses_to_overwrite(inside: Path, cli: Cli) -> None:
    assert cli("init", str(inside)) == 2
    assert "is a project already" in cli.err


def test_the_starter_library_is_cleared_and_searchable(tmp_path: Path, cli: Cli) -> None:
    row = cli.json("init", str(tmp_path / "film"), "--starter")
    assert row["clips"] >= 30
    clips = cli.json("clips", "--project", str(tmp_path / "film"))["clips"]
    assert all(c["trainable"] and c["evidence"] and c["tags"] for c in clips)
    assert (
        cli.json("search", "metal door slam", "--project", str(tmp_path / "film"))["results"][0]["title"]
        == "Heavy metal door slam"
    )


def test_stdout_is_one_json_object(inside: Path, cli: Cli, noises: Path) -> None:
    assert cli("import", str(noises), "--json") == 0
    assert len(cli.out.strip().splitlines()) == 1
    json.loads(cli.out)
