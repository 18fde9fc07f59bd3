"""Finding clips by words, by example, by mixtures of both, within filters; and saying why."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soundlab.audio.decode import read_audio
from soundlab.audio.write import write_audio
from soundlab.domain.brief import weighted
from soundlab.domain.clip import Clip
from soundlab.domain.fieldquery import parse
from soundlab.domain.ports import Embedder
from soundlab.domain.searchline import read as read_line
from soundlab.domain.searchrecipe import NO_FILTERS, Filters, Recipe
from soundlab.errors import NotFound, UnreadableAudio, WrongInput
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore, unit_mean

WORD_WEIGHT = 0.35
"""What a full match of the query's words in title and tags adds to a cosine."""
_NEAR, _NAMED = 2000, 500
"""Windows, and clips that the words name, among which names decide."""
_LONG = 12.0
"""Seconds from which a result says where in the file it is."""
_REGION = re.compile(r"^(?P<name>.+)@(?P<start>\d+(?:\.\d+)?)-(?P<stop>\d+(?:\.\d+)?)$")

Measure = Callable[[Sequence[Clip]], dict[str, dict[str, float | None]]]
"""Descriptors of clips by id."""


Meant = Callable[[str, Sequence[float]], npt.NDArray[np.floating]]
"""(model id, text embedding) → the embedding as a project means it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a query: how it is called, its vector, its weight."""

    name: str
    vector: np.ndarray
    weight: float


@dataclass(frozen=True, slots=True)
class Result:
    """A clip that matches; ``score`` is a cosine in [-1, 1] plus up to 0.35 for words in its name."""

    clip: Clip
    score: float
    at: float | None
    why: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        row = {**self.clip.as_json(), "score": round(self.score, 4), "why": list(self.why)}
        if self.at is not None:
            row["at"] = self.at
        return row


class Searcher:
    """Searches one library.

    Parameters
    ----------
    choose
        The embedder whose vectors are searched: the project's, or an earlier one
        while clips are being embedded anew.
    measure
        Measures clips, for limits on descriptors.
    scratch
        Folder for the audio of regions that are searched by.
    meant
        A text's embedding → as this project means it.
    """

    def __init__(
        self,
        clips: ClipStore,
        vectors: VectorStore,
        choose: Callable[[], Embedder],
        measure: Measure,
        scratch: Path,
        meant: Meant,
    ) -> None:
        self._clips, self._vectors, self._choose, self._meant = clips, vectors, choose, meant
        self._measure, self._scratch = measure, scratch

    def find(self, recipe: Recipe, k: int = 10) -> list[Result]:
        """Search as a recipe says; see :meth:`search`."""
        return self.search(
            recipe.text,
            like=[weighted(name) for name in recipe.like],
            unlike=[weighted(name) for name in recipe.unlike],
            more=recipe.more,
            k=k,
            filters=recipe.filters,
        )

    def search(
        self,
        text: str = "",
        *,
        like: Sequence[str | tuple[str, float]] = (),
        unlike: Sequence[str | tuple[str, float]] = (),
        more: Sequence[str] = (),
        k: int = 10,
        filters: Filters = NO_FILTERS,
    ) -> list[Result]:
        """Return the best ``k`` clips.

        Parameters
        ----------
        text
            Words, and limits among them (:mod:`soundlab.domain.searchline`); may be
            empty when there is something else to go by.
        like, unlike
            Clip ids, take ids or files, each with a weight if wanted; a region of
            one is ``NAME@1.5-3.0``. Their vectors are added and subtracted.
        more
            Words that push beyond the rest: "more metallic".

        Raises
        ------
        WrongInput
            When nothing is asked for, or a filter cannot be read.
        NotFound
            When an example is neither a clip nor a file.
        """
        line = read_line(text)
        text, filters = line.words, filters.with_line(line)
        if not text and not like and not unlike and not filters.any:
            raise WrongInput("nothing to search for", "give words, or --like a clip or file")
        if k < 1:
            raise WrongInput(f"cannot return {k} results", "choose -k 1 or more")
        allowed = self._allowed(filters) if filters.any else None
        embedder = self._choose()
        model = embedder.model_id
        parts = self._parts(embedder, text, like, unlike, more)
        if not parts:
            assert allowed is not None
            return [Result(clip, 0.0, None, ("passes the filters",)) for clip in self._clips.all(ids=allowed[:k])]
        total = [float(v) for v in np.sum([p.weight * p.vector for p in parts], axis=0)]
        words = _words(text)
        near = self._vectors.search(model, total, max(20 * k, _NEAR if words else 0), allowed)
        # Clips whose names hold all words are heard too, however far they lie.
        named = self._clips.named(sorted(words), _NAMED)
        if allowed is not None:
            named = sorted({*named} & {*allowed})
        if named:
            near += self._vectors.search(model, total, 20 * len(named), named)
        best: dict[str, tuple[float, float]] = {}
        for hit in near:
            if hit.owner not in best or hit.score > best[hit.owner][0]:
                best[hit.owner] = (hit.score, hit.at)
        names = self._clips.names(list(best)) if words else {}
        scores = {i: cosine + WORD_WEIGHT * _overlap(words, names.get(i, "")) for i, (cosine, _) in best.items()}
        first = sorted(scores, key=lambda i: -scores[i])[:k]
        found = {clip.id: clip for clip in self._clips.all(ids=first)}
        held = self._vectors.means(model, first)
        return [
            Result(
                clip,
                scores[clip.id],
                best[clip.id][1] if clip.duration > _LONG else None,
                self._why(clip, held.get(clip.id), parts, words),
            )
            for clip in (found[i] for i in first if i in found)
        ]

    def limited(self, line: str) -> list[str]:
        """Return ids of all clips that the limits of a line let pass, in the order they were added.

        Raises
        ------
        WrongInput
            When the line has words beside its limits: what is heard has no edge.
        """
        read = read_line(line)
        if read.words or not (filters := Filters().with_line(read)).any:
            raise WrongInput(f"{line!r} is not all limits", "such as: tag:rain NOT rights:own 'rating>=3'")
        return self._allowed(filters)

    def _allowed(self, filters: Filters) -> list[str]:
        ids = self._clips.matching(
            tag=filters.tag,
            collection=filters.collection,
            rights=filters.rights,
            shortest=filters.shortest,
            longest=filters.longest,
            rate=filters.rate,
            kind=filters.kind,
            rating=filters.rating,
            fields=parse(filters.fields) if filters.fields else None,
        )
        if filters.bounds:
            measured = self._measure(self._clips.all(ids=ids))
            ids = [i for i in ids if all(b.holds(measured.get(i, {})) for b in filters.bounds)]
        return ids

    def _parts(
        self,
        embedder: Embedder,
        text: str,
        like: Sequence[str | tuple[str, float]],
        unlike: Sequence[str | tuple[str, float]],
        more: Sequence[str],
    ) -> list[Part]:
        parts = []
        if text.strip():
            meant = self._meant(embedder.model_id, embedder.embed_texts([text])[0])
            parts.append(Part(f"“{text.strip()}”", meant, 1.0))
        for sign, said, names in ((1.0, "like", like), (-1.0, "unlike", unlike)):
            for given in names:
                name, weight = given if isinstance(given, tuple) else (given, 1.0)
                parts.append(Part(f"{said} {name}", self._example(embedder, name), sign * weight))
        for word in more:
            plus, plain = embedder.embed_texts([f"{word} sound", "sound"])
            away = np.asarray(plus) - np.asarray(plain)
            parts.append(Part(f"more {word}", away / max(float(np.linalg.norm(away)), 1e-9), 0.6))
        return parts

    @staticmethod
    def _why(clip: Clip, heard: np.ndarray | None, parts: Sequence[Part], words: set[str]) -> tuple[str, ...]:
        """Say what brought a clip up: words in its name, and how near it is to each part."""
        why = []
        if shared := sorted(words & _words(" ".join((clip.title, *clip.tags)))):
            why.append(f"named {', '.join(shared)}")
        if heard is not None:
            near = sorted(((float(heard @ p.vector), p.name) for p in parts), reverse=True)
            why += [f"{name} {value:+.2f}" for value, name in near]
        return tuple(why)

    def _example(self, embedder: Embedder, name: str) -> np.ndarray:
        """Vector of a clip, take, file, or a region of one: the mean of its windows, at unit length."""
        region = _REGION.match(name)
        if region and not Path(name).exists():
            found = self._region(embedder, region["name"], float(region["start"]), float(region["stop"]))
        elif Path(name).is_file():
            found = _embedded(embedder, Path(name))
        else:
            identity = name if name.startswith("t") else self._clips.get(name).id
            held = self._vectors.get(embedder.model_id, identity)
            if held is None:
                raise NotFound(f"{name} has not been embedded with this model", "import it again")
            found = held.astype(np.float64)
        return unit_mean(found)

    def _region(self, embedder: Embedder, name: str, start: float, stop: float) -> np.ndarray:
        if stop <= start:
            raise WrongInput(f"the region {start:g}-{stop:g} is empty", "write it as NAME@1.5-3.0, in seconds")
        path = Path(name) if Path(name).is_file() else Path(self._clips.get(name).path)
        audio, rate = read_audio(path, start=start, seconds=stop - start)
        scratch = self._scratch / "region.wav"
        write_audio(scratch, audio, rate, bits="32f")
        try:
            return _embedded(embedder, scratch)
        finally:
            scratch.unlink(missing_ok=True)


def _embedded(embedder: Embedder, path: Path) -> np.ndarray:
    result = embedder.embed_files([path])[0]
    if isinstance(result, str):
        raise UnreadableAudio(result)
    return np.asarray(result.vectors, np.float64)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.replace("_", " ").lower()))


def _overlap(words: set[str], name: str) -> float:
    """Share of the query's words that a clip's title and tags hold."""
    return len(words & _words(name)) / len(words) if words else 0.0
