from __future__ import annotations

import pytest

from soundlab.config import packaged
from soundlab.domain.layers import BEHIND, asked, layers
from soundlab.services.understanding import read_lexicon

LEXICON = read_lexicon(packaged("presets") / "feedback")


@pytest.mark.parametrize(
    ("prompt", "sounds"),
    [
        ("rain with distant church bells", ["rain", "distant church bells"]),
        ("a heartbeat over a drone", ["a heartbeat", "a drone"]),
        ("Birds; a river & frogs, dark", ["Birds, dark", "a river, dark", "frogs, dark"]),  # dark are all of them
        ("rain, heavy, thunder", ["rain, heavy", "thunder"]),
        ("wind through the trees, with an owl", ["wind through the trees", "an owl"]),
        ("piano and strings in a cathedral", ["piano in a cathedral", "strings in a cathedral"]),
        ("a night with crickets and an owl", ["a night with crickets", "an owl"]),
        ("footsteps in the rain", ["footsteps", "the rain"]),
        ("a music box with rain", ["a music box", "rain"]),
        ("a music box playing in a storm", ["a music box playing", "a storm"]),
        ("rain, no thunder, bells", ["rain, no thunder", "bells"]),
        ("organ, rain, thunder, wind, birds", ["organ", "rain", "thunder", "wind, birds"]),
    ],
)
def test_a_prompt_puts_sounds_beside_one_another(prompt: str, sounds: list[str]) -> None:
    assert [layer.prompt for layer in layers(prompt, LEXICON)] == sounds


@pytest.mark.parametrize(
    "prompt",
    [
        "a piano with long reverb",
        "waves against rocks",
        "thunder rolling over the sea",
        "footsteps in the cathedral",
        "a drone with slow movement",
        "hand drums and a drum loop",
        "dark, bell-like pad",
        "rain, no thunder",
        "with rain",
        "rain on a tin roof",
        "night",
    ],
)
def test_what_describes_a_sound_is_none_beside_it(prompt: str) -> None:
    assert [(layer.prompt, layer.level) for layer in layers(prompt, LEXICON)] == [(prompt, 0.0)]


@pytest.mark.parametrize(
    ("prompt", "levels"),
    [
        ("crickets with church bells in the background", [0.0, BEHIND]),
        ("birds with a stream behind them", [0.0, BEHIND]),
        ("a drone under a heartbeat", [BEHIND, 0.0]),
    ],
)
def test_what_lies_behind_is_softer(prompt: str, levels: list[float]) -> None:
    assert [layer.level for layer in layers(prompt, LEXICON)] == levels


@pytest.mark.parametrize(
    ("prompt", "opposites"),
    [
        ("dark rain", ["bright rain"]),
        ("a fast ticking clock in a large hall", ["a slow ticking clock in a dry hall"]),
        ("crickets", [""]),
        ("rain with distant church bells", ["", "close church bells"]),
        ("a low drone over footsteps", ["a high-pitched drone", ""]),
    ],
)
def test_adjectives_are_turned_round_in_each_sound(prompt: str, opposites: list[str]) -> None:
    assert [layer.against for layer in asked(prompt, LEXICON, apart=True)] == opposites


def test_of_several_sounds_made_as_one_no_adjective_is_turned_round() -> None:
    (layer,) = asked("rain with distant church bells", LEXICON, apart=False)
    assert layer.several and (layer.read_as, layer.against) == ("", "")


@pytest.mark.parametrize(
    ("prompt", "taught", "read_as"),
    [
        ("boundless rain", "dark cavernous", "cavernous rain"),
        ("dark, boundless rain", "dark cavernous", "dark, cavernous rain"),
        ("dark rain", "dark", ""),
        ("an airless cellar", "dark", "an claustrophobic cellar"),  # a mood, which is read but not stressed
        ("rain on leaves", "", ""),
    ],
)
def test_words_that_a_checkpoint_was_not_taught_are_read_as_those_it_was(
    prompt: str, taught: str, read_as: str
) -> None:
    (found,) = asked(prompt, LEXICON, taught.split(), apart=True)
    assert found.read_as == read_as
    assert found.prompt == prompt  # the text that is listened to stays as it was said


def test_what_belongs_to_the_name_of_a_sound_is_no_adjective() -> None:
    (fire,) = asked("a dark crackling fire", LEXICON, ["dark"], ["crackling"], apart=True)
    assert (fire.read_as, fire.against) == ("", "a bright crackling fire")
