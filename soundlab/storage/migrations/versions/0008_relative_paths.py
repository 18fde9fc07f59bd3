"""Files of the project's folder are kept by their place in it, so that it can be moved and copied."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    connection = op.get_bind()
    project = Path(str(connection.engine.url.database)).parent.parent
    tables = {name: sa.table(name, sa.column("path", sa.Text)) for name in ("takes", "adapters", "clips")}
    paths = {name: connection.execute(sa.select(t.c.path).distinct()).scalars().all() for name, t in tables.items()}
    # Takes lie in takes/: what is above that is where the project was when they were made.
    were = {p.parent.parent for p in map(Path, paths["takes"]) if p.is_absolute() and p.parent.name == "takes"}
    for name, table in tables.items():
        for path in paths[name]:
            if not Path(path).is_absolute():
                continue
            plain = Path(path).resolve() if ".." in Path(path).parts else Path(path)
            inside = [plain.relative_to(was) for was in were if plain.is_relative_to(was)]
            now = next((p.as_posix() for p in inside if (project / p).exists()), str(plain))
            if plain.is_relative_to(project):
                now = plain.relative_to(project).as_posix()
            if now != path:
                connection.execute(sa.update(table).where(table.c.path == path).values(path=now))
