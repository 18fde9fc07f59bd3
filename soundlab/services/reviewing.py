"""Verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from soundlab.domain.take import LAYER, VERDICTS, Take
from soundlab.errors import WrongInput
from soundlab.services.taste import TasteService
from soundlab.storage.takes import TakeStore


def decide(
    takes: TakeStore, taste: TasteService, ids: Sequence[str], verdict: str | None, note: str | None = None
) -> list[Take]:
    """Approve, reject or clear the verdict of takes; all are looked up before any is changed, and taste counts them."""
    if verdict is not None and verdict not in VERDICTS:
        raise WrongInput(f"unknown verdict {verdict!r}", f"one of: {', '.join(VERDICTS)}")
    found = [takes.get(identity) for identity in ids]
    for take in found:
        if take.state not in {"done", "unranked"}:
            what = "one sound of others" if take.state == LAYER else take.state
            raise WrongInput(f"take {take.id} is {what}", "only finished takes can be judged")
    for take in found:
        values = {"verdict": verdict, "state": "done"}
        takes.change(take.id, **values, **({} if note is None else {"note": note}))
    taste.count([take.id for take in found])
    return [takes.get(take.id) for take in found]
