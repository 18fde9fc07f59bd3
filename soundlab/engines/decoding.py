"""The decode loop: MusicGen's decoder, its codebook delay and weighted guidance.

What transformers' ``generate()`` does for MusicGen, rewritten for this
project's needs: several guidance terms with their own weights in one batch,
a seed for each take, continuation, progress, cancellation and streaming.
Queries, keys and values are one product, the cache is preallocated, and the
keys and values of the text are computed once. In fp32, with the same sampling
and seed, the codes equal those of ``generate()``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from soundlab.errors import Cancelled, WrongInput

_FEW_ROWS = 4
"""From how many rows on it pays to lay weights out anew."""
_NARROW = 512
"""Width up to which it costs nothing with fewer, so that alone and in a batch the same is computed."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is chosen from logits; the order is that of transformers.

    ``temperature`` > 0 (0 is greedy), ``top_k`` ≥ 0 (0 keeps all), ``top_p`` in (0, 1].
    ``uncut`` says by book whether it is drawn whole, whatever ``top_k`` and ``top_p`` say; empty cuts all alike.
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 1.0
    uncut: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        if self.temperature < 0 or self.top_k < 0 or not 0 < self.top_p <= 1:
            said = f"temperature {self.temperature:g}, top-k {self.top_k}, top-p {self.top_p:g}"
            raise WrongInput(f"cannot draw with {said}", "temperature and top-k are ≥ 0, top-p is in (0, 1]")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What guides the decoder: one entry for the empty condition and one a term.

    Attributes
    ----------
    states
        (terms + 1, tokens, width), projected, zero where masked; row 0 is the
        empty condition.
    mask
        (terms + 1, tokens), 1 where there is a token.
    weights
        One a term: logits = empty + Σ wᵢ · (termᵢ − empty).
    each
        One tuple of weights a take, where takes have conditions of their own (:func:`abreast`):
        ``states`` is then (terms + 1, takes, tokens, width) and ``mask`` (terms + 1, takes, tokens).
    as_prefix
        The states stand before the first frame (MusicGen Melody) instead of
        being attended to across.
    shares
        One a book: how far guidance reaches it, from 0, where it is drawn as the first
        term alone makes it likely, to 1. Empty guides all whole.
    temperatures
        One a book: what its logits are divided by, above the sampling's temperature. Empty divides none.
    """

    states: Tensor
    mask: Tensor
    weights: tuple[float, ...]
    as_prefix: bool = False
    shares: tuple[float, ...] = ()
    temperatures: tuple[float, ...] = ()
    each: tuple[tuple[float, ...], ...] = ()

    @property
    def unguided(self) -> bool:
        """Whether the empty condition cancels out: a single term of weight one."""
        return self.weights == (1.0,) and not self.each


def abreast(several: Sequence[Conditions], takes: int) -> Conditions:
    """Conditions of several batches of ``takes`` takes that are decoded as one, the first batch first.

    All have as many terms, and are drawn alike.
    """
    first = several[0]
    longest = max(c.mask.shape[1] for c in several)
    states = [F.pad(c.states, (0, 0, 0, longest - c.states.shape[1])) for c in several]
    masks = [F.pad(c.mask, (0, longest - c.mask.shape[1])) for c in several]
    return replace(
        first,
        states=torch.stack(states, 1).repeat_interleave(takes, 1),
        mask=torch.stack(masks, 1).repeat_interleave(takes, 1),
        each=tuple(c.weights for c in several for _ in range(takes)),
    )


@dataclass(slots=True)
class _Layer:
    """Weights of one decoder layer, laid out for single-step decoding."""

    norm1: nn.Module
    qkv: Tensor
    out: Tensor
    norm2: nn.Module | None
    cross_q: Tensor | None
    cross_k: Tensor | None
    cross_v: Tensor | None
    cross_out: Tensor | None
    norm3: nn.Module
    fc1: Tensor
    fc2: Tensor


class StepDecoder:
    """A MusicGen (or Melody) decoder, prepared for decoding.

    Parameters
    ----------
    decoder
        ``MusicgenForCausalLM`` or ``MusicgenMelodyForCausalLM`` in eval mode.
        Its weights are copied where they are fused, so build a new one after
        an adapter has changed them.
    rows
        Rows that will be decoded at once (takes × conditions), if known. On a CPU
        in single precision, products with a few rows are up to twice as fast from
        weights that lie input by output, at the price of another copy of them.
    """

    def __init__(self, decoder: Any, *, rows: int = 1) -> None:
        self.config = decoder.config
        inner = decoder.model.decoder
        self._positions = inner.embed_positions
        self._final_norm = inner.layer_norm
        self._scale = getattr(inner, "embed_scale", 1.0)
        self._activation = inner.layers[0].activation_fn
        self._tables = [table.weight for table in inner.embed_tokens]
        first = self._tables[0]
        single = first.device.type == "cpu" and first.dtype == torch.float32
        self._turned = single and (rows >= _FEW_ROWS or first.shape[1] <= _NARROW)
        self._heads = self._laid(torch.cat([head.weight for head in decoder.lm_heads]))
        self._layers = [self._layer(layer) for layer in inner.layers]
        self.books = int(self.config.num_codebooks)
        self.pad = int(self.config.pad_token_id)
        self.channels = int(self.config.audio_channels)
        self._attention_heads = int(self.config.num_attention_heads)
        self._width = int(self.config.hidden_size)

    def _laid(self, weight: Tensor) -> Tensor:
        """Lay a weight (output, input) out as products here want it."""
        return weight.t().contiguous() if self._turned else weight

    def _product(self, x: Tensor, weight: Tensor) -> Tensor:
        return x @ weight if self._turned else F.linear(x, weight)

    def _layer(self, layer: Any) -> _Layer:
        own = layer.self_attn
        cross = getattr(layer, "encoder_attn", None)
        return _Layer(
            norm1=layer.self_attn_layer_norm,
            qkv=self._laid(torch.cat([own.q_proj.weight, own.k_proj.weight, own.v_proj.weight])),
            out=self._laid(own.out_proj.weight),
            norm2=layer.encoder_attn_layer_norm if cross is not None else None,
            cross_q=self._laid(cross.q_proj.weight) if cross is not None else None,
            cross_k=self._laid(cross.k_proj.weight) if cross is not None else None,
            cross_v=self._laid(cross.v_proj.weight) if cross is not None else None,
            cross_out=self._laid(cross.out_proj.weight) if cross is not None else None,
            norm3=layer.final_layer_norm,
            fc1=self._laid(layer.fc1.weight),
            fc2=self._laid(layer.fc2.weight),
        )

    @property
    def delay_steps(self) -> int:
        """Steps by which the last codebook lags behind the first."""
        return self.books // self.channels - 1

    def begin(self, conditions: Conditions, takes: int, steps: int) -> _Run:
        """Allocate the caches of a run of ``takes`` × guidance rows over ``steps`` positions."""
        return _Run(self, conditions, takes, steps)

    def _split(self, x: Tensor) -> Tensor:
        rows, length, _ = x.shape
        return x.view(rows, length, self._attention_heads, -1).transpose(1, 2)


class _Run:
    """One batch being decoded. Rows are ordered condition by condition, take by take."""

    def __init__(self, decoder: StepDecoder, conditions: Conditions, takes: int, steps: int) -> None:
        self._d = decoder
        states, mask = conditions.states, conditions.mask
        if conditions.unguided:
            states, mask = states[1:], mask[1:]
        self._weights: Sequence[float | Tensor] = conditions.weights
        if conditions.each:
            self._weights = [
                states.new_tensor(w, dtype=torch.float32)[:, None, None, None]
                for w in zip(*conditions.each, strict=True)
            ]
        self._unguided = conditions.unguided
        self._shares, self._temperatures = (
            torch.tensor(each, device=states.device)[:, None] if each else None
            for each in (conditions.shares, conditions.temperatures)
        )
        self._takes = takes
        self._terms = states.shape[0]
        if conditions.each:
            states, mask = states.flatten(0, 1), mask.flatten(0, 1)
        else:
            states, mask = states.repeat_interleave(takes, 0), mask.repeat_interleave(takes, 0)
        rows, tokens, width = states.shape
        self._prefix = states if conditions.as_prefix else None
        self._length = 0
        total = steps + (tokens if conditions.as_prefix else 0)
        size = (rows, decoder._attention_heads, total, width // decoder._attention_heads)
        self._keys = [states.new_empty(size) for _ in decoder._layers]
        self._values = [states.new_empty(size) for _ in decoder._layers]
        if total > decoder._positions.weights.shape[0]:
            decoder._positions.make_weights(total, width)
        self._cross: list[tuple[Tensor, Tensor]] = []
        self._cross_mask: Tensor | None = None
        if not conditions.as_prefix:
            for layer in decoder._layers:
                assert layer.cross_k is not None and layer.cross_v is not None
                self._cross.append(
                    (
                        decoder._split(decoder._product(states, layer.cross_k)),
                        decoder._split(decoder._product(states, layer.cross_v)),
                    )
                )
            # A row without any token would softmax over nothing; its values are zero, so let it see them.
            visible = torch.where(mask.sum(1, keepdim=True) == 0, torch.ones_like(mask), mask).bool()
            self._cross_mask = None if bool(visible.all()) else visible[:, None, None, :]

    def logits(self, tokens: Tensor) -> Tensor:
        """Feed delayed tokens (takes, books, positions); return the last's guided logits (takes, books, vocabulary)."""
        return self.every(tokens, last=1)[..., 0, :]

    def every(self, tokens: Tensor, *, last: int | None = None) -> Tensor:
        """Feed delayed tokens (takes, books, positions); return guided logits (takes, books, positions, vocabulary).

        They are those of the ``last`` positions, of all that are fed by default.
        """
        d = self._d
        embedded = sum(F.embedding(tokens[:, book], table) for book, table in enumerate(d._tables))
        assert isinstance(embedded, Tensor)
        x = embedded.repeat(self._terms, 1, 1) * d._scale
        if self._prefix is not None:
            x, self._prefix = torch.cat([self._prefix, x], 1), None
        count = x.shape[1]
        start, stop = self._length, self._length + count
        x = x + d._positions.weights[start:stop].to(x.dtype)
        causal = None
        if count > 1:
            causal = torch.ones(count, stop, dtype=torch.bool, device=x.device).tril(start)
        for index, layer in enumerate(d._layers):
            h = layer.norm1(x)
            q, k, v = d._product(h, layer.qkv).chunk(3, -1)
            self._keys[index][:, :, start:stop] = d._split(k)
            self._values[index][:, :, start:stop] = d._split(v)
            a = F.scaled_dot_product_attention(
                d._split(q), self._keys[index][:, :, :stop], self._values[index][:, :, :stop], causal
            )
            x = x + d._product(a.transpose(1, 2).flatten(2), layer.out)
            if self._cross:
                assert layer.norm2 is not None and layer.cross_q is not None and layer.cross_out is not None
                q = d._split(d._product(layer.norm2(x), layer.cross_q))
                key, value = self._cross[index]
                a = F.scaled_dot_product_attention(q, key, value, self._cross_mask)
                x = x + d._product(a.transpose(1, 2).flatten(2), layer.cross_out)
            h = d._activation(d._product(layer.norm3(x), layer.fc1))
            x = x + d._product(h, layer.fc2)
        self._length = stop
        asked = d._final_norm(x[:, -(last or tokens.shape[-1]) :])
        flat = d._product(asked, d._heads).float().view(self._terms, self._takes, asked.shape[1], d.books, -1)
        return self._guide(flat).transpose(1, 2)

    def _guide(self, flat: Tensor) -> Tensor:
        empty = flat[0]
        if self._unguided:
            guided = empty
        else:
            guided = empty + sum((flat[i + 1] - empty) * w for i, w in enumerate(self._weights))
            if self._shares is not None:
                guided = flat[1] + self._shares * (guided - flat[1])
        return guided if self._temperatures is None else guided / self._temperatures


def delayed_pattern(prompt: Tensor, frames: int, *, pad: int, channels: int) -> Tensor:
    """Lay codes out with their delay; -1 marks what is to be predicted.

    Parameters
    ----------
    prompt
        Known codes (takes, books, known frames); may have no frames.
    frames
        Frames wanted in all, the known ones included.

    Returns
    -------
    Tensor
        (takes, books, frames + delay + 1); position 0 is the start token.
    """
    takes, books, known = prompt.shape
    delay = books // channels - 1
    pattern = prompt.new_full((takes, books, frames + delay + 1), pad)
    for book in range(books):
        lag = 1 + book // channels
        pattern[:, book, lag : lag + frames] = -1
        pattern[:, book, lag : lag + known] = prompt[:, book]
    return pattern


def undelay(tokens: Tensor, frames: int, *, channels: int) -> Tensor:
    """Inverse of :func:`delayed_pattern`: (takes, books, positions) → (takes, books, frames)."""
    return torch.stack(
        [tokens[:, k, 1 + k // channels : 1 + k // channels + frames] for k in range(tokens.shape[1])], 1
    )


def sample(logits: Tensor, sampling: Sampling, generators: Sequence[torch.Generator]) -> Tensor:
    """Draw a token for each (take, book) of logits (takes, books, vocabulary), each take from its own generator."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    chances = likely(logits, sampling).softmax(-1)
    return torch.stack([torch.multinomial(p, 1, generator=g)[:, 0] for p, g in zip(chances, generators, strict=True)])


def likely(logits: Tensor, sampling: Sampling) -> Tensor:
    """Logits (takes, books, …, vocabulary) at a temperature that is not 0; minus infinity where it never draws."""
    if sampling.temperature != 1.0:
        logits = logits / sampling.temperature
    whole = logits
    if sampling.top_k and sampling.top_k < logits.shape[-1]:
        floor = logits.kthvalue(logits.shape[-1] - sampling.top_k + 1, dim=-1, keepdim=True).values
        logits = logits.masked_fill(logits < floor, -torch.inf)
    if sampling.top_p < 1:
        ordered, order = torch.sort(logits)
        gone = ordered.softmax(-1).cumsum(-1) <= 1 - sampling.top_p
        gone[..., -1] = False
        logits = logits.masked_fill(gone.scatter(-1, order, gone), -torch.inf)
    if any(sampling.uncut):
        uncut = torch.tensor(sampling.uncut, device=logits.device)
        logits = torch.where(uncut.view(-1, *[1] * (logits.ndim - 2)), whole, logits)
    return logits


@torch.inference_mode()
def decode(
    decoder: StepDecoder,
    conditions: Conditions,
    *,
    frames: int,
    generators: Sequence[torch.Generator],
    sampling: Sampling,
    prompt: Tensor | None = None,
    draw: Callable[[int, Tensor], Tensor] | None = None,
    on_frames: Callable[[Tensor], None] | None = None,
    every: int = 25,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tensor:
    """Generate codes.

    Parameters
    ----------
    frames
        Frames wanted, those of ``prompt`` included.
    generators
        One a take; the same generator state gives the same take, alone or in a batch.
    prompt
        Codes (takes, books, known) to continue from.
    draw
        Given a position and its logits (takes, books, vocabulary) it draws the tokens, in place of :func:`sample`.
    on_frames
        Called about every ``every`` frames with all finished codes (takes, books, done).
    cancelled
        Polled before each step.

    Returns
    -------
    Tensor
        Codes (takes, books, frames).

    Raises
    ------
    Cancelled
        When ``cancelled`` says so; within one step.
    """
    takes = len(generators)
    device = conditions.states.device
    if prompt is None:
        prompt = torch.zeros(takes, decoder.books, 0, dtype=torch.long, device=device)
    known = prompt.shape[-1]
    pattern = delayed_pattern(prompt, frames, pad=decoder.pad, channels=decoder.channels)
    tokens = pattern.clone()
    run = decoder.begin(conditions, takes, pattern.shape[-1])
    fed = 0
    told = known
    for position in range(known + 1, pattern.shape[-1]):
        if cancelled():
            raise Cancelled("generation was stopped")
        logits = run.logits(tokens[..., fed:position])
        fed = position
        drawn = draw(position, logits) if draw else sample(logits, sampling, generators)
        wanted = pattern[..., position]
        tokens[..., position] = torch.where(wanted == -1, drawn, wanted)
        done = position - decoder.delay_steps
        if on_frames is not None and done > known and (done - told >= every or done == frames):
            told = done
            on_frames(undelay(tokens, done, channels=decoder.channels))
    return undelay(tokens, frames, channels=decoder.channels)
