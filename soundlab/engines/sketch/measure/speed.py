"""How long a take takes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from soundlab.domain.ports import GenerationRequest
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch.measure.figures import Figure, Tell

_RUNS = 5


def measure(engine: Musicgen, sampling: dict[str, Any], tell: Tell) -> list[Figure]:
    """Median seconds of one and of four takes of 10 s, alternating, and of the first streamed sound."""
    tell("speed: takes of 10 s")
    with tempfile.TemporaryDirectory() as folder:

        def request(n: int, *, stream: bool = False) -> GenerationRequest:
            outputs = tuple(str(Path(folder) / f"{i}.wav") for i in range(n))
            return GenerationRequest(
                "rain", tuple(range(n)), outputs, 10.0, engine.checkpoint.name, stream=stream, **sampling
            )

        def seconds(n: int) -> float:
            start = time.perf_counter()
            engine.generate(request(n))
            return time.perf_counter() - start

        seconds(1), seconds(4)
        pairs = [(seconds(1), seconds(4)) for _ in range(_RUNS)]
        first = [engine.generate(request(1, stream=True), on_audio=lambda *_: None).first_audio for _ in range(_RUNS)]
    one = float(np.median([a for a, _ in pairs]))
    ratio = float(np.median([b / a for a, b in pairs]))
    return [
        Figure("speed", "a take of 10 s", one, "s", 4.0, False),
        Figure("speed", "four takes", ratio, "× one", 2.0, False),
        Figure("speed", "first sound", float(np.median([f or np.inf for f in first])), "s", 1.5, False),
    ]
