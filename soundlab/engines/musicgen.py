"""MusicGen through transformers: the sketch, a folder or a hub id, one code path.

Small, medium, large, their stereo versions and Melody differ only in configs.
Text and codec run as transformers has them; the decoder runs in our loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoTokenizer, MusicgenForConditionalGeneration
from transformers.models.musicgen_melody import MusicgenMelodyForConditionalGeneration

from soundlab.audio.decode import read_audio
from soundlab.audio.write import write_audio
from soundlab.domain.layers import Layer
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import GenerationRequest, GenerationResult, Progress, Replayed, ignore_progress, never
from soundlab.engines import axis_condition, sound_condition
from soundlab.engines.decoding import Conditions, Sampling, StepDecoder, abreast, decode
from soundlab.engines.loading import load_model, mean_state
from soundlab.engines.lora import applied
from soundlab.engines.registry import Checkpoint
from soundlab.engines.replay import Chance, replay
from soundlab.engines.sketch import codec
from soundlab.engines.streaming import StreamDecoder
from soundlab.errors import EngineFailed, WrongInput

codec.register()

MAX_TEXT_TOKENS = 256
_STREAM_SECONDS = 1.0
MEASURE_PULL = 4.0
"""Pull of what the first term should measure, beside that of its words."""
LAYERED_PULL = 2.0
"""The same where it speaks of several sounds: what its words measure together is none of theirs."""
CONTRAST_PULL = 8.0
"""The same where it is known what it should not measure."""
_EMPTY_TOKENS = 2
"""Tokens of a sentence without words: start and end."""
_CONTEXT = {codec.SketchCodecConfig.model_type: 0.4}
"""Seconds of context either side in which a codec's streamed audio is exact; others get a second."""


class Musicgen:
    """A loaded MusicGen checkpoint.

    Parameters
    ----------
    checkpoint
        From :func:`soundlab.engines.registry.musicgen`.
    dtype
        ``torch.float32`` gives the same take alone or in a batch; bfloat16 is
        faster in batches and on GPUs.
    device
        ``cpu``, ``cuda`` or ``mps``.
    """

    def __init__(self, checkpoint: Checkpoint, *, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        config = AutoConfig.from_pretrained(checkpoint.folder)
        kinds = {
            "musicgen": MusicgenForConditionalGeneration,
            "musicgen_melody": MusicgenMelodyForConditionalGeneration,
        }
        if config.model_type not in kinds:
            raise EngineFailed(f"{checkpoint.name} is a {config.model_type} model", "name a MusicGen checkpoint")
        self.checkpoint = checkpoint
        self.melody = config.model_type == "musicgen_melody"
        self.model: Any = load_model(kinds[config.model_type], checkpoint.folder, dtype=dtype).to(device)
        self.tokenizer = AutoTokenizer.from_pretrained(_tokenizer_folder(checkpoint.folder, config))
        self.dtype, self.device = dtype, device
        self.sound_space = sound_condition.space(checkpoint.folder)
        """Model id of the CLAP embeddings that can steer; None when none can."""
        self._sound = (
            {k: v.to(device, dtype) for k, v in load_file(checkpoint.folder / sound_condition.FILE).items()}
            if self.sound_space
            else None
        )
        self.axes = axis_condition.load(checkpoint.folder, dtype, device)
        """What steers by measure; None where only words do."""
        encoder = self.model.audio_encoder.config
        self.sample_rate = int(encoder.sampling_rate)
        self.frame_rate = float(encoder.frame_rate)
        self.channels = int(self.model.decoder.config.audio_channels)
        self.window_seconds = float(getattr(self.model.config, "soundlab_context", 30.0))
        """Seconds the decoder was trained on at once; longer takes slide."""
        self.shares = tuple(getattr(self.model.config, "soundlab_guidance_by_book", ()))
        """How far guidance reaches each codebook, from 0 to 1; empty where it reaches all."""
        self.temperatures = tuple(getattr(self.model.config, "soundlab_temperature_by_book", ()))
        """Temperature of each codebook beside the sampling's; empty where there is none."""
        kind = self.model.config.audio_encoder.model_type
        self.stream_context = max(1, round(_CONTEXT.get(kind, 1.0) * self.frame_rate))
        """Frames either side that streamed decoding needs."""
        self._runs_on = kind == codec.SketchCodecConfig.model_type

    @torch.inference_mode()
    def conditions(
        self,
        terms: Sequence[tuple[str, float]],
        sounds: Sequence[tuple[Sequence[float], float]] = (),
        measures: Mapping[str, float] | None = None,
        contrast: Mapping[str, float] | None = None,
        against: str = "",
        *,
        read_as: str = "",
        layered: bool = False,
        anchor: Sequence[float] = (),
        towards: Sequence[float] = (),
        steer: bool = True,
        offset: Tensor | None = None,
    ) -> Conditions:
        """Encode guidance terms (text, weight) and sounds (CLAP embedding, weight); the empty condition comes first.

        Parameters
        ----------
        measures
            Values of the first term's axes, in the unit of their descriptors, where
            they are known; other axes are read from its words. Checkpoints that are
            not steered by measure have only the words.
        contrast
            Values that the first term's sound is guided away from, as ``measures`` is what
            it is guided to; without any it is guided away from not being measured at all.
        against
            Words whose reading is the contrast, where ``contrast`` gives none.
        read_as
            Words in the first term's place when its measures are read; it is heard as it was said.
        layered
            Whether the first term speaks of several sounds, which measure less as its words are read.
        anchor
            CLAP embedding that joins each term, so that what lies between terms pulls and
            what the embedding says is common to them.
        towards
            CLAP embedding that takes the anchor's place with what pulls; terms that push away hear the anchor.
        steer
            Whether measures steer at all; training of adapters goes by the words alone.
        offset
            (axes,), added to what is read from words: what adapters bring along.

        Raises
        ------
        EngineFailed
            When there are sounds or an anchor and the checkpoint was not trained on any.
        """
        read, mask = self._text([text for text, _ in terms])
        states = self.model.enc_to_dec_proj(read) if hasattr(self.model, "enc_to_dec_proj") else read
        states = states * mask[..., None].to(states.dtype)
        weights = [w for _, w in terms]
        if self.axes is not None and steer:
            heard = self.axes.read(read, mask)
            if read_as:
                heard = torch.cat([self.readings([read_as]).to(heard), heard[1:]])
            if offset is not None:
                heard = heard + offset.to(heard)
            implied = self._measured(heard, measures or {})
            known = (mask.sum(1, keepdim=True) > _EMPTY_TOKENS).expand_as(implied)
            # The first term once more, without its measures or with contrary ones: the difference is stressed.
            apart, told = implied[:1], torch.zeros_like(known[:1])
            if against:
                apart = self.readings([against]).to(implied) + (0 if offset is None else offset.to(implied))
            if contrast or against:
                apart, told = self._measured(apart, contrast or {}), known[:1]
            # Where a goal is held within what is known, what it is guided away from gives way as far.
            held = self.axes.within(implied)
            apart = self.axes.within(apart + held[:1] - implied[:1])
            implied = held
            implied, known = torch.cat([implied, apart]), torch.cat([known, told])
            states, mask = torch.cat([states, states[:1]]), torch.cat([mask, mask[:1]])
            states, mask = axis_condition.joined(states, mask, self.axes.vector(implied, known), known)
            pull = CONTRAST_PULL if contrast or against else LAYERED_PULL if layered else MEASURE_PULL
            weights = [weights[0] + pull, *weights[1:], -pull]
        beside = [towards if towards and weight > 0 else anchor for weight in weights] if anchor else []
        states = torch.cat([torch.zeros_like(states[:1]), states])
        mask = torch.cat([torch.zeros_like(mask[:1]), mask])
        if sounds or anchor:
            states, mask = self._with_sounds(states, mask, [vector for vector, _ in sounds], beside)
        if self.melody:
            states = torch.cat([self._silent_melody(len(states)), states], 1)
            mask = torch.ones(states.shape[:2], dtype=mask.dtype, device=mask.device)
        pulls = (*weights, *(w for _, w in sounds))
        # A sound that is to be likened to is in the finer books, too: by the first alone takes come less near to it.
        return Conditions(states, mask, pulls, self.melody, () if sounds else self.shares, self.temperatures)

    @torch.inference_mode()
    def readings(self, captions: Sequence[str]) -> Tensor:
        """What sentences imply on the checkpoint's axes, standardised, (sentences, axes); it must have some."""
        assert self.axes is not None
        return self.axes.read(*self._text(captions)).float().cpu()

    @torch.inference_mode()
    def meanings(self, captions: Sequence[str]) -> Tensor:
        """Mean states of sentences, of unit length, (sentences, text width)."""
        return nn.functional.normalize(mean_state(*self._text(captions)).float(), dim=-1).cpu()

    def _text(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of the text encoder (sentences, tokens, width) and their mask."""
        batch = self.tokenizer(
            list(captions), padding=True, truncation=True, max_length=MAX_TEXT_TOKENS, return_tensors="pt"
        ).to(self.device)
        mask = batch["attention_mask"]
        return self.model.text_encoder(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state, mask

    def _measured(self, implied: Tensor, measures: Mapping[str, float]) -> Tensor:
        """What the words imply (terms, axes), with what is known of the first term in its place."""
        assert self.axes is not None
        given = implied.clone()
        for index, axis in enumerate(self.axes.axes):
            if axis in measures:
                given[0, index] = (measures[axis] - self.axes.mean[index]) / self.axes.deviation[index]
        return given

    def _with_sounds(
        self, states: Tensor, mask: Tensor, alone: list[Sequence[float]], beside: list[Sequence[float]]
    ) -> tuple[Tensor, Tensor]:
        """Add a column for the sound token: with ``beside`` in it, one a term, and a row for each sound ``alone``."""
        rows, tokens, width = states.shape
        wide = states.new_zeros(rows + len(alone), tokens + 1, width)
        known = mask.new_zeros(rows + len(alone), tokens + 1)
        wide[:rows, :tokens], known[:rows, :tokens] = states, mask
        heard = self.heard(torch.tensor([list(v) for v in (*beside, *alone)]))
        first = len(wide) - len(heard)  # the empty condition hears nothing, nor do terms where there is no anchor
        wide[first:, tokens], known[first:, tokens] = heard, 1
        return wide, known

    def heard(self, sounds: Tensor) -> Tensor:
        """CLAP embeddings (sounds, width) as the decoder hears them, (sounds, decoder width). Raises EngineFailed."""
        if self._sound is None:
            raise EngineFailed(f"{self.checkpoint.name} was not trained to be steered by sound", "steer it by words")
        given = sounds.to(self.device, self.dtype)
        return torch.nn.functional.linear(given, self._sound["weight"], self._sound["bias"])

    def _silent_melody(self, rows: int) -> Tensor:
        """What Melody checkpoints are given when there is no melody: a constant first chroma."""
        chroma = torch.zeros(rows, 1, self.model.config.num_chroma, dtype=self.dtype, device=self.device)
        chroma[:, :, 0] = 1
        projected = self.model.audio_enc_to_dec_proj(chroma)
        return projected.expand(-1, self.model.config.chroma_length, -1)

    @torch.inference_mode()
    def encode_audio(self, audio: npt.NDArray[np.float32]) -> Tensor:
        """Encode audio (channels, samples) at this model's rate to codes (books, frames)."""
        wanted = np.zeros((self.channels, audio.shape[1]), np.float32)
        wanted[:] = audio if audio.shape[0] == self.channels else audio.mean(0, keepdims=True)
        values = torch.from_numpy(wanted)[:, None].to(self.device, self.dtype)
        codes: Tensor = self.model.audio_encoder.encode(values).audio_codes[0]
        if self.channels == 1:
            return codes[0]
        return torch.stack([codes[0], codes[1]], 1).flatten(0, 1)

    @torch.inference_mode()
    def decode_audio(self, codes: Tensor, before: Tensor | None = None) -> Tensor:
        """Decode codes (takes, books, frames) to audio (takes, channels, samples).

        ``before`` are codes of earlier frames, for a codec whose phase runs on from them.
        """
        more = {"before": before[None]} if before is not None and self._runs_on else {}
        sides = [codes] if self.channels == 1 else [codes[:, ::2], codes[:, 1::2]]
        audio = [self.model.audio_encoder.decode(s[None], [None] * len(s), **more).audio_values for s in sides]
        return torch.cat(audio, 1).float()

    def generate(
        self,
        request: GenerationRequest,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
        on_audio: Callable[[int, str, float], None] | None = None,
    ) -> GenerationResult:
        """Write the takes of ``request``.

        ``on_audio(take, part file, seconds so far)`` is called while streaming;
        the part file lies beside the output and is gone when the take is done.
        """
        started = time.perf_counter()
        # What guidance does not reach whole is near chance, and chance that is cut leans one way.
        uncut = tuple(share < 1 for share in self.shares)
        sampling = Sampling(request.temperature, request.top_k, request.top_p, uncut)
        layers = request.layers or (Layer(request.prompt),)
        generators = [torch.Generator(self.device).manual_seed(seed) for _ in layers for seed in request.seeds]
        frames = max(1, round(request.seconds * self.frame_rate))
        prompt = self._opening(request, len(generators), frames)
        mix = _Mix(tuple(10 ** (layer.level / 20) for layer in layers))
        parts = _Parts(self, request, started, on_audio, mix) if request.stream and on_audio else None
        adapters = [(Path(folder), weight) for folder, weight in request.adapters]
        offsets: list[Tensor | None] = [None] * len(layers)
        own: list[Tensor | None] = [None] * len(layers)
        if adapters and (self.axes is not None or self.sound_space is not None):
            meant = self.meanings([layer.prompt for layer in layers])
            if self.axes is not None:
                offsets = [axis_condition.load_offset(adapters, self.axes.axes, meaning) for meaning in meant]
            if self.sound_space and not (request.sounds or request.anchor or request.replay):
                own = [sound_condition.kept(adapters, self.sound_space, meaning) for meaning in meant]
        with applied(self.model.decoder, adapters):
            given = self._given(request, layers, offsets, own)
            rows = len(generators) * (1 if given.unguided else len(given.states))
            decoder = StepDecoder(self.model.decoder, rows=rows)
            past = None
            if request.replay:
                asked = self._asked(request.replay, request, offsets[0])
                past = _Past(self._codes(request.replay.path)[:, :frames], asked, request.replay.passes)
            codes = self._windows(
                _Work(
                    decoder=decoder,
                    conditions=given,
                    frames=frames,
                    generators=generators,
                    sampling=sampling,
                    progress=progress,
                    cancelled=cancelled,
                    parts=parts,
                    past=past,
                ),
                prompt,
            )
        progress(frames, frames, "decoding audio")
        apart = self.decode_audio(codes)[..., : round(request.seconds * self.sample_rate)]
        files = list(zip(request.outputs, request.seeds, mix(apart, whole=True), strict=True))
        single = [path for of in request.stems for path in of]
        files += zip(single, [*request.seeds] * len(request.stems), apart[: len(single)], strict=True)
        for path, seed, take in files:
            mark = f"GENERATED by soundlab ({self.checkpoint.name}, seed {seed})"
            tags = {"comment": mark, "software": "soundlab"}
            write_audio(Path(path), take.cpu().numpy(), self.sample_rate, tags=tags)
        if parts:
            parts.remove()
        return GenerationResult(
            sample_rate=self.sample_rate,
            channels=self.channels,
            seconds=time.perf_counter() - started,
            first_audio=parts.first_audio if parts else None,
            dtype=str(self.dtype).removeprefix("torch."),
            licence=self.checkpoint.licence,
            fingerprint=self.checkpoint.fingerprint,
        )

    def _given(
        self,
        request: GenerationRequest,
        layers: Sequence[Layer],
        offsets: Sequence[Tensor | None],
        own: Sequence[Tensor | None],
    ) -> Conditions:
        """The conditions of all of the request's sounds, sound by sound, take by take.

        Where adapters know what their clips sound like (``own``, one a sound), a take hears one of them, by its seed.
        """
        if all(sounds is None for sounds in own):
            several = [self._wished(request, *of, request.anchor) for of in zip(layers, offsets, strict=True)]
            return several[0] if len(several) == 1 else abreast(several, len(request.seeds))
        several = []
        for layer, offset, sounds in zip(layers, offsets, own, strict=True):
            places = [0 if sounds is None else sound_condition.place(seed, len(sounds)) for seed in request.seeds]
            anchors = {k: () if sounds is None else tuple(sounds[k].tolist()) for k in places}
            wished = {k: self._wished(request, layer, offset, anchor) for k, anchor in anchors.items()}
            several += [wished[k] for k in places]
        return abreast(several, 1)

    def _wished(
        self, request: GenerationRequest, layer: Layer, offset: Tensor | None, anchor: Sequence[float]
    ) -> Conditions:
        """The conditions of one of the request's sounds."""
        return self.conditions(
            [(layer.prompt, request.guidance), *request.terms],
            request.sounds,
            dict(request.measures),
            dict(request.contrast),
            layer.against if not request.measures else "",
            read_as=layer.read_as if not request.measures else "",
            layered=layer.several,
            anchor=anchor,
            towards=request.towards,
            offset=offset,
        )

    def _opening(self, request: GenerationRequest, takes: int, frames: int) -> Tensor:
        """Codes (takes, books, known frames) that takes begin with."""
        if request.continue_path is None:
            books = int(self.model.decoder.config.num_codebooks)
            return torch.zeros(takes, books, 0, dtype=torch.long, device=self.device)
        codes = self._codes(request.continue_path, request.continue_seconds)
        if codes.shape[1] >= frames:
            kept = codes.shape[1] / self.frame_rate
            raise WrongInput(
                f"continuing from {kept:.1f} s of audio leaves nothing to generate in {request.seconds:g} s",
                "ask for a longer duration",
            )
        return codes[None].expand(takes, -1, -1)

    def _codes(self, path: str, seconds: float | None = None) -> Tensor:
        """Codes (books, frames) of a file, or of its first ``seconds``."""
        audio, rate = read_audio(Path(path))
        if seconds is not None:
            audio = audio[:, : round(seconds * rate)]
        return self.encode_audio(soxr.resample(audio.T, rate, self.sample_rate).T.astype(np.float32))

    def _asked(self, replay: Replayed, request: GenerationRequest, offset: Tensor | None) -> Conditions:
        """The conditions that a sound to be replayed came about under; what it measures stands for its adjectives."""
        measures = dict(replay.measures)
        return self.conditions(
            [(replay.prompt, request.guidance)],
            measures=measures,
            contrast=measures,
            anchor=request.anchor,
            offset=offset,
        )

    def _windows(self, work: _Work, codes: Tensor) -> Tensor:
        """Go on from ``codes``, up to a window at once; beyond it, slide by half a window that is kept as context."""
        window = round(self.window_seconds * self.frame_rate)
        while codes.shape[-1] < work.frames:
            start = 0 if codes.shape[-1] < window else codes.shape[-1] + -window // 2
            stop = min(start + window, work.frames)
            old = work.past.codes[:, start:stop] if work.past else codes[0, :, :0]
            again = start + old.shape[-1] > codes.shape[-1]
            piece = self._again(work, codes, start, old) if again else self._ahead(work, codes, start, stop)
            codes = torch.cat([codes[..., :start], piece], -1)
        return codes

    def _ahead(self, work: _Work, codes: Tensor, start: int, stop: int) -> Tensor:
        """Decode frames from ``start`` to ``stop``, those that there are being kept."""

        def told(done: Tensor) -> None:
            whole = torch.cat([codes[..., :start], done], -1)
            work.progress(whole.shape[-1], work.frames, "generating")
            if work.parts:
                work.parts.push(whole, last=whole.shape[-1] >= work.frames)

        return decode(
            work.decoder,
            work.conditions,
            frames=stop - start,
            generators=work.generators,
            sampling=work.sampling,
            prompt=codes[..., start:],
            on_frames=told,
            every=max(1, round(_STREAM_SECONDS * self.frame_rate / 2)),
            cancelled=work.cancelled,
        )

    def _again(self, work: _Work, codes: Tensor, start: int, old: Tensor) -> Tensor:
        """Replay a sound's frames ``old`` from ``start`` on, those that there are being kept."""
        assert work.past is not None

        def told(share: float) -> None:
            work.progress(round(start + share * old.shape[-1]), work.frames, "generating")

        piece = replay(
            work.decoder,
            work.conditions,
            Chance(work.decoder, work.past.asked, old, work.sampling, work.generators),
            passes=work.past.passes,
            prompt=codes[..., start:],
            on_share=told,
            cancelled=work.cancelled,
        )
        if work.parts:
            whole = torch.cat([codes[..., :start], piece], -1)
            work.parts.push(whole, last=whole.shape[-1] >= work.frames)
        return piece


@dataclass(frozen=True, slots=True)
class _Past:
    """A sound to be replayed: its codes (books, frames), what it was asked for, and passes, one a take."""

    codes: Tensor
    asked: Conditions
    passes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a batch of takes is decoded with."""

    decoder: StepDecoder
    conditions: Conditions
    frames: int
    generators: list[torch.Generator]
    sampling: Sampling
    progress: Progress
    cancelled: CancelledFlag
    parts: _Parts | None
    past: _Past | None


@dataclass(frozen=True, slots=True)
class _Mix:
    """Adds up the sounds of takes: audio (sounds × takes, channels, samples) → (takes, channels, samples).

    A ``whole`` take is turned down as far as its sum would clip.
    """

    gains: tuple[float, ...]

    def __call__(self, audio: Tensor, *, whole: bool = False) -> Tensor:
        if len(self.gains) == 1:
            return audio
        apart = audio.unflatten(0, (len(self.gains), -1))
        mixed = torch.einsum("l,ltcs->tcs", audio.new_tensor(self.gains), apart)
        return mixed / mixed.abs().amax((1, 2), keepdim=True).clamp(min=1.0) if whole else mixed


class _Parts:
    """The part files of a streaming batch: full length from the start, filled from the front.

    So a player can open one at once and read on, also after it has been removed.
    """

    def __init__(
        self,
        engine: Musicgen,
        request: GenerationRequest,
        started: float,
        on_audio: Callable[[int, str, float], None],
        mix: _Mix,
    ) -> None:
        self._mix = mix
        context = engine.stream_context
        samples = round(engine.sample_rate / engine.frame_rate)
        self._stream = StreamDecoder(engine.decode_audio, samples, context, context)
        self._rate, self._on_audio, self._started = engine.sample_rate, on_audio, started
        self.first_audio: float | None = None
        self._written = 0
        self._total = round(request.seconds * engine.sample_rate)
        self._paths = [Path(output).with_suffix(".part.wav") for output in request.outputs]
        silence = np.zeros((self._total, engine.channels), np.float32)
        for path in self._paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, silence, self._rate, subtype="PCM_16")

    def push(self, codes: Tensor, *, last: bool) -> None:
        audio = self._mix(self._stream.push(codes, last=last)).cpu().numpy()[..., : self._total - self._written]
        if not audio.shape[-1]:
            return
        for path, piece in zip(self._paths, audio, strict=True):
            with soundfile.SoundFile(path, "r+") as file:
                file.seek(self._written)
                file.write(np.clip(piece.T, -1, 1))
        self._written += audio.shape[-1]
        if self.first_audio is None:
            self.first_audio = time.perf_counter() - self._started
        for index, path in enumerate(self._paths):
            self._on_audio(index, str(path), self._written / self._rate)

    def remove(self) -> None:
        for path in self._paths:
            path.unlink(missing_ok=True)


def _tokenizer_folder(folder: Path, config: Any) -> Path:
    """The sketch's tokenizer lies with the text encoder that its models share."""
    shared = getattr(config, "soundlab_text", None)
    return (folder / shared).resolve() if shared else folder
