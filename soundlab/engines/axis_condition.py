"""Steering by measure: how bright, dense, far, … a take should be, beside the text encoder's words.

A MusicGen folder that was trained for it holds ``axis_condition.safetensors``.
:class:`AxisVector` turns values on the axes, in the unit of their descriptors,
into a vector; it joins every state that the decoder attends to and is one more
of them (:func:`joined`), so whatever is attended to also says how it should
measure. :class:`AxisReader` reads the values that a sentence implies. So the
decoder learns to obey numbers that were measured on what it hears, and words
reach it through numbers that anyone can measure again. Checkpoints without the
file are steered by words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from soundlab.engines.loading import mean_state

FILE = "axis_condition.safetensors"
OFFSET = "axis_offset.json"
_UNLIKE, _LIKE = 0.3, 0.6
"""Cosines of sentences under which they speak of other things, and from which of the same."""
_REACH = 3.0
"""Standard deviations either side of the mean that are told apart."""
_RARE = 0.05
"""Share of clips at either end of an axis that the decoder has heard too few of."""
_BINS = 13
GAIN = 12.0
"""So that they are learnt as fast as what they stand beside."""


class AxisVector(nn.Module):
    """The sum of one vector an axis, each interpolated between entries for evenly spaced values."""

    def __init__(self, axes: int, width: int) -> None:
        super().__init__()
        self.entries = nn.Parameter(0.02 * torch.randn(axes, _BINS, width))

    def forward(self, z: Tensor, known: Tensor) -> Tensor:
        """Standardised values (n, axes), and which of them are known → vectors (n, width)."""
        place = (z.clamp(-_REACH, _REACH) + _REACH) * (_BINS - 1) / (2 * _REACH)
        grid = torch.arange(_BINS, device=z.device, dtype=z.dtype)
        share = (1 - (place[..., None] - grid).abs()).clamp(min=0) * known[..., None].to(z.dtype)
        return GAIN * torch.einsum("nab,abw->nw", share, self.entries)


def joined(states: Tensor, mask: Tensor, vector: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Join vectors (n, width) to states (n, tokens, width) and their mask, and put them behind as one more token.

    ``known`` (n, axes) says which axes a row's vector speaks of; without any there is no such token.
    """
    some = known.any(1, keepdim=True).to(mask.dtype)
    mask = torch.cat([mask, some], 1)
    states = torch.cat([states + vector[:, None], vector[:, None]], 1)
    return states * mask[..., None].to(states.dtype), mask


class AxisReader(nn.Module):
    """From a sentence to the values it implies.

    Each axis attends to the tokens that speak of it; the mean of all tokens says
    what is spoken of.
    """

    def __init__(self, axes: int, text_width: int, hidden: int = 256) -> None:
        super().__init__()
        self.token = nn.Linear(text_width, hidden)
        self.attend = nn.Linear(hidden, axes)
        self.whole = nn.Linear(text_width, hidden)
        self.mix = nn.Linear(2 * hidden, hidden)
        self.weight = nn.Parameter(0.05 * torch.randn(axes, hidden, 2))
        self.bias = nn.Parameter(torch.zeros(axes, 2))

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Text states (n, tokens, width) and mask → mean and log deviation of each axis, (n, axes) both."""
        each = nn.functional.gelu(self.token(states))
        focus = self.attend(each).masked_fill(mask[..., None] == 0, -1e9).softmax(1)
        heard = torch.einsum("nta,nth->nah", focus, each)
        whole = nn.functional.gelu(self.whole(mean_state(states, mask)))[:, None].expand_as(heard)
        mixed = nn.functional.gelu(self.mix(torch.cat([heard, whole], -1)))
        out = torch.einsum("nah,ahk->nak", mixed, self.weight) + self.bias
        return out[..., 0], out[..., 1].clamp(-3, 1)


class AxisCondition(nn.Module):
    """Vector and reader of a checkpoint with the axes' scales; values are in their descriptors' units."""

    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, axes: Sequence[str], width: int, text_width: int) -> None:
        super().__init__()
        self.axes = tuple(axes)
        self.vector = AxisVector(len(self.axes), width)
        self.reader = AxisReader(len(self.axes), text_width)
        self.register_buffer("mean", torch.zeros(len(self.axes)))
        self.register_buffer("deviation", torch.ones(len(self.axes)))
        self.register_buffer("low", torch.full((len(self.axes),), -_REACH))
        self.register_buffer("high", torch.full((len(self.axes),), _REACH))

    def read(self, states: Tensor, mask: Tensor) -> Tensor:
        """Standardised values (n, axes) that sentences imply."""
        values: Tensor = self.reader(states, mask)[0]
        return values

    def standard(self, values: Tensor) -> Tensor:
        """Descriptor values (…, axes) → standardised ones."""
        return (values - self.mean) / self.deviation

    def within(self, z: Tensor) -> Tensor:
        """Standardised values (…, axes), no further out than nearly all that the decoder has heard.

        What it has hardly ever been told, it does not know how to make: more than the fastest
        there is does not come out faster.
        """
        return torch.minimum(torch.maximum(z, self.low.to(z)), self.high.to(z))

    def learn_scales(self, values: Tensor) -> None:
        """Take means, deviations and usual range from measures (clips, axes), NaN where there are none.

        An axis that no clip has a measure of keeps what it had.
        """
        ends = torch.tensor([_RARE, 1 - _RARE], device=values.device)
        for axis, column in enumerate(values.T):
            known = column[column.isfinite()]
            if known.numel() == 0:
                continue
            self.mean[axis] = known.mean()
            self.deviation[axis] = known.std(correction=0).clamp(min=1e-3)
            self.low[axis], self.high[axis] = (torch.quantile(known, ends) - self.mean[axis]) / self.deviation[axis]

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Load what was saved; what was trained before ranges were kept is held within no narrower one."""
        self.load_state_dict({"low": self.low, "high": self.high, **state})

    def save(self, folder: Path) -> None:
        """Write ``axis_condition.safetensors`` in half precision."""
        state = {k: v.detach().half().contiguous() for k, v in self.state_dict().items()}
        width, text_width = self.vector.entries.shape[-1], self.reader.token.in_features
        table = {"axes": self.axes, "width": width, "text_width": text_width}
        save_file(state, folder / FILE, {"soundlab": json.dumps(table)})


def load(folder: Path, dtype: torch.dtype, device: str) -> AxisCondition | None:
    """Load a checkpoint's axis condition; None when it has none."""
    path = folder / FILE
    if not path.is_file():
        return None
    with safe_open(path, "pt") as file:
        table = json.loads((file.metadata() or {})["soundlab"])
    condition = AxisCondition(table["axes"], int(table["width"]), int(table["text_width"]))
    condition.restore({k: v.float() for k, v in load_file(path).items()})
    return condition.to(device, dtype).eval()


@dataclass(frozen=True, slots=True)
class Teaching:
    """What a checkpoint was taught about words.

    Attributes
    ----------
    words
        Those that it reads measures from as they are; it knows others by their likeness at most.
    names
        Parts of the names of sounds that it knows: "crackling" of a crackling fire.
    apart
        Whether it makes several sounds of a prompt better each by itself.
    """

    words: frozenset[str]
    names: frozenset[str]
    apart: bool


def teaching(folder: Path) -> Teaching:
    """Read it from a checkpoint's config; loads nothing."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    words, names = (frozenset(str(config.get(key, "")).split()) for key in ("soundlab_words", "soundlab_names"))
    return Teaching(words, names, bool(config.get("soundlab_layers_apart", False)))


def save_offset(folder: Path, axes: Sequence[str], offset: Tensor, centre: Tensor) -> None:
    """Keep with an adapter what its sounds measure beyond what their captions are read as, in standard deviations.

    A checkpoint reads from words how a take should measure as its own corpus taught
    it. An adapter's world may measure otherwise: its drones may be brighter than
    drones are. ``centre`` (text width,) is what its captions mean, of unit length.
    """
    table = {
        "offset": {axis: round(float(v), 4) for axis, v in zip(axes, offset, strict=True)},
        "centre": [round(float(v), 5) for v in centre],
    }
    (folder / OFFSET).write_text(json.dumps(table) + "\n", encoding="utf-8")


def load_offset(adapters: Sequence[tuple[Path, float]], axes: Sequence[str], meaning: Tensor) -> Tensor:
    """Sum of the adapters' offsets by their weights, (axes,), as far as ``meaning`` is what their captions mean.

    ``meaning`` (text width,) is of unit length. Words that an adapter's captions do
    not speak of are read as before; adapters without a file add nothing.
    """
    out = torch.zeros(len(axes))
    for folder, weight in adapters:
        path = folder / OFFSET
        if path.is_file():
            table = json.loads(path.read_text(encoding="utf-8"))
            near = float(torch.tensor(table["centre"]) @ meaning.float().cpu())
            share = min(1.0, max(0.0, (near - _UNLIKE) / (_LIKE - _UNLIKE)))
            out += weight * share * torch.tensor([float(table["offset"].get(axis, 0.0)) for axis in axes])
    return out
