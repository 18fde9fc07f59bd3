"""A search as one line."""

import pytest

from soundlab.domain.searchline import SearchLine, read
from soundlab.errors import WrongInput


@pytest.mark.parametrize(
    ("line", "words", "fields", "bounds"),
    [
        ("distant rain", "distant rain", None, ()),
        ("distant tag:weather rain", "distant rain", "tag:weather", ()),
        ("NOT tag:voice AND rights:cc0", "", "NOT tag:voice AND rights:cc0", ()),
        ("rain tag:sea or tag:river", "rain", "tag:sea OR tag:river", ()),
        ("wood AND metal", "wood AND metal", None, ()),
        ("-tag:voice rights:cc0", "", "NOT tag:voice AND rights:cc0", ()),
        ('door title:"front door" brightness<2000', "door", 'title:"front door"', ("brightness<2000",)),
        ("Speed>=90 drums", "drums", None, ("speed>=90",)),
        ("at 12:30 someone:else -5 dB a<b", "at 12:30 someone:else -5 dB a<b", None, ()),
    ],
)
def test_words_and_limits_are_told_apart(line: str, words: str, fields: str | None, bounds: tuple[str, ...]) -> None:
    assert read(line) == SearchLine(words, fields, bounds)


@pytest.mark.parametrize("line", ["rain brightness<<2000", "brightness<dark", "rating>=many"])
def test_a_limit_without_a_number_is_no_word(line: str) -> None:
    with pytest.raises(WrongInput, match="limits nothing"):
        read(line)
    assert read("rain brightness<").words == "rain brightness<"  # it is still being typed


@pytest.mark.parametrize(("line", "says"), [("rain brightnes<2000", "brightness"), ("catgory:WATR", "category:")])
def test_a_misspelt_limit_is_no_word(line: str, says: str) -> None:
    with pytest.raises(WrongInput) as refused:
        read(line)
    assert says in refused.value.hint
    assert read("scene:2 at 10:30").words == "scene:2 at 10:30"
