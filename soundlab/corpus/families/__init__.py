"""The sound families: procedural voices with the words people use for them."""

from __future__ import annotations

from soundlab.corpus.families import ambience, creatures, fiction, impacts, machines, music, nature, transitions
from soundlab.corpus.families.voice import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for module in (nature, ambience, machines, impacts, music, transitions, creatures, fiction)
    for family in module.FAMILIES
}
"""Every family by name."""

__all__ = ["FAMILIES", "Family"]
