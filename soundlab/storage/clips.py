"""The clips of a library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Exists, Select, delete, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from soundlab.domain.clip import Clip
from soundlab.domain.fieldquery import Query
from soundlab.domain.labels import Labels
from soundlab.errors import NotFound
from soundlab.storage import clip_text
from soundlab.storage.clip_text import CLIP_ROW, TEXT
from soundlab.storage.database import Connection, Database, now
from soundlab.storage.tables import clip_collections, clip_tags, clips, edits, measures, vectors

_CHUNK, _EDITS = 500, 50


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))


def _embedded(model: str) -> Exists:
    return exists().where(vectors.c.owner == clips.c.id, vectors.c.model == model)


class ClipStore:
    """Reads and writes clips. Ids are ``c`` and the start of the content hash."""

    def __init__(self, database: Database) -> None:
        self._engine, self._resolve, self._stored = database.engine, database.resolve, database.stored

    def add(self, clip: Clip) -> Clip:
        """Insert a clip and return it with its id; the id grows in the unlikely case that it is taken."""
        with self._engine.begin() as connection:
            size = 8
            taken = set(connection.scalars(select(clips.c.id).where(clips.c.id.startswith(f"c{clip.sha256[:size]}"))))
            while f"c{clip.sha256[:size]}" in taken:
                size += 2
            identity = f"c{clip.sha256[:size]}"
            connection.execute(
                insert(clips).values(
                    id=identity,
                    path=self._stored(clip.path),
                    title=clip.title,
                    sha256=clip.sha256,
                    duration=clip.duration,
                    sample_rate=clip.sample_rate,
                    channels=clip.channels,
                    rights=clip.rights,
                    evidence=clip.evidence,
                    consent=clip.consent,
                    note=clip.note,
                    holder=clip.holder,
                    expires=clip.expires,
                    category=clip.category,
                    rating=clip.rating,
                    metadata=clip.metadata,
                    added=now(),
                )
            )
            self._label(connection, [identity], clip.tags, clip.collections)
        return self.get(identity)

    def change(
        self,
        ids: Sequence[str],
        values: dict[str, Any],
        *,
        tags: Iterable[str] = (),
        untag: Iterable[str] = (),
        collections: Iterable[str] = (),
        uncollect: Iterable[str] = (),
        undoable: str | None = None,
    ) -> None:
        """Update columns of several clips, add and remove tags and collections: all or nothing.

        With ``undoable``, what the change is called, :meth:`undo` takes it back.
        """
        if "path" in values:
            values = {**values, "path": self._stored(str(values["path"]))}
        with self._engine.begin() as connection:
            if undoable is not None:
                self._remember(connection, ids, list(values), undoable)
            for chunk in _chunks(ids):
                if values:
                    connection.execute(update(clips).where(clips.c.id.in_(chunk)).values(**values))
                for table, column, names in ((clip_tags, "tag", untag), (clip_collections, "collection", uncollect)):
                    if gone := list(names):
                        connection.execute(delete(table).where(table.c.clip.in_(chunk), table.c[column].in_(gone)))
            self._label(connection, ids, tags, collections)

    def label_each(self, rows: Sequence[tuple[str, Labels]], what: str) -> None:
        """Let labels add to what each of several clips has, all or nothing; :meth:`undo` takes it back as one.

        Tags and collections are added; what labels would take away stays.
        """
        columns = sorted({name for _, labels in rows for name in labels.columns()})
        with self._engine.begin() as connection:
            self._remember(connection, [identity for identity, _ in rows], columns, what)
            for identity, labels in rows:
                if values := labels.columns():
                    connection.execute(update(clips).where(clips.c.id == identity).values(**values))
                self._label(connection, [identity], labels.tags, labels.collections)

    def label(self, ids: Sequence[str], labels: Labels, *, undoable: bool = False) -> None:
        """Let ``labels`` hold for several clips: :meth:`change` with all that they say."""
        self.change(
            ids,
            labels.columns(),
            tags=labels.tags,
            untag=labels.untag,
            collections=labels.collections,
            uncollect=labels.uncollect,
            undoable=labels.told if undoable else None,
        )

    def _remember(self, connection: Connection, ids: Sequence[str], columns: list[str], what: str) -> None:
        before: dict[str, Any] = {}
        for chunk in _chunks(ids):
            wanted = select(clips.c.id, *(clips.c[name] for name in columns)).where(clips.c.id.in_(chunk))
            for row in connection.execute(wanted).mappings():
                before[row["id"]] = {"columns": {name: row[name] for name in columns}}
        for key, table, column in (("tags", clip_tags, "tag"), ("collections", clip_collections, "collection")):
            held = self._names(connection, table, column, list(before))
            for identity, row in before.items():
                row[key] = held.get(identity, [])
        connection.execute(insert(edits).values(what=what, before=before, created=now()))
        oldest = select(edits.c.id).order_by(edits.c.id.desc()).offset(_EDITS)
        connection.execute(delete(edits).where(edits.c.id.in_(oldest)))

    def undo(self) -> tuple[str, list[str]] | None:
        """Take back the last change that can be: what it was and the clips it changed; None when there is none."""
        with self._engine.begin() as connection:
            last = connection.execute(select(edits).order_by(edits.c.id.desc()).limit(1)).mappings().first()
            if last is None:
                return None
            for identity, row in last["before"].items():
                if row["columns"]:
                    connection.execute(update(clips).where(clips.c.id == identity).values(**row["columns"]))
                connection.execute(delete(clip_tags).where(clip_tags.c.clip == identity))
                connection.execute(delete(clip_collections).where(clip_collections.c.clip == identity))
                if connection.scalar(select(clips.c.id).where(clips.c.id == identity)) is not None:
                    self._label(connection, [identity], row["tags"], row["collections"])
            connection.execute(delete(edits).where(edits.c.id == last["id"]))
            return str(last["what"]), list(last["before"])

    @staticmethod
    def _label(connection: Connection, ids: Sequence[str], tags: Iterable[str], collections: Iterable[str]) -> None:
        for table, column, names in (
            (clip_tags, "tag", list(tags)),
            (clip_collections, "collection", list(collections)),
        ):
            rows = [{"clip": clip, column: name} for clip in ids for name in names]
            if rows:
                connection.execute(upsert(table).on_conflict_do_nothing(), rows)

    def by_hash(self, sha256: str) -> Clip | None:
        """Return the clip with that content, if known."""
        return next(iter(self._load(select(clips).where(clips.c.sha256 == sha256))), None)

    def by_path(self, path: str) -> Clip | None:
        """Return the clip whose file that is, if known."""
        return next(iter(self._load(select(clips).where(clips.c.path == self._stored(path)).limit(1))), None)

    def get(self, identity: str) -> Clip:
        """Return a clip by id, or by a unique start of it.

        Raises
        ------
        NotFound
            When there is none, or several.
        """
        found = self._load(select(clips).where(clips.c.id == identity))
        if not found and len(identity) >= 3:
            found = self._load(select(clips).where(clips.c.id.startswith(identity, autoescape=True)).limit(2))
        if len(found) != 1:
            if len(identity) < 3:
                raise NotFound(f"{identity!r} is too short for an id", "three letters of it at least")
            what = "no clip" if not found else "several clips"
            raise NotFound(f"{what} called {identity!r}", "list them: soundlab clips")
        return found[0]

    def all(
        self,
        *,
        tag: str | None = None,
        collection: str | None = None,
        rights: str | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[Clip]:
        """Return clips in the order they were added, filtered."""
        query = self._within(select(clips), tag, collection, rights)
        if ids is not None:
            return [clip for chunk in _chunks(ids) for clip in self._load(query.where(clips.c.id.in_(chunk)))]
        return self._load(query.order_by(clips.c.added, clips.c.id))

    @staticmethod
    def _within(query: Select[Any], tag: str | None, collection: str | None, rights: str | None) -> Select[Any]:
        if tag is not None:
            query = query.where(clips.c.id.in_(select(clip_tags.c.clip).where(clip_tags.c.tag == tag)))
        if collection is not None:
            query = query.where(
                clips.c.id.in_(select(clip_collections.c.clip).where(clip_collections.c.collection == collection))
            )
        return query if rights is None else query.where(clips.c.rights == rights)

    def matching(
        self,
        *,
        tag: str | None = None,
        collection: str | None = None,
        rights: str | None = None,
        shortest: float | None = None,
        longest: float | None = None,
        rate: int | None = None,
        kind: str | None = None,
        rating: int | None = None,
        fields: Query | None = None,
    ) -> list[str]:
        """Return ids of clips, in the order they were added, that are as asked.

        Parameters
        ----------
        shortest, longest
            Bounds on the duration in seconds.
        rate
            Sample rate in Hz.
        kind
            File name suffix, such as wav.
        rating
            Stars at least.
        fields
            See :mod:`soundlab.domain.fieldquery`.
        """
        query = self._within(select(clips.c.id), tag, collection, rights)
        if shortest is not None:
            query = query.where(clips.c.duration >= shortest)
        if longest is not None:
            query = query.where(clips.c.duration <= longest)
        if rate is not None:
            query = query.where(clips.c.sample_rate == rate)
        if kind is not None:
            query = query.where(func.lower(clips.c.path).endswith("." + kind.lower().lstrip("."), autoescape=True))
        if rating is not None:
            query = query.where(clips.c.rating >= rating)
        if fields is not None:
            query = query.where(clip_text.matching(fields))
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(CLIP_ROW)))

    def named(self, words: Sequence[str], limit: int) -> list[str]:
        """Return ids of at most ``limit`` clips whose titles and tags hold all of the words."""
        query = select(clips.c.id).where(clip_text.named(list(words))).limit(limit)
        with self._engine.connect() as connection:
            return list(connection.scalars(query)) if words else []

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        """Return title and tags of clips as one text each."""
        found: dict[str, str] = {}
        query = select(clips.c.id, TEXT.c.title, TEXT.c.tag).select_from(clips).join(TEXT, TEXT.c.rowid == CLIP_ROW)
        with self._engine.connect() as connection:
            for chunk in _chunks(ids):
                rows = connection.execute(query.where(clips.c.id.in_(chunk)))
                found |= {str(identity): f"{title} {tags}" for identity, title, tags in rows}
        return found

    def without_vectors(self, model: str) -> list[Clip]:
        """Return clips that have no vectors of a model, in the order they were added."""
        return self._load(select(clips).where(~_embedded(model)).order_by(CLIP_ROW))

    def count_without_vectors(self, model: str) -> int:
        """Return how many clips have no vectors of a model."""
        with self._engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(clips).where(~_embedded(model))) or 0)

    def missing(self) -> list[str]:
        """Return ids of clips whose file is gone, in the order they were added."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(clips.c.id, clips.c.path).order_by(CLIP_ROW))
            return [str(identity) for identity, path in rows if not Path(self._resolve(path)).exists()]

    def order(self) -> npt.NDArray[np.int64]:
        """Row numbers of all clips as they were added: small enough to hold for a million, see :meth:`page`."""
        query = select(CLIP_ROW).select_from(clips)
        with self._engine.connect() as connection:
            return np.sort(np.fromiter(connection.scalars(query), np.int64))

    def page(self, rows: Sequence[int]) -> list[Clip]:
        """Clips by row number, ascending."""
        return self._load(select(clips).where(CLIP_ROW.in_([int(r) for r in rows])).order_by(CLIP_ROW))

    def measures(self, ids: Sequence[str]) -> dict[str, dict[str, float | None]]:
        """Descriptors of those clips that have been measured."""
        found: dict[str, dict[str, float | None]] = {}
        with self._engine.connect() as connection:
            for chunk in _chunks(ids):
                query = select(measures).where(measures.c.owner.in_(chunk))
                found |= {str(owner): dict(values) for owner, values in connection.execute(query)}
        return found

    def measured(self, rows: Sequence[tuple[str, dict[str, float | None]]]) -> None:
        """Store descriptors by clip."""
        if rows:
            with self._engine.begin() as connection:
                query = upsert(measures)
                query = query.on_conflict_do_update(index_elements=["owner"], set_={"values": query.excluded["values"]})
                connection.execute(query, [{"owner": owner, "values": values} for owner, values in rows])

    def count(self) -> int:
        """Number of clips."""
        with self._engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(clips)) or 0)

    def tags(self) -> dict[str, int]:
        """Tags and how many clips each has, the most used first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(clip_tags.c.tag, func.count()).group_by(clip_tags.c.tag).order_by(func.count().desc())
            )
            return {str(name): int(count) for name, count in rows}

    def collected(self, name: str) -> list[Clip]:
        """Clips of a collection. Raises NotFound, naming those that there are, when it has none."""
        found = self.all(collection=name)
        if not found:
            known = ", ".join(self.collections()) or "none yet"
            raise NotFound(f"no clips in a collection called {name!r}", f"collections: {known}")
        return found

    def collections(self) -> dict[str, int]:
        """Names of collections and how many clips each has."""
        column = clip_collections.c.collection
        with self._engine.connect() as connection:
            rows = connection.execute(select(column, func.count()).group_by(column).order_by(column))
            return {str(name): int(count) for name, count in rows}

    def _load(self, query: Select[Any]) -> list[Clip]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            tags = self._names(connection, clip_tags, "tag", ids)
            groups = self._names(connection, clip_collections, "collection", ids)
        fields = (
            "id",
            "path",
            "title",
            "sha256",
            "duration",
            "sample_rate",
            "channels",
            "rights",
            "evidence",
            "consent",
            "note",
            "holder",
            "expires",
            "category",
            "rating",
            "metadata",
        )
        return [
            Clip(
                **{**{f: row[f] for f in fields}, "path": self._resolve(row["path"])},
                tags=tuple(tags.get(row["id"], ())),
                collections=tuple(groups.get(row["id"], ())),
                missing=not Path(self._resolve(row["path"])).exists(),
            )
            for row in rows
        ]

    @staticmethod
    def _names(connection: Connection, table: Any, column: str, ids: list[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for chunk in _chunks(ids):
            query = select(table.c.clip, table.c[column]).where(table.c.clip.in_(chunk))
            for clip, name in connection.execute(query.order_by(table.c[column])):
                found.setdefault(clip, []).append(name)
        return found
