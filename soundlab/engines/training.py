"""The language-model loss of MusicGen, as training needs it.

transformers' decoder shifts labels by one but does not delay them by codebook,
and drops no conditions; both are done here, for the sketch and for adapters.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers.models.musicgen.modeling_musicgen import MusicgenForCausalLM

IGNORE = -100


def delay(codes: Tensor, pad: int, *, stereo: bool = False) -> Tensor:
    """Shift codebook k by k frames: (batch, books, frames) → (batch, books, frames + books - 1).

    In stereo the books of left and right interleave and share a shift.
    """
    batch, books, frames = codes.shape
    step = 2 if stereo else 1
    width = frames + books // step - 1
    out = codes.new_full((batch, books, width), pad)
    for book in range(books):
        out[:, book, book // step : book // step + frames] = codes[:, book]
    return out


def conditional_loss(
    decoder: MusicgenForCausalLM,
    codes: Tensor,
    memory: Tensor | None,
    mask: Tensor | None,
    book_weights: Tensor | None = None,
    forgotten: Tensor | None = None,
    past: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy over codebooks and frames.

    Parameters
    ----------
    codes
        (batch, books, frames), without delay.
    memory, mask
        Projected text states (batch, tokens, width), zeroed where masked, and
        their mask. Rows without any text have a mask of zeros.
    book_weights
        (books,) to stress some codebooks; all count alike by default.
    forgotten
        (batch, frames) where the past is hidden: what the decoder is given there
        says nothing, and it has to go by the conditions.
    past
        (batch, books, frames) that the decoder is given as what came before, where that is not ``codes``.
    """
    logits, targets = predictions(decoder, codes, memory, mask, forgotten, past)
    if book_weights is None:
        return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORE)
    each = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORE, reduction="none"
    )
    batch, books, _ = codes.shape
    by_book = each.view(batch, books, -1).sum((0, 2)) / (targets != IGNORE).view(batch, books, -1).sum((0, 2))
    return (by_book * book_weights).sum() / book_weights.sum()


def predictions(
    decoder: MusicgenForCausalLM,
    codes: Tensor,
    memory: Tensor | None,
    mask: Tensor | None,
    forgotten: Tensor | None = None,
    past: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits (batch × books, steps, vocabulary) of each delayed step, and its code, ``IGNORE`` where there is none."""
    config = decoder.config
    batch, books, _ = codes.shape
    stereo = config.audio_channels == 2
    delayed = delay(codes, config.pad_token_id, stereo=stereo)
    before = delayed if past is None else delay(past, config.pad_token_id, stereo=stereo)
    start = delayed.new_full((batch, books, 1), config.pad_token_id)
    inputs = torch.cat([start, before[..., :-1]], -1)
    if forgotten is not None:
        hidden = forgotten[:, None].expand(-1, books, -1)
        inputs[..., 1 : 1 + hidden.shape[-1]].masked_fill_(hidden[..., : inputs.shape[-1] - 1], config.pad_token_id)
    if mask is not None:  # a row of zeros would attend to nothing at all: let it see its zeroed states
        mask = torch.where(mask.sum(-1, keepdim=True) == 0, torch.ones_like(mask), mask)
    logits = decoder(
        input_ids=inputs.reshape(batch * books, -1),
        encoder_hidden_states=memory,
        encoder_attention_mask=mask,
        use_cache=False,
    ).logits
    targets = delayed.masked_fill(delayed == config.pad_token_id, IGNORE).reshape(batch * books, -1)
    return logits, targets


@torch.no_grad()
def drawn(
    decoder: MusicgenForCausalLM,
    codes: Tensor,
    memory: Tensor | None,
    mask: Tensor | None,
    share: Tensor,
    forgotten: Tensor | None = None,
    *,
    kept: int = 0,
) -> Tensor:
    """``codes`` (batch, books, frames), some of them replaced by what the decoder would have drawn in their place.

    A decoder that was only ever given a past that was recorded does not know what to do about one of its own,
    and takes what chance put there for what is meant. All frames are drawn at once, each from the recorded past
    (Duckworth et al. 2019, "Parallel scheduled sampling").

    Parameters
    ----------
    share
        (batch,) of frames that are replaced.
    kept
        First books that stay as they are. A stroke that was only drawn goes unanswered in what was recorded:
        where books say what happens and when, a decoder would learn to distrust strokes.
    """
    some = share > 0
    if not bool(some.any()):
        return codes
    given = codes[some]
    few = (None if t is None else t[some] for t in (memory, mask, forgotten))
    logits, _ = predictions(decoder, given, *few)
    clips, books, frames = given.shape
    replaced = torch.rand(clips, frames, device=codes.device) < share[some, None]
    channels = decoder.config.audio_channels
    logits = logits.view(clips, books, logits.shape[1], -1)
    past = codes.clone()
    for book in range(kept, books):
        lag = book // channels
        chances = logits[:, book, lag : lag + frames][replaced].float().softmax(-1)
        # The largest of chances over exponential noise is a draw: faster than multinomial, of many rows.
        given[:, book][replaced] = (chances / torch.empty_like(chances).exponential_()).argmax(-1)
    past[some] = given
    return past
