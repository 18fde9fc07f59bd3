"""Tones beside the spectrum: a few fundamental frequencies a frame, and combs of partials that keep their phase.

A log-mel spectrum of some kilobits a second says where energy is, to a band's
width; it can't say where a partial is to a few cents, and a vocoder that guesses
phases frame by frame smears it. So the codec also codes the frequencies of the
strongest harmonic series it finds, and its vocoder is given their partials as
sinusoids whose phase runs on from frame to frame (after the sines-plus-noise
model of Serra & Smith 1990, and the source signals of neural source-filter
models, Wang et al. 2019).
"""

from __future__ import annotations

from itertools import permutations

import torch
from torch import Tensor

LOWEST, HIGHEST = 40.0, 8_000.0
"""Range of coded tones in Hz."""
_WINDOW, _FFT = 4096, 8192
_PEAKS = 16
_DIVISORS = (1.0, 2.0)
"""A series may lack its first partial: a peak is tried as its first and as its second."""
_MISSING = 0.7
"""Weight of a series without its first partial: two notes of a chord are harmonics of one that nobody plays."""
_HARMONICS = 16
_WIDTH = 25.0
"""Cents by which a partial may miss its harmonic place."""
_FADE = 0.6
"""Weight of partial h is h to the minus this."""
_GLIDE = 1 / 12
"""Octaves within which a tone glides from frame to frame; larger steps are new notes."""
_JUMP = 100.0
"""Cents from which on tones are simply different, when they are followed from frame to frame."""


def _peaks(audio: Tensor, frame: int, rate: int) -> tuple[Tensor, Tensor]:
    """Frequencies (Hz) and magnitudes of the strongest spectral peaks, (batch, frames, peaks); Hann 128 ms."""
    side = (_WINDOW - frame) // 2
    padded = torch.nn.functional.pad(audio, (side, side))
    window = torch.hann_window(_WINDOW, device=audio.device)
    blocks = padded.unfold(-1, _WINDOW, frame) * window
    low, high = int(LOWEST * _FFT / rate), int(HIGHEST * _FFT / rate) + 1
    level = torch.fft.rfft(blocks, _FFT).abs()[..., low - 1 : high + 1].clamp(min=1e-9).log()
    left, middle, right = level[..., :-2], level[..., 1:-1], level[..., 2:]
    found = torch.where((middle >= left) & (middle > right), middle, torch.full_like(middle, -30.0))
    top, place = found.topk(_PEAKS, -1)
    a, b, c = (side.gather(-1, place) for side in (left, middle, right))
    shift = 0.5 * (a - c) / (a - 2 * b + c).clamp(max=-1e-6)  # parabola through log magnitudes (Smith & Serra 1987)
    hz = (place + low + shift.clamp(-0.5, 0.5)) * rate / _FFT
    return hz, torch.where(top > -29, top, torch.full_like(top, -30.0)).exp()


def find(audio: Tensor, *, frame: int, count: int, rate: int) -> Tensor:
    """Return the ``count`` strongest harmonic series of each frame.

    Peaks are explained by series one after another: the one that most of what
    is left fits goes first (after Klapuri 2006). Where nothing is periodic these
    are the loudest peaks of the noise.

    Parameters
    ----------
    audio
        (batch, samples), whole frames of ``frame`` samples.

    Returns
    -------
    Tensor
        Fundamentals in Hz, (batch, frames, count); a column follows a tone for as long as it sounds.
    """
    hz, magnitude = _peaks(audio, frame, rate)
    left = magnitude.sqrt()
    candidates = torch.cat([hz / d for d in _DIVISORS], -1)
    ratio = hz[..., None, :] / candidates[..., None]
    order = ratio.round().clamp(min=1)
    cents = 1200 * (ratio / order).log2()
    fits = torch.exp(-((cents / _WIDTH) ** 2)) * (order <= _HARMONICS)
    doubt = torch.tensor([1.0 if d == 1.0 else _MISSING for d in _DIVISORS], device=audio.device)
    weight = fits * order**-_FADE * doubt.repeat_interleave(_PEAKS)[:, None]
    allowed = candidates >= LOWEST
    tones = []
    for _ in range(count):
        score = (weight * left[..., None, :]).sum(-1).masked_fill(~allowed, -1.0)
        best = score.argmax(-1, keepdim=True)
        tones.append(candidates.gather(-1, best))
        explained = fits.gather(-2, best[..., None].expand(*best.shape, fits.shape[-1]))[..., 0, :]
        left = left * (1 - explained)
    return _follow(torch.cat(tones, -1).clamp(LOWEST, HIGHEST))


def _follow(tones: Tensor) -> Tensor:
    """Reorder the tones of each frame so that columns change as little as they can."""
    batch, frames, count = tones.shape
    orders = torch.tensor(list(permutations(range(count))), device=tones.device)
    out = [tones[:, 0]]
    for t in range(1, frames):
        tried = tones[:, t][:, orders]
        steps = (1200 * (tried / out[-1][:, None]).log2()).abs().clamp(max=_JUMP)
        chosen = steps.sum(-1).argmin(-1)
        out.append(tried[torch.arange(batch, device=tones.device), chosen])
    return torch.stack(out, 1)


def nearest(tones: Tensor, tables: Tensor) -> Tensor:
    """Codes (batch, frames, count) of tones in Hz, by tables (count, size) in ascending Hz."""
    codes = []
    for k, table in enumerate(tables):
        scale = table.log2()
        codes.append(torch.bucketize(tones[..., k].log2().contiguous(), 0.5 * (scale[1:] + scale[:-1])))
    return torch.stack(codes, -1)


def spread(tones: Tensor, size: int) -> Tensor:
    """Tables (count, size) of tones (n, count): entries where tones are, by quantiles, and none too far from the next.

    A fifth of the entries lies evenly over the octaves, for tones that were never met.
    """
    tables = []
    grid = torch.logspace(0, 1, size // 5, base=HIGHEST / LOWEST) * LOWEST
    for column in tones.T:
        points = (torch.arange(size - len(grid)) + 0.5) / (size - len(grid))
        ordered = column.sort().values
        tables.append(torch.cat([ordered[(points * len(ordered)).long()], grid]).sort().values)
    return torch.stack(tables)


def excite(tones: Tensor, *, frame: int, rate: int) -> Tensor:
    """Turn tones into combs: cosines of equal amplitude at all multiples below 0.48 of the rate.

    Phase starts at zero with the first frame and runs through; it is summed in
    double precision, so that a long take stays in tune.

    Parameters
    ----------
    tones
        Hz, (batch, frames, count).

    Returns
    -------
    Tensor
        (batch, count, frames · frame).
    """
    pitch = tones.double().log2().transpose(1, 2)
    before = torch.cat([pitch[..., :1], pitch[..., :-1]], -1)
    after = torch.cat([pitch[..., 1:], pitch[..., -1:]], -1)
    start, end = (torch.where((x - pitch).abs() < _GLIDE, 0.5 * (x + pitch), pitch) for x in (before, after))
    place = (torch.arange(frame, device=tones.device, dtype=torch.float64) + 0.5) / frame
    rise, fall = (1 - 2 * place).clamp(min=0), (2 * place - 1).clamp(min=0)
    pitch, start, end = pitch[..., None], start[..., None], end[..., None]
    hz = torch.exp2(pitch + (start - pitch) * rise + (end - pitch) * fall).flatten(-2)
    phase = (hz / rate).cumsum(-1)
    phase = (phase - phase.round()).float()
    partials = (0.48 * rate / hz).floor().clamp(min=1).float()
    # Dirichlet's kernel: the sum of cos(2πhφ) over h = 1 … partials
    low = torch.sin(torch.pi * phase)
    whole = torch.sin(torch.pi * phase * (2 * partials + 1)) / torch.where(low.abs() < 1e-5, torch.ones_like(low), low)
    return torch.where(low.abs() < 1e-5, partials, 0.5 * whole - 0.5)
