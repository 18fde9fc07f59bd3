"""An outside program agrees on what was exported (needs ffprobe, from ffmpeg)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.full


def test_ffprobe_reads_the_export(tmp_path: Path) -> None:
    def run(*args: str) -> dict:
        command = [sys.executable, "-m", "soundlab", *args, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    run("init", "film")
    take = run("generate", "rain", "-d", "1", "--project", "film")["takes"][0]["id"]
    path = run("export", take, "--to", "out", "--project", "film")["exported"][0]["path"]
    probe = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    found = json.loads(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)
    (stream,) = found["streams"]
    assert (stream["sample_rate"], stream["codec_name"]) == ("48000", "pcm_s24le")
    assert float(found["format"]["duration"]) == pytest.approx(1.0)
    assert "GENERATED" in found["format"]["tags"]["comment"]
