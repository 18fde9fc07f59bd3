"""``python -m soundlab.services.umap_layout GIVEN.npz MADE.npy``: a UMAP layout, in a process of its own."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np

_NEIGHBOURS, _DISTANCE = 15, 0.15


def main() -> None:
    """Read ``vectors`` (n, dimensions) and ``points`` (n, 2) to begin from; write (n, 2)."""
    if hasattr(os, "nice"):
        os.nice(10)
    from umap import UMAP

    with np.load(sys.argv[1]) as given:
        vectors, points = given["vectors"], given["points"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a seed makes it run on one thread: that is wanted
        layout = UMAP(
            n_neighbors=min(_NEIGHBOURS, len(vectors) - 1),
            min_dist=_DISTANCE,
            metric="cosine",
            init=np.ascontiguousarray(10 * points, np.float32),
            random_state=0,
        )
        np.save(sys.argv[2], layout.fit_transform(vectors).astype(np.float32))


if __name__ == "__main__":
    main()
