"""What may be done with a clip, and why not."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

STATUSES: tuple[str, ...] = (
    "own",
    "commissioned",
    "licensed",
    "cc0",
    "cc-by",
    "cc-by-sa",
    "cc-by-nc",
    "public-domain",
    "unknown",
    "restricted",
)
"""Rights tokens, as the command line takes them."""

CONSENTS: tuple[str, ...] = (
    "training",
    "voice",
    "no-additional-preferences",
    "open-source-models",
    "noncommercial-open-source-models",
    "no-gen-ai",
)
"""Consent tokens: the holder's word on training beyond the status itself."""

_FREE = frozenset(("own", "commissioned", "cc0", "cc-by", "cc-by-sa", "public-domain"))
_NON_COMMERCIAL = frozenset(("cc-by-nc",))


REVOKED = "revoked"
"""What the evidence of a clip whose rights were taken back begins with."""


def revoked(evidence: str) -> bool:
    """Whether a clip's evidence says that its rights were taken back."""
    return evidence.startswith(f"{REVOKED}:")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a clip may train, with the reason a person can act on."""

    allowed: bool
    reason: str
    non_commercial: bool = False


def expired(date: str | None, today: str | None = None) -> bool:
    """Whether rights that run until ``date`` (ISO, inclusive) have run out."""
    return date is not None and date < (today or datetime.date.today().isoformat())


def parse_date(text: str) -> str:
    """Return an ISO date. Raises ValueError on anything else."""
    return datetime.date.fromisoformat(text.strip()).isoformat()


def may_train(
    rights: str, consent: str | None, evidence: str, *, voice: bool = False, expired: bool = False
) -> Decision:
    """Decide whether a clip may be used for training.

    Parameters
    ----------
    rights, consent
        Tokens of :data:`STATUSES` and :data:`CONSENTS`.
    voice
        The clip holds a recognisable voice.
    expired
        The rights have run out.
    """
    if expired:
        return Decision(False, "its rights have run out: soundlab edit CLIP --expires DATE")
    if consent == "no-gen-ai":
        return Decision(False, "its holder says no-gen-ai")
    if voice and consent != "voice":
        return Decision(False, "a recognisable voice needs --consent voice")
    if rights in _FREE and consent == "noncommercial-open-source-models":
        return Decision(True, f"rights {rights}, for non-commercial open-source models only", non_commercial=True)
    if rights in _FREE:
        limit = ", for open-source models only" if consent == "open-source-models" else ""
        return Decision(True, f"rights {rights}{limit}")
    if rights in _NON_COMMERCIAL:
        return Decision(True, "rights cc-by-nc: the adapter is non-commercial", non_commercial=True)
    if rights == "licensed":
        if consent == "training" and evidence:
            return Decision(True, "licensed, with evidence that covers training")
        return Decision(False, "licensed needs --consent training and --evidence that says so")
    if rights == "unknown":
        return Decision(False, "rights unknown: set them with soundlab edit --rights … --evidence …")
    return Decision(False, f"rights {rights} never train")


FREE = "free"
TEMP_ONLY = "non-commercial: temp only"
UNKNOWN = "unknown licence: temp only"
_ORDER = (FREE, UNKNOWN, TEMP_ONLY)


def licence_class(licence: str) -> str:
    """Map a licence id (SPDX or as cards spell it) to what takes made with it may be used for."""
    text = licence.lower()
    if "-nc" in text or "noncommercial" in text or "non-commercial" in text:
        return TEMP_ONLY
    if text.startswith(("cc0", "cc-by", "apache", "mit", "bsd", "free", "public-domain", "own", "commissioned")):
        return FREE
    return UNKNOWN


def ceiling(licences: Iterable[str]) -> str:
    """Return the strictest of several ceilings; what nothing limits is free."""
    return max(licences, key=_ORDER.index, default=FREE)


def clip_ceiling(rights: str) -> str:
    """What a take steered by a clip of these rights may be used for."""
    if rights in _NON_COMMERCIAL or rights == "restricted":
        return TEMP_ONLY
    return UNKNOWN if rights == "unknown" else FREE
