"""The decode loop: equal to generate(), reproducible, cancellable."""

from dataclasses import replace

import pytest
import torch

from soundlab.engines.decoding import (
    Conditions,
    Sampling,
    StepDecoder,
    decode,
    delayed_pattern,
    likely,
    undelay,
)
from soundlab.errors import Cancelled, WrongInput
from tests import tiny

IDS = torch.tensor([[3, 7, 12, 5, 1]])
MASK = torch.ones_like(IDS)


def reference(model: torch.nn.Module, *, sample: bool, seed: int, new: int, **given) -> torch.Tensor:
    """Codes of transformers' generate(), caught on their way to the codec."""
    caught = []
    whole = model.audio_encoder.decode

    def catch(codes, *args, **kwargs):
        caught.append(codes)
        return whole(codes, *args, **kwargs)

    model.audio_encoder.decode = catch
    torch.manual_seed(seed)
    model.generate(
        input_ids=IDS, attention_mask=MASK, do_sample=sample, top_k=20, guidance_scale=3.0, max_new_tokens=new, **given
    )
    model.audio_encoder.decode = whole
    return caught[0][0] if len(caught) == 1 else torch.stack([caught[0][0], caught[1][0]], 2).flatten(1, 2)


def conditions(model: torch.nn.Module, weights: tuple[float, ...] = (3.0,)) -> Conditions:
    with torch.no_grad():
        states = model.text_encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state
        states = model.enc_to_dec_proj(states)
    rows = len(weights)
    return Conditions(
        torch.cat([torch.zeros_like(states), states.repeat(rows, 1, 1)]),
        torch.cat([torch.zeros_like(MASK), MASK.repeat(rows, 1)]),
        weights,
    )


def seeds(*values: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(v) for v in values]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample", [False, True])
def test_codes_equal_those_of_generate(channels: int, sample: bool) -> None:
    model = tiny.musicgen(channels=channels)
    wanted = reference(model, sample=sample, seed=5, new=43)
    found = decode(
        StepDecoder(model.decoder),
        conditions(model),
        frames=wanted.shape[-1],
        generators=seeds(5),
        sampling=Sampling(1.0 if sample else 0.0, 20),
    )
    assert torch.equal(found, wanted)


def test_continuation_equals_generate() -> None:
    model = tiny.musicgen()
    audio = torch.randn(1, 1, 6400, generator=torch.Generator().manual_seed(1))
    codes = model.audio_encoder.encode(audio).audio_codes[0]
    wanted = reference(model, sample=True, seed=9, new=30, input_values=audio, padding_mask=torch.ones(1, 6400))
    found = decode(
        StepDecoder(model.decoder),
        conditions(model),
        frames=wanted.shape[-1],
        generators=seeds(9),
        sampling=Sampling(1.0, 20),
        prompt=codes,
    )
    assert torch.equal(found[..., : codes.shape[-1]], codes)
    assert torch.equal(found, wanted)


def test_a_take_is_the_same_alone_and_in_a_batch() -> None:
    model = tiny.musicgen()
    decoder, given = StepDecoder(model.decoder), conditions(model)
    together = decode(decoder, given, frames=40, generators=seeds(1, 2, 3), sampling=Sampling())
    for row, seed in enumerate((1, 2, 3)):
        alone = decode(decoder, given, frames=40, generators=seeds(seed), sampling=Sampling())
        assert torch.equal(together[row], alone[0])


def test_weighted_terms_add_up() -> None:
    model = tiny.musicgen()
    decoder = StepDecoder(model.decoder)
    one = decode(decoder, conditions(model, (3.0,)), frames=30, generators=seeds(4), sampling=Sampling())
    split = decode(decoder, conditions(model, (1.25, 2.75, -1.0)), frames=30, generators=seeds(4), sampling=Sampling())
    other = decode(decoder, conditions(model, (3.0, -2.0)), frames=30, generators=seeds(4), sampling=Sampling())
    assert torch.equal(one, split)
    assert not torch.equal(one, other)


def test_books_are_guided_by_their_shares_and_drawn_at_their_temperatures() -> None:
    model = tiny.musicgen()
    decoder, given = StepDecoder(model.decoder), conditions(model, (3.0, 1.0))
    tokens = torch.full((1, decoder.books, 1), decoder.pad)

    def logits(c: Conditions) -> torch.Tensor:
        return decoder.begin(c, 1, 2).logits(tokens)[0]

    every, alone = logits(given), logits(replace(conditions(model), weights=(1.0,)))
    shares = (1.0, 0.0) + (0.5,) * (decoder.books - 2)
    part = logits(replace(given, shares=shares))
    assert torch.allclose(part[0], every[0], atol=1e-5) and torch.allclose(part[1], alone[1], atol=1e-5)
    assert torch.allclose(part[2:], 0.5 * (every + alone)[2:], atol=1e-5) and not torch.allclose(
        every, alone, atol=1e-2
    )
    hot = logits(replace(given, temperatures=(1.0,) + (2.0,) * (decoder.books - 1)))
    assert torch.equal(hot[0], every[0]) and torch.allclose(2 * hot[1:], every[1:])


@pytest.mark.parametrize("shape", [(2, 3, 50), (2, 3, 4, 50)])
def test_books_that_are_uncut_keep_every_token(shape: tuple[int, ...]) -> None:
    logits = torch.randn(shape, generator=seeds(1)[0])
    cut = likely(logits, Sampling(2.0, 5, 0.9, uncut=(False, True, False)))
    assert torch.equal(cut[:, 1], logits[:, 1] / 2)
    assert bool((cut[:, 0].isfinite().sum(-1) <= 5).all()) and bool((cut[:, 2].isfinite().sum(-1) <= 5).all())


def test_progress_comes_with_finished_frames_and_cancelling_stops() -> None:
    model = tiny.musicgen()
    told: list[int] = []
    decode(
        StepDecoder(model.decoder),
        conditions(model),
        frames=30,
        generators=seeds(1),
        sampling=Sampling(),
        on_frames=lambda codes: told.append(codes.shape[-1]),
        every=8,
    )
    assert told == [8, 16, 24, 30]
    asked = iter([False] * 5 + [True] * 100)
    steps: list[int] = []
    with pytest.raises(Cancelled):
        decode(
            StepDecoder(model.decoder),
            conditions(model),
            frames=500,
            generators=seeds(1),
            sampling=Sampling(),
            on_frames=lambda codes: steps.append(1),
            every=1,
            cancelled=lambda: next(asked),
        )
    assert len(steps) <= 5


@pytest.mark.parametrize("channels", [1, 2])
def test_delay_is_undone(channels: int) -> None:
    codes = torch.arange(2 * 4 * channels * 9).view(2, 4 * channels, 9)
    pattern = delayed_pattern(codes, 9, pad=999, channels=channels)
    assert torch.equal(undelay(pattern, 9, channels=channels), codes)


@pytest.mark.parametrize("values", [{"temperature": -1.0}, {"top_k": -2}, {"top_p": 0.0}])
def test_bad_sampling_is_refused(values: dict) -> None:
    with pytest.raises(WrongInput):
        Sampling(**values)
