"""Curation: near-duplicates, what does not belong to a collection and why, what a collection lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.decode import read_audio
from soundlab.audio.descriptors import describe_file
from soundlab.audio.write import resample
from soundlab.domain.axes import AXES, COUNTED
from soundlab.domain.clip import Clip
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, Progress, ignore_progress, never
from soundlab.errors import Cancelled, NotFound, UnreadableAudio
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore

ALIKE = 0.96
"""Cosine from which two clips count as alike."""
_NEAR, _NEIGHBOURS = 0.7, 6
"""Cosine from which, and how many nearest clips, are compared sample by sample."""
_PAIRS, _SAMPLE = 20_000, 400
SAME = 0.9
"""Normalised correlation from which two files hold the same recording."""
_RATE, _SECONDS = 8_000, 20.0
_APART = 1.5
"""Robust spreads from which an axis sets a clip apart."""
_FIRST = ("brightness", "tonality", "density", "register", "speed", "movement", "distance")
"""Axes that people name first; the others count less in what sets a clip apart."""
_SMALL = 4
"""Clips under which nothing can be said about a collection."""
_GAP_AXES = ("brightness", "density", "tonality", "movement", "distance")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two clips that are alike.

    ``same`` says that they hold the same recording; then ``offset`` is where in
    seconds the second starts in the first, and ``gain`` its level against it in dB.
    """

    first: Clip
    second: Clip
    similarity: float
    same: bool
    offset: float | None = None
    gain: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "clips": [self.first.id, self.second.id],
            "similarity": round(self.similarity, 4),
            "same_recording": self.same,
            "offset": self.offset,
            "gain": self.gain,
        }


@dataclass(frozen=True, slots=True)
class Outlier:
    """A clip against the rest of its collection."""

    clip: Clip
    distance: float
    """1 - cosine to the mean of the others."""
    outlying: bool
    apart: tuple[str, ...]
    """What sets it apart, in comparatives, clearest first."""

    def as_json(self) -> dict[str, Any]:
        return {
            **self.clip.as_json(),
            "distance": round(self.distance, 4),
            "outlier": self.outlying,
            "apart": list(self.apart),
        }


@dataclass(slots=True)
class Curator:
    """Looks at a library as a whole."""

    clips: ClipStore
    vectors: VectorStore
    embedder: Embedder

    def measured(
        self, clips: Sequence[Clip], progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> dict[str, dict[str, float | None]]:
        """Return descriptors by clip id, measuring those that have none yet; unreadable files have none."""
        known = self.clips.measures([c.id for c in clips])
        waiting = list({c.id: c for c in clips if c.id not in known and not c.missing}.values())
        for index, clip in enumerate(waiting):
            if cancelled():
                raise Cancelled(f"measuring stopped after {index} of {len(waiting)} clips; it goes on from there")
            try:
                known[clip.id] = describe_file(Path(clip.path))
            except UnreadableAudio:
                continue  # the import listed it; it can be curated by ear only
            self.clips.measured([(clip.id, known[clip.id])])
            progress(index + 1, len(waiting), "measuring")
        return known

    def duplicates(self, progress: Progress = ignore_progress, cancelled: CancelledFlag = never) -> list[Duplicate]:
        """Return pairs of clips that are alike, the same recordings first; of very many, the most alike."""
        near = self.vectors.alike(self.embedder.model_id, _NEAR, _NEIGHBOURS, progress, cancelled)
        pairs = sorted(near.items(), key=lambda pair: -pair[1])[:_PAIRS]
        clips = {c.id: c for c in self.clips.all(ids=sorted({i for pair, _ in pairs for i in pair}))}
        found = []
        for done, ((a, b), similarity) in enumerate(pairs):
            if cancelled():
                raise Cancelled("the search for duplicates was stopped")
            if a in clips and b in clips:
                same = align(clips[a], clips[b])
                if same is not None or similarity >= ALIKE:
                    found.append(Duplicate(clips[a], clips[b], similarity, same is not None, *(same or (None, None))))
            progress(done + 1, len(pairs), "comparing")
        return sorted(found, key=lambda d: (not d.same, -d.similarity))

    def outliers(
        self, collection: str, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> list[Outlier]:
        """Return the clips of a collection, the least fitting first.

        Raises
        ------
        NotFound
            When the collection is empty, or too small to say anything.
        """
        clips = self.clips.collected(collection)
        rows = self._means(clips)
        if len(rows) < _SMALL:
            raise NotFound(
                f"{collection} has {len(rows)} embedded clips: too few to say what belongs", f"add some, from {_SMALL}"
            )
        distances, outlying = apart(np.stack([v for _, v in rows]))
        measures = self.measured([c for c, _ in rows], progress, cancelled)
        out = [
            Outlier(clip, float(d), bool(far), self._apart(clip.id, measures))
            for (clip, _), d, far in zip(rows, distances, outlying, strict=True)
        ]
        return sorted(out, key=lambda o: -o.distance)

    def gaps(
        self, collection: str, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> list[str]:
        """Return what a collection lacks against the whole library, as "nothing dark and sparse"."""
        inside = self.clips.collected(collection)
        order = self.clips.order()
        some = order[:: max(1, len(order) // _SAMPLE)].tolist()  # a large library is known by a part of it
        everyone = self.measured([*inside, *self.clips.page(some)], progress, cancelled)
        own = [everyone[c.id] for c in inside if c.id in everyone]
        found = []
        for a, b in combinations(_GAP_AXES, 2):
            table = np.array(
                [[m[a], m[b]] for m in everyone.values() if m.get(a) is not None and m.get(b) is not None], float
            )
            mine = np.array([[m[a], m[b]] for m in own if m.get(a) is not None and m.get(b) is not None], float)
            if len(table) < 2 * _SMALL or not len(mine):
                continue
            low, high = np.percentile(table, (33, 67), axis=0)
            for x, y in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                sides = [(t[:, 0] >= high[0] if x > 0 else t[:, 0] <= low[0]) for t in (table, mine)]
                also = [(t[:, 1] >= high[1] if y > 0 else t[:, 1] <= low[1]) for t in (table, mine)]
                if (sides[0] & also[0]).any() and not (sides[1] & also[1]).any():
                    found.append(f"nothing {AXES[a].word(x)} and {AXES[b].word(y)}")
        return found

    def _means(self, clips: Sequence[Clip]) -> list[tuple[Clip, npt.NDArray[np.float32]]]:
        """Mean vector of each embedded clip, of unit length."""
        held = self.vectors.means(self.embedder.model_id, [c.id for c in clips])
        return [(c, held[c.id]) for c in clips if c.id in held]

    @staticmethod
    def _apart(identity: str, measures: dict[str, dict[str, float | None]]) -> tuple[str, ...]:
        own = measures.get(identity, {})
        found = []
        for axis in COUNTED:
            mine = own.get(axis)
            rest = np.array([v for k, m in measures.items() if k != identity and (v := m.get(axis)) is not None], float)
            if mine is None or rest.size < _SMALL - 1:
                continue
            middle = float(np.median(rest))
            spread = max(1.4826 * float(np.median(np.abs(rest - middle))), 0.05 * abs(middle), 1e-3)
            z = (mine - middle) / spread
            if abs(z) >= _APART:
                plain = 1.0 if axis in _FIRST else 0.4
                found.append((min(abs(z), 20.0) * plain, AXES[axis].pole(1 if z > 0 else -1)))
        return tuple(word for _, word in sorted(found, reverse=True)[:3])


def apart(matrix: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.bool_]]:
    """Distance of each vector (n, dimensions) to the mean of the others, and which lie far beyond the usual.

    Distances are 1 - cosine; far is 2.5 spreads beyond the median, the spread being
    1.4826 times the median absolute deviation.
    """
    others = (matrix.sum(0) - matrix) / (len(matrix) - 1)
    others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-9)
    distances = 1 - (matrix * others).sum(1)
    middle = float(np.median(distances))
    spread = max(1.4826 * float(np.median(np.abs(distances - middle))), 0.02)
    return distances, distances > middle + 2.5 * spread


def align(first: Clip, second: Clip) -> tuple[float, float] | None:
    """Return (offset in seconds, gain in dB) of the second in the first when both hold one recording, else None.

    Normalised cross-correlation at 8 kHz of the shorter's first 20 s within the longer's.
    """
    try:
        a, b = (_coarse(Path(c.path)) for c in (first, second))
    except UnreadableAudio:
        return None
    swapped = len(b) > len(a)
    if swapped:
        a, b = b, a
    b = b[: int(_SECONDS * _RATE)]
    energy = float((b * b).sum())
    if energy < 1e-6:
        return None
    size = 1 << (len(a) + len(b) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    power = np.concatenate([[0.0], np.cumsum(a * a)])
    lags = np.arange(-len(b) // 4, len(a) - 3 * len(b) // 4)
    low, high = np.clip(lags, 0, len(a)), np.clip(lags + len(b), 0, len(a))
    scale = np.sqrt(np.maximum((power[high] - power[low]) * energy, 1e-12))
    values = product[lags % size] / scale
    best = int(np.argmax(np.abs(values)))
    if abs(values[best]) < SAME:
        return None
    lag = int(lags[best])
    gain = 20 * float(np.log10(energy / max(abs(product[lag % size]), 1e-12)))
    return (round((-lag if swapped else lag) / _RATE, 3), round(-gain if swapped else gain, 1))


def _coarse(path: Path) -> npt.NDArray[np.float64]:
    """Mono at 8 kHz, the first minute."""
    audio, rate = read_audio(path, seconds=60.0)
    mono = np.ascontiguousarray(audio.mean(0, keepdims=True))
    return np.asarray(resample(mono, rate, _RATE)[0], np.float64)
