"""Changing a take and keeping it itself: filters, dynamics, rooms, pitch and time.

Each function takes audio (channels, samples) as float64 with its rate in Hz and
an amount from 0 (nothing) to 1 (as far as it sensibly goes), and gives audio of
the same shape. :data:`TREATMENTS` has one for each pole of the counted axes, and
for qualities that have a recognisable treatment. They are written so that the
axis' descriptor moves steadily with the amount; how far it must be turned is
measured by the caller, not guessed here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal

Audio = npt.NDArray[np.float64]
Treatment = Callable[[Audio, int, float], Audio]
_SIZE, _HOP = 2048, 512


def _shaped(audio: Audio, rate: int, gain_db: Callable[[Audio], Audio]) -> Audio:
    """Filter with a gain in dB by frequency in Hz, without delay (zero phase)."""
    n = audio.shape[1]
    size = 1 << (n + rate // 4).bit_length()
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    spectrum = np.fft.rfft(audio, size, axis=1)
    return np.fft.irfft(spectrum * 10 ** (gain_db(np.maximum(frequencies, 1.0)) / 20), size, axis=1)[:, :n]


def _bell(frequencies: Audio, low: float, high: float) -> Audio:
    """1 between two frequencies, falling off over a third octave to either side."""
    octaves = np.log2(frequencies)
    rise = 1 / (1 + np.exp(-12 * (octaves - np.log2(low))))
    return np.asarray(rise / (1 + np.exp(12 * (octaves - np.log2(high)))))


def tilt(audio: Audio, rate: int, amount: float) -> Audio:
    """Turn the spectrum around 1 kHz: up to 9 dB an octave, brighter with positive amounts."""
    return _shaped(audio, rate, lambda f: np.clip(9 * amount * np.log2(f / 1000), -60, 36))


def _warmth(audio: Audio, rate: int, amount: float) -> Audio:
    return _shaped(audio, rate, lambda f: 15 * amount * (_bell(f, 200, 800) - _bell(f, 2000, 6000)))


def _low_shelf(audio: Audio, rate: int, amount: float) -> Audio:
    return _shaped(audio, rate, lambda f: 30 * amount * _bell(f, 20, 120))


def _stretched(audio: Audio, rate: int, factor: float) -> Audio:
    """Change the speed by ``factor`` at the same pitch; looped, or cut, to the length it had."""
    from librosa.effects import time_stretch

    n = audio.shape[1]
    made = np.stack([time_stretch(np.asarray(c, np.float32), rate=factor) for c in audio])
    return _looped(made.astype(np.float64), n, rate)


def _looped(audio: Audio, length: int, rate: int) -> Audio:
    """Repeat with cross-fades until ``length`` is filled."""
    fade = min(rate // 4, audio.shape[1] // 4)
    out = audio
    ramp = np.sin(np.linspace(0, np.pi / 2, fade)) ** 2 if fade else np.zeros(0)
    while out.shape[1] < length:
        joint = out[:, -fade:] * (1 - ramp) + audio[:, :fade] * ramp if fade else out[:, :0]
        out = np.concatenate([out[:, : out.shape[1] - fade], joint, audio[:, fade:]], 1)
    return out[:, :length]


def _pitched(audio: Audio, rate: int, semitones: float) -> Audio:
    """Move the pitch by semitones at the same speed."""
    from librosa.effects import pitch_shift

    return np.stack([pitch_shift(np.asarray(c, np.float32), sr=rate, n_steps=semitones) for c in audio]).astype(
        np.float64
    )


def _followers(audio: Audio, rate: int, fast: float, slow: float) -> tuple[Audio, Audio]:
    """Two envelopes of all channels together, with time constants in seconds."""
    power = (audio**2).mean(0) + 1e-12
    out = []
    for seconds in (fast, slow):
        pole = np.exp(-1 / (seconds * rate))
        out.append(np.sqrt(signal.lfilter([1 - pole], [1, -pole], power)))
    return out[0], out[1]


def _transients(audio: Audio, rate: int, amount: float) -> Audio:
    """Sharpen onsets (positive) or round them off, by the ratio of a fast to a slow envelope."""
    quick, slow = _followers(audio, rate, 0.002, 0.06)
    ratio = np.clip(quick / slow, 0.25, 6.0)
    made = audio * ratio ** (1.6 * amount)
    if amount < 0:  # and let what still rises at once rise over some hundredths of a second
        smooth = max(1, round(-amount * 0.03 * rate))
        kernel = np.hanning(2 * smooth + 1)[smooth:] if smooth > 1 else np.ones(1)
        level = np.sqrt(signal.fftconvolve((made**2).mean(0) + 1e-12, kernel / kernel.sum())[: made.shape[1]])
        now = np.sqrt(signal.fftconvolve((made**2).mean(0) + 1e-12, np.ones(64) / 64, "same").clip(1e-12))
        made = made * np.clip(level / now, 0.1, 1.5) ** -amount
    return made


def room(audio: Audio, rate: int, seconds: float, wet: float, *, dark: float = 0.5) -> Audio:
    """Convolve with a generated room: noise that decays by 60 dB in ``seconds``, highs sooner; ``wet`` from 0 to 1."""
    rng = np.random.default_rng(7)
    n = audio.shape[1]
    length = round(min(seconds * 1.2, 8.0) * rate)
    t = np.arange(length) / rate
    out = np.zeros_like(audio)
    for k, channel in enumerate(audio):
        noise = rng.standard_normal(length)
        low = signal.sosfiltfilt(signal.butter(2, min(2500, rate * 0.45), "low", fs=rate, output="sos"), noise)
        tail = low * 10 ** (-3 * t / seconds) + (noise - low) * 10 ** (-3 * t / (seconds * (1 - 0.6 * dark)))
        tail *= 1 - np.exp(-t / 0.012)
        tail /= np.sqrt((tail**2).sum()) + 1e-12
        out[k] = signal.fftconvolve(channel, tail)[:n]
    level = np.sqrt((audio**2).mean() / max((out**2).mean(), 1e-12))
    return (1 - wet) * audio + wet * level * out


def _drier(audio: Audio, rate: int, amount: float) -> Audio:
    """Let what decays decay sooner, band by band."""
    spectrum = _stft(audio)
    level = np.abs(spectrum).mean(0) + 1e-9
    pole = np.exp(-_HOP / (0.35 * rate))
    held = level.copy()
    for k in range(1, held.shape[1]):
        held[:, k] = np.maximum(level[:, k], pole * held[:, k - 1])
    return _istft(spectrum * np.clip(level / held, 1e-3, 1) ** (3.0 * amount), audio.shape[1])


def _stft(audio: Audio) -> npt.NDArray[np.complex128]:
    return np.stack([signal.stft(c, nperseg=_SIZE, noverlap=_SIZE - _HOP)[2] for c in audio])


def _istft(spectrum: npt.NDArray[np.complex128], length: int) -> Audio:
    out = np.stack([signal.istft(s, nperseg=_SIZE, noverlap=_SIZE - _HOP)[1] for s in spectrum])
    return np.pad(out, ((0, 0), (0, max(0, length - out.shape[1]))))[:, :length]


def _distance(audio: Audio, rate: int, amount: float) -> Audio:
    """Further: air takes the highs, the room takes over. Closer: the reverse."""
    if amount < 0:
        near = _drier(audio, rate, -0.8 * amount)
        return _shaped(near, rate, lambda f: -14 * amount * _bell(f, 3500, 14_000) - 3 * amount * _bell(f, 80, 250))
    far = _shaped(
        audio, rate, lambda f: -amount * np.clip(9 * np.log2(f / 900), 0, 42) - 6 * amount * _bell(f, 20, 120)
    )
    return room(far, rate, 1.2 + 1.8 * amount, 0.85 * amount, dark=0.9)


def _roughness(audio: Audio, rate: int, amount: float) -> Audio:
    """Rougher: saturation and beating at 70 Hz. Cleaner: sparse partials are left, what beats between them goes."""
    if amount > 0:
        t = np.arange(audio.shape[1]) / rate
        peak = max(float(np.abs(audio).max()), 1e-9)
        driven = np.tanh(audio / peak * (1 + 14 * amount)) * peak
        beating = 1 - 0.9 * amount * (0.5 + 0.5 * np.cos(2 * np.pi * 70 * t))
        return (1 - amount) * audio + amount * driven * beating
    spectrum = _stft(audio)
    level = np.abs(spectrum)
    around = signal.fftconvolve(level, np.ones((1, 9, 1)) / 9, "same") + 1e-9
    steady = signal.fftconvolve(level, np.ones((1, 1, 9)) / 9, "same") / around
    return _istft(spectrum * np.clip(steady, 0.02, 1.5) ** (-4.0 * amount), audio.shape[1])


def _tonality(audio: Audio, rate: int, amount: float) -> Audio:
    """More tonal: partials that last are left. Noisier: noise with the spectrum and the level of the sound."""
    if amount < 0:
        rng = np.random.default_rng(3)
        spectrum = _stft(audio)
        level = signal.fftconvolve(np.abs(spectrum), np.ones((1, 31, 3)) / 93, "same").clip(0)
        turned = _istft(level * np.exp(2j * np.pi * rng.random(level.shape)), audio.shape[1])
        turned *= np.sqrt((audio**2).mean() / max((turned**2).mean(), 1e-12))
        share = -amount
        return np.sqrt(1 - share) * audio + np.sqrt(share) * turned
    spectrum = _stft(audio)
    level = np.abs(spectrum)
    lasting = signal.medfilt(level.mean(0), (1, 17)) + 1e-9
    broad = signal.medfilt(level.mean(0), (17, 1)) + 1e-9
    mask = (lasting / (lasting + broad))[None]
    return _istft(spectrum * (2 * mask).clip(0, 1.4) ** (6.0 * amount), audio.shape[1])


def _movement(audio: Audio, rate: int, amount: float) -> Audio:
    """More evolving: bands swell in turn, slowly. More static: each band is held at its mean level."""
    spectrum = _stft(audio)
    frames = spectrum.shape[2]
    seconds = np.arange(frames) * _HOP / rate
    bands = np.log2(np.maximum(np.arange(spectrum.shape[1]), 1))
    if amount > 0:
        phase = 2 * np.pi * (0.35 * seconds[None, :] + 0.21 * bands[:, None])
        gain = 10 ** (amount * 14 * np.sin(phase + 0.7 * np.sin(2 * np.pi * 0.13 * seconds)) / 20)
        return _istft(spectrum * gain[None], audio.shape[1])
    level = (np.abs(spectrum) ** 2).mean(0)
    wide = signal.fftconvolve(level, np.ones((9, 1)) / 9, "same").clip(1e-12)
    width = max(3, round(0.25 * rate / _HOP))
    slow = signal.fftconvolve(
        np.pad(wide, ((0, 0), (width, width)), mode="edge"), np.ones((1, 2 * width + 1)) / (2 * width + 1), "same"
    )
    slow = slow[:, width:-width].clip(1e-12)
    gain = np.sqrt(wide.mean(1, keepdims=True) / slow)
    return _istft(spectrum * np.clip(gain, 0.05, 12.0)[None] ** -amount, audio.shape[1])


def _density(audio: Audio, rate: int, amount: float) -> Audio:
    """Busier: copies of the sound, each from elsewhere in it. Sparser: whole events fall silent."""
    n = audio.shape[1]
    if amount > 0:
        rng = np.random.default_rng(11)
        out = audio.copy()
        for _ in range(round(1 + 5 * amount)):
            out += min(1.0, 0.6 + amount) * np.roll(audio, int(rng.integers(n // 8, n)), axis=1)
        return out * np.sqrt((audio**2).mean() / max((out**2).mean(), 1e-12))
    quick, slow = _followers(audio, rate, 0.004, 0.15)
    rise = quick / slow
    step = round(0.09 * rate)
    rng = np.random.default_rng(11)
    gain = np.ones(n)
    edges = [0]
    for start in range(0, n, step):
        place = start + int(np.argmax(rise[start : start + step]))
        if place - edges[-1] >= step // 2 and rise[place] > 1.15:
            edges.append(place)
    edges.append(n)
    silent = rng.random(len(edges)) < -0.92 * amount
    early = round(0.004 * rate)
    for k in range(len(edges) - 1):
        if silent[k]:
            gain[max(0, edges[k] - early) : max(0, edges[k + 1] - early)] = 0.003
    kernel = np.hanning(round(0.012 * rate) | 1)
    return audio * signal.fftconvolve(gain, kernel / kernel.sum(), "same")


def _energy(audio: Audio, rate: int, amount: float) -> Audio:
    """More intense: busier, driven, with sharper onsets. Calmer: fewer onsets, all of them rounded."""
    if amount > 0:
        denser = _density(audio, rate, 0.8 * amount)
        return _transients(denser, rate, 0.7 * amount)
    return _transients(_density(audio, rate, 0.7 * amount), rate, amount)


def _loudness(audio: Audio, rate: int, amount: float) -> Audio:
    """Gain; what would leave full scale is rounded off."""
    raised = audio * 10 ** (24 * amount / 20)
    if np.abs(raised).max() < 0.85:
        return raised
    over = np.abs(raised) > 0.6
    return np.where(over, np.sign(raised) * (0.6 + 0.28 * np.tanh((np.abs(raised) - 0.6) / 0.28)), raised)


def _blur(audio: Audio, rate: int, amount: float) -> Audio:
    """Let each band's level change slowly: over up to a second."""
    spectrum = _stft(audio)
    level = np.abs(spectrum) + 1e-9
    width = 1 + 2 * round(0.5 * amount * rate / _HOP)
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(
        level, ((0, 0), (0, 0), (width // 2, width // 2)), mode="reflect" if level.shape[2] > width else "edge"
    )
    slow = signal.fftconvolve(padded, (kernel / kernel.sum())[None, None], "valid").clip(1e-9)
    return _istft(spectrum * (slow / level) ** min(1.0, 2 * amount), audio.shape[1])


def _eventful(audio: Audio, rate: int, amount: float) -> Audio:
    """Strike the sound again and again: irregular gates with sharp beginnings, up to twelve a second."""
    rng = np.random.default_rng(5)
    n = audio.shape[1]
    gain = np.full(n, 1 - 0.85 * min(1.0, 2 * amount))
    at = 0.0
    while (start := round(at * rate)) < n:
        length = min(n - start, round(0.12 * rate))
        decay = np.exp(-np.arange(length) / (0.035 * rate))
        attack = np.minimum(1, np.arange(length) / (0.002 * rate))
        gain[start : start + length] = np.maximum(gain[start : start + length], attack * decay)
        at += float(rng.uniform(0.5, 1.5)) / (2 + 10 * amount)
    return audio * gain


def _sub(audio: Audio, rate: int, amount: float) -> Audio:
    """A low rumble that follows the level of the sound."""
    rng = np.random.default_rng(9)
    sos = signal.butter(4, (32, 85), "band", fs=rate, output="sos")
    rumble = signal.sosfilt(sos, rng.standard_normal(audio.shape[1]))
    quick, _ = _followers(audio, rate, 0.03, 0.3)
    rumble *= quick
    rumble *= np.sqrt((audio**2).mean() / max((rumble**2).mean(), 1e-12))
    return audio + 2.0 * amount**1.5 * rumble[None]


def _resonant(audio: Audio, rate: int, amount: float) -> Audio:
    """Let it ring at the partials of one low tone."""
    delay = round(rate / 110)
    feedback = 0.985 * amount**0.3
    ring = signal.lfilter([1.0], np.r_[1.0, np.zeros(delay - 1), -feedback], audio, axis=1)
    ring *= np.sqrt((audio**2).mean() / max((ring**2).mean(), 1e-12))
    return (1 - amount) * audio + amount * ring


def _underwater(audio: Audio, rate: int, amount: float) -> Audio:
    """A low pass at some hundred hertz that wanders, with a slow wow."""
    n = audio.shape[1]
    t = np.arange(n) / rate
    places = np.clip(np.arange(n) + amount * 0.004 * rate * np.sin(2 * np.pi * 0.4 * t), 0, n - 1)
    wow = np.stack([np.interp(places, np.arange(n), c) for c in audio])
    cut = 8000 * (450 / 8000) ** amount
    return _shaped(wow, rate, lambda f: -np.clip(18 * np.log2(f / cut), 0, 60) + 6 * amount * _bell(f, 150, cut))


def _metallic(audio: Audio, rate: int, amount: float) -> Audio:
    """Resonators at the partials of a struck bar, mixed in."""
    ring = np.zeros_like(audio)
    for ratio in (1.0, 2.756, 5.404, 8.933):  # free bar, Euler-Bernoulli
        hertz = 420 * ratio
        if hertz < rate * 0.45:
            b, a = signal.iirpeak(hertz, 120, fs=rate)
            ring += signal.lfilter(b, a, audio, axis=1)
    ring *= np.sqrt((audio**2).mean() / max((ring**2).mean(), 1e-12))
    return (1 - 0.8 * amount) * audio + 0.8 * amount * ring


def _dreamlike(audio: Audio, rate: int, amount: float) -> Audio:
    soft = _shaped(
        _transients(audio, rate, -0.7 * amount), rate, lambda f: -amount * np.clip(5 * np.log2(f / 2500), 0, 24)
    )
    return room(soft, rate, 2 + 4 * amount, 0.75 * amount, dark=0.4)


def _claustrophobic(audio: Audio, rate: int, amount: float) -> Audio:
    boxed = _shaped(
        _drier(audio, rate, amount),
        rate,
        lambda f: amount * (9 * _bell(f, 180, 420) - np.clip(9 * np.log2(f / 1800), 0, 30)),
    )
    return room(boxed, rate, 0.12, 0.5 * amount, dark=0.8)


def _intimate(audio: Audio, rate: int, amount: float) -> Audio:
    return _transients(_distance(audio, rate, -amount), rate, -0.4 * amount)


def _supernatural(audio: Audio, rate: int, amount: float) -> Audio:
    """A reversed room before the sound, and the sound a fifth lower behind it."""
    before = room(audio[:, ::-1].copy(), rate, 3.0, 1.0, dark=0.3)[:, ::-1]
    lower = _pitched(audio, rate, -7)
    return (1 - 0.6 * amount) * audio + 0.7 * amount * before + 0.4 * amount * lower


def _signed(function: Treatment, sign: int) -> Treatment:
    return lambda audio, rate, amount: function(audio, rate, sign * amount)


def _speed(audio: Audio, rate: int, amount: float) -> Audio:
    return _stretched(audio, rate, 2.0 ** (1.3 * amount))


def _register(audio: Audio, rate: int, amount: float) -> Audio:
    return _pitched(audio, rate, 18 * amount)


def _space(audio: Audio, rate: int, amount: float) -> Audio:
    return (
        room(audio, rate, 0.8 + 6.2 * amount, min(1.0, 0.35 + 0.6 * amount))
        if amount > 0
        else _drier(audio, rate, -amount)
    )


_BOTH: dict[str, Treatment] = {
    "brightness": tilt,
    "warmth": _warmth,
    "boominess": _low_shelf,
    "register": _register,
    "density": _density,
    "speed": _speed,
    "movement": _movement,
    "roughness": _roughness,
    "hardness": _transients,
    "tonality": _tonality,
    "space": _space,
    "distance": _distance,
    "energy": _energy,
    "loudness": _loudness,
}
_MORE: dict[tuple[str, int], tuple[Treatment, ...]] = {
    ("density", 1): (_eventful,),
    ("density", -1): (_blur,),
    ("energy", 1): (_eventful,),
    ("energy", -1): (_blur,),
    ("movement", -1): (_blur,),
    ("hardness", -1): (_blur,),
    ("boominess", 1): (_sub,),
    ("tonality", 1): (_resonant,),
}
TREATMENTS: dict[tuple[str, int], tuple[Treatment, ...]] = {
    **{
        (axis, sign): (_signed(function, sign), *_MORE.get((axis, sign), ()))
        for axis, function in _BOTH.items()
        for sign in (1, -1)
    },
    ("underwater", 1): (_underwater,),
    ("metallic", 1): (_metallic,),
    ("dreamlike", 1): (_dreamlike,),
    ("claustrophobic", 1): (_claustrophobic,),
    ("intimate", 1): (_intimate,),
    ("supernatural", 1): (_supernatural,),
}
"""By axis and direction, the usual one first; others serve where it does not get there. Qualities have one for more."""
ORDER = (
    "register", "speed", "density", "energy", "movement", "tonality", "roughness", "hardness", "metallic", "boominess",
    "warmth", "brightness", "underwater", "distance", "space", "dreamlike", "claustrophobic", "intimate",
    "supernatural", "loudness",
)  # fmt: skip
"""Time and pitch first, then dynamics, filters, rooms and level: as they would stand on a channel strip."""
