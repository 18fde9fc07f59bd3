"""Briefs refuse what cannot be made."""

import pytest

from soundlab.domain.brief import Brief
from soundlab.domain.feedback import judge
from soundlab.errors import WrongInput


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompt": "  "}, "empty"),
        ({"prompt": "x" * 10_000}, "10,000 characters"),
        ({"seconds": -1.0}, "duration -1"),
        ({"seconds": float("nan")}, "duration"),
        ({"guidance": 99.0}, "guidance"),
        ({"level": 3.0}, "level of 3 LUFS"),
    ],
)
def test_refusals(changes: dict, says: str) -> None:
    with pytest.raises(WrongInput, match=says):
        Brief(**{"prompt": "rain", **changes})


def test_obeying_needs_a_just_noticeable_difference() -> None:
    assert judge("brightness", -1, 10.0, 9.0, 0.5).ok is True
    assert judge("brightness", -1, 10.0, 9.8, 0.5).ok is False
    assert judge("brightness", -1, 10.0, 11.0, 0.5).ok is False
    assert judge("brightness", -1, None, 11.0, 0.5).ok is None
