from __future__ import annotations

import pytest

from soundlab.config import packaged
from soundlab.domain.language import parse
from soundlab.domain.remix import alone, planned, spared
from soundlab.services.understanding import read_lexicon

LEXICON = read_lexicon(packaged("presets") / "feedback")


def plan(feedback: str) -> list[tuple[str, float | None, list[str]]] | None:
    found = planned(["a slow piano", "rain"], parse(feedback, LEXICON), LEXICON.layering)
    return found and [(s.prompt, s.change, [str(a.axis or a.term) for a in s.wishes]) for s in found]


@pytest.mark.parametrize(
    ("feedback", "piano", "rain", "new"),
    [
        ("less rain", (0.0, []), (-6.0, []), []),
        ("a bit more piano", (3.0, []), (0.0, []), []),
        ("piano louder, rain quieter", (6.0, []), (-6.0, []), []),
        ("the rain is too loud", (0.0, []), (-6.0, []), []),
        ("lose the piano", (None, []), (0.0, []), []),
        ("piano up, rain down a touch", (6.0, []), (-3.0, []), []),
        ("darker piano", (0.0, ["brightness"]), (0.0, []), []),
        ("make the rain darker", (0.0, []), (0.0, ["brightness"]), []),
        ("darker", (0.0, ["brightness"]), (0.0, ["brightness"]), []),
        ("louder", (0.0, []), (0.0, []), []),  # which is the mix's
        ("less hum", (0.0, ["hum"]), (0.0, ["hum"]), []),
        ("add distant thunder", (0.0, []), (0.0, []), ["distant thunder"]),
        ("add a baby crying", (0.0, []), (0.0, []), ["baby crying"]),  # which no list of sounds has
        ("more texture", (0.0, ["texture"]), (0.0, ["texture"]), []),
        ("rain down 3 dB", (0.0, []), (-3.0, []), []),
        ("piano and rain darker and slower", (0.0, ["brightness", "speed"]), (0.0, ["brightness", "speed"]), []),
        ("closer and add wind", (0.0, ["distance"]), (0.0, ["distance"]), ["wind"]),
        ("darker piano, brighter rain", (0.0, ["brightness"]), (0.0, ["brightness"]), []),
    ],
)
def test_what_becomes_of_each_sound(
    feedback: str, piano: tuple[float | None, list[str]], rain: tuple[float | None, list[str]], new: list[str]
) -> None:
    assert plan(feedback) == [("a slow piano", *piano), ("rain", *rain), *((n, 0.0, []) for n in new)]


@pytest.mark.parametrize(
    ("feedback", "rain", "bells"),
    [
        ("only the bells", (None, []), (0.0, [])),
        ("solo the rain", (0.0, []), (None, [])),
        ("keep the rain, darker", (0.0, []), (0.0, ["brightness"])),
        ("make it darker but not the bells", (0.0, ["brightness"]), (0.0, [])),
        ("only darker", (0.0, ["brightness"]), (0.0, ["brightness"])),
        ("lose the thunder", (0.0, []), (0.0, [])),  # there is none
        ("push the bells back", (0.0, []), (-6.0, [])),
        ("quieter bells, louder overall", (0.0, []), (-6.0, [])),
    ],
)
def test_what_is_left_alone(
    feedback: str, rain: tuple[float | None, list[str]], bells: tuple[float | None, list[str]]
) -> None:
    names = ["rain", "distant bells"]
    wishes = alone(feedback, parse(feedback, LEXICON), names, LEXICON.layering)
    found = planned(names, spared(feedback, wishes, names, LEXICON.layering), LEXICON.layering)
    assert found is not None
    assert [(s.change, [str(a.axis or a.term) for a in s.wishes]) for s in found] == [rain, bells]


def test_opposite_wishes_of_two_sounds_stay_apart() -> None:
    found = planned(["a piano", "rain"], parse("darker piano, brighter rain", LEXICON), LEXICON.layering)
    assert found is not None
    assert [[a.direction for a in s.wishes] for s in found] == [[-1], [1]]


def test_likeness_to_a_take_is_of_the_whole() -> None:
    assert plan("like @t2abcde") is None
