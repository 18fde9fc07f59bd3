"""A small grammar that writes English about a scene.

A caption names the sources and some of what was done to them; the rest is left
unsaid, as people leave it. Word banks hold synonyms, so that no sentence form
and no adjective stands for an axis alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soundlab.corpus.signals import Rng

ADJECTIVES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "brightness": (
        ("bright", "brilliant", "crisp", "shiny", "sparkling", "trebly", "clear"),
        ("dark", "dull", "muffled", "dim", "murky", "sombre", "subdued"),
    ),
    "warmth": (
        ("warm", "rich", "mellow", "full", "rounded"),
        ("cold", "icy", "thin", "sterile", "frosty", "chilly"),
    ),
    "register": (
        ("high", "high-pitched", "shrill", "treble", "piping"),
        ("low", "low-pitched", "deep", "bass-heavy", "sub-heavy"),
    ),
    "density": (
        ("dense", "busy", "thick", "crowded", "heavy"),
        ("sparse", "scattered", "occasional", "thin-spread", "minimal"),
    ),
    "speed": (
        ("fast", "quick", "rapid", "hurried", "frantic"),
        ("slow", "unhurried", "lazy", "drawn-out", "sluggish"),
    ),
    "movement": (
        ("evolving", "shifting", "swelling", "changing", "gusting", "undulating"),
        ("static", "steady", "unchanging", "constant", "still"),
    ),
    "roughness": (
        ("distorted", "gritty", "rough", "harsh", "overdriven", "broken-up"),
        ("clean", "smooth", "pure", "polished"),
    ),
    "tonality": (
        ("tonal", "pitched", "singing", "resonant"),
        ("noisy", "hissy", "breathy", "grainy"),
    ),
    "space": (
        ("cavernous", "reverberant", "echoing", "huge", "spacious"),
        ("dry", "dead", "tight", "anechoic"),
    ),
    "distance": (
        ("distant", "faraway", "far-off", "remote"),
        ("close", "nearby", "close-up", "upfront"),
    ),
    "energy": (
        ("intense", "violent", "powerful", "furious", "strong"),
        ("calm", "gentle", "soft", "quiet", "peaceful", "light"),
    ),
}
"""Adjectives for the +1 and the -1 pole of each axis."""

PHRASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "brightness": (
        ("with lots of treble", "with a bright top end"),
        ("with the highs rolled off", "with little treble"),
    ),
    "warmth": (("with a warm body",), ("with a cold edge",)),
    "register": (("in a high register", "pitched up high"), ("in a low register", "pitched down low")),
    "density": (
        ("with a great many events", "packed tightly"),
        ("with long gaps", "now and then", "few and far between"),
    ),
    "speed": (("at a fast pace", "in quick succession"), ("at a slow pace", "taking its time")),
    "movement": (
        ("that keeps changing", "slowly transforming", "that swells and fades"),
        ("that never changes", "held still"),
    ),
    "roughness": (("through a broken speaker", "with heavy distortion"), ("recorded cleanly",)),
    "tonality": (("with a clear pitch",), ("full of noise",)),
    "space": (
        ("in a cathedral", "in a huge hall", "in a vast cave", "with long reverb"),
        ("in a dry studio", "without any reverb", "in a dead room"),
    ),
    "distance": (
        ("in the distance", "far away", "from miles away", "heard through the fog"),
        ("right by the ear", "very close", "close to the microphone"),
    ),
    "energy": (("building to a frenzy", "at full force"), ("barely there", "with a calm mood")),
}
"""Phrases that follow the noun, for the +1 and the -1 pole."""

QUALITY_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "metallic": (("metallic", "steely", "tinny"), ("as if inside a metal pipe", "ringing like metal")),
    "organic": (("organic", "living", "fleshy"), ("like something alive", "with a natural wobble")),
    "underwater": (("underwater", "submerged", "sunken"), ("heard from under water", "below the surface")),
    "intimate": (("intimate", "hushed", "tender"), ("like a secret", "in a small private space")),
    "dreamlike": (("dreamlike", "dreamy", "hazy", "ethereal"), ("as in a dream", "drifting and blurred")),
    "supernatural": (("supernatural", "ghostly", "haunted", "otherworldly"), ("like a ghost", "from another world")),
    "claustrophobic": (("claustrophobic", "boxed-in", "suffocating"), ("in a coffin", "with the walls closing in")),
    "tension": (("tense", "uneasy", "suspenseful"), ("full of dread", "with rising tension")),
}
"""Adjectives and phrases for each quality."""

_JOINS = (
    "with {b}",
    "and {b}",
    "over {b}",
    "under {b}",
    "mixed with {b}",
    "against {b}",
    "beside {b}",
    "together with {b}",
)
_FAR_JOINS = ("with {b} in the background", "with {b} behind it", "and {b} far behind", "with distant {b}")
_OPENERS = (
    "",
    "",
    "",
    "",
    "the sound of ",
    "a recording of ",
    "an atmosphere of ",
    "a texture of ",
    "ambience: ",
    "we hear ",
)

HELD_OUT: frozenset[str] = frozenset(
    (
        "glistening",
        "gloomy",
        "toasty",
        "wintry",
        "brisk",
        "lumbering",
        "teeming",
        "desolate",
        "tranquil",
        "ferocious",
        "yonder",
        "adjacent",
        "abrasive",
        "pristine",
        "morphing",
        "frozen",
        "drizzle",
        "campanile",
        "locusts",
        "bonfire",
        "grand piano",
        "lathe",
    )
)
"""Words that no caption uses: reserved for measuring what the text encoder carries over."""


def _pick(rng: Rng, options: Sequence[str]) -> str:
    return options[int(rng.integers(0, len(options)))]


def _strip_article(noun: str) -> tuple[str, str]:
    for article in ("a ", "an ", "the "):
        if noun.startswith(article):
            return article.strip(), noun[len(article) :]
    return "", noun


def _with_article(article: str, phrase: str) -> str:
    if article in ("a", "an"):
        article = "an" if phrase[0] in "aeiou" else "a"
    return f"{article} {phrase}".strip()


def describe(
    rng: Rng, nouns: Sequence[str], bends: Mapping[str, float], qualities: Sequence[str], *, limit: int = 3
) -> str:
    """Name one layer: a noun with up to ``limit`` of what is true of it, adjectives before, phrases after."""
    article, noun = _strip_article(_pick(rng, nouns))
    said = [(axis, value) for axis, value in bends.items() if abs(value) >= 0.35]
    rng.shuffle(said)
    before: list[str] = []
    after: list[str] = []
    for quality in qualities:
        adjectives, phrases = QUALITY_WORDS[quality]
        if rng.random() < 0.7:
            before.append(_pick(rng, adjectives))
        else:
            after.append(_pick(rng, phrases))
    for axis, value in said[: max(0, limit - len(qualities))]:
        side = 0 if value > 0 else 1
        if rng.random() < 0.65 and len(before) < 3:
            word = _pick(rng, ADJECTIVES[axis][side])
            before.append(f"very {word}" if abs(value) > 0.9 and rng.random() < 0.4 else word)
        elif len(after) < 2:
            after.append(_pick(rng, PHRASES[axis][side]))
    phrase = " ".join([", ".join(before), noun]).strip()
    return " ".join([_with_article(article, phrase), *after])


def combine(rng: Rng, layers: Sequence[str], *, background: bool) -> str:
    """Join layer descriptions into one caption; ``background`` says that later ones lie further back."""
    text = layers[0]
    for layer in layers[1:]:
        joins = _FAR_JOINS if background and rng.random() < 0.6 else _JOINS
        join = _pick(rng, joins)
        text = f"{text} {join.format(b=_strip_article(layer)[1] if 'distant {b}' in join else layer)}"
    text = _pick(rng, _OPENERS) + text
    return text[0].upper() + text[1:] if rng.random() < 0.3 else text
