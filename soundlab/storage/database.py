"""Opening a project's SQLite file: journal mode, migrations, change detection."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text, update
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError

from soundlab.config import absolute
from soundlab.errors import SoundlabError
from soundlab.storage import clip_text
from soundlab.storage.tables import adapters, clips, takes

HEAD = "0008"
"""Newest revision in ``migrations/versions``; a test holds the two together."""


def now() -> str:
    """The current time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """A project's database. One that cannot be written, on a share or a disk that is read-only, can be read.

    Raises
    ------
    SoundlabError
        When the file is not a database, is locked for long, or comes from a newer soundlab.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writable = not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
        place = f"sqlite:///{path}" if self.writable else _read_only(path)
        self.engine: Engine = create_engine(place, connect_args={"timeout": 30})
        if self.writable:
            event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "handle_error", _explain)
        try:
            self._migrate()
        except DatabaseError as error:
            raise SoundlabError(
                f"cannot open {path}: {error.orig}", "is it a soundlab project on a writable disk?"
            ) from error

    def _migrate(self) -> None:
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                revision = None
            else:
                revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if revision == HEAD:
            return
        if revision is not None and revision > HEAD:
            raise SoundlabError(f"{self.path} was written by a newer soundlab (schema {revision})", "upgrade soundlab")
        if not self.writable:
            raise SoundlabError(
                f"{self.path} was written by an older soundlab (schema {revision}), and is read-only here",
                "open it once where it can be written",
            )
        upgrade(self.engine)

    def version(self) -> int:
        """A number that changes when another process has written (SQLite's ``data_version``)."""
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def stored(self, path: str) -> str:
        """A path as it is kept: relative where it lies in the project's folder, which may be moved or copied."""
        plain, project = absolute(Path(path)), self.path.parent.parent
        for place in (plain, plain.resolve()):  # the project's folder holds no links
            if place.is_relative_to(project):
                return place.relative_to(project).as_posix()
        return str(plain)

    def resolve(self, path: str) -> str:
        """A stored path as it is on this machine: relative ones lie in the project's folder."""
        return path if Path(path).is_absolute() else str(self.path.parent.parent / path)

    def copy_portable(self, to: Path, places: Mapping[str, str]) -> None:
        """Write a copy whose files lie elsewhere: ``places`` maps paths of today to paths in the copy's project."""
        to.parent.mkdir(parents=True, exist_ok=True)
        with self.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(to),))
        copy = create_engine(f"sqlite:///{to}")
        with copy.begin() as connection:
            for table in (clips, takes, adapters):
                rows = connection.execute(select(table.c.path).distinct()).scalars().all()
                for stored in rows:
                    inside = places.get(self.resolve(str(stored)))
                    if inside is not None:
                        connection.execute(update(table).where(table.c.path == stored).values(path=inside))
            clip_text.rebuild(connection)
        copy.dispose()

    def close(self) -> None:
        """Release the file."""
        self.engine.dispose()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run migrations up to ``revision``."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _read_only(path: Path) -> str:
    """Where SQLite reads a file that it can't write.

    It would need to write beside it to share what is in a journal with others. Without a journal
    nobody is writing, and it can be told that nothing changes.
    """
    journal = Path(f"{path}-wal")
    busy = journal.exists() and journal.stat().st_size > 0
    return f"sqlite:///file:{quote(str(path))}?mode=ro{'' if busy else '&immutable=1'}&uri=true"


def _explain(context: ExceptionContext) -> None:
    """Say plainly what the person can mend: a full disk, a read-only or locked file."""
    if isinstance(context.sqlalchemy_exception, OperationalError):
        reason = str(context.original_exception)
        raise SoundlabError(
            f"the project's database: {reason}", "check space and permissions, and what else has it open"
        )


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # Where shared memory does not work (network shares) SQLite answers with another mode and goes on.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


__all__ = ["HEAD", "Connection", "Database", "now", "upgrade"]
