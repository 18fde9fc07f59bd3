"""The same chance again: what a sound would have been, had it been asked for otherwise.

A decoder draws each token by chance from what its conditions make likely. By which
chance a known sound came about can be told after the fact: where Gumbel noise is
added to logits and the largest sum is drawn, the noise that drew a known token has
a known distribution (Oberst and Sontag 2019, "Counterfactual off-policy evaluation
with Gumbel-max structural causal models"). Drawn with that noise under other
conditions, a sound changes where the conditions change it.

How far it goes is a matter of passes. All tokens are drawn at once, given the sound
as it was; then all again, given what came of it (Jacobi's iteration of the decode
loop: Song et al. 2021, "Accelerating feedforward computation via parallel nonlinear
equation solving"). After one pass what happens, and when, is the old sound's; with
each further one the new sound follows more from itself, until after as many as
there are steps it is what decoding step by step with that noise gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from soundlab.engines.decoding import Conditions, Sampling, StepDecoder, decode, delayed_pattern, likely, undelay
from soundlab.errors import Cancelled

_STEPS = 16
"""What decoding step by step costs, in passes."""


class Chance:
    """The chance by which a sound came about.

    Parameters
    ----------
    asked
        The conditions that it came about under.
    codes
        The sound's (books, frames), at most a window.
    generators
        One a take; what the sound does not tell of the chance is drawn from them.
    """

    @torch.inference_mode()
    def __init__(
        self,
        decoder: StepDecoder,
        asked: Conditions,
        codes: Tensor,
        sampling: Sampling,
        generators: Sequence[torch.Generator],
    ) -> None:
        self.frames = codes.shape[1]
        self.pattern = delayed_pattern(codes[None], self.frames, pad=decoder.pad, channels=decoder.channels)
        self.sampling, self.generators = sampling, generators
        logits = decoder.begin(asked, 1, self.pattern.shape[-1]).every(self.pattern[..., :-1])[0]
        known = (self.pattern[0, :, 1:] < logits.shape[-1])[..., None]
        self._tokens = self.pattern[0, :, 1:].clamp(max=logits.shape[-1] - 1)[..., None]
        at = logits / (sampling.temperature or 1.0)
        self._noise = torch.stack([torch.where(known, *_noise(at, self._tokens, g)) for g in generators])

    def draw(self, logits: Tensor, takes: Sequence[int], start: int) -> Tensor:
        """Draw tokens (takes, books, positions) from logits (…, vocabulary) of positions after ``start``."""
        if self.sampling.temperature == 0:
            return logits.argmax(-1)
        places = slice(start, start + logits.shape[2])
        # The old tokens may be drawn though top-k leaves them out: they have been.
        old = self._tokens[:, places].expand(len(logits), -1, -1, -1)
        was = logits.gather(-1, old) / self.sampling.temperature
        allowed = likely(logits, self.sampling).scatter(-1, old, was)
        return (allowed + self._noise[list(takes), :, places]).argmax(-1)


def _noise(logits: Tensor, tokens: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Gumbel noise (books, positions, vocabulary) by which the tokens (books, positions, 1) were drawn, and any.

    The largest sum with logits is a Gumbel variable about their log sum; the others are such
    about their own logits, truncated there (Maddison et al. 2014, "A* sampling").
    """
    rate = torch.empty_like(logits).exponential_(generator=generator)
    whole = logits.logsumexp(-1, keepdim=True)
    top = whole - torch.empty_like(whole).exponential_(generator=generator).log()
    below = -torch.log(rate + torch.exp(logits - top))
    return below.scatter(-1, tokens, top - logits.gather(-1, tokens)), -rate.log()


@torch.inference_mode()
def replay(
    decoder: StepDecoder,
    conditions: Conditions,
    chance: Chance,
    *,
    passes: Sequence[int],
    prompt: Tensor | None = None,
    on_share: Callable[[float], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tensor:
    """Draw a sound's codes again under other conditions, by the chance that drew them.

    Parameters
    ----------
    passes
        One a take: from 1, close to the sound, to many; 0 decodes step by step, all its own way.
    prompt
        Codes (takes, books, known) that stay as they are.
    on_share
        Called with the share of the work that is done.
    cancelled
        Polled before each pass and step.

    Returns
    -------
    Tensor
        Codes (takes, books, frames).

    Raises
    ------
    Cancelled
        When ``cancelled`` says so; within one pass.
    """
    books = chance.pattern.shape[1]
    empty = chance.pattern.new_zeros(len(passes), books, 0) if prompt is None else prompt
    wanted = delayed_pattern(empty, chance.frames, pad=decoder.pad, channels=decoder.channels)
    free = wanted == -1
    tokens = torch.where(free, chance.pattern, wanted)
    own = [k for k, count in enumerate(passes) if count == 0]
    rounds = max(passes)
    work = rounds + (_STEPS if own else 0)
    for done in range(rounds):
        if cancelled():
            raise Cancelled("generation was stopped")
        rows = [k for k, count in enumerate(passes) if count > done]
        given = tokens[rows]
        fresh = decoder.begin(conditions, len(rows), given.shape[-1]).every(given[..., :-1])
        tokens[rows, :, 1:] = torch.where(free[rows, :, 1:], chance.draw(fresh, rows, 0), given[..., 1:])
        on_share((done + 1) / work)
    codes = undelay(tokens, chance.frames, channels=decoder.channels)
    if own:
        codes[own] = decode(
            decoder,
            conditions,
            frames=chance.frames,
            generators=[chance.generators[k] for k in own],
            sampling=chance.sampling,
            prompt=empty[own],
            draw=lambda position, logits: chance.draw(logits[:, :, None], own, position - 1)[..., 0],
            on_frames=lambda done: on_share((rounds + _STEPS * done.shape[-1] / chance.frames) / work),
            cancelled=cancelled,
        )
    return codes
