"""Does the judge of adapters know a kind of sound? ``python benchmarks/timbre.py MANIFEST``.

On recordings with classes (a manifest as for :mod:`soundlab.corpus.recordings`), none of which an
adapter made. For each class of five and more: how often one of it is nearer to the others of it than a
sound of another kind is, and than what the corpus synthesises of steady kinds is (areas under the curve, so
50 % is chance); by timbre alone, and divided by the distance to other sounds, as the evaluation of adapters does.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from soundlab.audio.descriptors import mono_of
from soundlab.audio.spaces import timbre, timbre_distance
from soundlab.corpus import scene
from soundlab.corpus.families import FAMILIES
from soundlab.errors import SoundlabError

_LEAST, _EACH, _SECONDS = 5, 6, 4.0
_SEED = 800_000
_STEADY = "bed"


def main(manifest: Path) -> None:
    """Print the areas by class, and their means."""
    kinds, groups, timbres = [], [], []
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            try:
                heard = mono_of(manifest.parent / row["file"], 20.0)
            except SoundlabError as error:
                print(f"left out: {error.message}", file=sys.stderr)
                continue
            if len(heard) > 3_200:
                kinds.append(row["class"])
                groups.append(row["group"])
                timbres.append(timbre(heard))
    recorded = len(kinds)
    steady = []
    for name in sorted(FAMILIES)[::2]:
        for k in range(_EACH):
            steady += [len(kinds)] if FAMILIES[name].role == _STEADY else []
            kinds.append(f"corpus {name}")
            groups.append(f"{name} {k}")
            timbres.append(timbre(scene.render(scene.plain(name, _SEED + k, seconds=_SECONDS)).astype(np.float64)))
    apart = np.array([[timbre_distance(a, b) for b in timbres] for a in timbres])
    print(f"{'class':18} {'n':>3}  of others: alone divided  of steady ones: alone divided")
    found = []
    for kind in sorted({k for k in kinds[:recorded] if kinds.count(k) >= _LEAST}):
        own = [i for i, k in enumerate(kinds) if k == kind]
        rest = [i for i, k in enumerate(kinds) if k != kind]
        cells = []
        for divided in (False, True):
            score = [_near(apart[i], i, own, kinds, groups, recorded, divided=divided) for i in range(len(kinds))]
            cells.append([np.mean([[score[i] < score[j] for j in others] for i in own]) for others in (rest, steady)])
        (a, c), (b, d) = cells
        found.append((a, b, c, d))
        print(f"{kind:18} {len(own):3}  {a:17.0%} {b:7.0%} {c:23.0%} {d:7.0%}")
    print(f"{'mean':22}  " + "{:17.0%} {:7.0%} {:23.0%} {:7.0%}".format(*np.mean(found, 0)))


def _near(
    row: np.ndarray, index: int, own: list[int], kinds: list[str], groups: list[str], recorded: int, *, divided: bool
) -> float:
    """Mean distance to the three nearest of a class, but for versions of the same sound."""
    near = float(np.sort([row[j] for j in own if groups[j] != groups[index]])[:3].mean())
    if not divided:
        return near
    others = [row[j] for j in range(recorded, len(kinds)) if kinds[j] != kinds[index]]
    return near / float(np.sort(others)[:3].mean())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
