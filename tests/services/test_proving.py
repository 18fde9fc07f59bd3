"""The benchmark of direction, on a small slice."""

import pytest

from soundlab.project import Project
from soundlab.services.proving import ROWS, Proof, odds_ratio, wilson
from tests.conftest import Cli


def test_intervals_and_odds() -> None:
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.490, abs=0.001) and high == pytest.approx(0.943, abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
    assert odds_ratio(0.8, 0.5) == pytest.approx(4.0)


@pytest.mark.full
def test_every_means_answers_the_same_requests(warm: Project) -> None:
    proof = Proof(warm.generation, warm.steering, warm.vectors, warm.embedder.model_id, warm.sampling("sketch"))
    told: list[str] = []
    rows = {row.name: row for row in proof.run(1, 2.0, told.append, ("brightness",))}
    assert tuple(rows) == ROWS and len(told) == 1
    assert {len(row.obeyed) for row in rows.values()} == {2}
    for row in rows.values():
        assert len(row.likeness) == len(row.rhythm) == len(row.collateral) == len(row.kinship) == 2
    assert rows["treatment"].moved == [True, True]
    assert rows["treatment"].as_json()["rhythm"] > rows["again"].as_json()["rhythm"], "a treated take keeps its rhythm"


@pytest.mark.full
def test_the_command_prints_it(cli: Cli, inside: object) -> None:
    rows = cli.json("bench", "direction", "--parents", "1", "--seconds", "2", "--axis", "warmth")["rows"]
    assert [row["means"] for row in rows] == list(ROWS)
    assert all(0 <= row["interval"][0] <= row["obeyed"] <= row["interval"][1] <= 1 for row in rows)
