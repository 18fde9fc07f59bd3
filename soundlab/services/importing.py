"""Files become clips: hashed, probed, stored, embedded; bad ones are listed and the rest goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from soundlab.audio.decode import SUFFIXES, breaks_off, content_hash, plain, probe
from soundlab.audio.metadata import read_metadata
from soundlab.audio.write import atomic_path
from soundlab.config import absolute
from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Embedder, Progress, ignore_progress, never
from soundlab.domain.rights import revoked
from soundlab.errors import Cancelled, NotFound, UnreadableAudio
from soundlab.storage.clips import ClipStore
from soundlab.storage.vectors import VectorStore

_EMBED_BATCH = 32


@dataclass(slots=True)
class Report:
    """How an import went."""

    imported: list[Clip] = field(default_factory=list)
    unchanged: list[Clip] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    changed: list[tuple[Path, str]] = field(default_factory=list)
    """Files among the imported whose content was another, and the clip of that."""
    cut: list[Path] = field(default_factory=list)
    """Files among the imported that break off before the end that they promise."""
    held: list[Clip] = field(default_factory=list)
    """Clips that were revoked, and keep their rights though others were given."""

    def as_json(self) -> dict[str, Any]:
        return {
            "imported": len(self.imported),
            "unchanged": len(self.unchanged),
            "changed": [{"path": plain(path), "before": before} for path, before in self.changed],
            "failed": [{"path": plain(path), "reason": reason} for path, reason in self.failed],
            "cut": [plain(path) for path in self.cut],
            "revoked": [clip.id for clip in self.held],
            "clips": [clip.as_json() for clip in self.imported],
        }


def audio_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield files to import: those named, and those in folders that look like audio, each once.

    Links are followed, but no folder is entered twice, so a loop ends.

    Raises
    ------
    NotFound
        When a named path does not exist.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise NotFound(f"no such file or folder: {path}", "check the path")
        if not path.is_dir():
            yield absolute(path)
            continue
        for folder, inner, names in os.walk(path, followlinks=True):
            real = Path(folder).resolve()
            if real in seen:
                inner.clear()
                continue
            seen.add(real)
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                    yield absolute(Path(folder) / name)


class Importer:
    """Brings files into a library.

    Parameters
    ----------
    media
        Folder that ``copy`` copies into.
    embedding
        Called before clips are embedded.
    """

    def __init__(
        self,
        clips: ClipStore,
        vectors: VectorStore,
        embedder: Embedder,
        media: Path,
        embedding: Callable[[], None] = lambda: None,
    ) -> None:
        self._embedding = embedding
        self._clips, self._vectors, self._embedder, self._media = clips, vectors, embedder, media

    def run(
        self,
        paths: Sequence[Path],
        labels: Labels,
        *,
        copy: bool = False,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> Report:
        """Import files and folders. What is known by content is updated instead of doubled."""
        report = Report()
        self.add(list(audio_files(paths)), labels, report, copy=copy, progress=progress, cancelled=cancelled)
        report.failed += self.embed_missing(progress, cancelled)
        return report

    def add(
        self,
        files: Sequence[Path],
        labels: Labels,
        report: Report,
        *,
        copy: bool = False,
        progress: Progress = ignore_progress,
        cancelled: CancelledFlag = never,
    ) -> None:
        """Store files without embedding them, adding to ``report``."""
        for index, path in enumerate(files):
            if cancelled():
                raise Cancelled(f"import stopped after {index} of {len(files)} files; import again to go on")
            try:
                self._one(path, labels, copy, report)
            except UnreadableAudio as error:
                report.failed.append((path, error.message.removeprefix(f"{plain(path)}: ")))
            except OSError as error:
                report.failed.append((path, error.strerror or str(error)))
            progress(index + 1, len(files), "importing")

    def _one(self, path: Path, labels: Labels, copy: bool, report: Report) -> None:
        info = probe(path)
        digest = content_hash(path)
        known = self._clips.by_hash(digest)
        if known is None:
            place = self._copied(path, digest) if copy else path
            said = read_metadata(path)
            before = self._clips.by_path(str(place))
            clip = Clip(
                id="",
                path=str(place),
                title=labels.title or said.title or " ".join(path.stem.replace("_", " ").split()),
                sha256=digest,
                duration=round(info.seconds, 4),
                sample_rate=info.sample_rate,
                channels=info.channels,
                rights=labels.rights or "unknown",
                evidence=labels.evidence or "",
                consent=labels.consent,
                note=labels.note or said.note,
                holder=labels.holder or said.copyright or said.originator,
                expires=labels.expires or None,
                rating=labels.rating or 0,
                category=labels.category or said.category,
                metadata=said.as_json(),
                tags=tuple(dict.fromkeys((*labels.tags, *said.keywords))),
                collections=labels.collections,
            )
            if before is not None:
                clip = self._succeeding(clip, before, labels)
                report.changed.append((path, before.id))
            report.imported.append(self._clips.add(clip))
            if breaks_off(path):
                report.cut.append(path)
            return
        if revoked(known.evidence) and (labels.rights or labels.consent):
            labels = replace(labels, rights=None, consent=None, evidence=None)
            report.held.append(known)
        self._clips.label([known.id], labels)
        if not Path(known.path).exists():  # it moved, or its old place is gone
            self._clips.change([known.id], {"path": str(self._copied(path, digest) if copy else path)})
        report.unchanged.append(self._clips.get(known.id))

    def _succeeding(self, clip: Clip, before: Clip, labels: Labels) -> Clip:
        """The clip of a file whose content has changed: what people said of the earlier one holds for it too.

        The earlier clip stays, as missing: takes and adapters may descend from that sound.
        """
        self._clips.change([before.id], {"path": f"{before.path} (as it was: {before.sha256[:8]})"})
        said = labels.columns()
        kept = {
            name: getattr(before, name)
            for name in ("rights", "evidence", "consent", "title", "note", "holder", "expires", "rating", "category")
            if name not in said
        }
        return replace(
            clip,
            **kept,
            tags=tuple(dict.fromkeys((*before.tags, *clip.tags))),
            collections=tuple(dict.fromkeys((*before.collections, *clip.collections))),
        )

    def _copied(self, path: Path, digest: str) -> Path:
        place = self._media / f"{path.stem}-{digest[:8]}{path.suffix}"
        if not place.exists():
            with atomic_path(place) as beside:
                shutil.copyfile(path, beside)
        return place

    def embed_missing(
        self, progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> list[tuple[Path, str]]:
        """Embed clips that have no vectors of the current model; return those that could not be."""
        model = self._embedder.model_id
        waiting = [clip for clip in self._clips.without_vectors(model) if not clip.missing]
        failed: list[tuple[Path, str]] = []
        if waiting:
            self._embedding()
        for start in range(0, len(waiting), _EMBED_BATCH):
            if cancelled():
                raise Cancelled(f"embedding stopped after {start} of {len(waiting)} clips; it goes on from there")
            chunk = waiting[start : start + _EMBED_BATCH]
            result = self._embedder.embed_files([Path(c.path) for c in chunk], cancelled=cancelled)
            good = [(c.id, r) for c, r in zip(chunk, result, strict=True) if not isinstance(r, str)]
            failed += [
                (Path(c.path), r.removeprefix(f"{c.path}: "))
                for c, r in zip(chunk, result, strict=True)
                if isinstance(r, str)
            ]
            self._vectors.put(model, good)
            progress(start + len(chunk), len(waiting), "embedding")
        self._vectors.connect(model, progress, cancelled)
        return failed
