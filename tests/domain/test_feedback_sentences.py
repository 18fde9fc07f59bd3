"""Sentences of sound people: a sentence counts when the set of adjustments is right, no more and no less."""

import csv
from pathlib import Path

import pytest

from soundlab.config import packaged
from soundlab.domain.feedback import Adjustment
from soundlab.domain.language import read
from soundlab.errors import WrongInput
from soundlab.services.steering import read_lexicon

LEXICON = read_lexicon(packaged("presets") / "feedback")
HERE = Path(__file__).parent


def label(a: Adjustment) -> str:
    if a.kind == "axis":
        return f"{a.axis}{'+' if a.direction > 0 else '-'}"
    if a.kind == "term":
        return f"{'+' if a.direction > 0 else '-'}{(a.term or '').lower()}"
    return f"{a.kind}:{a.target}".lower()


def share(name: str) -> float:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    right = 0
    for row in rows:
        wanted = {part.strip().lower() for part in row["expected"].split(";")}
        try:
            found = {label(a) for a in read(row["sentence"], LEXICON).adjustments}
        except WrongInput:
            found = set()
        right += found == wanted
    return right / len(rows)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("feedback_seen.tsv", 1.0),  # what the lexicon was written with
        ("feedback_dev.tsv", 0.8),  # another's, looked at while it was written
        ("feedback_unseen.tsv", 0.8),  # another's, looked at only to report
    ],
)
def test_sentences_are_understood_whole(name: str, least: float) -> None:
    assert share(name) >= least


@pytest.mark.parametrize(
    ("text", "labels", "left"),
    [
        ("mysterious", {"+mysterious"}, []),
        ("the giant is asleep, so deeper", {"register-"}, ["giant", "asleep"]),
        ("it's a bit boomy", {"boominess-"}, []),
        ("it's boomy, less bass", {"boominess-"}, []),
        ("not ghostly enough", {"supernatural+"}, []),
        ("-4 dB, +3 at 8k", {"loudness-", "brightness+"}, []),
        ("the clicks have to go", {"-clicks"}, []),
        ("take 2 but drier", {"like:#2", "space-"}, []),
        ("waaaay darkr", {"brightness-"}, []),
        ("swap the birds for crickets", {"-birds", "+crickets"}, []),
        ("brighter than the last one", {"brightness+"}, []),
        ("bring the highs down a touch", {"brightness-"}, []),
    ],
)
def test_ways_of_saying(text: str, labels: set[str], left: list[str]) -> None:
    found = read(text, LEXICON)
    assert {label(a) for a in found.adjustments} == labels
    assert found.left == left
