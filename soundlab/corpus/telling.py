"""Caption rendered clips by what was measured on them.

``python -m soundlab.corpus.telling SHARDS`` compares every single-source clip
with others of its family, and writes ``shard-00000.captions.json`` beside each
shard: what was asked of the synthesis is said only where the descriptors agree,
and what they show without having been asked may be said, too. So a caption's
"bright" is the descriptor's, for every family. Clips of several sources are told
by what was asked; recordings keep their captions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from soundlab.corpus import recordings, scene, shards
from soundlab.corpus.bends import AXES

_CLEAR, _AGREES, _SCALE = 1.0, 0.25, 1.7
"""In spreads of a family: said unasked, said when asked, and where "very" begins."""


def _quartiles(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Quartiles of each column's finite values, (3, columns); NaN under four of them."""
    columns = [column[np.isfinite(column)] for column in rows.T]
    return np.stack([np.percentile(c, (25, 50, 75)) if c.size >= 4 else np.full(3, np.nan) for c in columns], 1)


def norms(measured: npt.NDArray[np.float32], families: list[str]) -> dict[str, tuple[list[float], list[float]]]:
    """Return median and spread of each axis by family; spread from the quartiles, as for a normal distribution.

    Parameters
    ----------
    measured
        (clips, axes), NaN where nothing could be measured.
    families
        Name of each clip's family.
    """
    out = {}
    names = np.array(families)
    everyone = _quartiles(measured)
    for name in sorted(set(families)):
        low, middle, high = _quartiles(measured[names == name])
        spread = np.maximum((high - low) / 1.35, 0.1 * (everyone[2] - everyone[0]) / 1.35)
        out[name] = (middle.tolist(), spread.tolist())
    return out


def heard(asked: Mapping[str, float], z: npt.NDArray[np.floating], able: frozenset[str]) -> dict[str, float]:
    """Combine what was asked on each axis with how far the clip lies from its family, in spreads.

    Returns
    -------
    values
        In [-1, 1] by axis; under 0.35 nothing is said.
    """
    out = {}
    for axis, score in zip(AXES, z, strict=True):
        want = asked.get(axis, 0.0)
        if not np.isfinite(score):
            continue
        if abs(want) >= 0.35:
            if score * np.sign(want) >= _AGREES:
                out[axis] = float(np.sign(want) * min(1.0, max(abs(want), abs(score) / _SCALE)))
        elif abs(score) >= _CLEAR and axis in able:
            out[axis] = float(np.clip(score / _SCALE, -1, 1)) * 0.8
    return out


def main() -> None:
    """Caption all shards of a folder."""
    parser = argparse.ArgumentParser(prog="python -m soundlab.corpus.telling", description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--norms", type=int, default=40, help="shards that the norms are taken from, at most")
    parser.add_argument("--recordings", type=Path, help="as given to soundlab.corpus.shards")
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--instruments", type=Path)
    parser.add_argument("--tellings", type=int, default=shards.TELLINGS, help="captions of each clip")
    parser.add_argument("--norms-from", type=Path, help="norms.json of another folder, to be used as they are")
    args = parser.parse_args()
    known = shards.sources(args.instruments)
    rows = [r for r in recordings.read_manifest(args.recordings) if not r.held_out] if args.recordings else []
    paths = sorted(args.shards.glob("shard-*.npz"))
    loaded = []
    for path in paths:
        with np.load(path, allow_pickle=False) as held:
            loaded.append((held["measured"], held["captions"]))
    first = args.norms * shards.SHARD_CLIPS
    drawn = {
        seed: scene.draw(seed, sources=known)
        for seed in (int(p.stem[-5:]) * shards.SHARD_CLIPS + k for p in paths for k in range(shards.SHARD_CLIPS))
        if shards.recorded(seed, len(rows), args.share) is None
    }
    for path, (_, told) in zip(paths, loaded, strict=True):
        seed = int(path.stem[-5:]) * shards.SHARD_CLIPS
        for k, said in enumerate(told):
            if seed + k in drawn and shards.tell(drawn[seed + k], known) != [str(t) for t in said]:
                raise SystemExit(f"{path} was rendered from other sources: give what corpus.shards was given")
    single = {seed: d for seed, d in drawn.items() if len(d.layers) == 1}
    measured = {
        int(path.stem[-5:]) * shards.SHARD_CLIPS + k: row
        for path, (values, _) in zip(paths, loaded, strict=True)
        for k, row in enumerate(values)
    }
    basis = [seed for seed in single if seed < first]
    if args.norms_from:
        table = json.loads(args.norms_from.read_text(encoding="utf-8"))["families"]
    else:
        table = norms(np.stack([measured[s] for s in basis]), [single[s].layers[0].family for s in basis])
    for path, (_, told) in zip(paths, loaded, strict=True):
        texts = []
        for k, said in enumerate(told):
            seed = int(path.stem[-5:]) * shards.SHARD_CLIPS + k
            if seed not in drawn:
                texts.append([str(said[t % len(said)]) for t in range(args.tellings)])
                continue
            one = single.get(seed)
            if one is None or one.layers[0].family not in table:
                texts.append(shards.tell(drawn[seed], known, args.tellings))
                continue
            layer = one.layers[0]
            middle, spread = (np.array(v) for v in table[layer.family])
            values = heard(
                layer.bends.asdict(), (measured[seed] - middle) / spread, known[layer.family].axes | scene.FINISHED_AXES
            )
            texts.append([scene.tell(one, t, sources=known, heard=values) for t in range(args.tellings)])
        beside = path.with_suffix(".captions.tmp")
        beside.write_text(json.dumps(texts), encoding="utf-8")
        beside.replace(path.with_suffix(".captions.json"))
    (args.shards / "norms.json").write_text(json.dumps({"axes": AXES, "families": table}), encoding="utf-8")
    print(f"{len(paths)} shards captioned; norms from {len(basis)} clips of {len(table)} families")


if __name__ == "__main__":
    main()
