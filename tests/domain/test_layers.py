from __future__ import annotations

import pytest

from soundlab.config import packaged
from soundlab.domain.layers import stressed
from soundlab.services.steering import read_lexicon

LEXICON = read_lexicon(packaged("presets") / "feedback")


@pytest.mark.parametrize(
    ("prompt", "opposite"),
    [
        ("dark rain", "bright rain"),
        ("a fast ticking clock in a large hall", "a slow ticking clock in a dry hall"),
        ("crickets", ""),
        ("rain with distant church bells", ""),  # the bells are distant, the rain is not
        ("a low drone over footsteps", ""),
    ],
)
def test_a_prompts_adjectives_are_turned_round_unless_they_are_one_layers(prompt: str, opposite: str) -> None:
    assert stressed(prompt, LEXICON).against == opposite


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
    found = stressed(prompt, LEXICON, taught.split())
    assert found.read_as == read_as
    assert found.prompt == prompt  # the text that is listened to stays as it was said
