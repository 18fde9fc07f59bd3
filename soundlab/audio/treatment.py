"""Changing a take and keeping it itself: filters, dynamics, rooms, pitch and time.

Each function takes audio (channels, samples) as float64 with its rate in Hz and
an amount from 0 (nothing) to 1 (as far as it sensibly goes), and gives audio of
the same shape. :data:`TREATMENTS` has one for each pole of the counted axes, and
for qualities that have a recognisable treatment. They are written so that the
axis' descriptor moves steadily with the amount; how far it must be turned is
measured by the caller, not guessed here.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import signal

from soundlab.audio.events import blur, density, energy, eventful, hardness, pulsed, transients
from soundlab.audio.pace import stretched
from soundlab.audio.rooms import distance, drier, room, space
from soundlab.audio.shaping import HOP, Audio, Treatment, bell, erbs, followers, istft, pitched, shaped, stft


def tilt(audio: Audio, rate: int, amount: float) -> Audio:
    """Turn the spectrum by up to 10 dB an octave: brighter around 1 kHz, darker from there down to 125 Hz.

    Darker only takes away, so that no rumble comes up from below; what is lifted is lifted by 30 dB at most.
    """
    if amount > 0:
        return shaped(audio, rate, lambda f: np.clip(10 * amount * np.log2(f / 1000), -70, 30))
    knee = 1000 * 2 ** (3 * amount)
    return shaped(audio, rate, lambda f: np.clip(10 * amount * np.log2(f / knee), -70, 0))


def _excited(audio: Audio, rate: int, amount: float) -> Audio:
    """Highs that were not there: harmonics of what is, above 2 kHz, with a tilt."""
    peak = max(float(np.abs(audio).max()), 1e-9)
    driven = np.tanh(audio / peak * 30)
    highs = signal.sosfilt(signal.butter(4, 2000, "high", fs=rate, output="sos"), driven, axis=1)
    highs *= np.sqrt((audio**2).mean() / max((highs**2).mean(), 1e-12))
    return tilt(audio, rate, amount) + 2.0 * amount**2 * highs


def _dulled(audio: Audio, rate: int, amount: float) -> Audio:
    """A low-pass that comes down from 8 kHz to 300 Hz, 24 dB an octave: for what a tilt leaves bright."""
    cut = 8000 * 2 ** (-4.7 * amount)
    return shaped(audio, rate, lambda f: -np.clip(24 * np.log2(f / cut), 0, 70))


def _warmth(audio: Audio, rate: int, amount: float) -> Audio:
    """Low mids against presence; warmer rather by taking presence away, which leaves dull sounds dull."""
    lift, cut = (8.0, 22.0) if amount > 0 else (15.0, 15.0)
    return shaped(audio, rate, lambda f: amount * (lift * bell(f, 200, 800) - cut * bell(f, 2000, 6000)))


def _boominess(audio: Audio, rate: int, amount: float) -> Audio:
    """Boomier: a shelf below 150 Hz, and a rumble for what has nothing there. Leaner: a high pass that climbs."""
    if amount > 0:
        return _sub(shaped(audio, rate, lambda f: 18 * amount * bell(f, 25, 150)), rate, amount)
    cut = 60 * 2 ** (-4.2 * amount)
    return shaped(audio, rate, lambda f: 30 * amount * bell(f, 20, 120) - np.clip(18 * np.log2(cut / f), 0, 60))


def _roughness(audio: Audio, rate: int, amount: float) -> Audio:
    """Rougher: saturation and beating at 70 Hz. Cleaner: what beats between partials goes, and beats within bands."""
    if amount > 0:
        t = np.arange(audio.shape[1]) / rate
        peak = max(float(np.abs(audio).max()), 1e-9)
        driven = np.tanh(audio / peak * (1 + 14 * amount)) * peak
        beating = 1 - min(0.97, 1.3 * amount) * (0.5 + 0.5 * np.cos(2 * np.pi * 70 * t))
        return ((1 - amount) * audio + amount * driven) * beating
    spectrum = stft(audio)
    level = np.abs(spectrum)
    around = signal.fftconvolve(level, np.ones((1, 9, 1)) / 9, "same") + 1e-9
    steady = signal.fftconvolve(level, np.ones((1, 1, 9)) / 9, "same") / around
    sparse = istft(spectrum * np.clip(steady, 0.02, 1.5) ** (-4.0 * amount), audio.shape[1])
    return _steadied(sparse, rate, -amount)


def _steadied(audio: Audio, rate: int, amount: float) -> Audio:
    """Take beats between 15 and 300 Hz out of each band of hearing: divide by its fast envelope, give back the slow.

    Bands are 1.2 ERB apart. Noise that is so done is low-noise noise (Pumplin 1985).
    """
    n = audio.shape[1]
    step = max(1, rate // 2000)
    spectrum = np.fft.rfft(audio, axis=1)
    bands = erbs(np.fft.rfftfreq(n, 1 / rate)) / 1.2
    smooth = [signal.butter(2, hertz, fs=rate / step, output="sos") for hertz in (300, 15)]
    gains_at = np.arange(0, n, step) + step / 2
    out = np.zeros_like(audio)
    for middle in range(math.ceil(float(bands[-1])) + 1):
        weight = np.cos(np.pi / 2 * np.clip(bands - middle, -1, 1)) ** 2
        analytic = np.zeros(audio.shape, np.complex128)
        analytic[:, : bands.size] = spectrum * weight
        analytic[:, 1 : (n + 1) // 2] *= 2
        band = np.fft.ifft(analytic, axis=1)
        power = np.pad(np.abs(band).mean(0), (0, -n % step), mode="edge").reshape(-1, step).mean(1)
        quick, slow = (np.maximum(signal.sosfiltfilt(sos, power), 1e-9 + 0.02 * power.mean()) for sos in smooth)
        out += band.real * np.interp(np.arange(n), gains_at, np.clip(slow / quick, 0.1, 8) ** amount)
    return out


def _tonality(audio: Audio, rate: int, amount: float) -> Audio:
    """More tonal: partials that last are left. Noisier: noise with the spectrum and the level of the sound."""
    if amount < 0:
        rng = np.random.default_rng(3)
        spectrum = stft(audio)
        share = -amount
        level = signal.fftconvolve(np.abs(spectrum), np.ones((1, 31, 3)) / 93, "same").clip(1e-9)
        level **= 1 - 0.5 * share  # and flatter, as far as it is noise already
        turned = istft(level * np.exp(2j * np.pi * rng.random(level.shape)), audio.shape[1])
        turned *= np.sqrt((audio**2).mean() / max((turned**2).mean(), 1e-12))
        return np.sqrt(1 - share) * audio + np.sqrt(share) * turned
    spectrum = stft(audio)
    level = np.abs(spectrum)
    lasting = signal.medfilt(level.mean(0), (1, 17)) + 1e-9
    broad = signal.medfilt(level.mean(0), (17, 1)) + 1e-9
    mask = (lasting / (lasting + broad))[None]
    return istft(spectrum * (2 * mask).clip(0, 1.4) ** (6.0 * amount), audio.shape[1])


def _movement(audio: Audio, rate: int, amount: float) -> Audio:
    """More evolving: bands swell in turn, slowly. More static: each band is held at its mean level."""
    if amount < 0:  # first fill what is empty, by a room that does not end
        before = np.concatenate([audio[:, ::-1], audio], 1)  # which has begun to sound already
        audio = room(before, rate, 2 - 6 * amount, min(1.0, -1.2 * amount), dark=0.2)[:, audio.shape[1] :]
    spectrum = stft(audio)
    frames = spectrum.shape[2]
    seconds = np.arange(frames) * HOP / rate
    bands = np.log2(np.maximum(np.arange(spectrum.shape[1]), 1))
    if amount > 0:
        phase = 2 * np.pi * (0.35 * seconds[None, :] + 0.21 * bands[:, None])
        gain = 10 ** (amount * 14 * np.sin(phase + 0.7 * np.sin(2 * np.pi * 0.13 * seconds)) / 20)
        return istft(spectrum * gain[None], audio.shape[1])
    level = (np.abs(spectrum) ** 2).mean(0)
    wide = signal.fftconvolve(level, np.ones((9, 1)) / 9, "same").clip(1e-12)
    width = max(3, round(0.12 * rate / HOP))
    slow = signal.fftconvolve(
        np.pad(wide, ((0, 0), (width, width)), mode="edge"), np.ones((1, 2 * width + 1)) / (2 * width + 1), "same"
    )
    slow = slow[:, width:-width].clip(1e-12)
    gain = np.sqrt(wide.mean(1, keepdims=True) / slow)
    return istft(spectrum * np.clip(gain, 0.03, 30.0)[None] ** -amount, audio.shape[1])


def _loudness(audio: Audio, rate: int, amount: float) -> Audio:
    """Gain; what would leave full scale is rounded off."""
    raised = audio * 10 ** (24 * amount / 20)
    if np.abs(raised).max() < 0.85:
        return raised
    over = np.abs(raised) > 0.6
    return np.where(over, np.sign(raised) * (0.6 + 0.28 * np.tanh((np.abs(raised) - 0.6) / 0.28)), raised)


def _sub(audio: Audio, rate: int, amount: float) -> Audio:
    """A low rumble that follows the level of the sound."""
    rng = np.random.default_rng(9)
    sos = signal.butter(4, (32, 85), "band", fs=rate, output="sos")
    rumble = signal.sosfilt(sos, rng.standard_normal(audio.shape[1]))
    quick, _ = followers(audio, rate, 0.03, 0.3)
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
    return shaped(wow, rate, lambda f: -np.clip(18 * np.log2(f / cut), 0, 60) + 6 * amount * bell(f, 150, cut))


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
    soft = shaped(
        transients(audio, rate, -0.7 * amount), rate, lambda f: -amount * np.clip(5 * np.log2(f / 2500), 0, 24)
    )
    return room(soft, rate, 2 + 4 * amount, 0.75 * amount, dark=0.4)


def _claustrophobic(audio: Audio, rate: int, amount: float) -> Audio:
    boxed = shaped(
        drier(audio, rate, amount),
        rate,
        lambda f: amount * (9 * bell(f, 180, 420) - np.clip(9 * np.log2(f / 1800), 0, 30)),
    )
    return room(boxed, rate, 0.12, 0.5 * amount, dark=0.8)


def _intimate(audio: Audio, rate: int, amount: float) -> Audio:
    return transients(distance(audio, rate, -amount), rate, -0.4 * amount)


def _supernatural(audio: Audio, rate: int, amount: float) -> Audio:
    """A reversed room before the sound, and the sound a fifth lower behind it."""
    before = room(audio[:, ::-1].copy(), rate, 3.0, 1.0, dark=0.3)[:, ::-1]
    lower = pitched(audio, rate, -7)
    return (1 - 0.6 * amount) * audio + 0.7 * amount * before + 0.4 * amount * lower


def _signed(function: Treatment, sign: int) -> Treatment:
    return lambda audio, rate, amount: function(audio, rate, sign * amount)


def _speed(audio: Audio, rate: int, amount: float) -> Audio:
    return stretched(audio, rate, 2.0 ** (1.3 * amount))


def _pulsing(audio: Audio, rate: int, amount: float) -> Audio:
    return pulsed(_speed(audio, rate, amount), rate, amount)


def _register(audio: Audio, rate: int, amount: float) -> Audio:
    return pitched(audio, rate, 18 * amount)


_BOTH: dict[str, Treatment] = {
    "brightness": tilt,
    "warmth": _warmth,
    "boominess": _boominess,
    "register": _register,
    "density": density,
    "speed": _speed,
    "movement": _movement,
    "roughness": _roughness,
    "hardness": hardness,
    "tonality": _tonality,
    "space": space,
    "distance": distance,
    "energy": energy,
    "loudness": _loudness,
}
_MORE: dict[tuple[str, int], tuple[Treatment, ...]] = {
    ("brightness", 1): (_excited,),
    ("brightness", -1): (_dulled,),
    ("density", 1): (eventful,),
    ("energy", 1): (eventful,),
    ("energy", -1): (blur,),
    ("movement", -1): (blur,),
    ("speed", 1): (_pulsing,),
    ("speed", -1): (_signed(_pulsing, -1),),
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
