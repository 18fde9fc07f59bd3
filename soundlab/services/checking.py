"""Whether a take did what feedback on its parent asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from soundlab.domain.axes import AXES
from soundlab.domain.feedback import Adjustment, Obeyed, judge
from soundlab.domain.take import Take
from soundlab.presets import read_toml


def read_jnds(path: Path) -> dict[str, float]:
    """Read the just-noticeable difference of each descriptor."""
    return {axis: float(value) for axis, value in read_toml(path)["jnd"].items()}


def check(parent: Take, child: Take, adjustments: Sequence[Adjustment], jnds: Mapping[str, float]) -> list[Obeyed]:
    """Measure each asked axis on parent and child. Axes without a measure are listed as undecided."""
    answers = []
    for a in adjustments:
        if a.kind != "axis" or a.axis is None:
            continue
        if AXES[a.axis].counted:
            before, after = parent.descriptors.get(a.axis), child.descriptors.get(a.axis)
            answers.append(judge(a.axis, a.direction, before, after, jnds.get(a.axis)))
        else:
            answers.append(Obeyed(a.axis, a.direction, None, None, None, None))
    return answers
