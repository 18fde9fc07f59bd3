"""Two processes train one adapter, and one of them tells."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.full.conftest import soundlab

pytestmark = pytest.mark.full


def test_two_processes_train_one_adapter(film: Path) -> None:
    take = json.loads(soundlab(film, "generate", "rain", "-d", "2", "--json").stdout)["takes"][0]["id"]
    soundlab(film, "approve", take)
    train = ["-m", "soundlab", "train", "pair", "--steps", "10", "--no-evaluate", "--json"]
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    done = subprocess.run([*launch, *train], cwd=film, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (pair,) = json.loads(done.stdout)["adapters"]
    alone = json.loads(soundlab(film, *train[2:3], "one", *train[4:]).stdout)["adapters"][0]
    assert pair["steps"] == alone["steps"] == 10
    assert pair["training"]["losses"][0] != alone["training"]["losses"][0], "each process draws rows of its own"
    assert soundlab(film, "generate", "rain", "-d", "1", "--adapter", "pair").returncode == 0
