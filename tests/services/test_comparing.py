"""Two takes against each other, and variations of one."""

from pathlib import Path

import numpy as np
import pytest

from soundlab.domain.brief import Brief
from soundlab.domain.feedback import Adjustment
from soundlab.errors import NotFound, WrongInput
from soundlab.project import Project
from soundlab.services.comparing import by_chance, matched
from soundlab.services.taste import learn
from tests.conftest import Cli
from tests.services.test_taste import A, B, rows


def test_a_comparison_says_what_was_asked_and_what_measures_otherwise(inside: Path, cli: Cli) -> None:
    (take,) = cli.json("generate", "rain", "--seed", "3", "-d", "2")["takes"]
    (child,) = cli.json("feedback", take["id"], "darker", "--treat")["takes"]
    found = cli.json("compare", take["id"], child["id"])["difference"]
    assert {row["field"] for row in found["asked"]} == {"parent", "feedback", "treatment"}
    assert found["likeness"] > 0.3 and found["rhythm"] > 0.5
    by_axis = {row["axis"]: row for row in found["measured"]}
    assert by_axis["brightness"]["jnds"] < -1 and by_axis["loudness"]["jnds"] == pytest.approx(0, abs=0.9)
    assert cli("compare", take["id"], child["id"]) == 0
    assert "feedback" in cli.out and "JND" in cli.out and "alike" in cli.out
    assert cli("compare", take["id"], "tnothing") == 3
    assert cli("compare", take["id"], child["id"], "--prefer", child["id"]) == 0 and "is preferred" in cli.err
    assert cli.json("taste")["taste"]["pairs"] == 1
    assert cli("taste", "--reset") == 0 and cli.json("taste")["taste"]["pairs"] == 0


def test_levels_are_matched_downwards_only() -> None:
    assert matched(-20.0, -26.0) == (pytest.approx(0.501, abs=0.001), 1.0)
    assert matched(None, -26.0) == (1.0, 1.0)


def test_telling_apart_is_counted_against_guessing(warm: Project) -> None:
    assert by_chance(9, 10) == pytest.approx(11 / 1024) and by_chance(0, 0) == 1.0
    one, two = warm.generation.generate(Brief("rain", seconds=1.0), 2, 1)
    warm.comparer.told(one.id, two.id, hidden=one.id, answer=one.id)
    assert warm.comparer.told(two.id, one.id, hidden=one.id, answer=two.id) == (1, 2)
    assert warm.comparisons.preferred() == []
    warm.comparer.prefer(two.id, one.id)
    assert warm.comparisons.preferred() == [(two.id, one.id)]
    assert warm.comparisons.told_apart(one.id, two.id) == (1, 2)


def test_taste_is_learnt_from_pairs_alone_and_beside_verdicts() -> None:
    nothing = np.zeros((0, 32))
    better, worse = rows(10, A, 0), rows(10, B, 1)
    taste = learn(nothing, nothing, better, worse)
    assert taste.pairs == 10 and taste.counts
    assert np.mean([taste.score(v) for v in rows(20, A, 7)]) > 0 > np.mean([taste.score(v) for v in rows(20, B, 7)])
    assert learn(nothing, nothing, better[:7], worse[:7]).hit_rate is None
    random = [learn(nothing, nothing, rows(12, A, k, 3.0), rows(12, A, 50 + k, 3.0)).hit_rate for k in range(20)]
    assert 0.3 < float(np.mean(random)) < 0.65
    assert learn(rows(5, A, 2), rows(5, B, 3), better, worse).hit_rate > 0.8


def test_a_sweep_goes_from_the_least_to_the_most_with_the_take_in_the_middle(inside: Path, cli: Cli) -> None:
    (take,) = cli.json("generate", "church bells", "--seed", "3", "-d", "2")["takes"]
    swept = cli.json("vary", take["id"], "--axis", "brightness")["takes"]
    assert len(swept) == 5 and swept[2]["id"] == take["id"]
    values = [t["descriptors"]["brightness"] for t in swept]
    assert values[0] < values[2] < values[4]
    assert [a["direction"] for t in (swept[0], swept[4]) for a in t["adjustments"]] == [-1, 1]
    assert cli("vary", take["id"], "--axis", "colour") == 2 and "no axis called" in cli.err
    assert cli("vary", take["id"]) == 2


def test_takes_between_two_measure_between_them(warm: Project) -> None:
    (one,) = warm.generation.generate(Brief("rain", seconds=2.0), 1, 1)
    (two,) = warm.generation.generate(Brief("a low drone", seconds=2.0), 1, 2)
    near, far = warm.exploring.between(one.id, two.id, 2)
    assert near.parent == far.parent == one.id
    assert [r["weight"] for r in far.references] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    wanted = [t.recipe["measures"]["brightness"] for t in (near, far)]
    assert one.descriptors["brightness"] > wanted[0] > wanted[1] > two.descriptors["brightness"]
    warm.takes.change(two.id, checkpoint="facebook/musicgen-small")
    with pytest.raises(WrongInput, match="one checkpoint"):
        warm.exploring.between(one.id, two.id)


def test_one_axis_is_taken_from_another_take(warm: Project) -> None:
    dark, bright = (warm.generation.generate(Brief(p, seconds=2.0), 1, 1)[0] for p in ("a low drone", "rain"))
    (wish,) = warm.understanding.parse(f"the brightness of @{bright.id}")
    assert (wish.kind, wish.axis, wish.target) == ("like", "brightness", bright.id)
    (goal,) = warm.steering.goals(dark, [wish])
    assert (goal.kind, goal.axis, goal.direction) == ("axis", "brightness", 1) and goal.strength > 0.5
    assert warm.steering.goals(bright, [wish]) == []
    (child,) = warm.steering.answer(dark.id, f"the brightness of @{bright.id}")
    assert child.references == [] and child.adjustments[0]["axis"] == "brightness"
    assert child.obeyed[0]["after"] > child.obeyed[0]["before"]
    with pytest.raises(NotFound):
        warm.understanding.parse("the brightness of @tnothing")


def test_what_a_person_corrected_is_what_is_done(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    corrected = [Adjustment("axis", "darker", axis="brightness", direction=1, strength=1.0)]
    (child,) = warm.steering.answer(take.id, "darker", understood=corrected)
    assert child.prompt == "very bright rain" and child.adjustments[0]["direction"] == 1


def test_a_second_take_is_the_second_that_is_shown(warm: Project) -> None:
    (parent,) = warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    first, second = (warm.steering.answer(parent.id, words)[0] for words in ("darker", "brighter"))
    (wish,) = warm.understanding.parse("like the second one", first)
    assert wish.target == second.id


def test_loudness_is_set(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief("rain", seconds=2.0), 1, 1)
    for words, direction in (("louder", 1), ("much quieter", -1)):
        (child,) = warm.steering.answer(take.id, words)
        assert child.obeyed[0]["ok"]
        moved = child.descriptors["loudness"] - take.descriptors["loudness"]
        assert moved * direction > warm.steering.jnds["loudness"]
        assert child.recipe["level"] == pytest.approx(child.descriptors["loudness"], abs=1.0)
