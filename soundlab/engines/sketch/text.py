"""The text encoder that the sketch's two models share: all-MiniLM-L6-v2.

``python -m soundlab.engines.sketch.text SOURCE OUT`` converts an unpacked
sentence-transformers folder into ``OUT`` (half precision, tokenizer, notice).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

MAX_TOKENS = 64

_NOTICE = """all-MiniLM-L6-v2 by the sentence-transformers project (UKP Lab, Nils Reimers),
fine-tuned from nreimers/MiniLM-L6-H384-uncased (Microsoft). Apache License 2.0.
Converted to half precision; the weights are otherwise unchanged.
"""


class FrozenText:
    """Tokenizer and encoder, frozen, in single precision, on ``device``."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        model: PreTrainedModel = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.model = model.to(torch.device(device))

    @torch.no_grad()
    def states(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Return hidden states (n, tokens, 384) and mask (n, tokens)."""
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt").to(
            self.model.device
        )
        out = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        return out.last_hidden_state, batch["attention_mask"]


def main() -> None:
    """Convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    AutoModel.from_pretrained(args.source, dtype=torch.float16).save_pretrained(args.out)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(args.source / name, args.out / name)
    (args.out / "NOTICE").write_text(_NOTICE, encoding="utf-8")


if __name__ == "__main__":
    main()
