"""Import and embed, against laion_clap's own ``get_audio_embedding_from_filelist``, at the same size in one run.

Random weights at the size of laion/clap-htsat-unfused; files of 10 s, 48 kHz,
24 bit. What soundlab does counts whole: hashes, metadata, rows, decoding,
embedding, vectors on disk. laion_clap only embeds. The two alternate.

``python benchmarks/embedding.py --files 32`` needs laion_clap beside soundlab
(``pip install --no-deps laion-clap`` and what it imports); without it only
soundlab's figure is printed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizer,
)

from soundlab.domain.labels import Labels
from soundlab.project import Project


def checkpoint(folder: Path) -> None:
    """A CLAP of full size that has learnt nothing."""
    torch.manual_seed(0)
    ClapModel(ClapConfig()).eval().save_pretrained(folder)
    words = Tokenizer(WordLevel({"<pad>": 0, "<unk>": 1}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>").save_pretrained(folder)
    ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(folder)


def theirs() -> Callable[[list[str]], object] | None:
    """laion_clap's file-list path with random weights, or None when it is not installed."""
    try:
        with (
            mock.patch.object(RobertaTokenizer, "from_pretrained", lambda *_: None),
            mock.patch.object(RobertaModel, "from_pretrained", lambda *_: RobertaModel(RobertaConfig())),
        ):
            import laion_clap

            module = laion_clap.CLAP_Module(enable_fusion=False, amodel="HTSAT-tiny", device="cpu")
    except ImportError as error:
        print(f"laion_clap cannot be imported: {error}")
        return None
    return lambda paths: module.get_audio_embedding_from_filelist(x=paths, use_tensor=False)


def main() -> None:
    """Make files, embed them by both, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    other = theirs()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        checkpoint(folder / "clap")
        rng = np.random.default_rng(0)
        ours, them = [], []
        for turn in range(args.rounds + 1):
            sounds = folder / f"sounds{turn}"
            sounds.mkdir()
            for k in range(args.files):
                soundfile.write(sounds / f"{k}.wav", 0.1 * rng.standard_normal((480_000, 2)), 48_000, subtype="PCM_24")
            if turn == 0:
                project = Project.create(folder / "film")
                (project.folder / "soundlab.toml").write_text(f'name = "film"\nclap = "{folder / "clap"}"\n')
                project.close()
                project = Project(folder / "film")
            begun = time.perf_counter()
            report = project.importer.run([sounds], Labels())
            spent = time.perf_counter() - begun
            assert len(report.imported) == args.files and not report.failed
            begun = time.perf_counter()
            if other is not None:
                other([str(p) for p in sorted(sounds.iterdir())])
            if turn:  # the first round warms both up
                ours.append(args.files / spent)
                them.append(args.files / (time.perf_counter() - begun))
        project.close()
    print(f"soundlab, import and embed: {np.median(ours):.1f} clips of 10 s a second")
    if other is not None:
        ratios = np.array(ours) / np.array(them)
        spread = f"{ratios.min():.2f} to {ratios.max():.2f}"
        print(f"laion_clap, embed: {np.median(them):.1f}; ratio {np.median(ratios):.2f} ({spread})")


if __name__ == "__main__":
    main()
