"""Benchmarks that nothing else runs still run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]


def test_the_training_benchmark_compares_both_sides() -> None:
    size = ["--layers", "2", "--width", "64", "--steps", "1", "--precision", "fp32"]
    done = subprocess.run(
        [sys.executable, "benchmarks/training.py", *size], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"^ratio \d", done.stdout, re.MULTILINE)
