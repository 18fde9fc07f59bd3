"""How often a word that the lexicon lacks is read right: words of the lexicon, left out in ten parts by their stems.

``python benchmarks/unknown_words.py`` prints by threshold the share of left-out
adjectives that are read at all, how many of those are right in axis and way, and
how many names of things are taken for an adjective.
"""

from __future__ import annotations

import numpy as np

from soundlab.config import packaged
from soundlab.domain.axes import AXES
from soundlab.engines import registry
from soundlab.engines.clap import Clap
from soundlab.services import kin
from soundlab.services.understanding import read_lexicon
from soundlab.vocabulary import things

_PARTS = 10
_STEM = 5


def main() -> None:
    """Measure and print."""
    words, goals = kin.taught(
        read_lexicon(packaged("presets") / "feedback"), things(packaged("presets") / "vocabulary")
    )
    known = kin.states(words, Clap(registry.clap("sketch")).meanings)
    if known is None:
        raise SystemExit("this encoder has no states to be read")
    stems = sorted({w[:_STEM] for w in words})
    part = dict(zip(stems, np.random.default_rng(0).permutation(len(stems)) % _PARTS, strict=True))
    parts = np.array([part[w[:_STEM]] for w in words])
    found = np.zeros_like(goals)
    for k in range(_PARTS):
        rest, out = parts != k, parts == k
        found[out] = kin.kernel(known[out], known[rest]) @ kin.fitted(known[rest], goals[rest])
    adjective = np.abs(goals).sum(1) > 0
    best, size = np.abs(found).argmax(1), np.abs(found).max(1)
    right = np.sign(found[np.arange(len(words)), best]) == goals[np.arange(len(words)), best]
    print(f"{adjective.sum()} adjectives of {len(AXES)} axes, {(~adjective).sum()} things")
    for sure in (0.3, 0.35, 0.4, 0.45, 0.5, 0.6):
        read = adjective & (size >= sure)
        print(
            f"from {sure:.2f}: {read.sum() / adjective.sum():.0%} read, {right[read].mean():.0%} of them right; "
            f"{(size >= sure)[~adjective].mean():.1%} of things taken for adjectives"
        )


if __name__ == "__main__":
    main()
