"""Text search in fields."""

import pytest

from soundlab.domain.fieldquery import compile_query
from soundlab.errors import WrongInput

DOOR = {"title": "Barn door slam", "tag": "wood slam", "note": "an old hinge", "rights": "own", "path": "/a/doors.wav"}


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("door", True),
        ("DOOR", True),
        ("doo", True),
        ("oor", False),
        ("title:door", True),
        ("tag:door", False),
        ("door AND hinge", True),
        ("door hinge", True),
        ("door glass", False),
        ("glass OR hinge", True),
        ("glass OR (door AND NOT tag:metal)", True),
        ("door NOT tag:slam", False),
        ("NOT glass NOT metal", True),
        ('"barn door"', True),
        ('title:"door slam"', True),
        ('"door barn"', False),
        ("door or glass and metal", True),
        ("rights:own", True),
    ],
)
def test_queries(query: str, matches: bool) -> None:
    assert compile_query(query)(DOOR) is matches


@pytest.mark.parametrize(
    "query", ["", "   ", "(door", "door)", "AND door", "door OR", "NOT", "colour:red", "()", "door AND OR glass"]
)
def test_mistakes_are_named(query: str) -> None:
    with pytest.raises(WrongInput):
        compile_query(query)


def test_odd_characters_are_only_characters() -> None:
    assert not compile_query("[a-z]+")(DOOR)
    assert compile_query("doors.wav")(DOOR)
    assert not compile_query("doorsXwav")(DOOR)
