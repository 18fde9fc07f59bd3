"""Rights: who holds what, what may train and why not, and all that descends from a clip."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundlab.domain.adapter import Adapter
from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.domain.rights import REVOKED, expired
from soundlab.errors import NotFound, WrongInput
from soundlab.storage.adapters import AdapterStore
from soundlab.storage.clips import ClipStore
from soundlab.storage.exports import ExportStore
from soundlab.storage.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Descent:
    """What came of a clip, by id, name or path."""

    takes: tuple[str, ...]
    adapters: tuple[str, ...]
    exports: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"takes": list(self.takes), "adapters": list(self.adapters), "exports": list(self.exports)}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit."""

    clip: Clip
    descent: Descent

    def as_json(self) -> dict[str, Any]:
        decision = self.clip.training
        return {
            "id": self.clip.id,
            "title": self.clip.title,
            "path": self.clip.path,
            "sha256": self.clip.sha256,
            "rights": self.clip.rights,
            "holder": self.clip.holder,
            "evidence": self.clip.evidence,
            "consent": self.clip.consent,
            "expires": self.clip.expires,
            "expired": expired(self.clip.expires),
            "trainable": decision.allowed,
            "reason": decision.reason,
            **self.descent.as_json(),
        }


@dataclass(slots=True)
class Clearing:
    """Answers for rights in one project."""

    clips: ClipStore
    takes: TakeStore
    adapters: AdapterStore
    exports: ExportStore

    def audit(self, collection: str | None = None) -> list[AuditRow]:
        """Return every clip with its rights and what came of it, the troublesome first."""
        lineage = self._lineage()
        rows = [AuditRow(c, self._descent(c.id, lineage)) for c in self.clips.all(collection=collection)]
        return sorted(rows, key=lambda r: (r.clip.training.allowed, r.clip.rights, r.clip.title))

    def descent(self, identity: str) -> Descent:
        """Return all takes, adapters and exports that descend from a clip. Raises NotFound."""
        return self._descent(self.clips.get(identity).id, self._lineage())

    def revoke(self, identity: str, why: str) -> tuple[Clip, Descent]:
        """Restrict a clip, keeping its evidence with the reason, and return what descends from it."""
        clip = self.clips.get(identity)
        evidence = "; ".join(filter(None, (f"{REVOKED}: {why}", clip.evidence)))
        self.clips.change([clip.id], {"rights": "restricted", "consent": "no-gen-ai", "evidence": evidence})
        return self.clips.get(clip.id), self.descent(clip.id)

    def outdated(self, adapter: Adapter) -> list[tuple[str, str]]:
        """Sources of an adapter that may not train any more, each with the reason; an adapter without any is sound."""
        out = []
        for row in adapter.clips:
            identity = str(row["id"])
            if identity.startswith("t"):
                continue
            try:
                decision = self.clips.get(identity).training
            except NotFound:
                continue  # no longer in the library, which takes no right away
            if not decision.allowed:
                out.append((identity, decision.reason))
        return out

    def warnings(self, names: Iterable[str]) -> list[str]:
        """For people: a line for each source of these adapters that may not train any more. Raises NotFound."""
        return [
            f"adapter {name} was trained on {source}, which may not train any more: {why}"
            for name in names
            for source, why in self.outdated(self.adapters.get(name))
        ]

    def ancestry(self, adapter: Adapter) -> dict[str, Any]:
        """Sources → adapter → takes → exports, by id and path."""
        takes = [t for t in self.takes.all() if any(a["name"] == adapter.name for a in t.adapters)]
        return {
            "sources": [str(row["id"]) for row in adapter.clips],
            "adapter": adapter.name,
            "takes": [t.id for t in takes],
            "exports": [path for _, path in self.exports.of([t.id for t in takes])] if takes else [],
        }

    def apply(self, manifest: Path) -> tuple[list[Clip], list[tuple[str, str]]]:
        """Set rights of known clips from a manifest; return the changed clips and the rows that fit none, with why.

        What fits is set at once, or nothing is; ``soundlab edit --undo`` takes it back.

        A CSV has a header; TOML has ``[[clip]]`` tables. ``file`` (relative to
        the manifest), ``sha256`` or ``id`` says which clip; the other fields are
        those of ``soundlab edit``.

        Raises
        ------
        NotFound, WrongInput
            When the manifest is missing or cannot be read as either.
        """
        known = self.clips.all()
        by_name = {Path(c.path).name: c for c in known}
        by_path = {str(Path(c.path).resolve()): c for c in known}
        by_key = {c.sha256: c for c in known} | {c.id: c for c in known}
        rows: list[tuple[str, Labels]] = []
        left: list[tuple[str, str]] = []
        for row in read_manifest(manifest):
            said = row.get("id") or row.get("sha256") or row.get("file") or ""
            place = str((manifest.parent / said).resolve())
            clip = by_key.get(said) or by_path.get(place) or by_name.get(Path(said).name)
            if clip is None:
                left.append((said or "(a row without file, sha256 or id)", "no clip of the library"))
                continue
            try:
                labels = _labels(row)
            except WrongInput as error:
                left.append((said, error.message))
                continue
            rows.append((clip.id, labels))
        if rows:
            self.clips.label_each(rows, f"manifest {manifest.name}")
        return self.clips.all(ids=list(dict.fromkeys(identity for identity, _ in rows))), left

    def _lineage(self) -> dict[str, set[str]]:
        """Children of every clip, take and adapter (as ``adapter:NAME``)."""
        children: dict[str, set[str]] = {}
        for take in self.takes.all(states=("done", "unranked", "failed")):
            for source in take.sources:
                children.setdefault(source, set()).add(take.id)
        for adapter in self.adapters.all():
            for row in adapter.clips:
                children.setdefault(str(row["id"]), set()).add(f"adapter:{adapter.name}")
        return children

    def _descent(self, start: str, children: dict[str, set[str]]) -> Descent:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        takes = tuple(sorted(s for s in seen if not s.startswith("adapter:")))
        adapters = tuple(sorted(s.removeprefix("adapter:") for s in seen if s.startswith("adapter:")))
        return Descent(takes, adapters, tuple(path for _, path in self.exports.of([start, *takes])))


_COLUMNS = ("file", "sha256", "id", "rights", "evidence", "consent", "holder", "expires", "title", "note", "tags")
_MORE = ""
"""Name of the cells beyond the header's."""


def _labels(row: dict[str, str]) -> Labels:
    return Labels(
        rights=row.get("rights") or None,
        evidence=row.get("evidence") or None,
        consent=row.get("consent") or None,
        title=row.get("title") or None,
        note=row.get("note") or None,
        holder=row.get("holder") or None,
        expires=row.get("expires") or None,
        tags=tuple(t.strip() for t in row.get("tags", "").split(",") if t.strip()),
    )


def read_manifest(path: Path) -> list[dict[str, str]]:
    """Read rows of a CSV or TOML manifest.

    Raises
    ------
    NotFound
        When there is no such file.
    WrongInput
        When it is neither, or has no rows.
    """
    if not path.is_file():
        raise NotFound(f"no such file: {path}", "name a CSV or TOML manifest")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".toml":
            tables = tomllib.loads(text).get("clip", [])
            rows = [{str(k): _plain(v) for k, v in table.items()} for table in tables]
        else:
            lines = text.splitlines()
            separator = ";" if lines and ";" in lines[0] and "," not in lines[0] else ","  # as spreadsheets write it
            table = csv.DictReader(lines, delimiter=separator, restkey=_MORE)
            rows = [{str(k): str(v or "") for k, v in row.items()} for row in table]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error, AttributeError) as error:
        raise WrongInput(f"cannot read {path}: {error}", "a CSV with a header, or TOML with [[clip]] tables") from error
    if not rows:
        raise WrongInput(f"{path} has no rows", "a CSV with a header, or TOML with [[clip]] tables")
    for number, row in enumerate(rows, 1):
        if _MORE in row:
            raise WrongInput(f"{path}: row {number} has more cells than the header", 'quote cells with commas: "a, b"')
        if unknown := [name for name in row if name not in _COLUMNS]:
            raise WrongInput(f"{path}: unknown column {unknown[0]!r}", f"columns: {', '.join(_COLUMNS)}")
    return rows


def _plain(value: Any) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, list) else str(value)
