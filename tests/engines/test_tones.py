"""Tones of the sketch codec: found to a few cents, coded, and played back in phase."""

import pytest
import torch

from soundlab.engines.sketch import tones
from soundlab.engines.sketch.codec import SketchCodecConfig, SketchCodecModel

RATE, FRAME = 32_000, 1280


def _series(hz: float, seconds: float = 2.0, partials: int = 8) -> torch.Tensor:
    t = torch.arange(round(seconds * RATE / FRAME) * FRAME, dtype=torch.float64) / RATE
    return sum(torch.sin(2 * torch.pi * hz * h * t) / h for h in range(1, partials + 1)).float() * 0.1


@pytest.mark.parametrize("hz", [55.0, 110.0, 440.0, 1975.5])
def test_a_fundamental_is_found_to_a_few_cents(hz: float) -> None:
    found = tones.find(_series(hz)[None], frame=FRAME, count=3, rate=RATE)
    assert found.shape == (1, 50, 3)
    near = (1200 * (found[0, 5:-5] / hz).log2()).abs().min(-1).values
    assert float(near.max()) < 5


def test_a_chord_is_taken_apart_and_its_notes_stay_in_their_columns() -> None:
    notes = (220.0, 277.18, 329.63)
    found = tones.find(sum(_series(f) for f in notes)[None], frame=FRAME, count=3, rate=RATE)[0, 5:-5]
    assert sorted(round(float(f)) for f in found[0]) == [220, 277, 330]
    assert float((1200 * (found / found[0]).log2()).abs().max()) < 5


def test_tables_are_finest_where_tones_are_and_reach_everywhere() -> None:
    generator = torch.Generator().manual_seed(0)
    heard = 440.0 * 2 ** (torch.randn(5000, 2, generator=generator) * 0.05)
    table = tones.spread(heard, 200)
    assert table.shape == (2, 200) and bool((table[:, 1:] >= table[:, :-1]).all())
    assert int(((table[0] > 380) & (table[0] < 510)).sum()) > 120
    everywhere = torch.tensor([[[45.0, 7000.0], [440.0, 441.0]]])
    codes = tones.nearest(everywhere, table)
    back = torch.stack([table[k][codes[..., k]] for k in range(2)], -1)
    gap = (1200 * (back / everywhere).log2()).abs()
    assert float(gap[0, 0].max()) < 120 and float(gap[0, 1].max()) < 3


def test_a_comb_is_in_tune_and_steps_and_glides_without_a_click() -> None:
    steady = tones.excite(torch.full((1, 100, 1), 441.3), frame=FRAME, rate=RATE)[0, 0]
    spectrum = torch.fft.rfft(steady * torch.hann_window(len(steady))).abs()
    first = float(spectrum[: round(600 * len(steady) / RATE)].argmax()) * RATE / len(steady)
    assert first == pytest.approx(441.3, abs=0.5)
    gliding = 441.3 * 2 ** (torch.linspace(0, 0.5, 100))[None, :, None]
    low = tones.excite(gliding, frame=FRAME, rate=2 * 600)[0, 0]  # its fundamental alone lies below 0.48 of this rate
    assert float(low.abs().max()) <= 1.01


def test_a_tone_coded_and_decoded_in_pieces_keeps_its_phase() -> None:
    torch.manual_seed(0)
    model = SketchCodecModel(SketchCodecConfig(vocoder_channels=16, vocoder_hidden=32, vocoder_layers=1)).eval()
    codes = torch.randint(0, 1024, (1, 1, 8, 40))
    with torch.no_grad():
        whole = model.decode(codes).audio_values[0, 0]
        late = model.decode(codes[..., 20:], before=codes[..., :20]).audio_values[0, 0]
        lost = model.decode(codes[..., 20:]).audio_values[0, 0]
    kept = slice(10 * FRAME, 18 * FRAME)
    after = whole[20 * FRAME :]
    assert torch.allclose(late[kept], after[kept], atol=1e-4 * float(after.abs().max()))
    assert not torch.allclose(lost[kept], after[kept], atol=1e-2 * float(after.abs().max()))


def test_silence_and_noise_have_tones_too() -> None:
    for audio in (torch.zeros(1, 10 * FRAME), torch.randn(1, 10 * FRAME)):
        found = tones.find(audio, frame=FRAME, count=3, rate=RATE)
        assert bool(found.isfinite().all())
        assert float(found.min()) >= tones.LOWEST and float(found.max()) <= tones.HIGHEST
