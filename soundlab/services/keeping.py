"""Keeping a project in order: find moved media, purge what nobody wants, pack it for another place."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soundlab.audio.decode import content_hash
from soundlab.audio.write import atomic_path
from soundlab.config import PROJECT_FILE
from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.domain.ports import Cancelled as CancelledFlag
from soundlab.domain.ports import Progress, ignore_progress, never
from soundlab.domain.take import LAYER, TRIAL, Take
from soundlab.errors import Cancelled, WrongInput
from soundlab.services.importing import Importer, Report, audio_files
from soundlab.storage.adapters import AdapterStore
from soundlab.storage.clips import ClipStore
from soundlab.storage.database import Database
from soundlab.storage.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Packed:
    """What an archive holds."""

    folder: Path
    clips: int
    takes: int
    adapters: int
    bytes: int
    missing: tuple[str, ...]
    """Paths that could not be packed because they are gone."""


@dataclass(slots=True)
class Keeper:
    """Housekeeping of one project in ``folder``."""

    folder: Path
    database: Database
    clips: ClipStore
    takes: TakeStore
    adapters: AdapterStore
    importer: Importer

    def relink(
        self, folders: Sequence[Path], progress: Progress = ignore_progress, cancelled: CancelledFlag = never
    ) -> tuple[list[Clip], list[Clip]]:
        """Find the files of missing clips in ``folders`` by content; return those found and those still missing.

        Files of the same name are looked at first, then, where one was found, its
        whole folder, then all others; so a moved folder costs little.
        """
        lost = {c.sha256: c for c in self.clips.all(ids=self.clips.missing())}
        waiting = list(dict.fromkeys(audio_files(folders)))
        names = {Path(c.path).name for c in lost.values()}
        waiting.sort(key=lambda p: p.name not in names)
        found: list[str] = []
        total = len(waiting)
        done = 0
        while waiting and lost:
            if cancelled():
                raise Cancelled(f"relinking stopped; {len(found)} clips were found again")
            path = waiting.pop(0)
            done += 1
            try:
                clip = lost.pop(content_hash(path), None)
            except OSError:
                continue  # unreadable files cannot be the ones that are looked for
            if clip is not None:
                self.clips.change([clip.id], {"path": str(path)})
                found.append(clip.id)
                if Path(clip.path).parent != path.parent:
                    waiting.sort(key=lambda p: (p.parent != path.parent, p.name not in names))
            progress(done, total, "looking")
        return self.clips.all(ids=found), list(lost.values())

    def purgeable(self, *, rejected: bool = True, unranked: bool = True) -> tuple[list[Take], int]:
        """Return the takes that may go and their size in bytes. Takes that others descend from stay."""
        takes = self.takes.all(states=("done", "unranked", "failed", LAYER))
        needed = {source for t in takes for source in t.sources}
        going = [
            t
            for t in takes
            if t.id not in needed
            and ((rejected and t.verdict == "rejected") or (unranked and t.state in ("unranked", "failed")))
        ]
        gone = {t.id for t in going}
        while True:  # the sounds that they were mixed from go with them, unless others are, too
            needed = {source for t in takes if t.id not in gone for source in t.sources}
            more = [t for t in takes if t.state == LAYER and t.id not in gone | needed]
            if not more:
                break
            going += more
            gone |= {t.id for t in more}
        return going, sum(_size(Path(t.path)) for t in going)

    def purge(self, takes: Sequence[Take]) -> None:
        """Delete takes and their files."""
        self.takes.remove([t.id for t in takes])
        for take in takes:
            Path(take.path).unlink(missing_ok=True)

    def archive(self, to: Path, progress: Progress = ignore_progress, cancelled: CancelledFlag = never) -> Packed:
        """Copy the project with all its media into a new folder that opens anywhere.

        Raises
        ------
        WrongInput
            When the folder exists and is not empty, or lies in the project.
        """
        to = to.resolve()
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise WrongInput(f"{to} is there already", "name a new folder")
        if to.is_relative_to(self.folder.resolve()):
            raise WrongInput(f"{to} lies in the project", "name a folder elsewhere")
        clips, takes, adapters = (
            self.clips.all(),
            self.takes.all(states=("done", "unranked", LAYER, TRIAL)),
            self.adapters.all(),
        )
        places: dict[str, str] = {}
        missing: list[str] = []
        work = [
            *((Path(c.path), f"media/{Path(c.path).stem}-{c.sha256[:8]}{Path(c.path).suffix}") for c in clips),
            *((Path(t.path), f"takes/{Path(t.path).name}") for t in takes),
            *((Path(a.path), f"adapters/{a.name}") for a in adapters),
        ]
        for index, (source, inside) in enumerate(work):
            if cancelled():
                raise Cancelled(f"archiving stopped; {to} is not complete")
            target = to / inside
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.is_file():
                with atomic_path(target) as beside:
                    shutil.copyfile(source, beside)
            else:
                missing.append(str(source))
            places[str(source)] = inside
            progress(index + 1, len(work), "packing")
        for name in ("feedback", "briefs"):
            if (self.folder / name).is_dir():
                shutil.copytree(self.folder / name, to / name, dirs_exist_ok=True)
        self.database.copy_portable(to / ".soundlab" / "soundlab.db", places)
        # last, so that a folder that was not finished does not open
        shutil.copyfile(self.folder / PROJECT_FILE, to / PROJECT_FILE)
        size = sum(_size(p) for p in to.rglob("*") if p.is_file())
        return Packed(to, len(clips), len(takes), len(adapters), size, tuple(missing))

    def adopt(
        self, other: ClipStore, collection: str | None, *, copy: bool, progress: Progress = ignore_progress
    ) -> Report:
        """Bring clips of another project in, with their rights, tags, notes and collections.

        Raises
        ------
        NotFound
            When the other project has none of that collection.
        """
        clips = other.all() if collection is None else other.collected(collection)
        report = Report()
        for index, clip in enumerate(clips):
            labels = Labels(
                rights=clip.rights,
                evidence=clip.evidence or None,
                consent=clip.consent,
                title=clip.title,
                note=clip.note or None,
                holder=clip.holder or None,
                expires=clip.expires,
                tags=clip.tags,
                collections=clip.collections,
            )
            self.importer.add([Path(clip.path)], labels, report, copy=copy)
            progress(index + 1, len(clips), "importing")
        report.failed += self.importer.embed_missing(progress)
        return report


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
