"""Taste from verdicts: honest about how little it knows."""

from pathlib import Path

import numpy as np
import pytest

from soundlab.domain.brief import Brief
from soundlab.project import Project
from soundlab.services.taste import LEAST, learn
from tests.conftest import Cli


def rows(n: int, mean: np.ndarray, seed: int, spread: float = 0.5) -> np.ndarray:
    made = mean + spread * np.random.default_rng(seed).standard_normal((n, mean.size)) / np.sqrt(mean.size)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


A, B = np.eye(32)[0], np.eye(32)[1]


def test_it_is_silent_below_eight_and_without_both_kinds() -> None:
    assert learn(rows(4, A, 0), rows(3, B, 1)).hit_rate is None
    assert learn(rows(20, A, 0), rows(1, B, 1)).hit_rate is None
    assert not learn(rows(4, A, 0), rows(3, B, 1)).counts
    assert learn(rows(4, A, 0), rows(4, B, 1)).hit_rate is not None and LEAST == 8


def test_a_clear_taste_is_learnt_and_scores_what_it_has_not_seen() -> None:
    taste = learn(rows(6, A, 0), rows(12, B, 1))
    assert taste.counts and taste.hit_rate > 0.9
    liked, disliked = (np.mean([taste.score(v) for v in rows(20, m, 7)]) for m in (A, B))
    assert liked > 0.2 > -0.2 > disliked


def test_leaving_one_out_is_what_leaving_one_out_would_give() -> None:
    liked, disliked = rows(5, A, 0, 2.0), rows(7, B, 1, 2.0)
    hits = {"liked": [], "disliked": []}
    whole = learn(liked, disliked)
    for name, own, sign in (("liked", liked, 1), ("disliked", disliked, -1)):
        for k in range(len(own)):
            rest = np.delete(own, k, 0)
            parts = (rest, disliked) if sign > 0 else (liked, rest)
            taste = learn(*parts)
            hits[name].append(((own[k] - whole.centre) @ taste.direction) * sign > 0)
    brute = 0.5 * np.mean(hits["liked"]) + 0.5 * np.mean(hits["disliked"])
    assert whole.hit_rate == pytest.approx(brute, abs=0.15)


def test_verdicts_at_random_teach_nothing() -> None:
    rates = [learn(rows(10, A, k, 3.0), rows(10, A, 100 + k, 3.0)).hit_rate for k in range(20)]
    assert 0.35 < float(np.mean(rates)) < 0.6


def test_a_project_learns_shows_and_forgets(warm: Project) -> None:
    for prompt, verdict in (("church bells", "approved"), ("rain", "rejected")):
        for take in warm.generation.generate(Brief(prompt, seconds=1.0), 5, 1):
            warm.takes.change(take.id, verdict=verdict)
    taste = warm.taste.taste()
    assert (taste.approved, taste.rejected) == (5, 5) and taste.counts
    ranked = warm.taste.ranked([t.id for t in warm.takes.all()])
    assert all("bells" in warm.takes.get(i).prompt for i, _ in ranked[:4])
    assert warm.taste.reset() == 10
    assert warm.taste.taste().hit_rate is None and warm.taste.ranked([ranked[0][0]]) == []


def test_a_verdict_that_is_given_again_after_a_reset_counts(inside: Path, cli: Cli) -> None:
    takes = [t["id"] for t in cli.json("generate", "rain", "-n", "2", "-d", "1")["takes"]]
    cli("approve", takes[0])
    cli("reject", takes[1])
    assert cli("taste", "--reset") == 0
    cli("approve", takes[0])
    found = cli.json("taste")["taste"]
    assert (found["approved"], found["rejected"]) == (1, 0)


def test_the_command_says_how_little_it_knows(inside: Path, cli: Cli) -> None:
    (take,) = cli.json("generate", "rain", "-d", "1")["takes"]
    cli("approve", take["id"])
    taste = cli.json("taste")["taste"]
    assert taste == {"approved": 1, "rejected": 0, "pairs": 0, "hit_rate": None, "used": False, "weight": 0.0}
    assert cli("taste") == 0 and "too little to go by" in cli.err
    assert cli("taste", "--reset") == 0 and "1 verdicts and pairs no longer count" in cli.err
