"""Loading transformers checkpoints, and the one thing of ours: a text encoder two models share.

A ``config.json`` with ``"soundlab_text": "../text"`` says that the text
encoder's weights lie in that folder instead of in the model's own file.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from soundlab.errors import EngineFailed

# Deprecations between transformers and peft are theirs to settle, not the person's to read.
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


def load_model(kind: type[PreTrainedModel], folder: Path, *, dtype: torch.dtype = torch.float32) -> Any:
    """Load ``kind`` from a folder of safetensors, in eval mode.

    Raises
    ------
    EngineFailed
        When the files cannot be read as that model.
    """
    try:
        config_table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        shared = config_table.get("soundlab_text")
        if shared is None:
            model = kind.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
        else:
            model = _load_shared(kind, folder, (folder / shared).resolve(), dtype)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EngineFailed(
            f"cannot load {kind.__name__} from {folder}: {reason}", "check that the folder is complete"
        ) from error
    return model.eval()


def _load_shared(kind: type[PreTrainedModel], folder: Path, text: Path, dtype: torch.dtype) -> PreTrainedModel:
    assert kind.config_class is not None
    config = kind.config_class.from_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    model = kind(config)
    prefix = "text_model." if hasattr(model, "text_model") else "text_encoder."
    for name, tensor in load_file(text / "model.safetensors").items():
        if name.startswith("pooler."):
            if prefix == "text_encoder.":
                weights[prefix + name] = tensor
            continue
        if prefix == "text_model." and name == "embeddings.position_embeddings.weight":
            # RoBERTa counts positions from padding_idx + 1, BERT from 0.
            tensor = torch.cat([torch.zeros_like(tensor[:1]), tensor])
        weights[prefix + name] = tensor
    single = {k: v.to(dtype) if v.is_floating_point() else v for k, v in weights.items()}
    missing, unexpected = model.load_state_dict(single, strict=False)
    derived = ("position_ids", "token_type_ids", "embed_positions.weights")
    missing = [name for name in missing if not name.endswith(derived)]
    if missing or unexpected:
        raise ValueError(f"weights do not fit: missing {missing[:3]}, unexpected {unexpected[:3]}")
    return model.to(dtype)


def drop_text(state: dict[str, Tensor], prefix: str, *, keep_pooler: bool) -> dict[str, Tensor]:
    """Return the weights without those of the shared text encoder."""
    return {
        name: tensor
        for name, tensor in state.items()
        if not name.startswith(prefix) or (keep_pooler and name.startswith(prefix + "pooler."))
    }


def mean_state(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of text states (n, tokens, width) over the tokens of mask (n, tokens): (n, width)."""
    weight = mask[..., None].to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1)
