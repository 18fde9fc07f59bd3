"""Steps a second of fine-tuning, against transformers' Trainer with peft, at one size, batch and precision, in one run.

With ``--audiocraft``, where that is installed, also against the step of its MusicGen solver, which knows no adapters
and so trains all weights (``run_step`` of audiocraft 1.3.0 without the reading of audio and text).

``python benchmarks/training.py --layers 24 --width 1024`` is musicgen-small's decoder with
random weights (its text encoder and codec are not trained; both sides are given
the same tokens, and the Trainer its text states, so that neither reads text).
The Trainer keeps the base's dropout, as it would; soundlab does without.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainingArguments
from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig
from transformers.models.musicgen.modeling_musicgen import MusicgenForCausalLM

from soundlab.engines.lora import TARGETS, lean
from soundlab.engines.lora_training import Objective
from soundlab.engines.training import conditional_loss

FRAMES, TOKENS = 500, 16


def decoder(layers: int, width: int) -> MusicgenForCausalLM:
    """A MusicGen decoder with random weights."""
    torch.manual_seed(0)
    config = MusicgenDecoderConfig(
        vocab_size=2048,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        ffn_dim=4 * width,
        num_codebooks=4,
    )
    return MusicgenForCausalLM(config)


def adapted(base: Any, rank: int) -> Any:
    """The decoder with LoRA."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(base, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=TARGETS, bias="none"))


def rows(batch: int, width: int, steps: int) -> list[dict[str, torch.Tensor]]:
    """Random tokens and text states."""
    rng = np.random.default_rng(0)
    return [
        {
            "codes": torch.from_numpy(rng.integers(0, 2048, (4, FRAMES))),
            "states": torch.from_numpy(rng.standard_normal((TOKENS, width)).astype(np.float32)),
            "mask": torch.ones(TOKENS, dtype=torch.long),
        }
        for _ in range(batch * steps)
    ]


def _now(device: str) -> float:
    """The clock, once the device has done all it was given."""
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def ours(model: Any, data: list[dict[str, torch.Tensor]], batch: int, dtype: torch.dtype, device: str) -> list[float]:
    """Seconds a step as ``soundlab train`` takes them: frozen weights in the precision, the adapter in fp32."""
    model.to(device)
    lean(model.train())
    weights = [p for p in model.parameters() if p.requires_grad]
    objective, optimiser = Objective(model), torch.optim.AdamW(weights, lr=1e-4)
    out = []
    for k in range(0, len(data), batch):
        part = data[k : k + batch]
        began = _now(device)
        codes, states, mask = (
            torch.stack([row[name] for row in part]).to(device) for name in ("codes", "states", "mask")
        )
        _, loss = objective(codes, states.to(dtype), mask)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        out.append(_now(device) - began)
    return out


class Theirs(Trainer):
    """transformers' Trainer; the loss is handed to it, as it has none for delayed codebooks."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
        return conditional_loss(model, inputs["codes"], inputs["states"], inputs["mask"])

    def training_step(self, *args: Any, **given: Any) -> Any:
        began = time.perf_counter()
        out = super().training_step(*args, **given)
        self.seconds.append(time.perf_counter() - began)
        return out


def theirs(model: Any, data: list[dict[str, torch.Tensor]], batch: int, dtype: torch.dtype, device: str) -> list[float]:
    """Seconds a step of Trainer, by autocast where the precision is bf16."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            per_device_train_batch_size=batch,
            max_steps=len(data) // batch,
            bf16=dtype == torch.bfloat16,
            use_cpu=device == "cpu",
            report_to=[],
            logging_strategy="no",
            save_strategy="no",
            remove_unused_columns=False,
            disable_tqdm=True,
        )
        trainer = Theirs(model=model, args=arguments, train_dataset=data, data_collator=_stacked)
        trainer.seconds = []
        began = _now(device)
        trainer.train()
        whole = _now(device) - began
        # what is not in a step (the optimiser, clipping) is shared out among them
        rest = (whole - sum(trainer.seconds)) / max(1, len(trainer.seconds))
        return [s + rest for s in trainer.seconds]


def audiocrafts(
    layers: int, width: int, data: list[dict[str, torch.Tensor]], batch: int, dtype: torch.dtype, device: str
) -> list[float]:
    """Seconds a step as audiocraft's solver takes them, by autocast where the precision is bf16."""
    from audiocraft.models.lm import LMModel
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
    from audiocraft.modules.conditioners import ConditionFuser, ConditioningProvider
    from audiocraft.modules.transformer import set_efficient_attention_backend

    set_efficient_attention_backend("torch")
    fuser = ConditionFuser({"cross": ["description"], "sum": [], "prepend": [], "input_interpolate": []})
    sizes = {"n_q": 4, "card": 2048, "dim": width, "num_heads": width // 64, "num_layers": layers, "hidden_scale": 4}
    way = {"norm_first": True, "causal": True, "cross_attention": True, "memory_efficient": True, "bias_proj": False}
    biases = {"bias_ff": False, "bias_attn": False, "custom": False}
    model = (
        LMModel(DelayedPatternProvider(4), ConditioningProvider({}), fuser, **sizes, **way, **biases).to(device).train()
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    out = []
    for k in range(0, len(data), batch):
        part = _stacked(data[k : k + batch])
        began = _now(device)
        codes = part["codes"].to(device)
        condition = {"description": (part["states"].to(device), part["mask"].to(device))}
        with torch.autocast(device, dtype, enabled=dtype == torch.bfloat16):
            told = model.compute_predictions(codes, [], condition)
            loss = torch.stack(
                [
                    torch.nn.functional.cross_entropy(
                        told.logits[:, book][told.mask[:, book]], codes[:, book][told.mask[:, book]]
                    )
                    for book in range(4)
                ]
            ).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        out.append(_now(device) - began)
    return out


def _stacked(part: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([row[name] for row in part]) for name in part[0]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--audiocraft", action="store_true")
    args = parser.parse_args()
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    data = rows(args.batch, args.width, args.steps + 1)
    other = theirs(adapted(decoder(args.layers, args.width), args.rank), data, args.batch, dtype, args.device)[1:]
    own = ours(adapted(decoder(args.layers, args.width).to(dtype), args.rank), data, args.batch, dtype, args.device)[1:]
    print(f"transformers Trainer + peft  {statistics.median(other):6.2f} s a step")
    print(f"soundlab                     {statistics.median(own):6.2f} s a step")
    print(f"ratio {statistics.median(other) / statistics.median(own):.2f}")
    if args.audiocraft:
        third = audiocrafts(args.layers, args.width, data, args.batch, dtype, args.device)[1:]
        print(f"audiocraft's solver          {statistics.median(third):6.2f} s a step, of all weights")
        print(f"ratio {statistics.median(third) / statistics.median(own):.2f}")
    if args.device != "cpu":
        print(f"most memory of both on the device {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
    print(f"most memory of both {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
