"""What commands share: finding the project, JSON, progress."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from soundlab.project import Project

F = TypeVar("F", bound=Callable[..., Any])


def project_option(function: F) -> F:
    """Add ``--project``."""
    return click.option(
        "--project",
        "project",
        type=click.Path(path_type=Path),
        default=None,
        help="Project folder (default: here or the nearest above).",
    )(function)


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")(function)


@contextmanager
def opened(path: Path | None) -> Iterator[Project]:
    """Open the project and close it again."""
    project = Project(path) if path is not None else Project.locate(Path.cwd())
    try:
        yield project
    finally:
        project.close()


def emit(row: dict[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(row, ensure_ascii=False))


def note(text: str) -> None:
    """Narrate on stderr."""
    click.echo(text, err=True)


class Meter:
    """Progress on stderr: a line that rewrites itself on a terminal, a line a stage elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._what = ""
        self._began = self._shown = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        stage = what.split(",", maxsplit=1)[0]
        if stage != self._what:
            self._what, self._began = stage, now
            if not self._live:
                note(f"{what}…")
        elif not self._live or (now - self._shown < 0.1 and done != total):
            return
        self._shown = now
        if self._live:
            click.echo(f"\r\x1b[K{what}{self._rest(done, total, now)}", err=True, nl=False)

    def _rest(self, done: int, total: int, now: float) -> str:
        if not total:
            return "…"
        spent = now - self._began
        eta = f", {spent / done * (total - done):.0f} s left" if done and spent > 1 and done < total else ""
        return f" {done}/{total} ({100 * done // total} %{eta})"

    def close(self) -> None:
        """Leave the line."""
        if self._live and self._what:
            click.echo("\r\x1b[K", err=True, nl=False)


@contextmanager
def meter() -> Iterator[Meter]:
    """Give a progress meter and clean up after it."""
    bar = Meter()
    try:
        yield bar
    finally:
        bar.close()
