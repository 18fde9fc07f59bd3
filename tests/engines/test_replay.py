"""The chance that made a sound, drawn with again."""

import pytest
import torch

from soundlab.engines.decoding import Sampling, StepDecoder, decode
from soundlab.engines.replay import Chance, replay
from soundlab.errors import Cancelled
from tests import tiny
from tests.engines.test_decoding import conditions, seeds

SAMPLING = Sampling(1.0, 20)
FRAMES = 24


@pytest.fixture(scope="module", params=[1, 2])
def made(request: pytest.FixtureRequest) -> tuple:
    """A model, what a sound was asked for, something else, and the sound's codes."""
    model = tiny.musicgen(channels=request.param)
    decoder, asked, other = StepDecoder(model.decoder), conditions(model), conditions(model, (-6.0,))
    codes = decode(decoder, asked, frames=FRAMES, generators=seeds(5), sampling=SAMPLING)[0]
    return decoder, asked, other, codes


def again(made: tuple, given, passes: tuple[int, ...], **more) -> torch.Tensor:
    decoder, asked, _, codes = made
    chance = Chance(decoder, asked, codes, SAMPLING, seeds(*range(len(passes))))
    return replay(decoder, given, chance, passes=passes, **more)


def test_asked_for_alike_a_sound_comes_out_as_it_was(made: tuple) -> None:
    for take in again(made, made[1], (1, 3, 40, 0)):
        assert torch.equal(take, made[3])


def test_asked_for_otherwise_it_changes_in_part(made: tuple) -> None:
    for take in again(made, made[2], (1, 60, 0)):
        assert 0 < (take != made[3]).float().mean() < 1


def test_enough_passes_give_what_decoding_step_by_step_does(made: tuple) -> None:
    assert torch.equal(again(made, made[2], (60,)), again(made, made[2], (0,)))


def test_a_take_is_the_same_alone_or_beside_others(made: tuple) -> None:
    together = again(made, made[2], (3, 9, 0))
    assert torch.equal(together[:1], again(made, made[2], (3,)))


def test_an_opening_stays(made: tuple) -> None:
    kept = made[3][None, :, :9]
    for take in again(made, made[2], (5, 0), prompt=kept.expand(2, -1, -1)):
        assert torch.equal(take[:, :9], kept[0])


def test_a_replay_can_be_stopped(made: tuple) -> None:
    done: list[float] = []
    with pytest.raises(Cancelled):
        again(made, made[2], (8,), on_share=done.append, cancelled=lambda: len(done) == 2)
    assert done == [1 / 8, 2 / 8]
