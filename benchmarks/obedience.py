"""Is feedback obeyed? Every counted axis, both ways, on takes of the sketch, through the service.

``python benchmarks/obedience.py --seeds 2`` prints the share that moved the asked
way at all, and by a just-noticeable difference (what the tool calls obeyed).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from soundlab.domain.axes import AXES, COUNTED
from soundlab.domain.brief import Brief
from soundlab.project import Project

PROMPTS = ("rain", "a drone", "church bells", "machinery")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--treat", action="store_true", help="by treatment alone")
    args = parser.parse_args()
    moved: dict[str, list[bool]] = {axis: [] for axis in COUNTED}
    obeyed: dict[str, list[bool]] = {axis: [] for axis in COUNTED}
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "p")
        parents = [
            project.generation.generate(Brief(prompt, seconds=args.seconds, **project.sampling("sketch")), 1, seed)[0]
            for prompt in PROMPTS
            for seed in range(args.seeds)
        ]
        for axis in COUNTED:
            for parent in parents:
                for direction in (-1, 1):
                    words = AXES[axis].pole(direction)
                    if args.treat:
                        child = project.steering.treat(parent.id, words)
                    else:
                        child = project.steering.answer(parent.id, words)[0]
                    row = (child.obeyed or [{}])[0]
                    if row.get("ok") is not None:
                        moved[axis].append((row["after"] - row["before"]) * direction > 0)
                        obeyed[axis].append(row["ok"])
            n = len(moved[axis])
            if n:
                print(
                    f"{axis:>12}  moved {sum(moved[axis]) / n:4.0%}  obeyed {sum(obeyed[axis]) / n:4.0%}  n={n}",
                    flush=True,
                )
        project.close()
    for name, table in (("moved the asked way", moved), ("obeyed", obeyed)):
        every = [ok for rows in table.values() for ok in rows]
        print(f"{name}: {sum(every)} of {len(every)} = {sum(every) / len(every):.1%}")


if __name__ == "__main__":
    main()
