"""Named rooms to convolve with: early reflections, a band-wise decay and the resonances of the walls.

Image sources are not traced; a place is drawn from ranges that rooms of its
kind have (decay times after Kuttruff, "Room Acoustics"), so that no two
cathedrals are the same one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soundlab.corpus.signals import SAMPLE_RATE, Audio, Rng, bandpass, convolve, decay, noise, resonate, unit_rms


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of room.

    Attributes
    ----------
    phrases
        What is said of a sound in it.
    t60
        Range of the decay time at 1 kHz in seconds.
    bands
        Decay time of lows, mids and highs as a part of ``t60``.
    early
        Range of the first reflections' delays in milliseconds.
    wet
        Level of the room against the direct sound.
    walls
        Resonances in Hz, empty for none.
    """

    phrases: tuple[str, ...]
    t60: tuple[float, float]
    bands: tuple[float, float, float]
    early: tuple[float, float]
    wet: float
    walls: tuple[float, ...] = ()


def _place(
    phrases: str,
    t60: tuple[float, float],
    bands: tuple[float, float, float],
    early: tuple[float, float],
    wet: float,
    walls: tuple[float, ...] = (),
) -> Place:
    return Place(tuple(phrases.split("|")), t60, bands, early, wet, walls)


PLACES: dict[str, Place] = {
    "cathedral": _place("in a cathedral|in a church nave|in an abbey", (4.0, 7.0), (1.1, 1.0, 0.45), (18, 70), 1.0),
    "cave": _place("in a cave|in a cavern|in a grotto", (2.0, 4.5), (1.2, 1.0, 0.35), (8, 45), 0.9, (95,)),
    "tunnel": _place("in a tunnel|in an underpass", (1.6, 3.2), (1.0, 1.0, 0.5), (6, 30), 1.0, (130, 260)),
    "stairwell": _place("in a stairwell|in a concrete stairwell", (1.8, 3.0), (0.8, 1.0, 0.8), (5, 28), 0.9, (180,)),
    "warehouse": _place(
        "in a warehouse|in an empty hangar|in a factory hall", (2.2, 4.0), (1.0, 1.0, 0.6), (15, 60), 0.7
    ),
    "bathroom": _place("in a bathroom|in a tiled room", (0.7, 1.2), (0.6, 1.0, 1.0), (2, 10), 0.8, (320, 640)),
    "room": _place("in a living room|in a small room|indoors", (0.25, 0.5), (1.0, 0.9, 0.7), (2, 12), 0.5),
    "hall": _place("in a concert hall|on a stage|in an auditorium", (1.6, 2.4), (1.1, 1.0, 0.7), (12, 50), 0.7),
    "car": _place("inside a car|in a parked car", (0.06, 0.12), (1.5, 0.8, 0.4), (0.8, 3), 0.9, (85, 160)),
    "shed": _place(
        "in a tin shed|in a shipping container|in a metal tank",
        (0.8, 1.8),
        (0.6, 1.0, 0.9),
        (2, 14),
        1.0,
        (410, 770, 1330),
    ),
    "forest": _place("in a forest|among trees|in the woods", (0.5, 1.1), (0.3, 1.0, 0.8), (20, 110), 0.35),
    "canyon": _place("in a canyon|echoing off mountains|in a valley", (1.5, 3.5), (0.6, 1.0, 0.3), (180, 520), 0.6),
    "corridor": _place(
        "down a corridor|in a long hallway|in a hospital corridor", (1.0, 2.0), (0.9, 1.0, 0.7), (4, 25), 0.8, (210,)
    ),
    "phone": _place(
        "through a telephone|over an old radio|on an intercom", (0.03, 0.05), (0.2, 1.0, 0.2), (0.5, 1), 0.0
    ),
    "next_door": _place(
        "through a wall|from the next room|behind a closed door", (0.4, 0.8), (1.5, 0.5, 0.1), (3, 12), 1.6
    ),
}
"""Every place by name."""


def response(rng: Rng, place: Place) -> Audio:
    """Draw an impulse response of the late and early field, unit energy, without the direct sound."""
    t60 = float(rng.uniform(*place.t60))
    n = int(min(t60 * 1.1, 5.5) * SAMPLE_RATE) + 256
    out = np.zeros(n)
    edges = ((40, 350), (350, 2500), (2500, 13_000))
    for (low, high), part in zip(edges, place.bands, strict=True):
        out += bandpass(noise(rng, n), low, high) * decay(n, t60 * part) * 0.5
    first, last = (x * SAMPLE_RATE / 1000 for x in place.early)
    start = min(int(last * 0.6), n - 1)
    out[:start] *= np.linspace(0, 1, start) ** 2
    for _ in range(int(rng.integers(4, 10))):
        at = int(rng.uniform(first, last))
        if at < n:
            out[at] += (
                float(rng.choice([-1, 1])) * rng.uniform(1.5, 5.0) * (1 - 0.6 * (at - first) / (last - first + 1))
            )
    for hz in place.walls:
        out = out + 1.5 * resonate(out, hz * rng.uniform(0.9, 1.1), 12)
    return out / (float(np.sqrt(np.sum(out * out))) + 1e-9)


def put(rng: Rng, x: Audio, name: str) -> Audio:
    """Put a dry sound into the place ``name``, shape kept.

    Raises
    ------
    KeyError
        When there is no such place.
    """
    place = PLACES[name]
    if name == "phone":
        return np.tanh(2.0 * unit_rms(bandpass(x, 350, 3200, order=3)))
    wet = unit_rms(convolve(x, response(rng, place)))
    dry = 0.15 if name == "next_door" else 1.0
    return dry * unit_rms(x) + place.wet * wet
