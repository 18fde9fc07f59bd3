"""Options on the brief line mean what they mean on the command line."""

from dataclasses import replace

import pytest

from soundlab.errors import WrongInput
from soundlab.tui.brief_line import Asked, read


def asked(line: str) -> Asked:
    return read(line, seconds=10.0, takes=1, checkpoint="sketch")


def test_words_alone_use_the_settings_of_the_project() -> None:
    found = asked("rain on a tin roof")
    assert (found.brief.prompt, found.brief.seconds, found.takes, found.seed) == ("rain on a tin roof", 10.0, 1, None)


def test_options() -> None:
    found = asked('wind -n 4 over a drone -d 8 --seed 7 --adapter night=0.5 --adapter x --avoid "birds, bells"')
    assert found.brief.prompt == "wind over a drone"
    assert (found.takes, found.seed, found.brief.seconds, found.brief.avoid) == (4, 7, 8.0, "birds, bells")
    assert found.brief.adapters == (("night", 0.5), ("x", 1.0))
    assert asked("wind --guidance 4 --level -30").brief == replace(asked("wind").brief, guidance=4.0, level=-30.0)
    assert not asked("--together rain with bells").brief.apart and asked("rain with bells").brief.apart


def test_a_bad_number_is_named() -> None:
    with pytest.raises(WrongInput, match="-d long"):
        asked("rain -d long")


@pytest.mark.parametrize("line", ["heavy rain --foo", "rain -x 3", "rain -d"])
def test_an_option_that_there_is_none_of_is_no_word_of_the_prompt(line: str) -> None:
    with pytest.raises(WrongInput, match="no option"):
        asked(line)
    assert asked("rain on a tin-roof - far away").brief.prompt == "rain on a tin-roof - far away"
