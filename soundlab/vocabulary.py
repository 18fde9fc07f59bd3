"""Words for clips: UCS categories and tags that are suggested.

``presets/vocabulary/ucs.tsv`` is the UCS list 8.2.1; ``tags.toml`` has lists of
tags under any names. A project's own ``vocabulary/*.toml`` adds to the tags.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from soundlab.domain.ucs import Category
from soundlab.errors import WrongInput
from soundlab.presets import read_toml


def read_categories(folder: Path) -> dict[str, Category]:
    """Return the UCS categories by CatID."""
    with (folder / "ucs.tsv").open(encoding="utf-8", newline="") as file:
        return {
            row["catid"]: Category(
                row["catid"],
                row["category"],
                row["subcategory"],
                row["explanation"],
                frozenset(row["synonyms"].split()),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def things(folder: Path) -> tuple[str, ...]:
    """Names of what sounds are made by: single words of UCS categories and subcategories, then their synonyms."""
    listed = read_categories(folder).values()
    names = [name.lower() for c in listed for name in (c.category, c.subcategory)]
    names += sorted({name for c in listed for name in c.synonyms})
    return tuple(dict.fromkeys(name for name in names if name.isalpha()))


def read_tags(folders: Iterable[Path]) -> tuple[str, ...]:
    """Return the tags of all ``*.toml`` in ``folders``, each once.

    Raises
    ------
    WrongInput
        When a file is no TOML, or holds anything but lists of text.
    """
    found: dict[str, None] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        for key, tags in read_toml(path).items():
            if not isinstance(tags, list) or not all(isinstance(tag, str) and tag.strip() for tag in tags):
                raise WrongInput(f"{path}: {key} must be a list of tags", f'such as {key} = ["rain", "wind"]')
            found |= dict.fromkeys(tag.strip() for tag in tags)
    return tuple(found)
