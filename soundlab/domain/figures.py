"""What engineers write in figures, in the words of the lexicon: "-4 dB" is level down, "+3 at 8k" more treble."""

from __future__ import annotations

import re
from collections.abc import Container

_NUMBER = r"(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half an?|a couple of|a few)"
_DECIBELS = rf"{_NUMBER}(?:\s+or\s+\w+)?(?:\s+more)?\s?(?:dbs?|decibels?|lu)\b(?:\s+(?:or so|overall))?"
_INTERVAL = (
    rf"(?:(?:about|around|another|by)\s+)*(?:(?:{_NUMBER})[\s-]?)?"
    r"(?:semi-?tones?|semis|half[ -]?steps?|whole steps?|octaves?|oct|tones|cents|st"
    r"|thirds?|fourths?|fifths?|sixths?|sevenths?)"
    r"\b(?!\s+(?:take|one|version|option|of)\b)"
)
_HERTZ = r"(\d+(?:\.\d+)?)(?:\s?(k))?(?:\s?(?:hz|hertz))?"
_RAISED = r"up|raise[ds]?|lift|boost|add|pitch up|push|bump|\+"
_LOWERED = (
    r"clean (?:up|out)|tidy up|clear (?:out|up)"
    r"|down|drop(?:ped|s)?|lower(?:ed)?|sink|cut|dip|take off|knock off|notch|-"
)
_BETWEEN = r"(?:(?:it|that|this|the (?:whole )?(?:thing|level|pitch|lot)|by|all|everything|me)\s+)*"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_OVERALL = _pattern(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?\s(?:overall|on the master|in level)\b")
_SIGNED = _pattern(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?\s?d[bB]\b(?!\s*(?:at|around|@))")
_AT = _pattern(
    rf"(?:(?<![\w.])({_RAISED}|{_LOWERED})\s?(?:{_NUMBER}\s?)?(?:db)?\s?(?:of )?|\b(too much|a lot|less|more|some)\s)"
    rf"(?:(?:(?:high |low )?shelf|bell|boost|bump)\s)?"
    rf"(?:at|around|@|(?:from|above|below)(?=\s?[\d.]+\s?(?:k|hz)))\s?{_HERTZ}\b"
)
_PASS = _pattern(
    r"(?<!no )(?<!less )(?<!the )(?<!don't )(?<!remove )(?<!without )"
    rf"\b(?:(high|hi|low|lo)[ -]?(pass|cut)(?:ped|ed|ing|ting)?|(hpf|lpf))"
    rf"(?:\s(?:filter|on|it|this|that|everything))*\s(?:at|around|from|@|above|below)\s{_HERTZ}\b"
)
_TEMPO = _pattern(r"\bfrom\s(\d+)\s?(bpm)?\s(?:up |down )?to\s(\d+)(?(2)(?:\s?bpm)?|\s?bpm)\b")
_LASTING = _pattern(r"(?:,\s*)?\bsay\s(?:about\s)?\d+(?:\.\d+)?\s?(?:s|secs?|seconds?|ms)\b")
_ON = _pattern(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?(?:\s?db)?\s(?:on|in|to)\s(?:the\s)?((?:[a-z-]+\s)?[a-z-]+)")
_OFTEN = _pattern(
    r"\b(more|fewer|less)\s(?:[\w'-]+\s)?([\w'-]+s)\s(?:per|every|each)\s(?:second|minute|bar|beat)\b"
    r"|\b(double|triple|twice|halve|half)\s(?:the\s)?number\sof\s(?:the\s)?[\w'-]+"
)
_UNTIL_NOW = _pattern(r"\b(job|work|stuff|good|great|nice|best|love it|like it)\sso far\b(?=\s*(?:[,.!;:–—]|$))")
_BAND = _pattern(
    rf"\b({_RAISED}|{_LOWERED}|more|less|some more|some|too much)\s(?:the\s|some\s)?"
    rf"(\d+(?:\.\d+)?)\s?(k?)hz\b(?:\sby\s{_DECIBELS})?"
)
_EXCESS = _pattern(
    rf"\b{_DECIBELS}\s+(?:too\s+(hot|loud|high|low|quiet|soft)|(louder|hotter|quieter|softer|down|up))\b"
)
_THERE = _pattern(rf"(?:[+-]\s?)?{_DECIBELS}\s+(?:down |off )?there\b")
_TONE = _pattern(r"\b(?:an?|one|half an?|(?:a )?whole)\s+tone\s+(up|down|higher|lower)\b")
_NOTCHED = _pattern(
    rf"\b(?:shave|take|pull|notch|scoop|dip|cut|drop)\s+{_DECIBELS}\s*(?:off|out|down)?\s*(?:at|around|@)\s?{_HERTZ}"
)
_PULLED = _pattern(r"\b(?:pull|bring|take|push|turn)\s(?:the\s)?(\d+(?:\.\d+)?)\s?(k?)(?:hz)?\s(back|down|up|off)\b")
_COUNTED = _pattern(rf"\b{_DECIBELS}\s+(less|more)\b(?=\s*(?:$|[,.;!?]|and\b|but\b|please\b|overall\b|in all\b))")
_MOVED = _pattern(
    rf"\b(?:(push|pull|bring|turn|take|move|nudge|knock|shave|trim|give|{_RAISED}|{_LOWERED})\s+{_BETWEEN})?"
    rf"(?:(up|down|off|back|louder|quieter|higher|lower)\s+(?:by\s+)?)?{_DECIBELS}"
    r"(?:\s+(off|down|up|louder|quieter|lower|higher|back)\b(?:\s+it\b)?)?"
)
_SHIFTED = _pattern(
    rf"\b(?:up|raise[ds]?|down|drop(?:ped|s)?|lower(?:ed)?|sink|transposed?|pitch(?:ed)?|shift|tune)\s+{_BETWEEN}"
    rf"(?:up\s+|down\s+)?{_INTERVAL}"
    r"(\s(?:up|down|higher|lower))?|\btranspose\s+(?:up|down)?\s?[+-]?\s?\d+\b"
)
_APART = _pattern(rf"{_INTERVAL}\s+(up|down|higher|lower|deeper)\b")
_CORNER = _pattern(
    r"\b(above|over|below|under)\s(\d+(?:\.\d+)?)\s?(k?)(?:hz)?\b"
    r"(?!\s*(?:s|secs?|seconds?|minutes?|bars?|beats?|takes?|times?|met(?:er|re)s?|feet|dbs?|decibels?|bpm)\b)"
)
_AMOUNT = _pattern(rf"(?<![\w.])({_NUMBER})(?:\s+more)?\s?(?:dbs?|decibels?|lu)\b")
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_WORDS |= {"a": 1, "an": 1, "twelve": 12, "a couple of": 2, "a few": 3}
_WAYS = {
    **dict.fromkeys(
        ("up", "louder", "higher", "raise", "raised", "raises", "lift", "boost", "add", "push", "bump", "give"), 1
    ),
    **dict.fromkeys(
        ("down", "off", "back", "quieter", "lower", "lowered", "drop", "dropped", "drops", "sink", "cut", "dip"), -1
    ),
    **dict.fromkeys(("pull", "knock", "shave", "trim", "take off", "knock off", "notch"), -1),
}
"""Which way a word moves a level."""
_TWICE = _pattern(r"\b(?:the )?level (level (?:up|down))\b")
_HEARD = 20.0
"""Hertz under which a number is no frequency."""
_FEWER = frozenset(("fewer", "less", "halve", "half"))
_LONG = re.compile(r"(\w)\1{2,}")


def _region(number: str, kilo: str) -> str:
    """What a frequency is called."""
    hertz = float(number) * (1000 if kilo else 1)
    return "bass" if hertz < 160 else "low mids" if hertz < 1500 else "treble"


def _upwards(word: str) -> bool:
    return re.fullmatch(_RAISED, word.strip(), re.IGNORECASE) is not None


def _level(up: bool) -> str:
    return "level up" if up else "level down"


def _banded(found: re.Match[str]) -> str:
    more = found[1].lower() in ("more", "some more", "some") or _upwards(found[1])
    return f"{'more' if more else 'less'} {_region(found[2], found[3])}"


def _excess(found: re.Match[str]) -> str:
    """ "3 dB too hot" is to come down, "3 dB louder" to go up; a clause of its own, which is no remark."""
    too, wished = (found[1] or "").lower(), (found[2] or "").lower()
    return ", " + _level(too in ("low", "quiet", "soft") or wished in ("louder", "hotter", "up"))


def _moved(found: re.Match[str], quantities: Container[str]) -> str:
    """Level up or down, by the last word that says which; as it stands where none does.

    Behind a quantity it is that which goes up or down: "reverb down 3 dB".
    """
    for said in (found[3], found[2], found[1]):
        if said and (way := _WAYS.get(said.lower(), 0)):
            return _step(found, way > 0, quantities)
    return found[0]


def _step(found: re.Match[str], up: bool, quantities: Container[str]) -> str:
    before = found.string[: found.start()].split()
    if before and before[-1].lower() in quantities:
        return "up" if up else "down"
    return _level(up)


def _shifted(found: re.Match[str]) -> str:
    said = found[0].lower()
    lower = re.search(r"\b(?:down|lower|drop|sink)|-", said) is not None
    return "pitched lower" if lower else "pitched higher"


def _at(found: re.Match[str]) -> str:
    said = (found[1] or found[2]).lower()
    more = said in ("more", "some") or _upwards(said)
    return f"{'more' if more else 'less'} {_region(found[3], found[4])}"


def _passed(found: re.Match[str]) -> str:
    """ "High-pass at 100" takes away what is below, a low cut too; "low-pass" what is above."""
    if not found[5] and float(found[4]) < _HEARD:  # "a low pass at 3 seconds"
        return found[0]
    lows = (found[3] or "").lower() == "hpf"
    if not found[3]:
        lows = found[1].lower().startswith("h") == (found[2].lower() == "pass")
    return "less bass" if lows else "less treble"


def _often(found: re.Match[str], quantities: Container[str]) -> str:
    """ "More drops per second" is busier, whatever drops; "more lows every bar" is not."""
    if found[2] and found[2].lower() in quantities:
        return found[0]
    return "sparser" if (found[1] or found[3]).lower() in _FEWER else "busier"


def _paced(found: re.Match[str]) -> str:
    before, after = int(found[1]), int(found[3])
    return found[0] if before == after else "faster" if after > before else "slower"


def _on(found: re.Match[str], quantities: Container[str]) -> str:
    """ "+3 on the high shelf" is more of it; "-3 dB on everything" is a level."""
    named = any(word in quantities for word in found[2].lower().split())
    return f"{'more' if found[1] == '+' else 'less'} {found[2]}" if named else found[0]


def decibels(text: str) -> list[float]:
    """The decibels or LU that a text says, without their signs; "half a dB" is 0.5."""
    said = (n.lower() for n in _AMOUNT.findall(text))
    return [0.5 if n.startswith("half") else float(_WORDS.get(n, 0) or n) for n in said]


def plain(text: str, quantities: Container[str] = ()) -> str:
    """Write figures out: levels, frequencies and intervals; ``quantities`` are words for what goes up and down."""
    text = text.replace("\u2019", "'").replace("\u2212", "-")
    text = _PASS.sub(_passed, text)
    text = _UNTIL_NOW.sub(r"\1", text)
    text = _OFTEN.sub(lambda m: _often(m, quantities), text)
    text = _AT.sub(_at, text)
    text = _TEMPO.sub(_paced, text)
    text = _LASTING.sub("", text)
    text = _BAND.sub(_banded, text)
    text = _THERE.sub("", text)
    text = _NOTCHED.sub(lambda m: f"less {_region(m[1], m[2])}", text)
    text = _PULLED.sub(lambda m: f"{'more' if m[3].lower() == 'up' else 'less'} {_region(m[1], m[2])}", text)
    text = _TONE.sub(lambda m: "pitched higher" if m[1].lower() in ("up", "higher") else "pitched lower", text)
    text = _COUNTED.sub(lambda m: _level(m[1].lower() == "more"), text)
    text = _OVERALL.sub(lambda m: _level(m[1] == "+"), text)
    text = _ON.sub(lambda m: _on(m, quantities), text)
    text = _SIGNED.sub(lambda m: _step(m, m[1] == "+", quantities), text)
    text = _EXCESS.sub(_excess, text)
    text = _MOVED.sub(lambda m: _moved(m, quantities), text)
    text = _SHIFTED.sub(_shifted, text)
    text = _APART.sub(lambda m: "pitched higher" if m[1].lower() in ("up", "higher") else "pitched lower", text)
    text = _CORNER.sub(lambda m: "treble" if m[1].lower() in ("above", "over") else "bass", text)
    text = _TWICE.sub(r"\1", text)
    return _LONG.sub(r"\1", text)
