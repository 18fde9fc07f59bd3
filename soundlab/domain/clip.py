"""Clips: audio files the library knows by content."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from soundlab.domain.rights import Decision, expired, may_train


@dataclass(frozen=True, slots=True)
class Clip:
    """A row of the library."""

    id: str
    path: str
    title: str
    sha256: str
    duration: float
    """Seconds."""
    sample_rate: int
    channels: int
    rights: str = "unknown"
    evidence: str = ""
    consent: str | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    missing: bool = False
    holder: str = ""
    expires: str | None = None
    """ISO date after which the rights have run out."""
    category: str = ""
    """UCS CatID."""
    rating: int = 0
    """1 to 5; 0 is none."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the file says of itself: see :class:`soundlab.audio.metadata.Metadata`."""

    @property
    def training(self) -> Decision:
        """Whether and why it may train; the tag ``voice`` marks a recognisable voice."""
        return may_train(
            self.rights, self.consent, self.evidence, voice="voice" in self.tags, expired=expired(self.expires)
        )

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the command line's contract."""
        row = asdict(self)
        row["trainable"] = self.training.allowed and not self.missing
        row["tags"], row["collections"] = list(self.tags), list(self.collections)
        return row
