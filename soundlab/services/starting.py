"""The starter library: packaged clips with their titles, tags and rights.

Schema of ``references/references.toml``: a ``[[clip]]`` table each with ``file``,
``title``, ``tags``, ``rights`` and ``evidence``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from soundlab.audio.write import atomic_path
from soundlab.domain.labels import Labels
from soundlab.domain.ports import Progress, ignore_progress
from soundlab.presets import read_toml, refuse_unknown
from soundlab.services.importing import Importer, Report

_KEYS = ("file", "title", "tags", "rights", "evidence")


def add_starter(source: Path, target: Path, importer: Importer, *, progress: Progress = ignore_progress) -> Report:
    """Copy the starter clips to ``target`` and import them, in a collection called ``starter``."""
    manifest = source / "references.toml"
    rows = read_toml(manifest)["clip"]
    report = Report()
    for index, row in enumerate(rows):
        refuse_unknown(row, _KEYS, str(manifest))
        place = target / row["file"]
        if not place.exists():
            with atomic_path(place) as beside:
                shutil.copyfile(source / row["file"], beside)
        labels = Labels(
            rights=row["rights"],
            evidence=row["evidence"],
            title=row["title"],
            tags=tuple(row["tags"]),
            collections=("starter",),
        )
        importer.add([place], labels, report)
        progress(index + 1, len(rows), "copying the starter library")
    report.failed += importer.embed_missing(progress)
    return report
