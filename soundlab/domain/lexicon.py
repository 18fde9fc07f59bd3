"""The words of direction: which axis, which way, how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from soundlab.domain.axes import AXES
from soundlab.domain.beyond import Beyond, read_tables
from soundlab.domain.feedback import BARE, FULL, MUCH, TOUCH
from soundlab.errors import WrongInput

AXIS_KEYS = (
    "more",
    "less",
    "more_phrases",
    "less_phrases",
    "more_remarks",
    "less_remarks",
    "nouns",
    "less_nouns",
    "irregular",
)
_DEGREES = {"touch": TOUCH, "much": MUCH, "full": FULL}
_DIRECTIONS = {"more": 1.0, "less": -1.0}
_DOUBLED = "bdgmnpt"

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layering:
    """How a prompt puts one sound beside another. Phrases are lower-case text."""

    joins: tuple[str, ...] = ()
    """What stands between two sounds, the longest first."""
    under: frozenset[str] = frozenset()
    """Those of them that put the first behind the second."""
    back: tuple[str, ...] = ()
    """What a sound ends with that lies behind the others."""
    front: tuple[str, ...] = ()
    above: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    """What is only where something is, behind ``above``: "thunder over the sea"."""
    weather: frozenset[str] = frozenset()
    """What is heard where others are places: "footsteps in the rain"."""
    noises: frozenset[str] = frozenset()
    """Those of the sounds that may be in any other, unasked."""
    sounds: Mapping[str, int] = field(default_factory=dict)
    """Word → kind of what makes sound by itself."""


@dataclass(frozen=True, slots=True)
class Sense:
    """What a word or phrase means: an axis and the way it points.

    ``noun`` names a quantity ("reverb") that there is more or less of.
    """

    axis: str
    direction: int
    noun: bool = False
    phrase: bool = False
    graded: bool = False
    """A comparative, superlative or remark ("it drags"): it states its own direction."""


@dataclass(frozen=True, slots=True)
class Function:
    """A word of grammar: ``degree``, ``direction``, ``none``, ``forbid``, ``keep``, ``like`` or ``unlike``."""

    kind: str
    value: float = 0.0


@dataclass(frozen=True)
class Lexicon:
    """Everything the parser knows. Phrases are tuples of lower-case words."""

    senses: dict[Words, Sense] = field(default_factory=dict)
    functions: dict[Words, Function] = field(default_factory=dict)
    keep_targets: dict[str, str] = field(default_factory=dict)
    ordinals: dict[str, str] = field(default_factory=dict)
    breaks: frozenset[str] = frozenset()
    resets: frozenset[str] = frozenset()
    filler: frozenset[str] = frozenset()
    keep_phrases: dict[Words, str] = field(default_factory=dict)
    """What says as a whole that all else stays: "the rest is fine"."""
    swaps: frozenset[str] = frozenset()
    """Verbs that put one thing in another's place, with the words between the two."""
    joints: frozenset[str] = frozenset()
    phrasals: frozenset[str] = frozenset()
    """Verbs that a particle behind their object completes: "bring the highs down"."""
    particles: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """Ordinals that are some only beside the word for a take."""
    takes: frozenset[str] = frozenset()
    complaints: dict[Words, bool] = field(default_factory=dict)
    """What begins a remark on how it is now."""
    verdicts: dict[Words, float] = field(default_factory=dict)
    """What ends one: "… is too much", "… has to go", with the strength of what it asks for."""
    limits: tuple[str, ...] = ()
    """How the end of a wish is said: "darker, but not too dark"."""
    beyond: tuple[Beyond, ...] = ()
    """What feedback does not change."""
    bad: frozenset[str] = frozenset()
    """Words that say that something is not liked: "take 5 was the wrong direction"."""
    faults: frozenset[Words] = frozenset()
    """Adjectives that nobody asks for: "muddy" alone says how it is now."""
    smothers: dict[Words, bool] = field(default_factory=dict)
    """What says of a thing that it is too much for another: "the rumble is eating my headroom"."""
    mends: dict[Words, bool] = field(default_factory=dict)
    """What asks for something to be put right: "can you fix that"."""
    compounds: dict[Words, bool] = field(default_factory=dict)
    """Names of sounds with a word in them that would say how one should be: "room tone"."""
    traits: dict[Words, str] = field(default_factory=dict)
    """What one take can have of another, with its axis: "the reverb of #2"."""
    amounts: frozenset[Words] = frozenset()
    """Degrees that things can be counted by: "plenty of birds"; others only qualify: "completely"."""
    stays: dict[Words, bool] = field(default_factory=dict)
    """What says behind its name that a thing is to stay: "the level stays put"."""
    tellers: frozenset[str] = frozenset()
    """Who acts in the story and not in the sound: "she's at the window"."""
    pictures: frozenset[str] = frozenset()
    """What stands behind "like" where a picture is drawn: "like a secret"."""
    hints: frozenset[Words] = frozenset()
    """Directions that in a story ask for nothing: "she wants a house"."""
    real: frozenset[str] = frozenset()
    """Words of the language, which are no slips of others."""
    shorthand: dict[str, str] = field(default_factory=dict)
    """How words are written in a hurry: "dont", "lvl"."""
    rises: dict[Words, int] = field(default_factory=dict)
    """What says behind a quantity which way it should go: "the pitch should come down"."""
    known: frozenset[str] = frozenset()
    """Words that are no misspelling of others."""
    layering: Layering = Layering()

    @cached_property
    def quantities(self) -> frozenset[str]:
        """Words that end the name of what there is more or less of: "reverb", "low end"; level is none of them."""
        return frozenset(w[-1] for w, sense in self.senses.items() if sense.noun and sense.axis != "loudness")

    @cached_property
    def single(self) -> tuple[str, ...]:
        """Longer words that stand for themselves, those with a meaning first."""
        tables: tuple[Mapping[Words, Any], ...] = (self.senses, self.functions)
        words = [phrase[0] for table in tables for phrase in table if len(phrase) == 1] + list(self.keep_targets)
        return tuple(dict.fromkeys(word for word in words if len(word) >= 5))

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that is understood in some place, or known to mean something else."""
        tables: tuple[Iterable[Words], ...] = (
            self.senses,
            self.functions,
            self.keep_phrases,
            self.complaints,
            self.verdicts,
            self.traits,
            self.stays,
            self.rises,
            self.smothers,
            self.compounds,
            self.mends,
        )
        phrases = {word for table in tables for phrase in table for word in phrase}
        plain = (
            self.keep_targets,
            self.tellers,
            self.pictures,
            self.ordinals,
            self.breaks,
            self.filler,
            self.swaps,
            self.joints,
            self.phrasals,
        )
        return frozenset(phrases.union(self.known, self.numbers, self.takes, self.particles, *plain))


def inflect(word: str) -> Iterator[str]:
    """Yield the regular comparative and superlative of an adjective of one word."""
    if " " in word or "-" in word:
        return
    short = len(word) in (3, 4) and word[-1] in _DOUBLED and word[-2] in "aeiou" and word[-3] not in "aeiou"
    if word.endswith("y"):
        stem = word[:-1] + "i"
    elif word.endswith("e"):
        stem = word[:-1]
    else:
        stem = word + word[-1] if short else word
    yield stem + "er"
    yield stem + "est"


def build(
    grammar: Mapping[str, Any],
    tables: Iterable[Mapping[str, Any]],
    where: str = "lexicon",
    known: Iterable[str] = (),
    real: Iterable[str] = (),
) -> Lexicon:
    """Build a lexicon from parsed TOML; later tables add to and override earlier ones.

    Parameters
    ----------
    known
        Words that name things, and so are no misspelling of the lexicon's.
    real
        Other words that are no misspelling.

    Raises
    ------
    WrongInput
        When an axis or a key is unknown.
    """
    senses: dict[Words, Sense] = {}
    for table in tables:
        for axis, words in table.get("axes", {}).items():
            if axis not in AXES:
                raise WrongInput(f"{where}: unknown axis {axis!r}", f"axes: {', '.join(AXES)}")
            for key in words:
                if key not in AXIS_KEYS:
                    raise WrongInput(f"{where}: unknown key {key!r} for {axis}", f"keys: {', '.join(AXIS_KEYS)}")
            senses |= {tuple(phrase.split()): sense for phrase, sense in _senses(axis, words)}
    skip = grammar["skip"]
    return Lexicon(
        senses=senses,
        functions={tuple(phrase.split()): f for phrase, f in _functions(grammar)},
        keep_targets={
            w: target
            for target, ws in grammar["keep"].items()
            if target not in ("words", "stays") and not target.endswith("phrases")
            for w in ws
        },
        keep_phrases={
            tuple(phrase.split()): name.removesuffix("phrases").rstrip("_") or "all"
            for name, phrases in grammar["keep"].items()
            if name.endswith("phrases")
            for phrase in phrases
        },
        swaps=frozenset(grammar.get("swap", {}).get("verbs", ())),
        joints=frozenset(grammar.get("swap", {}).get("joints", ())),
        phrasals=frozenset(grammar.get("phrasal", {}).get("verbs", ())),
        particles={
            word: direction
            for name, direction in (("up", 1), ("down", -1), ("out", -2))
            for word in grammar.get("phrasal", {}).get(name, ())
        },
        numbers={str(k): v for k, v in grammar["reference"].get("numbers", {}).items()},
        takes=frozenset(grammar["reference"].get("nouns", ())),
        complaints={tuple(p.split()): True for p in grammar.get("complaint", {}).get("openings", ())},
        verdicts={
            tuple(phrase.split()): strength
            for name, strength in (("much", BARE), ("gone", FULL))
            for phrase in grammar.get("complaint", {}).get(name, ())
        },
        limits=tuple(grammar["degree"].get("limits", ())),
        beyond=read_tables(grammar.get("beyond", ())),
        bad=frozenset(grammar.get("complaint", {}).get("bad", ())),
        faults=frozenset(tuple(p.split()) for p in grammar.get("complaint", {}).get("faults", ())),
        smothers={tuple(p.split()): True for p in grammar.get("complaint", {}).get("smothers", ())},
        mends={tuple(p.split()): True for p in grammar.get("complaint", {}).get("mends", ())},
        compounds={tuple(p.split()): True for p in grammar.get("things", {}).get("compounds", ())},
        traits={tuple(w.split()): axis for axis, ws in grammar["reference"].get("traits", {}).items() for w in ws},
        amounts=frozenset(tuple(p.split()) for p in grammar["degree"].get("amounts", ())),
        stays={tuple(p.split()): True for p in grammar["keep"].get("stays", ())},
        tellers=frozenset(grammar.get("story", {}).get("tellers", ())),
        pictures=frozenset(grammar.get("story", {}).get("pictures", ())),
        shorthand=dict(grammar.get("shorthand", {})),
        hints=frozenset(tuple(p.split()) for p in grammar.get("story", {}).get("hints", ())),
        rises={
            tuple(p.split()): direction
            for name, direction in (("up", 1), ("down", -1))
            for p in grammar.get("postposed", {}).get(name, ())
        },
        layering=_layering(grammar.get("layers", {})),
        known=frozenset(known),
        real=frozenset(real),
        ordinals=dict(grammar["reference"]["ordinals"]),
        breaks=frozenset(skip["breaks"]),
        resets=frozenset(skip["resets"]),
        filler=frozenset(skip["filler"].split()),
    )


def _layering(table: Mapping[str, Any]) -> Layering:
    def longest_first(name: str) -> tuple[str, ...]:
        return tuple(sorted(table.get(name, ()), key=lambda phrase: -len(phrase)))

    return Layering(
        joins=longest_first("joins"),
        under=frozenset(table.get("under", ())),
        back=longest_first("back"),
        front=longest_first("front"),
        above=frozenset(table.get("above", ())),
        places=frozenset(table.get("places", ())),
        weather=frozenset(table.get("weather", ())),
        noises=frozenset(table.get("noises", ())),
        sounds={word: kind for kind, line in enumerate(table.get("sounds", ())) for word in line.split()},
    )


def _senses(axis: str, words: Mapping[str, Any]) -> Iterator[tuple[str, Sense]]:
    for key, direction in (("more", 1), ("less", -1)):
        for word in words.get(key, ()):
            yield word, Sense(axis, direction)
            for form in (*inflect(word), *words.get("irregular", {}).get(word, ())):
                yield form, Sense(axis, direction, graded=True)
        for phrase in words.get(f"{key}_phrases", ()):
            yield phrase, Sense(axis, direction, phrase=True)
        for phrase in words.get(f"{key}_remarks", ()):
            yield phrase, Sense(axis, direction, phrase=True, graded=True)
    for key, direction in (("nouns", 1), ("less_nouns", -1)):
        for noun in words.get(key, ()):
            yield noun, Sense(axis, direction, noun=True)


def _functions(grammar: Mapping[str, Any]) -> Iterator[tuple[str, Function]]:
    for name, strength in _DEGREES.items():
        for phrase in grammar["degree"][name]:
            yield phrase, Function("degree", strength)
    for name, direction in _DIRECTIONS.items():
        for phrase in grammar["direction"][name]:
            yield phrase, Function("direction", direction)
    for phrase in grammar["direction"].get("forbid", ()):
        yield phrase, Function("forbid", -1.0)
    for phrase in grammar["direction"]["none"]:
        yield phrase, Function("none", -1.0)
    for phrase in grammar["keep"]["words"]:
        yield phrase, Function("keep")
    for kind in ("like", "unlike"):
        for phrase in grammar["reference"][kind]:
            yield phrase, Function(kind, 1.0 if kind == "like" else -1.0)
