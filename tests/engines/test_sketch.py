"""The sketch's own codec and the tools that train and measure it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundlab.corpus import scene
from soundlab.engines import registry
from soundlab.engines.musicgen import Musicgen
from soundlab.engines.sketch.codec import SketchCodecConfig, SketchCodecModel
from soundlab.engines.sketch.measure import codec as codec_measure
from soundlab.engines.sketch.measure import language
from soundlab.engines.sketch.measure.figures import Figure
from soundlab.engines.sketch.measure.judges import Detectors, Discriminant
from soundlab.engines.sketch.train_decoder import Conditioned, begin_from_books, decoder_config
from soundlab.engines.sketch.train_vocoder import texture_loss
from soundlab.engines.training import conditional_loss


@pytest.fixture(scope="module")
def sketch() -> Musicgen:
    return Musicgen(registry.musicgen("sketch"))


def test_a_clip_survives_the_codec(sketch: Musicgen) -> None:
    clip = scene.render(scene.plain("bells", 1_000_000_300, seconds=4.0))
    codes = sketch.encode_audio(clip[None])
    assert codes.shape == (sketch.model.audio_encoder.config.num_quantizers, 100)
    back = codec_measure.coded(sketch, clip)
    assert back.shape == clip.shape
    assert codec_measure.mel_distance(clip, back) < 8  # dB; noise of the same level is at about 20
    noise = np.random.default_rng(0).standard_normal(clip.size).astype(np.float32) * clip.std()
    assert codec_measure.mel_distance(clip, noise) > 2 * codec_measure.mel_distance(clip, back)


def test_fewer_books_are_coarser(sketch: Musicgen) -> None:
    model = sketch.model.audio_encoder
    clip = torch.from_numpy(scene.render(scene.plain("piano", 1_000_000_301, seconds=4.0)))[None]
    mel = model.log_mel(clip)
    with torch.no_grad():
        codes = model.quantise(model.stacked(mel)).transpose(1, 2)
        errors = [float((model.dequantise(codes[:, :k]) - mel).abs().mean()) for k in (1, codes.shape[1])]
    assert errors[1] < errors[0]


def test_streaming_meets_without_a_click(sketch: Musicgen) -> None:
    clip = scene.render(scene.plain("drone", 1_000_000_302, seconds=4.0))
    assert codec_measure.border_step(sketch, clip) < -60


def test_opus_is_coded_at_the_rate_that_is_asked_for() -> None:
    clip = scene.render(scene.plain("rain", 1_000_000_303, seconds=4.0))
    low, high = (codec_measure.mel_distance(clip, codec_measure.opus(clip, k)) for k in (6, 128))
    assert high < 3 < low


def test_pitch_and_onset_errors_are_those_that_were_made() -> None:
    t = np.arange(3 * 32_000) / 32_000
    tone, sharp = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (440.0, 440.0 * 2 ** (30 / 1200)))
    assert codec_measure.pitch_error(tone, sharp) == pytest.approx(30, abs=3)
    clicks, late = np.zeros((2, 3 * 32_000), np.float32)
    for k in range(6):
        burst = np.random.default_rng(k).standard_normal(800).astype(np.float32) * np.linspace(1, 0, 800) ** 2
        at = 8000 + 12_000 * k
        clicks[at : at + 800] = burst
        late[at + 640 : at + 1440] = burst
    assert codec_measure.onset_error(clicks, late) == pytest.approx(20, abs=4)


def test_a_decoder_begins_with_the_geometry_of_the_books() -> None:
    torch.manual_seed(0)
    codec = SketchCodecModel(SketchCodecConfig(codebook_size=32, num_quantizers=3, num_tones=1, mel_bands=8))
    codec.codebooks.copy_(torch.randn(codec.codebooks.shape))
    codec.codebooks[1, 5] = codec.codebooks[1, 9] + 0.01
    model = Conditioned(decoder_config(codec), 8, 4)
    begin_from_books(model.decoder, codec)
    tone, fine = (model.decoder.model.decoder.embed_tokens[k].weight[:32].detach() for k in (1, 2))
    gaps = torch.cdist(fine, fine) + 1e9 * torch.eye(32)
    assert int(gaps[5].argmin()) == 9 and int(gaps[9].argmin()) == 5
    along = torch.cdist(tone, tone)
    assert float(along.diagonal(1).mean()) < 0.8 * float(along.diagonal(10).mean())


def test_noise_is_repeatable_and_differs_where_codes_do() -> None:
    torch.manual_seed(0)
    config = SketchCodecConfig(codebook_size=32, num_quantizers=4, num_tones=1)
    model = SketchCodecModel(config)
    codes = torch.randint(0, 32, (1, 3, 6))
    codes[0, :, 1] = codes[0, :, 0]
    codes[0, 1:, 2] = (codes[0, 1:, 0] + 1) % 32
    turns = model.phases(codes)
    assert turns.shape == (1, 24, 641)
    assert torch.equal(turns, model.phases(codes))
    assert torch.equal(turns[:, :4], turns[:, 4:8])
    assert not torch.allclose(turns[:, :4], turns[:, 8:12])
    assert torch.equal(SketchCodecModel(config).dither, model.dither)


def test_the_texture_of_noise_is_not_that_of_a_buzz() -> None:
    generator = torch.Generator().manual_seed(0)
    noise, other = torch.randn(2, 1, 32_000, generator=generator) * 0.1
    t = torch.arange(32_000) / 32_000
    buzz = sum(torch.sin(2 * torch.pi * 100 * k * t + k * k) for k in range(1, 150))[None] * 0.01
    assert texture_loss(other, noise) < 0.3 * texture_loss(buzz, noise)


def test_conditions_that_are_dropped_do_not_matter() -> None:
    torch.manual_seed(0)
    codec = SketchCodecModel(SketchCodecConfig(codebook_size=32, num_quantizers=2, num_tones=1))
    model = Conditioned(decoder_config(codec), 8, 256).eval()
    codes = torch.randint(0, 32, (2, 2, 12))
    states, mask = torch.randn(2, 5, 8), torch.ones(2, 5)
    sound, none, all_ = torch.randn(2, 256), torch.zeros(2), torch.ones(2)
    axes = len(model.axis_condition.axes)
    z, unmeasured, measured = torch.randn(2, axes), torch.zeros(2, axes), torch.ones(2, axes)
    with torch.no_grad():
        plain = model(codes, states, mask, sound, none, z, unmeasured)
        other = model(codes, states, mask, torch.randn(2, 256), none, torch.randn(2, axes), unmeasured)
        assert torch.allclose(plain, other)
        assert not torch.allclose(plain, model(codes, states, mask, sound, all_, z, unmeasured))
        assert not torch.allclose(plain, model(codes, states, mask, sound, none, z, measured))
        unspoken = model(codes, states, 0 * mask, sound, all_, z, measured)
        assert torch.allclose(unspoken, model(codes, torch.randn(2, 5, 8), 0 * mask, sound, all_, z, measured))


def test_a_hidden_past_is_not_given_to_the_decoder() -> None:
    torch.manual_seed(0)
    codec = SketchCodecModel(SketchCodecConfig(codebook_size=32, num_quantizers=2, num_tones=1))
    model = Conditioned(decoder_config(codec), 8, 4).eval()
    given: list[torch.Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _m, _a, kw: given.append(kw["input_ids"]), with_kwargs=True)
    codes, memory, mask = (
        torch.randint(0, 32, (1, 2, 6)),
        torch.zeros(1, 1, model.decoder.config.hidden_size),
        torch.ones(1, 1),
    )
    forgotten = torch.tensor([[False, True, True, False, False, False]])
    with torch.no_grad():
        conditional_loss(model.decoder, codes, memory, mask)
        conditional_loss(model.decoder, codes, memory, mask, forgotten=forgotten)
    plain, hidden = given
    gone = torch.tensor([2, 3])  # behind the start token
    assert (hidden[:, gone] == 32).all() and (plain[0, gone] != 32).all()
    kept = [k for k in range(plain.shape[1]) if k not in (2, 3)]
    assert torch.equal(hidden[:, kept], plain[:, kept])


def test_pieces_are_split_into_spectrum_and_tones() -> None:
    model = SketchCodecModel(SketchCodecConfig(codebook_size=32, num_quantizers=5, num_tones=2))
    codes = torch.arange(5)[None, :, None]
    spectrum, tone = model.split(codes)
    assert spectrum[0, :, 0].tolist() == [0, 3, 4] and tone[0, :, 0].tolist() == [1, 2]


def test_a_fine_book_serves_quiet_residuals_in_their_own_unit() -> None:
    torch.manual_seed(0)
    model = SketchCodecModel(SketchCodecConfig(codebook_size=4, num_quantizers=3, num_tones=1, mel_bands=2, stack=1))
    model.codebooks[0] = torch.tensor([[10.0, 0.0], [-10.0, 0.0], [0.0, 10.0], [0.0, -10.0]])
    model.codebooks[1] = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    model.spreads[0] = torch.tensor([0.01, 3.0, 1.0, 1.0])
    vectors = torch.tensor([[[10.01, 0.0], [-10.0, 3.0]]])
    codes = model.quantise(vectors)
    assert codes[0].tolist() == [[0, 0], [1, 2]]
    assert torch.allclose(model.dequantise(codes.transpose(1, 2)).transpose(1, 2), vectors, atol=1e-5)


def test_judges_learn_what_can_be_told_apart() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    rows = rng.standard_normal((120, 6)) + 3 * np.eye(6)[labels]
    assert (Discriminant(rows, labels)(rows) == labels).mean() > 0.9
    present = rng.random((200, 3)) < 0.5
    mixed = rng.standard_normal((200, 6)) + 3 * present @ np.eye(6)[:3]
    assert (Detectors(mixed, present)(mixed) == present).mean() > 0.85


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        (Figure("speed", "a take", 1.0, "s", 4.0, False), True),
        (Figure("speed", "a take", 5.0, "s", 4.0, False), False),
        (Figure("clap", "R@10", 0.7, "", 0.6), True),
        (Figure("clap", "R@10", 0.7, ""), None),
    ],
)
def test_a_figure_knows_its_bar(figure: Figure, reached: bool | None) -> None:
    assert figure.reached is reached
    assert figure.as_json()["reached"] is reached
    assert figure.name in str(figure)


def test_the_bundled_codec_has_no_name_of_a_machine(sketch: Musicgen) -> None:
    config = (Path(sketch.checkpoint.folder) / "config.json").read_text()
    assert "_name_or_path" not in config


def test_a_tone_that_does_not_belong_is_told_from_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "PLAIN", {"rain": "rain", "wind": "wind"})
    monkeypatch.setattr(language, "_CLIPS", 3)

    def as_it_is(audio: np.ndarray) -> np.ndarray:
        return audio

    def heard(prompt: str, seeds: range) -> list[np.ndarray]:
        return [scene.render(scene.plain(prompt, 77 + k, seconds=4.0)) for k in seeds]

    def whistling(prompt: str, seeds: range) -> list[np.ndarray]:
        tone = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(4 * 32_000) / 32_000)
        return [audio + tone if prompt == "rain" else audio for audio in heard(prompt, seeds)]

    assert language.belonging(heard, as_it_is, 2, print).value == 1.0
    found = language.belonging(whistling, as_it_is, 2, print)
    assert found.value == 0.5 and "rain 0%" in found.note


def test_a_steady_tone_stands_out_of_noise() -> None:
    noise = np.random.default_rng(0).standard_normal(4 * 32_000).astype(np.float32)
    tone = np.sin(2 * np.pi * 3000 * np.arange(noise.size) / 32_000).astype(np.float32)
    assert language.standing_out(noise) < 4 and language.standing_out(noise + tone) > 15
