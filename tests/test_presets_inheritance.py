"""Saved briefs that inherit: worlds, scenes, moments; variables and restrictions."""

from pathlib import Path

import pytest

from soundlab.errors import WrongInput
from soundlab.presets import find_preset, read_preset
from tests.conftest import Cli


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_a_moment_inherits_a_scene_inherits_a_world(tmp_path: Path) -> None:
    write(
        tmp_path, "world", 'subject = "air"\nspace = "outdoors"\nrestrictions = ["drums"]\ntags = ["w"]\nseconds = 8.0'
    )
    write(
        tmp_path,
        "scene",
        'inherits = "world"\nsubject = "rain on {what}"\nvariables = { what = "tin" }\navoid = "birds"',
    )
    moment = write(tmp_path, "moment", 'inherits = "scene"\nmood = "calm"\nrestrictions = ["voices"]\ntags = ["m"]')
    found = read_preset(moment)
    assert found.prompt == "rain on tin, calm, outdoors" and found.seconds == 8.0
    assert found.avoid == "birds, drums, voices" and found.tags == ("w", "m") and found.title == "moment"
    assert find_preset("moment", [tmp_path], {"what": "glass"}).subject == "rain on glass"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('inherits = "nowhere"', "not there"),
        ('inherits = "self"', "inherit each other"),
        ('subject = "rain on {what}"', "no value"),
        ('subject = "rain on {what"', "no value"),
        ("restrictions = 3", "wrong type"),
        ('title = "x"', "needs a subject"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path, "self", text)
    with pytest.raises(WrongInput, match=why):
        read_preset(path)


def test_the_command_line_fills_and_saves(inside: Path, cli: Cli) -> None:
    (take,) = cli.json("generate", "--preset", "rain-on", "--set", "surface=tin", "-d", "1")["takes"]
    assert take["prompt"] == "rain on tin, steady, outdoors" and "drums" in take["avoid"]
    assert cli("presets", "--save", take["id"], "tin-roof") == 0
    assert cli.json("generate", "--preset", "tin-roof", "-d", "1")["takes"][0]["prompt"] == take["prompt"]
    assert cli("presets", "--save", take["id"], "tin-roof") == 2
    assert cli("generate", "--preset", "rain-on", "--set", "surface") == 2
    assert cli("generate", "epic rain", "-d", "1") == 0 and "tells the model little" in cli.err
    write(inside / "briefs", "vague", 'subject = "a cool drone"')
    assert cli.json("presets", "--lint")["advice"] == {
        "vague": [{"words": "cool", "advice": "“cool” tells the model little; say what is heard"}]
    }
