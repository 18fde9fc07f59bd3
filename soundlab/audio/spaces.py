"""Spaces that sounds are compared in without a model, and the distance of two sets of vectors.

What judges an adapter must be nothing that training, ranking or guidance has
seen: :func:`timbre` is what comparing timbres began with, in Mandel & Ellis 2005
("Song-level features and support vector machines for music classification").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from soundlab.audio.descriptors import Analysis

Array = npt.NDArray[np.floating]

_ACTIVE = 40.0
"""Decibels under the loudest frame that still count."""
_CEPSTRA = 13
_RIDGE = 1.0
_WINDOW = 2.0
_STEP = 4
"""Frames that are taken together before a match is sought: 25 a second are left."""


@dataclass(frozen=True, slots=True)
class Timbre:
    """Mean (12,) and covariance (12, 12) of a sound's cepstra over its frames."""

    mean: Array
    covariance: Array


def timbre(mono: Array) -> Timbre:
    """Timbre of mono audio at 32 kHz: one normal distribution of its cepstra 1 to 12 (Mandel & Ellis 2005).

    Independent of the level, and of silence around and between sounds, so that one
    hit and a bar of them can be compared.
    """
    analysis = Analysis(np.asarray(mono, np.float64))
    level = 10 * np.log10(analysis.power.sum(1) + 1e-20)
    bands = analysis.bands[level > level.max() - _ACTIVE]
    cepstra = dct(bands, axis=1, norm="ortho")[:, 1:_CEPSTRA]
    centred = cepstra - cepstra.mean(0)
    return Timbre(cepstra.mean(0), centred.T @ centred / len(cepstra) + _RIDGE * np.eye(cepstra.shape[1]))


def timbre_distance(a: Timbre, b: Timbre) -> float:
    """Root of the symmetrised Kullback-Leibler divergence of two timbres; 0 for the same."""
    one, two = np.linalg.inv(a.covariance), np.linalg.inv(b.covariance)
    gap = a.mean - b.mean
    size = len(gap)
    both = np.trace(one @ b.covariance) + np.trace(two @ a.covariance) - 2 * size + gap @ (one + two) @ gap
    return float(np.sqrt(max(0.0, both / 4)))


def frechet(a: Array, b: Array) -> float:
    """Fréchet distance of two sets of vectors (n, dimensions), each taken as normal (Dowson & Landau 1982)."""
    gap = a.mean(0) - b.mean(0)
    one, two = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # trace of the root of a product of covariances: both are positive, so its eigenvalues are, too
    mixed = np.sqrt(np.clip(np.linalg.eigvals(one @ two).real, 0, None)).sum()
    return float(gap @ gap + np.trace(one) + np.trace(two) - 2 * mixed)


def outline(mono: Array) -> npt.NDArray[np.float64]:
    """Band levels of mono audio at 32 kHz against each band's mean, 25 frames a second: (frames, 40)."""
    bands = Analysis(np.asarray(mono, np.float64)).bands
    count = len(bands) // _STEP
    coarse = bands[: count * _STEP].reshape(count, _STEP, -1).mean(1)
    return np.asarray(coarse - coarse.mean(0, keepdims=True))


def copied(take: Array, source: Array) -> float:
    """How much of a take is in a source: the best aligned correlation of 2 s of their outlines, -1 to 1.

    Both as :func:`outline` gives them. Sounds of one kind share their spectrum, which
    is taken out; what is left is when what happens, and that is only alike where one
    was copied from the other, or where both are equally even.
    """
    size = min(round(_WINDOW * 100 / _STEP), len(take), len(source))
    if size < 8:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(source, size, axis=0)  # (places, bands, size)
    windows = windows - windows.mean(2, keepdims=True)
    norms = np.maximum(np.sqrt((windows**2).sum((1, 2))), 1e-6)
    best = -1.0
    for start in range(0, len(take) - size + 1, max(1, size // 2)):
        piece = take[start : start + size].T
        piece = piece - piece.mean(1, keepdims=True)
        norm = float(np.sqrt((piece**2).sum()))
        if norm > 1e-6:
            best = max(best, float((np.einsum("pbs,bs->p", windows, piece) / (norms * norm)).max()))
    return best
