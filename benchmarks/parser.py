"""How often feedback is understood whole: the set of adjustments right, nothing missing and nothing extra.

``python benchmarks/parser.py`` prints the share for the sentences that the lexicon
was written with (``tests/domain/feedback_seen.tsv``), for those that another wrote and that
were looked at (``feedback_dev.tsv``; ``feedback_hard.tsv``, whose writers were asked for pictures
and slang), and for those written by someone who had seen neither parser nor lexicon
(``feedback_unseen.tsv``). ``--show`` lists the wrong ones of all but the last, which are
looked at to report, never to mend.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from soundlab.config import packaged
from soundlab.domain.feedback import Adjustment
from soundlab.domain.language import parse
from soundlab.errors import WrongInput
from soundlab.services.understanding import read_lexicon

FOLDER = Path(__file__).parents[1] / "tests" / "domain"


def label(a: Adjustment) -> str:
    """An adjustment as the files write it: ``brightness-``, ``+rain``, ``like:#2.space``, ``keep:rhythm``."""
    if a.kind == "axis":
        return f"{a.axis}{'+' if a.direction > 0 else '-'}"
    if a.kind == "term":
        return f"{'+' if a.direction > 0 else '-'}{(a.term or '').lower()}"
    return f"{a.kind}:{a.target}" + (f".{a.axis}" if a.axis else "")


def read(path: Path) -> list[tuple[str, set[str]]]:
    """Sentences with the labels that are right."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(r["sentence"], {part.strip().lower() for part in r["expected"].split(";")}) for r in rows]


def understood(sentence: str) -> set[str]:
    """Labels that the parser finds; none where it says that it understood nothing."""
    try:
        return {label(a).lower() for a in parse(sentence, LEXICON)}
    except WrongInput:
        return set()


LEXICON = read_lexicon(packaged("presets") / "feedback")


def main() -> None:
    """Print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="list the seen sentences that are misunderstood")
    args = parser.parse_args()
    for half in ("seen", "dev", "hard", "unseen", "unseen_2"):
        rows = read(FOLDER / f"feedback_{half}.tsv")
        wrong = [(s, want, found) for s, want in rows if (found := understood(s)) != want]
        print(f"{half}: {len(rows) - len(wrong)} of {len(rows)} = {1 - len(wrong) / len(rows):.1%}")
        if args.show and not half.startswith("unseen"):
            for sentence, want, found in wrong:
                print(f"  {sentence}\n    missing {sorted(want - found)}  extra {sorted(found - want)}")


if __name__ == "__main__":
    main()
