"""Training state in one safetensors file: weights, optimiser moments, running average, step; and its schedule."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def save_whole(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file beside ``path`` and rename it into place: nobody reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, beside, metadata)
    beside.replace(path)


def save_state(
    path: Path, step: int, model: nn.Module, optimiser: torch.optim.Optimizer, average: dict[str, Tensor]
) -> None:
    """Write the state beside ``path`` and rename it into place."""
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    for index, entry in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{k}": torch.as_tensor(v) for k, v in entry.items()}
    save_whole({k: v.detach().clone().contiguous() for k, v in tensors.items()}, path, {"step": str(step)})


def load_state(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, average: dict[str, Tensor]) -> int:
    """Restore a state in place and return its step; 0 when there is none."""
    if not path.exists():
        return 0
    weights: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    with safe_open(path, "pt") as file:
        step = int(file.metadata()["step"])
        for name in file.keys():  # noqa: SIM118 - not a mapping
            kind, _, rest = name.partition(".")
            if kind == "model":
                weights[rest] = file.get_tensor(name)
            elif kind == "average":
                average[rest] = file.get_tensor(name).to(average[rest].device)
            else:
                index, _, key = rest.partition(".")
                moments.setdefault(int(index), {})[key] = file.get_tensor(name)
    model.load_state_dict(weights)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return step


def progress(step: int, steps: int, elapsed: float, seconds: float, *, by_clock: bool) -> float:
    """Return how much of the schedule is over, 0 to 1: by steps, or by the time that is to be spent."""
    return min(1.0, elapsed / seconds if by_clock else step / steps)
