"""Takes that are mixed from sounds: made apart, answered apart, kept and purged with what is mixed from them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.brief import Brief
from soundlab.domain.take import LAYER, Take
from soundlab.errors import WrongInput
from soundlab.project import Project
from soundlab.services.exporting import Delivery
from soundlab.services.remixing import Order
from soundlab.services.reviewing import decide

PROMPT = "rain with distant church bells"


@pytest.fixture
def mixed(warm: Project) -> Take:
    (take,) = warm.generation.generate(Brief(PROMPT, seconds=2.0), 1, 5)
    return take


def heard(take: Take) -> np.ndarray:
    return soundfile.read(take.path)[0]


def layers(project: Project, take: Take) -> list[tuple[Take, float]]:
    return [(project.takes.get(identity), level) for identity, level in take.layers]


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_of_what_is_one_sound_fewer_is_sparser(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief("dripping water", seconds=1.0), 1, 1)
    for text in ("there are far too many drips", "fewer drips"):
        (wish,) = warm.understanding.parse(text, take)
        assert (wish.kind, wish.axis, wish.direction) == ("axis", "density", -1)
    (wish,) = warm.understanding.parse("too many birds", take)
    assert (wish.kind, wish.term, wish.direction) == ("term", "birds", -1)


def test_the_sounds_of_a_take_are_kept_beside_it(warm: Project, mixed: Take) -> None:
    rain, bells = layers(warm, mixed)
    assert [t.prompt for t, _ in (rain, bells)] == ["rain", "distant church bells"]
    assert alike(heard(mixed), heard(rain[0]) + heard(bells[0])) > 0.9999
    assert {t.state for t, _ in (rain, bells)} == {LAYER}
    assert [t.id for t in warm.takes.batch(mixed.batch)] == [mixed.id]  # it alone is a take of the request
    (one,) = warm.generation.generate(Brief(PROMPT, seconds=1.0, apart=False), 1, 5)
    assert not one.layers


def test_less_of_one_sound_turns_it_down_and_leaves_the_other(warm: Project, mixed: Take) -> None:
    (child,) = warm.steering.answer(mixed.id, "less rain")
    (rain, down), (bells, level) = layers(warm, child)
    assert [t.id for t, _ in layers(warm, mixed)] == [rain.id, bells.id] and (down, level) == (-6.0, 0.0)
    assert alike(heard(child), 10 ** (-6 / 20) * heard(rain) + heard(bells)) > 0.9999
    assert [(o["axis"], o["scope"], o["before"], o["after"], o["ok"]) for o in child.obeyed or []] == [
        ("loudness", "rain", 0.0, -6.0, True)
    ]
    (again,) = warm.steering.answer(child.id, "less rain")
    assert [level for _, level in layers(warm, again)] == [-12.0, 0.0]


def test_a_sound_is_taken_out_and_the_last_one_is_not(warm: Project, mixed: Take) -> None:
    (child,) = warm.steering.answer(mixed.id, "lose the rain")
    ((bells, _),) = layers(warm, child)
    assert child.prompt == "distant church bells" and alike(heard(child), heard(bells)) > 0.9999
    with pytest.raises(WrongInput, match="every sound"):
        warm.steering.answer(mixed.id, "no rain, no bells")


def test_what_is_said_of_one_sound_changes_that_alone(warm: Project, mixed: Take) -> None:
    found = warm.understanding.read("make the bells darker", mixed)
    assert ([a.scope for a in found.adjustments], found.left) == (["bells"], [])
    (child,) = warm.steering.answer(mixed.id, "make the bells darker", finish=False)
    (rain, _), (bells, _) = layers(warm, child)
    assert rain.id == mixed.layers[0][0] and bells.id != mixed.layers[1][0]
    assert bells.parent == mixed.layers[1][0] and "dark" in bells.prompt
    (row,) = child.obeyed or []
    assert (row["axis"], row["scope"]) == ("brightness", "distant church bells") and row["before"] is not None


def test_what_is_said_of_a_sound_that_is_not_there_is_said_back(warm: Project, mixed: Take) -> None:
    found = warm.understanding.read("make the owl darker and the rain slower", mixed)
    assert ([(a.axis, a.scope) for a in found.adjustments], found.left) == ([("speed", "rain")], ["owl"])
    with pytest.raises(WrongInput, match="no owl in it") as refused:
        warm.understanding.read("make the owl darker", mixed)
    assert "rain" in refused.value.hint


def test_a_sound_is_put_beside_a_take_that_was_not_mixed(warm: Project) -> None:
    (plain,) = warm.generation.generate(Brief("wind", seconds=2.0), 1, 5)
    assert not plain.layers
    (child,) = warm.steering.answer(plain.id, "add an owl")
    (wind, _), (owl, _) = layers(warm, child)
    assert (wind.id, owl.prompt, owl.state) == (plain.id, "owl", LAYER)
    assert warm.takes.get(plain.id).state == "done" and child.prompt == "wind with owl"
    assert alike(heard(child), heard(wind) + heard(owl)) > 0.9999


def test_sounds_go_with_the_takes_that_are_mixed_from_them(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief(PROMPT, seconds=1.0), 1, 9)
    (child,) = warm.steering.answer(take.id, "lose the rain")
    rain, bells = (t for t, _ in layers(warm, take))
    decide(warm.takes, warm.taste, [take.id], "rejected")
    decide(warm.takes, warm.taste, [child.id], "rejected")
    going = {t.id for t in warm.keeper.purgeable(unranked=False)[0]}
    assert child.id in going and not {rain.id, bells.id} & going  # another take, which stays as its parent, has both
    warm.keeper.purge([child])
    going = {t.id: t for t in warm.keeper.purgeable(unranked=False)[0]}
    assert {take.id, rain.id, bells.id} <= set(going)
    warm.keeper.purge(list(going.values()))
    assert not any(Path(t.path).exists() for t in (take, rain, bells))


def test_stems_add_up_to_the_take(warm: Project, mixed: Take, tmp_path: Path) -> None:
    (child,) = warm.steering.answer(mixed.id, "less rain")
    rows = warm.exporter.export([child.id], None, tmp_path, Delivery(bits="32f", loudness=-20.0), stems=True)
    assert [r["id"] for r in rows] == [child.id, *(identity for identity, _ in child.layers)]
    whole, *parts = (soundfile.read(r["path"])[0] for r in rows)
    assert np.abs(sum(parts) - whole).max() < 1e-3 * np.abs(whole).max()
    assert len(warm.exporter.export([child.id], None, tmp_path, Delivery())) == 1


def test_what_does_not_arrive_in_the_mix_is_treated_in_its_sounds(warm: Project, mixed: Take) -> None:
    (wish,) = warm.understanding.parse("much darker", mixed)
    sounds = warm.remixer.planned(mixed, [wish])
    assert sounds is not None

    def answer(finish: bool) -> Take:
        order = Order(mixed, [wish], [wish.as_json()], finish=finish)
        (child,) = warm.remixer.answer(order, sounds, lambda take, wishes, told: [take])  # as if no sound had moved
        return child

    assert [o["ok"] for o in answer(finish=False).obeyed or []] == [False]
    finished = answer(finish=True)
    assert [o["ok"] for o in finished.obeyed or []] == [True]
    assert all("treatment" in stem.recipe and stem.state == LAYER for stem, _ in layers(warm, finished))
    shown = [t.id for t in warm.takes.all()]
    assert finished.id in shown and len([t for t in warm.takes.all(states=("unranked",)) if t.parent == mixed.id]) == 1


def test_treatment_is_of_the_sound_that_is_named(warm: Project, mixed: Take) -> None:
    told: list[str] = []
    child = warm.steering.treat(
        mixed.id, "keep it but make the bells darker", progress=lambda done, total, what: told.append(what)
    )
    assert told[0] == "distant church bells: treating: make the bells darker"
    (rain, _), (bells, _) = layers(warm, child)
    assert rain.id == mixed.layers[0][0] and "treatment" in bells.recipe and bells.state == LAYER
    assert [(o["scope"], o["ok"]) for o in child.obeyed or []] == [("distant church bells", True)]
    with pytest.raises(WrongInput, match="there is none of that"):
        warm.steering.answer(mixed.id, "lose the thunder")
    with pytest.raises(WrongInput, match="no treatment does"):
        warm.steering.treat(mixed.id, "add an owl")


def test_stems_of_two_mixes_lie_beside_one_another(warm: Project, mixed: Take, tmp_path: Path) -> None:
    (child,) = warm.steering.answer(mixed.id, "less rain")
    rows = warm.exporter.export([mixed.id, child.id], None, tmp_path, Delivery(), stems=True)
    assert len({row["path"] for row in rows}) == len(rows) == 6
