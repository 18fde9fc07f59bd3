"""Names that people give, which become names of files."""

from __future__ import annotations

import re

from soundlab.errors import WrongInput

_NAME = re.compile(r"\w[\w.-]{0,63}")


def checked(name: str, of: str) -> str:
    """Return a name that can be that ``of`` something ("a brief"). Raises WrongInput where it can't."""
    if not _NAME.fullmatch(name):
        raise WrongInput(f"{name!r} is no name for {of}", "use letters, digits, - and _")
    return name
