"""From feedback in words to adjustments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from soundlab.domain.beyond import without
from soundlab.domain.feedback import LOUDER, Adjustment
from soundlab.domain.figures import decibels, plain
from soundlab.domain.lexicon import Lexicon
from soundlab.domain.reader import Reader
from soundlab.errors import WrongInput

_TOKEN = re.compile(r"@[\w-]+(?:'s)?|\d+\.\d+k?|[\w'#-]+|[,;.!?&:/()–—]")


_LIMITED = 0.6
"""How much of a wish is left where its end is said, too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What feedback was understood as, and the words in it that were taken for no wish."""

    adjustments: list[Adjustment]
    left: list[str]
    beyond: tuple[str, ...] = ()
    """What was asked for that feedback does not change, and what does."""


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
    try:
        found = _read(text, lexicon)
        rest, beyond = without(text, found.adjustments, lexicon.beyond)
    except WrongInput:
        rest, beyond = without(text, (), lexicon.beyond)
        if not beyond:
            raise
    if beyond:
        try:
            found = _read(rest, lexicon)
        except WrongInput:
            raise WrongInput(beyond[0].what, beyond[0].instead) from None
        if all(a.kind == "keep" for a in found.adjustments):  # "same but 10 seconds"
            raise WrongInput(beyond[0].what, beyond[0].instead)
    told = [f"{row.what}; {row.instead}" for row in beyond]
    figures = decibels(text)
    levels = [a for a in found.adjustments if a.axis == "loudness"]
    if len(figures) == len(levels) and any(figure > LOUDER for figure in figures):
        told.append(f"a level moves by {LOUDER:g} dB at once, at most; give feedback on the answer for more")
    return replace(found, beyond=tuple(told))


def _read(text: str, lexicon: Lexicon) -> Reading:
    reader = Reader(_written(text, lexicon), lexicon)
    found, left = reader.read(), reader.left + reader.forbidden
    if not found and reader.forbidden:
        raise WrongInput(f"{text.strip()!r} says only what is not to change", 'say what should: "darker, no birds"')
    found, left = _levelled(found, left)
    found = _by_decibels(text, _scoped(text, found, lexicon))
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
        elif earlier is not None and a.text.lower().startswith(lexicon.limits):
            a = replace(earlier, strength=round(_LIMITED * earlier.strength, 3))  # "darker, but not too dark"
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


_AND = re.compile(r"\s*(?:,\s*)?(?:and|&|,)\s*")
_BEFORE = re.compile(r"(?:^|(?P<said>[\w']+)\s+)(?:the\s+)?(?P<sound>\w+)\s+and\s+(?:the\s+)?$")
_BEHIND = re.compile(r"\s+and\s+(?:the\s+)?(\w+)")
"""What joins two wishes of one sound, and two sounds of one wish: before its word, and behind it."""
_TAKING = frozenset(("less", "more", "no", "lose", "add", "without", "with", "drop", "keep"))
"""What a sound stands behind that is asked for itself, and does not share what is said of the next one."""


def _scoped(text: str, found: list[Adjustment], lexicon: Lexicon) -> list[Adjustment]:
    """Name the sounds that a wish is said of: "make the bells darker", "wind and rain darker"; others are of all.

    What is said in one breath is of the same sound: "the bells darker and slower". Its word
    stays among those told back: whether there is such a sound, a sentence can't say.
    """
    sounds = {w for w in lexicon.layering.sounds if (w,) not in lexicon.senses}
    lower, end = text.lower(), 0
    before: str | None = None
    taken = ""
    out: list[Adjustment] = []
    for index, a in enumerate(found):
        said = a.text.lower()
        start = lower.find(said, end)  # not there where figures were written out: "rain level down"
        joined = start >= 0 and _AND.fullmatch(lower[end:start]) is not None
        end = start + len(said) if start >= 0 else end
        if a.kind != "axis":
            out.append(a)
            before = None
            continue
        inside = next((w for w in (word.strip(",.;:!?") for word in said.split()) if w in sounds), None)
        follows = lower[end:].split()[:1] if start >= 0 else []
        behind = next((w for w in (word.strip(",.;:!?") for word in follows) if w in sounds), None)
        if inside is not None:
            at = start + said.index(inside)
            first = _BEFORE.search(lower[:at]) if start >= 0 else None
            shared = first is not None and first["sound"] in sounds - {taken} and first["said"] not in _TAKING
            before = f"{first['sound']} and {inside}" if first is not None and shared else inside
            a = replace(a, scope=before)
        elif behind is not None:
            further = _BEHIND.match(lower[end:].lstrip().removeprefix(behind))
            later = " ".join(b.text.lower() for b in found[index + 1 :]).split()
            both = further is not None and further[1] in sounds and further[1] not in later
            a = replace(a, scope=f"{behind} and {further[1]}" if further is not None and both else behind)
            before, taken = None, behind  # "darker bells, slower": of all
        elif before is not None and joined and follows not in (["overall"], ["everywhere"]):
            a = replace(a, scope=before)
        else:
            before = None
        out.append(a)
    return out


def _by_decibels(text: str, found: list[Adjustment]) -> list[Adjustment]:
    """A level by as many decibels as were said, as far as full strength goes; in order, where as many as levels are."""
    figures = decibels(text)
    levels = [
        a
        for a in found
        if a.axis == "loudness"
        or (a.kind == "term" and (decibels(a.text) or a.text.endswith(("level up", "level down"))))
    ]
    if len(figures) != len(levels) or 0.0 in figures:
        return found
    by = {id(a): round(min(1.0, figure / LOUDER), 3) for a, figure in zip(levels, figures, strict=True)}
    return [replace(a, strength=by[id(a)]) if id(a) in by else a for a in found]


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
