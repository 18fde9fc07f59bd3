"""What feedback on a take means: the words by the parser, ids looked up, sounds of a mix told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from soundlab.config import packaged
from soundlab.domain.feedback import Adjustment
from soundlab.domain.language import Reading, read
from soundlab.domain.layers import kinds
from soundlab.domain.lexicon import Lexicon, build
from soundlab.domain.remix import alone, spared
from soundlab.domain.take import Take
from soundlab.errors import NotFound, WrongInput
from soundlab.presets import read_toml
from soundlab.services.kin import Kin
from soundlab.storage.clips import ClipStore
from soundlab.storage.takes import TakeStore
from soundlab.vocabulary import read_categories, read_tags

_ID = re.compile(r"(?<![@\w-])[tc][0-9a-z]{5,11}(?![\w-])")
"""What may be the id of a take or clip."""


_COUNTS = frozenset(("fewer", "few", "many"))
"""Words by which it is the number of a sound that is to change."""


def read_lexicon(folder: Path, own: Sequence[Path] = ()) -> Lexicon:
    """Read the grammar and lexicon of ``folder``; files of the project's ``own`` add to them and win."""
    files = [folder / "lexicon.toml", *own]
    where = " and ".join(str(f) for f in files)
    words = folder.parent / "vocabulary"
    known = {word for category in read_categories(words).values() for word in category.synonyms}
    known |= {word for tag in read_tags([words]) for word in tag.split()}
    english = (folder.parent / "checkpoints" / "sketch" / "text" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return build(read_toml(folder / "grammar.toml"), [read_toml(path) for path in files], where, known, english)


def lexicon_of(project: Path | None) -> Lexicon:
    """The lexicon that comes along, with the words of a project's folder where there is one."""
    own = sorted((project / "feedback").glob("*.toml")) if project is not None else []
    return read_lexicon(packaged("presets") / "feedback", own)


def workable(parent: Take, adjustments: Sequence[Adjustment]) -> None:
    """Raise WrongInput where feedback on ``parent`` changes nothing, or likens it to itself."""
    if all(a.kind == "keep" for a in adjustments):
        raise WrongInput("all of it is to stay, so there is nothing to do", 'say what should change: "darker"')
    for a in adjustments:
        if a.kind in ("like", "unlike") and a.target == parent.id:
            raise WrongInput(
                f"{a.text!r} is {parent.id} itself, the take that feedback is given on",
                "name the other by its id: @ID; soundlab takes lists them",
            )


@dataclass(slots=True)
class UnderstandingService:
    """Reads feedback on takes."""

    takes: TakeStore
    clips: ClipStore
    lexicon: Lexicon
    kin: Kin
    """Reads words that the lexicon lacks."""
    sounds: Callable[[Take], list[str]]
    """Prompts of the sounds that a take is mixed from; none where it is one sound."""

    def read(self, text: str, take: Take | None = None) -> Reading:
        """Understand feedback on a take; ``#2`` becomes the second of those made with it, ids are looked up.

        A word that the lexicon lacks is a free term, unless it surely points along an
        axis (:mod:`soundlab.services.kin`). What was taken for no wish is to be said
        back, never dropped in silence. What is said of a sound that a mix has not is no wish.

        Raises
        ------
        NotFound
            When a take or clip is named that there is not.
        WrongInput
            When nothing is understood, or all of it is said of sounds that the take has not.
        """
        found = read(_ID.sub(self._pointed, text), self.lexicon)
        batch = take.batch if take else None
        wishes = [self._resolved(self.kin.resolved(a), batch) for a in found.adjustments]
        # A wish can be said of one sound where the take is mixed from some; else it is said of all.
        table = self.lexicon.layering
        names = self.sounds(take) if take else []
        if take and not names:
            wishes = [self._counted(a, take) for a in wishes]
        if names:
            wishes = spared(text, alone(text, wishes, names, table), names, table)
        there = {kind for name in names for kind in kinds(name, table)}
        if names:
            wishes = [self._called(a, names) if self._elsewhere(a, there) else a for a in wishes]
        lacking = {id(a): a.scope for a in wishes if names and a.scope and self._elsewhere(a, there)}
        if lacking and all(a.kind == "keep" or id(a) in lacking for a in wishes):
            raise WrongInput(f"there is no {next(iter(lacking.values()))} in it", f"it has: {', '.join(names)}")
        wishes = [a for a in wishes if id(a) not in lacking]
        wishes = [a if kinds(a.scope or "", table) & there else replace(a, scope=None) for a in wishes]
        # What a scope or "only the bells" has named was understood; other words are told back.
        said = [f"{a.scope} {text}" for a in wishes if a.scope or (a.kind == "term" and a.text == text)]
        heard = {kind for words in said for kind in kinds(words, table)}
        left = [word for word in found.left if not kinds(word, table) & heard]
        left += [scope for scope in lacking.values() if scope not in left]
        return replace(found, adjustments=wishes, left=left)

    def _counted(self, a: Adjustment, take: Take) -> Adjustment:
        """ "Far too many drips" of what is nothing but drips: fewer of them, and none to be lost."""
        table = self.lexicon.layering
        counts = a.kind == "term" and not _COUNTS.isdisjoint(a.text.lower().split())
        if not counts or not kinds(a.term or "", table) & kinds(take.prompt, table):
            return a
        return replace(a, kind="axis", axis="density", term=None)

    def _elsewhere(self, a: Adjustment, there: set[int]) -> bool:
        """Whether a wish is said of a sound of none of the kinds that are there; noises may be in any sound."""
        scope, table = a.scope or "", self.lexicon.layering
        return bool(scope) and not kinds(scope, table) & there and not table.noises & set(scope.split())

    def _called(self, a: Adjustment, names: Sequence[str]) -> Adjustment:
        """A wish said of a sound by another name: "voices" of a choir."""
        name = self.kin.called(a.scope or "", names)
        return a if name is None else replace(a, scope=name)

    def _pointed(self, word: re.Match[str]) -> str:
        """An id with its @, where it is the whole id of a take or clip: "more like t9sthdd"."""
        store = self.takes if word[0].startswith("t") else self.clips
        try:
            return f"@{word[0]}" if store.get(word[0]).id == word[0] else word[0]
        except NotFound:
            return word[0]

    def parse(self, text: str, take: Take | None = None) -> list[Adjustment]:
        """Return the adjustments of :meth:`read`."""
        return self.read(text, take).adjustments

    def _resolved(self, a: Adjustment, batch: str | None) -> Adjustment:
        if a.kind not in ("like", "unlike") or a.target is None:
            return a
        target = a.target
        if target.startswith("#"):
            if batch is None:
                return a
            siblings = self._siblings(batch)
            index = int(target[1:])
            place = index - 1 if index > 0 else index
            if not -len(siblings) <= place < len(siblings):
                raise NotFound(f"there is no take {target[1:]} beside this one", f"it has {len(siblings)}")
            target = siblings[place].id
        elif target.startswith("t"):
            target = self.takes.get(target).id
        else:
            target = self.clips.get(target).id
        return Adjustment(a.kind, a.text, a.axis, a.term, a.direction, a.strength, target)

    def _siblings(self, batch: str) -> list[Take]:
        """Takes of a request as they are shown; of an answer to feedback, all answers to the same take."""
        shown = [t for t in self.takes.batch(batch) if t.state == "done"]
        parent = next((t.parent for t in shown), None)
        return [t for t in self.takes.all() if t.parent == parent] if parent else shown
