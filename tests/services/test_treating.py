"""Treatment: the take stays itself and moves as far as was asked."""

from pathlib import Path

import numpy as np
import pytest

from soundlab.audio.decode import read_audio
from soundlab.audio.treatment import TREATMENTS
from soundlab.config import packaged
from soundlab.domain.axes import COUNTED
from soundlab.domain.brief import Brief
from soundlab.domain.feedback import Adjustment
from soundlab.errors import WrongInput
from soundlab.project import Project
from soundlab.services.checking import read_jnds
from soundlab.services.treating import measured, treat
from tests.conftest import Cli

RATE = 32_000
JNDS = read_jnds(packaged("presets") / "feedback" / "jnd.toml")
STARTER = packaged("references")


def sound(name: str) -> np.ndarray:
    audio, rate = read_audio(next(STARTER.glob(f"{name}*.flac")))
    assert rate == RATE
    return audio.astype(np.float64)


@pytest.mark.parametrize(
    ("axis", "direction", "name"),
    [
        ("brightness", 1, "campfire"),
        ("brightness", -1, "steady-rain"),
        ("warmth", 1, "church-bells"),
        ("warmth", -1, "factory"),
        ("boominess", 1, "ticking"),
        ("boominess", -1, "low-industrial"),
        ("register", 1, "church-bells"),
        ("register", -1, "soft-piano"),
        ("density", 1, "church-bells"),
        ("density", -1, "campfire"),
        ("movement", 1, "low-industrial"),
        ("movement", -1, "church-bells"),
        ("roughness", 1, "soft-piano"),
        ("roughness", -1, "campfire"),
        ("hardness", 1, "factory"),
        ("hardness", -1, "ticking"),
        ("tonality", 1, "steady-rain"),
        ("tonality", -1, "soft-piano"),
        ("space", 1, "ticking"),
        ("space", -1, "church-bells"),
        ("distance", 1, "campfire"),
        ("distance", -1, "factory"),
        ("energy", 1, "church-bells"),
        ("energy", -1, "campfire"),
        ("loudness", 1, "soft-piano"),
        ("loudness", -1, "factory"),
    ],
)
def test_an_axis_moves_by_more_than_can_be_missed(axis: str, direction: int, name: str) -> None:
    audio = sound(name)
    made, (applied,) = treat(audio, RATE, [Adjustment("axis", "x", axis=axis, direction=direction)], JNDS)
    assert made.shape == audio.shape and np.isfinite(made).all() and np.abs(made).max() <= 1
    before, after = measured(audio, RATE, axis), measured(made, RATE, axis)
    assert before == applied.before and after == applied.after
    assert (after - before) * direction >= JNDS[axis]


def test_cleaner_takes_the_beating_out_and_leaves_what_is_slow() -> None:
    """Of a tone that swings by 6 dB at 70 Hz and slowly at 1 Hz, the slow swing is left."""
    seconds = np.arange(2 * RATE) / RATE
    slow = 1 + 0.3 * np.sin(2 * np.pi * seconds)
    beating = 0.2 * np.sin(2 * np.pi * 1000 * seconds) * slow * (1 + 0.33 * np.sin(2 * np.pi * 70 * seconds))
    (cleaner,) = TREATMENTS["roughness", -1]
    swing = [
        np.abs(np.fft.rfft(np.abs(x[:, RATE // 4 : -RATE // 4]).mean(0).reshape(-1, 32).mean(1)))
        for x in (beating[None], cleaner(beating[None], RATE, 1.0))
    ]
    at = [np.argmin(np.abs(np.fft.rfftfreq(1500, 1 / 1000) - hertz)) for hertz in (70, 4 / 3)]
    depth = [[s[k] / s[0] for k in at] for s in swing]
    assert depth[1][0] < 0.3 * depth[0][0]
    assert depth[1][1] > 0.7 * depth[0][1]


def test_a_bare_higher_is_a_fifth_and_no_more() -> None:
    wish = Adjustment("axis", "x", axis="register", direction=1)
    _, (applied,) = treat(sound("soft-piano"), RATE, [wish], JNDS)
    assert applied.before is not None and applied.after is not None
    assert JNDS["register"] <= applied.after - applied.before <= 8 / 12


def test_a_bare_slower_is_heard_however_soon_its_descriptor_moves() -> None:
    _, (applied,) = treat(sound("ticking"), RATE, [Adjustment("axis", "x", axis="speed", direction=-1)], JNDS)
    assert 0.5 <= applied.amount <= 0.6


def test_more_is_asked_by_stronger_words() -> None:
    audio = sound("steady-rain")
    moved = []
    for strength in (0.25, 0.5, 1.0):
        _, (a,) = treat(
            audio, RATE, [Adjustment("axis", "x", axis="brightness", direction=-1, strength=strength)], JNDS
        )
        moved.append(a.before - a.after)
    assert moved[0] < moved[1] < moved[2]


def test_every_pole_has_a_treatment_and_no_amount_breaks_it() -> None:
    rng = np.random.default_rng(0)
    audio = 0.1 * rng.standard_normal((2, RATE))
    audio[:, :: RATE // 5] = 0.8
    assert {(axis, sign) for axis in COUNTED for sign in (1, -1)} <= set(TREATMENTS)
    for functions in TREATMENTS.values():
        for function in functions:
            for amount in (0.05, 1.0):
                made = function(audio, RATE, amount)
                assert made.shape == audio.shape and np.isfinite(made).all()


@pytest.mark.filterwarnings("error")
def test_what_is_shorter_than_a_spectrum_is_treated_too() -> None:
    click = sound("ticking")[:, :700]
    for axis, direction in (("density", -1), ("tonality", 1), ("space", -1), ("speed", 1), ("energy", -1)):
        wish = Adjustment("axis", axis, axis=axis, direction=direction, strength=0.5)
        made, _ = treat(click, RATE, [wish], JNDS)
        assert made.shape == click.shape and np.isfinite(made).all()


def test_several_at_once_and_the_level_stays() -> None:
    from soundlab.audio.loudness import integrated

    audio = sound("soft-piano")
    wishes = [
        Adjustment("axis", "x", axis=axis, direction=d)
        for axis, d in (("brightness", -1), ("distance", 1), ("warmth", 1))
    ]
    made, applied = treat(audio, RATE, wishes, JNDS)
    assert all((a.after - a.before) * a.direction >= JNDS[a.axis] for a in applied)
    assert abs(integrated(made, RATE) - integrated(audio, RATE)) < 1.0


def test_a_treated_take_is_a_child_with_its_recipe(inside: Path, cli: Cli) -> None:
    parent = cli.json("generate", "rain", "-d", "3", "--seed", "1")["takes"][0]
    (child,) = cli.json("feedback", parent["id"], "keep it but darker, underwater")["takes"]
    assert child["parent"] == parent["id"] and child["seed"] == parent["seed"]
    assert child["licence"] == parent["licence"] and child["generated"]
    done = {a["axis"]: a for a in child["recipe"]["treatment"]["applied"]}
    assert set(done) == {"brightness", "underwater"} and done["underwater"]["before"] is None
    assert [(o["axis"], o["ok"]) for o in child["obeyed"]] == [("brightness", True), ("underwater", None)]
    assert (
        cli("feedback", parent["id"], "wetter, no birds", "--treat") == 0 and "no treatment does: no birds" in cli.err
    )
    assert cli("feedback", parent["id"], "no birds", "--treat") == 2
    assert cli("feedback", parent["id"], "louder", "--generate") == 0
    last = cli.json("takes")["takes"][-1]
    assert "treatment" not in last["recipe"]


def test_level_and_room_alone_leave_the_sound_itself(inside: Path, cli: Cli) -> None:
    parent = cli.json("generate", "rain", "-d", "2", "--seed", "1")["takes"][0]
    for words, axis in (("wetter", "space"), ("3 dB louder", "loudness")):
        (child,) = cli.json("feedback", parent["id"], words)["takes"]
        assert child["recipe"]["treatment"]["applied"] and child["prompt"] == parent["prompt"]
        assert [o["axis"] for o in child["obeyed"]] == [axis]
    assert child["obeyed"][0]["ok"]
    assert child["descriptors"]["loudness"] == pytest.approx(parent["descriptors"]["loudness"] + 3, abs=0.3)
    (anew,) = cli.json("feedback", parent["id"], "wetter", "--generate")["takes"]
    several = cli.json("feedback", parent["id"], "wetter", "-n", "2")["takes"]
    assert all(t["prompt"] != parent["prompt"] for t in (anew, *several)) and len(several) == 2


def test_what_no_treatment_does_is_said(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    with pytest.raises(WrongInput, match="no treatment does"):
        warm.steering.treat(take.id, "less metallic")


def test_what_a_new_take_misses_is_treated_and_said(inside: Path, cli: Cli) -> None:
    parent = cli.json("generate", "rain", "-d", "3", "--seed", "1")["takes"][0]
    words = "brighter, warmer, boomier, drier, harder, sparser, calmer, closer"  # more than any one take will do
    (plain,) = cli.json("feedback", parent["id"], words, "--generate")["takes"]
    assert "treatment" not in plain["recipe"]
    (done,) = cli.json("feedback", parent["id"], words)["takes"]
    every = {t["id"]: t for t in cli.json("takes", "--unranked")["takes"]}
    missed = {o["axis"] for o in every[done["recipe"]["treated_from"]]["obeyed"] if o["ok"] is False}
    assert missed and {a["axis"] for a in done["recipe"]["treatment"]["applied"]} >= missed
    assert done["parent"] == parent["id"]
    assert sum(o["ok"] is False for o in done["obeyed"]) < len(missed)
    kept = {t["id"] for t in cli.json("takes")["takes"]}
    untouched = done["recipe"]["treated_from"]
    assert done["id"] in kept and untouched not in kept
    assert untouched in every
