"""One code path for the sketch and for checkpoints in the formats of the hub."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from soundlab.domain.layers import Layer
from soundlab.domain.ports import GenerationRequest, Replayed
from soundlab.engines import registry, sound_condition
from soundlab.engines.clap import Clap
from soundlab.engines.decoding import Sampling, StepDecoder, decode
from soundlab.engines.musicgen import Musicgen
from soundlab.errors import EngineFailed, NotFound, WrongInput
from tests import tiny


def request(folder: Path, seeds: tuple[int, ...] = (1,), **given) -> GenerationRequest:
    outputs = tuple(str(folder / f"take-{s}.wav") for s in seeds)
    return GenerationRequest(
        **{"prompt": "dark rain", "seeds": seeds, "outputs": outputs, "seconds": 1.0, "checkpoint": "x", **given}
    )


@pytest.fixture(scope="module")
def sketch() -> Musicgen:
    return Musicgen(registry.musicgen("sketch"))


@pytest.mark.parametrize(
    ("build", "channels"), [(tiny.musicgen, 1), (lambda f: tiny.musicgen(f, channels=2), 2), (tiny.melody, 1)]
)
def test_folders_in_the_formats_of_the_hub(tmp_path: Path, build, channels: int) -> None:
    build(tmp_path / "model")
    engine = Musicgen(registry.musicgen(str(tmp_path / "model")))
    result = engine.generate(request(tmp_path, (1, 2), terms=(("bright wind", -1.0),)))
    info = soundfile.info(tmp_path / "take-2.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (32_000, channels, 32_000, "PCM_24")
    assert (result.sample_rate, result.channels, result.dtype) == (32_000, channels, "float32")


def test_melody_codes_equal_those_of_generate(tmp_path: Path) -> None:
    tiny.melody(tmp_path / "model")
    engine = Musicgen(registry.musicgen(str(tmp_path / "model")))
    ids = engine.tokenizer(["dark rain"], return_tensors="pt")
    caught = []
    whole = engine.model.audio_encoder.decode
    engine.model.audio_encoder.decode = lambda codes, *a, **k: (caught.append(codes), whole(codes, *a, **k))[1]
    torch.manual_seed(3)
    engine.model.generate(
        input_ids=ids["input_ids"],
        attention_mask=ids["attention_mask"],
        do_sample=True,
        top_k=20,
        guidance_scale=3.0,
        max_new_tokens=33,
    )
    engine.model.audio_encoder.decode = whole
    found = decode(
        StepDecoder(engine.model.decoder),
        engine.conditions([("dark rain", 3.0)]),
        frames=caught[0].shape[-1],
        generators=[torch.Generator().manual_seed(3)],
        sampling=Sampling(1.0, 20),
    )
    assert torch.equal(found, caught[0][0])


def test_sketch_is_deterministic_alone_or_in_a_batch(sketch: Musicgen, tmp_path: Path) -> None:
    sketch.generate(request(tmp_path, (7, 8)))
    together = (tmp_path / "take-8.wav").read_bytes()
    sketch.generate(request(tmp_path, (8,)))
    one, _ = soundfile.read(tmp_path / "take-8.wav")
    (tmp_path / "together.wav").write_bytes(together)
    other, _ = soundfile.read(tmp_path / "together.wav")
    assert np.abs(one - other).max() < 1e-4


def test_streamed_audio_equals_the_finished_take(sketch: Musicgen, tmp_path: Path) -> None:
    pieces: list[float] = []
    parts: dict[str, np.ndarray] = {}

    def heard(take: int, path: str, seconds: float) -> None:
        pieces.append(seconds)
        parts[path] = soundfile.read(path)[0]

    result = sketch.generate(request(tmp_path, seconds=4.0, stream=True), on_audio=heard)
    whole, _ = soundfile.read(tmp_path / "take-1.wav")
    (part,) = parts.values()
    assert result.first_audio is not None and result.first_audio <= result.seconds
    assert len(pieces) > 3 and pieces == sorted(pieces) and pieces[-1] == pytest.approx(4.0)
    assert np.abs(part - whole).max() < 2e-4  # the part file has 16 bits
    assert not list(tmp_path.glob("*.part.wav"))


def test_sounds_made_apart_are_those_of_the_same_seeds_mixed(sketch: Musicgen, tmp_path: Path) -> None:
    pieces: dict[str, np.ndarray] = {}

    def heard(take: int, path: str, seconds: float) -> None:
        pieces[path] = soundfile.read(path)[0]

    bells = Layer("distant church bells", against="close church bells")
    both = (Layer("rain", level=-6.0), bells)
    sketch.generate(request(tmp_path, (7, 8), prompt="rain with distant church bells", layers=both))
    mixed = soundfile.read(tmp_path / "take-8.wav")[0]
    sketch.generate(request(tmp_path, (8,), prompt="x", layers=both, stream=True), on_audio=heard)
    (streamed,) = pieces.values()
    assert np.abs(streamed - mixed).max() < 2e-4
    apart = []
    for layer in both:
        sketch.generate(request(tmp_path, (8,), prompt=layer.prompt, layers=(replace(layer, level=0.0),)))
        apart.append(soundfile.read(tmp_path / "take-8.wav")[0])
    rain, rang = apart
    assert np.abs(0.5012 * rain + rang - mixed).max() < 1e-3 * np.abs(mixed).max()


def test_continuation_keeps_the_opening(sketch: Musicgen, tmp_path: Path) -> None:
    sketch.generate(request(tmp_path, (1,), seconds=2.0))
    source = str(tmp_path / "take-1.wav")
    sketch.generate(request(tmp_path, (2,), seconds=4.0, continue_path=source))
    first, long = soundfile.read(source)[0], soundfile.read(tmp_path / "take-2.wav")[0]
    bands = [np.abs(np.fft.rfft(x[:48_000])) for x in (first, long)]
    assert long.size == 128_000
    assert np.corrcoef(np.log(bands[0] + 1e-2), np.log(bands[1] + 1e-2))[0, 1] > 0.5
    with pytest.raises(WrongInput, match="leaves nothing"):
        sketch.generate(request(tmp_path, (3,), seconds=2.0, continue_path=source))


def test_longer_than_a_window_slides(sketch: Musicgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "window_seconds", 2.0)
    sketch.generate(request(tmp_path, seconds=5.0))
    audio, _ = soundfile.read(tmp_path / "take-1.wav")
    assert audio.size == 160_000
    assert np.sqrt((audio[-32_000:] ** 2).mean()) > 1e-4


def test_sounds_steer_a_checkpoint_trained_for_it(tmp_path: Path) -> None:
    model = tiny.musicgen(tmp_path / "model")
    width = model.decoder.config.hidden_size
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(width, 4, generator=generator)
    save_file(
        {"weight": weight, "bias": torch.zeros(width)},
        tmp_path / "model" / sound_condition.FILE,
        {"clap": "some@clap"},
    )
    checkpoint = registry.musicgen(str(tmp_path / "model"))
    assert sound_condition.space(checkpoint.folder) == "some@clap"
    engine = Musicgen(checkpoint)
    given = engine.conditions([("dark rain", 3.0)], [((1.0, 0.0, 0.0, 0.0), 2.0), ((0.0, 1.0, 0.0, 0.0), -1.0)])
    assert given.weights == (3.0, 2.0, -1.0)
    assert given.states.shape[0] == 4
    assert torch.allclose(given.states[2, -1], weight[:, 0]) and torch.allclose(given.states[3, -1], weight[:, 1])
    assert given.mask[1, -1] == 0 and given.mask[2].tolist() == [0] * (given.mask.shape[1] - 1) + [1]

    anchored = engine.conditions(
        [("dark rain", 3.0), ("bright rain", -1.0)], [((1.0, 0.0, 0.0, 0.0), 2.0)], anchor=(0.0, 1.0, 0.0, 0.0)
    )
    assert anchored.mask[:, -1].tolist() == [0, 1, 1, 1]
    assert torch.allclose(anchored.states[1:3, -1], weight[:, 1].expand(2, -1))
    assert torch.allclose(anchored.states[3, -1], weight[:, 0])
    towards = engine.conditions(
        [("dark rain", 3.0), ("bright rain", -1.0)], anchor=(0.0, 1.0, 0.0, 0.0), towards=(0.0, 0.0, 1.0, 0.0)
    )
    assert torch.allclose(towards.states[1:3, -1], weight[:, [2, 1]].T)  # what pulls hears it, what pushes the anchor

    def sound(**more: object) -> np.ndarray:
        engine.generate(request(tmp_path, **more))
        return soundfile.read(tmp_path / "take-1.wav")[0]

    plain, one, other = (
        sound(),
        sound(sounds=(((1.0, 0.0, 0.0, 0.0), 2.0),)),
        sound(sounds=(((0.0, 1.0, 0.0, 0.0), 2.0),)),
    )
    assert not np.array_equal(plain, one) and not np.array_equal(one, other)
    assert not np.array_equal(plain, sound(anchor=(1.0, 0.0, 0.0, 0.0)))
    assert np.array_equal(one, sound(sounds=(((1.0, 0.0, 0.0, 0.0), 2.0),)))


def test_a_checkpoint_that_hears_nothing_says_so(tmp_path: Path) -> None:
    tiny.musicgen(tmp_path / "model")
    engine = Musicgen(registry.musicgen(str(tmp_path / "model")))
    assert engine.sound_space is None
    with pytest.raises(EngineFailed, match="steered by sound"):
        engine.generate(request(tmp_path, sounds=(((1.0, 0.0), 1.0),)))


def test_the_sketch_hears_its_own_clap(sketch: Musicgen) -> None:
    assert sketch.sound_space == Clap(registry.clap("sketch")).model_id


def test_the_first_window_of_a_long_take_is_the_short_take(sketch: Musicgen, tmp_path: Path) -> None:
    sketch.generate(request(tmp_path, seconds=10.0))
    short, _ = soundfile.read(tmp_path / "take-1.wav")
    sketch.generate(request(tmp_path, seconds=13.0))
    long, _ = soundfile.read(tmp_path / "take-1.wav")
    assert long.size == 13 * 32_000
    assert np.abs(long[: 9 * 32_000] - short[: 9 * 32_000]).max() < 1e-4
    seam = np.abs(np.diff(long))[10 * 32_000 - 160 : 10 * 32_000 + 160].max()
    assert seam <= np.abs(np.diff(long)).max()


def test_unknown_checkpoints_are_named(tmp_path: Path) -> None:
    for name in ("nope", str(tmp_path), "facebook/musicgen-small"):
        with pytest.raises(NotFound):
            registry.musicgen(name)
    (tmp_path / "config.json").write_text('{"model_type": "musicgen"}')
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(EngineFailed, match="cannot load"):
        Musicgen(registry.musicgen(str(tmp_path)))


def test_the_licence_of_a_card_sets_the_ceiling(tmp_path: Path) -> None:
    tiny.musicgen(tmp_path)
    assert registry.musicgen(str(tmp_path)).ceiling == "unknown licence: temp only"
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    assert registry.musicgen(str(tmp_path)).ceiling == "non-commercial: temp only"
    assert registry.musicgen("sketch").ceiling == "free"


def test_a_sound_is_replayed_window_by_window_and_gone_on_from(
    sketch: Musicgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch.generate(request(tmp_path, seconds=1.4, prompt="hand drums"))
    before = tmp_path / "before.wav"
    (tmp_path / "take-1.wav").rename(before)
    monkeypatch.setattr(sketch, "window_seconds", 0.6)
    heard: list[float] = []
    again = Replayed(str(before), "hand drums", (("brightness", 9.0),), (1, 0))
    given = {"prompt": "hand drums", "measures": again.measures, "contrast": again.measures, "seconds": 2.0}
    sketch.generate(
        request(tmp_path, (1, 2), replay=again, stream=True, **given),
        on_audio=lambda take, path, seconds: heard.append(seconds),
    )
    old = sketch.encode_audio(soundfile.read(before, always_2d=True)[0].T.astype(np.float32))
    for seed in (1, 2):  # asked for alike they are the sound itself, up to its end
        take, _ = soundfile.read(tmp_path / f"take-{seed}.wav", always_2d=True)
        same = sketch.decode_audio(old[None])[0, 0].numpy()[:40_000]
        assert len(take) == 64_000
        assert np.corrcoef(take[:40_000, 0], same)[0, 1] > 0.99
    assert heard == sorted(heard) and heard[-1] == 2.0
