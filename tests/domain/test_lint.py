"""Advice on briefs."""

import pytest

from soundlab.config import packaged
from soundlab.domain.lint import lint, style_of
from soundlab.presets import list_presets, read_preset


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a cinematic drone", ["cinematic"]),
        ("high quality epic rain", ["epic", "high quality"]),
        ("rain with no birds", ["no birds"]),
        ("strings in the style of Some Composer", ["Some Composer"]),
        ("a drone, " + "dark " * 50, ["length"]),
        ("distant rain on a tin roof", []),
    ],
)
def test_words_that_tell_little_are_named(prompt: str, words: list[str]) -> None:
    assert [a.words for a in lint(prompt)] == words


def test_a_prompt_without_a_word_is_told_so() -> None:
    (advice,) = lint("!!! 雨")
    assert "no word" in advice.text


def test_what_is_ruled_out_is_not_asked_for() -> None:
    (advice,) = lint("slow drums in a hall", ["melody", "drums"])
    assert advice.words == "drums" and "ruled out" in advice.text


def test_names_are_told_from_places() -> None:
    assert style_of("sounds like Some Band") == "Some Band"
    assert style_of("by the sea") is None and style_of("like rain") is None


def test_the_packaged_briefs_follow_it() -> None:
    files = list_presets([packaged("presets") / "briefs"])
    assert len(files) >= 40
    for path in files.values():
        preset = read_preset(path, files)
        said = lint(preset.prompt, [a.strip() for a in preset.avoid.split(",") if a.strip()])
        assert not said, f"{path.stem}: {said}"
