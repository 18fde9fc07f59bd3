"""Ratios that matter, each measured within one run.

The decode loop against transformers' ``generate()`` on the sketch and, with
``--small``, at musicgen-small's size with random weights; four takes against
one; real-time factor; embedding; first paint against an empty Textual app.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from soundlab.domain.ports import GenerationRequest
from soundlab.engines import registry
from soundlab.engines.clap import Clap
from soundlab.engines.decoding import Sampling, StepDecoder, decode
from soundlab.engines.musicgen import Musicgen


def median(work: Callable[[], object], runs: int = 3) -> float:
    """Median seconds of ``runs`` after one warm-up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def takes() -> None:
    """One and four takes of 10 s on the sketch."""
    engine = Musicgen(registry.musicgen("sketch"))
    with tempfile.TemporaryDirectory() as folder:

        def make(n: int) -> float:
            outputs = tuple(str(Path(folder) / f"{i}.wav") for i in range(n))
            return median(lambda: engine.generate(GenerationRequest("rain", tuple(range(n)), outputs, 10.0, "sketch")))

        one, four = make(1), make(4)
        first: list[float] = []
        request = GenerationRequest("rain", (1,), (str(Path(folder) / "s.wav"),), 10.0, "sketch", stream=True)
        for _ in range(3):
            first.append(engine.generate(request, on_audio=lambda *_: None).first_audio or 0.0)
    print(f"sketch: 10 s take {one:.2f} s (real-time factor {one / 10:.2f}), four {four / one:.2f} × one")
    print(f"sketch: first sound {np.median(first):.2f} s")


def loop(name: str, model: torch.nn.Module, steps: int, batch: int = 1) -> None:
    """Our decode loop against generate(): same weights, fp32, greedy, guidance 3."""
    ids = torch.randint(3, 90, (batch, 12))
    mask = torch.ones_like(ids)
    decoder = StepDecoder(model.decoder)
    with torch.no_grad():
        states = model.text_encoder(input_ids=ids[:1], attention_mask=mask[:1]).last_hidden_state
        states = model.enc_to_dec_proj(states) if hasattr(model, "enc_to_dec_proj") else states
    from soundlab.engines.decoding import Conditions

    given = Conditions(
        torch.cat([torch.zeros_like(states), states]), torch.cat([torch.zeros_like(mask[:1]), mask[:1]]), (3.0,)
    )
    generators = [torch.Generator().manual_seed(i) for i in range(batch)]
    whole = model.audio_encoder.decode
    model.audio_encoder.decode = lambda codes, *a, **k: type("Out", (), {"audio_values": torch.zeros(1, 1, 1)})()
    theirs = median(
        lambda: model.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, guidance_scale=3.0, max_new_tokens=steps
        ),
        2,
    )
    model.audio_encoder.decode = whole
    ours = median(
        lambda: decode(
            decoder, given, frames=steps - decoder.delay_steps, generators=generators, sampling=Sampling(0.0)
        ),
        2,
    )
    print(f"{name}, batch {batch}: {1000 * ours / steps:.1f} ms a step, generate() {1000 * theirs / steps:.1f} ms")
    print(f"{name}, batch {batch}: {theirs / ours:.2f} × generate()")


def musicgen_small() -> torch.nn.Module:
    """Random weights at facebook/musicgen-small's sizes (the codec's size does not matter here)."""
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    decoder = MusicgenDecoderConfig()
    text = T5Config(d_model=768, d_ff=3072, num_layers=12, num_heads=12, vocab_size=32128)
    codec = EncodecConfig(
        sampling_rate=32_000, upsampling_ratios=[8, 5, 4, 4], num_filters=4, codebook_size=2048, target_bandwidths=[2.2]
    )
    model = MusicgenForConditionalGeneration(
        MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
    ).eval()
    for key in ("pad_token_id", "bos_token_id", "decoder_start_token_id"):
        setattr(model.generation_config, key, 2048)
    return model


def embedding() -> None:
    """Clips of 10 s embedded a second, decoding apart."""
    clap = Clap(registry.clap("sketch"))
    rng = np.random.default_rng(0)
    windows = [rng.standard_normal(320_000).astype(np.float32) * 0.1 for _ in range(8)]
    print(f"sketch CLAP: {8 / median(lambda: clap.embed_windows(windows)):.0f} clips of 10 s a second")


def first_paint() -> None:
    """Process start to the first painted frame, against an empty Textual app."""
    probe = """
from textual.app import App
class Empty(App):
    def on_ready(self): self.exit()
Empty().run(headless=True)
"""
    ours = """
import sys
from pathlib import Path
from soundlab.project import Project
from soundlab.tui.app import SoundlabApp
SoundlabApp.on_ready = lambda self: self.exit()
SoundlabApp(Project(Path(sys.argv[1]), workers=True)).run(headless=True)
"""
    with tempfile.TemporaryDirectory() as folder:
        from soundlab.project import Project

        Project.create(Path(folder) / "p").close()

        def run(code: str) -> float:
            command = [sys.executable, "-c", code, str(Path(folder) / "p")]
            return median(lambda: subprocess.run(command, check=True, capture_output=True), 5)

        empty, full = run(probe), run(ours)
    print(f"first paint: {full:.2f} s, empty Textual app {empty:.2f} s: {full - empty:+.2f} s")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="also musicgen-small's size (needs 4 GB)")
    args = parser.parse_args()
    takes()
    loop("sketch", Musicgen(registry.musicgen("sketch")).model, 258)
    if args.small:
        loop("musicgen-small's size", musicgen_small(), 40)
    embedding()
    first_paint()


if __name__ == "__main__":
    main()
