"""From feedback in words to adjustments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from soundlab.domain.feedback import Adjustment
from soundlab.domain.figures import plain
from soundlab.domain.lexicon import Lexicon
from soundlab.domain.reader import Reader
from soundlab.errors import WrongInput

_TOKEN = re.compile(r"@[\w-]+(?:'s)?|\d+\.\d+k?|[\w'#-]+|[,;.!?&:/()–—]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What feedback was understood as, and the words in it that were taken for no wish."""

    adjustments: list[Adjustment]
    left: list[str]


def parse(text: str, lexicon: Lexicon) -> list[Adjustment]:
    """Return the adjustments of :func:`read`."""
    return read(text, lexicon).adjustments


def read(text: str, lexicon: Lexicon) -> Reading:
    """Read feedback into adjustments, in the order they were said.

    Words that the lexicon lacks become terms where a word of direction asks for
    them, or when there is nothing else to go by (against them, where they say how
    it is now); otherwise they are told back.

    Raises
    ------
    WrongInput
        When nothing in it can be understood as a wish.
    """
    reader = Reader(_written(text, lexicon), lexicon)
    found, left = reader.read(), reader.left + reader.forbidden
    if not found and reader.forbidden:
        raise WrongInput(f"{text.strip()!r} says only what is not to change", 'say what should: "darker, no birds"')
    found, left = _levelled(found, left)
    found = _scoped(text, found, lexicon)
    if not found and left and lexicon.bad.issuperset(" ".join(left).lower().split()):
        raise WrongInput(f"{text.strip()!r} does not say what is wrong", 'say what should change: "darker, no birds"')
    if not found:
        way = -1 if reader.complains else 1  # "it's boring"
        found, left = [Adjustment("term", words, term=words, direction=way) for words in left], []
    merged: dict[tuple[str | None, ...], Adjustment] = {}
    for a in found:  # said twice counts once: the later word, at the stronger degree
        key: tuple[str | None, ...] = (a.kind, a.axis, a.term, a.target, a.scope if a.axis == "loudness" else None)
        earlier = merged.get(key)
        if earlier is not None and a.scope and earlier.scope not in (None, a.scope):
            key = (*key[:-1], a.scope)  # "darker piano, brighter rain": said of two sounds
            earlier = merged.get(key)
        elif earlier is not None:
            a = replace(a, scope=a.scope or earlier.scope)
        if earlier is not None and earlier.direction == a.direction:
            a = replace(a, strength=max(a.strength, earlier.strength))
        elif earlier is not None and earlier.text:
            left = [*left, earlier.text]  # "darker but brighter": the later word counts, and the other is told back
        merged[key] = a
    if not merged:
        raise WrongInput(
            f"nothing to do in {text.strip()!r}", 'say what should change: "darker, further away, no birds"'
        )
    return Reading(list(merged.values()), left)


def _levelled(found: list[Adjustment], left: list[str]) -> tuple[list[Adjustment], list[str]]:
    """ "Drone louder, wind quieter": more of one thing and less of another, and not the level of all."""
    louder = [a for a in found if a.axis == "loudness" and a.kind == "axis"]
    if len({a.direction for a in louder}) < 2:
        return found, left
    out: list[Adjustment] = []
    for a in found:
        thing = next((t for t in left if a in louder and t in a.text), None)
        out.append(replace(a, kind="term", axis=None, term=thing) if thing else a)
        left = [t for t in left if t != thing]
    return out, left


def _scoped(text: str, found: list[Adjustment], lexicon: Lexicon) -> list[Adjustment]:
    """Name the sound that a wish is said of: "make the bells darker", "a darker drone"; others are said of all.

    Its word stays among those told back: whether there is such a sound, a sentence can't say.
    """
    sounds = lexicon.layering.sounds
    out: list[Adjustment] = []
    for a in found:
        if a.kind == "axis":
            behind = text.lower().partition(a.text.lower())[2].split()[:1]
            words = [w.strip(",.;:!?") for w in (*a.text.lower().split(), *behind)]
            a = replace(a, scope=next((w for w in words if w in sounds and (w,) not in lexicon.senses), None))
        out.append(a)
    return out


def _written(text: str, lexicon: Lexicon) -> list[str]:
    """The words of a text, what is written short written out: "lvl", "the level's fine"."""
    words: list[str] = []
    for word in _TOKEN.findall(plain(text, lexicon.quantities)):
        base = word.lower().removesuffix("'s")
        numbered = base.startswith(("@", "#")) or (
            base in lexicon.numbers and bool(words) and words[-1].lower() in lexicon.takes
        )
        if base != word.lower() and numbered:
            words += [base if base[:1] == "#" else word[:-2], "'s"]
        elif base != word.lower() and base in lexicon.keep_targets and base not in ("it", "that", "this"):
            words += [base, "is"]
        else:
            words += lexicon.shorthand.get(word.lower(), word).split()
    return words
