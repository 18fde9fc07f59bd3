"""What people say about clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from soundlab.domain.rights import CONSENTS, STATUSES, parse_date
from soundlab.errors import WrongInput


@dataclass(frozen=True, slots=True)
class Labels:
    """What an import or an edit says about clips; None and empty leave things as they are."""

    rights: str | None = None
    evidence: str | None = None
    consent: str | None = None
    title: str | None = None
    note: str | None = None
    holder: str | None = None
    expires: str | None = None
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    uncollect: tuple[str, ...] = ()
    rating: int | None = None
    category: str | None = None
    """UCS CatID; empty text takes it away."""

    def __post_init__(self) -> None:
        if self.rights is not None and self.rights not in STATUSES:
            raise WrongInput(f"unknown rights {self.rights!r}", f"one of: {', '.join(STATUSES)}")
        if self.consent is not None and self.consent not in CONSENTS:
            raise WrongInput(f"unknown consent {self.consent!r}", f"one of: {', '.join(CONSENTS)}")
        if self.rating is not None and not 0 <= self.rating <= 5:
            raise WrongInput(f"a rating of {self.rating} is not possible", "1 to 5 stars; 0 takes it away")
        if self.title is not None and not self.title.strip():
            raise WrongInput("a clip needs a title", "give it a word at least")
        if not all(name.strip() for name in (*self.tags, *self.collections)):
            raise WrongInput("a tag or collection needs a name", "give it a word at least")
        if self.expires:
            try:
                parse_date(self.expires)
            except ValueError as error:
                raise WrongInput(f"{self.expires!r} is no date", "write it as 2027-12-31") from error

    def columns(self) -> dict[str, Any]:
        """The columns that are said."""
        names = ("rights", "evidence", "consent", "title", "note", "holder", "expires", "rating", "category")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def told(self) -> str:
        """What is said, in a few words."""
        parts = [f"{name} {value}".strip() for name, value in self.columns().items()]
        for sign, names in (
            ("+", self.tags),
            ("-", self.untag),
            ("into ", self.collections),
            ("out of ", self.uncollect),
        ):
            parts += [f"{sign}{name}" for name in names]
        return ", ".join(parts)
