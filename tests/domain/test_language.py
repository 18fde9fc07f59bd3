"""Feedback in words becomes the right set of adjustments."""

from pathlib import Path

import pytest

from soundlab.config import packaged
from soundlab.domain.language import parse, read
from soundlab.domain.lexicon import build
from soundlab.errors import WrongInput
from soundlab.services.understanding import read_lexicon

LEXICON = read_lexicon(packaged("presets") / "feedback")


def understood(text: str) -> set[tuple[str, str | None, int, float]]:
    return {(a.kind, a.axis or a.term or a.target, a.direction, a.strength) for a in parse(text, LEXICON)}


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        (
            "more metallic, less bright, further away",
            {("axis", "metallic", 1, 0.5), ("axis", "brightness", -1, 0.5), ("axis", "distance", 1, 0.5)},
        ),
        ("much darker", {("axis", "brightness", -1, 0.8)}),
        ("a touch warmer and less busy", {("axis", "warmth", 1, 0.25), ("axis", "density", -1, 0.5)}),
        (
            "i want the river to wake up: wilder, and with frogs",
            {("axis", "energy", 1, 0.5), ("term", "frogs", 1, 0.5)},
        ),
        ("add birds to front", {("term", "birds", 1, 0.5)}),
        ("slow it down a bit", {("axis", "speed", -1, 0.25)}),
        ("no rain", {("term", "rain", -1, 1.0)}),
        ("without birds and voices", {("term", "birds", -1, 1.0), ("term", "voices", -1, 1.0)}),
        ("rain instead of wind", {("term", "rain", 1, 0.5), ("term", "wind", -1, 1.0)}),
        ("keep the rhythm but make it wetter", {("keep", "rhythm", 0, 1.0), ("axis", "space", 1, 0.5)}),
        ("keep everything else the same", {("keep", "all", 0, 1.0)}),
        ("like the second one but underwater", {("like", "#2", 1, 0.5), ("axis", "underwater", 1, 0.5)}),
        ("like @t2abc", {("like", "t2abc", 1, 0.5)}),
        ("too boomy", {("axis", "boominess", -1, 0.5)}),
        ("a lot less reverb", {("axis", "space", -1, 0.8)}),
        ("duck the lows", {("axis", "boominess", -1, 0.5)}),
        ("more top end", {("axis", "brightness", 1, 0.5)}),
        ("far darker", {("axis", "brightness", -1, 0.8)}),
        ("much less dense and slower", {("axis", "density", -1, 0.8), ("axis", "speed", -1, 0.5)}),
        ("not so bright", {("axis", "brightness", -1, 0.5)}),
        ("spookier", {("axis", "supernatural", 1, 0.5)}),
        ("drier and a lot closer", {("axis", "space", -1, 0.5), ("axis", "distance", -1, 0.8)}),
    ],
)
def test_understands(text: str, wishes: set[tuple[str, str, int, float]]) -> None:
    assert understood(text) == wishes


@pytest.mark.parametrize(
    ("text", "axis", "target"),
    [
        ("the reverb of #2", "space", "#2"),
        ("take 2's transients", "hardness", "#2"),
        ("the same distance as take 2", "distance", "#2"),
        ("as dense as number 2", "density", "#2"),
        ("movement like in take 3", "movement", "#3"),
        ("I like the room from take 2", "space", "#2"),
        ("@t93as's reverb", "space", "t93as"),
    ],
)
def test_takes_one_axis_of_another_take(text: str, axis: str, target: str) -> None:
    (wish,) = parse(text, LEXICON)
    assert (wish.kind, wish.axis, wish.target) == ("like", axis, target)


def test_the_words_of_each_wish_are_kept() -> None:
    assert [a.text for a in parse("More metallic, less bright", LEXICON)] == ["More metallic", "less bright"]


def test_unknown_words_are_carried_not_dropped() -> None:
    assert understood("add zither glissandi") == {("term", "zither glissandi", 1, 0.5)}


@pytest.mark.parametrize("text", ["", "   ", "please just make it", "?!"])
def test_nothing_asked_is_an_error(text: str) -> None:
    with pytest.raises(WrongInput, match="nothing to do"):
        parse(text, LEXICON)


def test_a_project_can_teach_words(tmp_path: Path) -> None:
    own = tmp_path / "film.toml"
    own.write_text('[axes.tension]\nmore = ["kubricky"]\n')
    taught = read_lexicon(packaged("presets") / "feedback", [own])
    assert [(a.axis, a.direction) for a in parse("kubricky", taught)] == [("tension", 1)]


def test_an_unknown_axis_in_a_lexicon_is_refused() -> None:
    with pytest.raises(WrongInput, match="unknown axis 'brightnes'"):
        build({}, [{"axes": {"brightnes": {}}}])


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("make the bells darker and slower", ["bells", "bells"]),
        ("bells darker, less busy", ["bells", "bells"]),
        ("bells darker and slower overall", ["bells", None]),
        ("darker bells, slower", ["bells", None]),
        ("wind and rain darker", ["wind and rain"]),
        ("darker wind and rain", ["wind and rain"]),
        ("darker wind and rain louder", ["wind", "rain"]),
        ("slower, darker", [None, None]),
        ("rain down 3 dB, darker bells", ["rain", "bells"]),
    ],
)
def test_a_wish_is_said_of_the_sounds_that_are_named(text: str, scopes: list[str | None]) -> None:
    assert [a.scope for a in parse(text, LEXICON)] == scopes


@pytest.mark.parametrize(
    ("text", "decibels"),
    [
        ("rain down 3 dB", [-3]),
        ("3 dB less rain", [-3]),
        ("rain down a couple of dB, wind up 6 dB", [-2, 6]),
        ("+4.5 dB", [4.5]),
        ("four dB quieter", [-4]),
        ("drop the level 2 dB and make it darker", [-2, -6]),
        ("30 dB louder", [12]),
        ("louder", [6]),
    ],
)
def test_a_level_moves_by_the_decibels_that_were_said(text: str, decibels: list[float]) -> None:
    """Of 12 that full strength is; "darker" has its plain 0.5."""
    found = [12 * a.direction * a.strength for a in parse(text, LEXICON)]
    assert found == pytest.approx(decibels, abs=0.01)


@pytest.mark.parametrize(
    "text", ["darker, but not too dark", "darker without getting too dark", "darker, not overly dark"]
)
def test_how_far_at_most_is_no_wish_for_the_opposite(text: str) -> None:
    (wish,) = read(text, LEXICON).adjustments
    assert (wish.axis, wish.direction) == ("brightness", -1) and wish.strength < 0.5
    (alone,) = parse("not too dark", LEXICON)
    assert alone.direction == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("shorter", "as long as it is"),
        ("same but 10 seconds", "as long as it is"),
        ("make it stereo", "channels"),
        ("make it loop", "loop"),
        ("undo that", "takes nothing back"),
    ],
)
def test_what_feedback_does_not_change_is_refused(text: str, says: str) -> None:
    with pytest.raises(WrongInput, match=says):
        parse(text, LEXICON)
    beside = read(f"{text}, darker", LEXICON)
    assert [a.axis for a in beside.adjustments if a.kind != "keep"] == ["brightness"]
    assert len(beside.beyond) == 1 and says in beside.beyond[0]


def test_a_longer_tail_is_of_the_reverb_and_the_take_as_long_as_it_was() -> None:
    found = read("a longer tail and shorter attacks", LEXICON)
    assert [a.axis for a in found.adjustments] == ["space", "hardness"] and not found.beyond
    for text, term in (("fade out the birds", "birds"), ("less of the drum loop", "drum")):
        (wish,) = read(text, LEXICON).adjustments
        assert (wish.term, wish.direction) == (term, -1) and not read(text, LEXICON).beyond


def test_more_decibels_than_a_level_moves_by_are_told() -> None:
    assert not read("6 dB louder", LEXICON).beyond
    assert "12 dB at once" in read("+60 dB", LEXICON).beyond[0]
