"""Rights: the audit, manifests, and all that descends from a clip."""

import csv
import json
from pathlib import Path

import pytest

from soundlab.domain.adapter import Adapter
from soundlab.domain.labels import Labels
from soundlab.domain.rights import may_train
from soundlab.domain.take import Take
from soundlab.errors import NotFound, WrongInput
from soundlab.project import Project
from tests.conftest import Cli


def take(identity: str, **more) -> Take:
    given = {"prompt": "x", "seed": 1, "checkpoint": "sketch", "duration": 1.0, "batch": identity, "licence": "free"}
    return Take(id=identity, path=f"/nowhere/{identity}.wav", **{**given, **more})


@pytest.fixture
def library(warm: Project, noises: Path) -> Project:
    warm.importer.run([noises], Labels(rights="own", evidence="recorded by us"))
    return warm


def test_everything_that_descends_from_a_clip_is_found(library: Project) -> None:
    rain, drone, clock = sorted(library.clips.all(), key=lambda c: c.title, reverse=True)
    library.takes.add(
        [
            take("t1", references=[{"target": rain.id, "weight": 1.0}]),
            take("t2", parent="t1"),
            take("t3"),
            take("t4", adapters=[{"name": "film", "weight": 1.0}]),
            take("t5", recipe={"continue_from": "t4"}),
        ]
    )
    library.adapters.put(Adapter("film", "/nowhere", "sketch", "free", 1, 8, 1.0, 0.5, [{"id": "t2"}]))
    library.adapters.put(Adapter("other", "/nowhere", "sketch", "free", 1, 8, 1.0, 0.5, [{"id": drone.id}]))
    library.exports.add([("t5", "/out/five.wav"), ("t3", "/out/three.wav"), (rain.id, "/out/rain.wav")])
    found = library.clearing.descent(rain.id[:5])
    assert found.takes == ("t1", "t2", "t4", "t5")
    assert found.adapters == ("film",)
    assert found.exports == ("/out/five.wav", "/out/rain.wav")
    assert not library.clearing.descent(clock.id).takes
    changed, same = library.clearing.revoke(rain.id, "the farmer asked")
    assert same == found
    assert changed.rights == "restricted" and "the farmer asked" in changed.evidence
    assert "recorded by us" in changed.evidence
    assert not changed.training.allowed
    first = library.clearing.audit()[0]
    assert first.clip.id == rain.id and first.descent == found


def test_a_loop_in_the_lineage_ends(library: Project) -> None:
    clip = library.clips.all()[0]
    library.takes.add([take("t1", references=[{"target": clip.id, "weight": 1}, {"target": "t2", "weight": 1}])])
    library.takes.add([take("t2", parent="t1")])
    assert library.clearing.descent(clip.id).takes == ("t1", "t2")


@pytest.mark.parametrize("suffix", ["csv", "toml"])
def test_manifests_set_rights_of_known_clips(library: Project, noises: Path, suffix: str) -> None:
    clock = next(c for c in library.clips.all() if c.title == "clock clicks")
    manifest = noises / f"rights.{suffix}"
    if suffix == "csv":
        manifest.write_text(
            "file,rights,evidence,holder,expires,consent,tags\n"
            'rain_hiss.wav,cc-by,"https://example.org/1",A. Rain,2031-01-31,,"wet, field"\n'
            f"{clock.sha256},licensed,contract 7,Clock Ltd,,training,\n"
            "gone.wav,cc0,,,,,\n"
            "low drone.ogg,mine,,,,,\n"
        )
    else:
        manifest.write_text(
            '[[clip]]\nfile = "rain_hiss.wav"\nrights = "cc-by"\nevidence = "https://example.org/1"\n'
            'holder = "A. Rain"\nexpires = 2031-01-31\ntags = ["wet", "field"]\n'
            f'[[clip]]\nsha256 = "{clock.sha256}"\nrights = "licensed"\nevidence = "contract 7"\n'
            'holder = "Clock Ltd"\nconsent = "training"\n'
            '[[clip]]\nfile = "gone.wav"\nrights = "cc0"\n[[clip]]\nfile = "low drone.ogg"\nrights = "mine"\n'
        )
    changed, left = library.clearing.apply(manifest)
    rain, clock = (next(c for c in changed if c.title == t) for t in ("rain hiss", "clock clicks"))
    assert (rain.rights, rain.holder, rain.expires, rain.tags) == ("cc-by", "A. Rain", "2031-01-31", ("field", "wet"))
    assert clock.training.allowed
    assert [row for row, _ in left] == ["gone.wav", "low drone.ogg"]
    assert "unknown rights 'mine'" in left[1][1]


def test_bad_manifests_are_named(library: Project, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        library.clearing.apply(tmp_path / "none.csv")
    for name, content in (("bad.toml", "[[clip"), ("empty.csv", "file,rights\n"), ("image.csv", b"\xff\xfe\x00")):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(WrongInput):
            library.clearing.apply(path)


@pytest.mark.parametrize(
    ("rights", "consent", "expired", "allowed", "non_commercial"),
    [
        ("own", None, True, False, False),
        ("cc0", "open-source-models", False, True, False),
        ("cc0", "noncommercial-open-source-models", False, True, True),
        ("cc0", "no-gen-ai", False, False, False),
        ("cc-by-nc", None, False, True, True),
    ],
)
def test_consent_and_expiry(rights: str, consent: str, expired: bool, allowed: bool, non_commercial: bool) -> None:
    decision = may_train(rights, consent, "", expired=expired)
    assert (decision.allowed, decision.non_commercial) == (allowed, non_commercial)
    assert decision.reason


def test_the_command_line_audits_applies_and_revokes(cli: Cli, inside: Path, noises: Path, tmp_path: Path) -> None:
    assert cli("import", str(noises), "--rights", "own", "--holder", "us", "--expires", "2001-01-01") == 0
    assert cli("rights", "audit", "--csv", str(tmp_path / "audit.csv")) == 0
    assert "run out" in cli.out and "0 may train, 3 may not; 3 without evidence" in cli.err
    with (tmp_path / "audit.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 and {r["holder"] for r in rows} == {"us"} and {r["trainable"] for r in rows} == {"False"}
    identity = rows[0]["id"]
    assert cli("edit", identity, "--expires", "2999-01-01") == 0
    audited = {r["id"]: r for r in cli.json("rights", "audit")["clips"]}
    assert audited[identity]["trainable"] and not audited[identity]["expired"]
    assert cli.json("rights", "revoke", identity, "--why", "lawyer")["clip"]["rights"] == "restricted"
    assert cli("rights", "revoke", "cffffff") == 3
    assert cli("edit", identity, "--expires", "soon") == 2
    assert "is no date" in cli.err
    (tmp_path / "m.csv").write_text(f"id,rights,evidence\n{identity},own,again ours\nnope,own,\n")
    applied = cli.json("rights", "apply", str(tmp_path / "m.csv"))
    assert len(applied["clips"]) == 1 and applied["failed"][0]["row"] == "nope"


def test_a_report_lists_what_could_not_be_imported(cli: Cli, inside: Path, noises: Path, tmp_path: Path) -> None:
    (noises / "broken.wav").write_text("no")
    assert cli("import", str(noises), "--report", str(tmp_path / "out" / "bad.csv")) == 0
    with (tmp_path / "out" / "bad.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["path"].endswith("broken.wav") and "not readable" in row["reason"]
    assert json.loads(json.dumps(row))


def test_a_manifest_whose_columns_are_not_known_changes_nothing(
    cli: Cli, inside: Path, noises: Path, tmp_path: Path
) -> None:
    clip = cli.json("import", str(noises), "--rights", "licensed", "--evidence", "contract 12, training")["clips"][0]
    manifest = tmp_path / "m.csv"
    manifest.write_text(f"id,rigths,evidence\n{clip['id']},own,me\n")
    assert cli("rights", "apply", str(manifest)) == 2 and "'rigths'" in cli.err
    manifest.write_text(f"id,evidence\n{clip['id']},me,and you\n")
    assert cli("rights", "apply", str(manifest)) == 2 and "more cells" in cli.err
    assert {c["evidence"] for c in cli.json("clips")["clips"]} == {"contract 12, training"}
    manifest.write_text("file,rights\nnowhere.wav,own\n")
    assert cli("rights", "apply", str(manifest)) == 1 and "nowhere.wav" in cli.err
    manifest.write_text(f"id;rights;expires\n{clip['id']};own;2020-01-01\n")  # as spreadsheets write it in Europe
    assert cli("rights", "apply", str(manifest)) == 0 and "have run out" in cli.err
    assert cli("edit", "--undo") == 0 and "manifest m.csv" in cli.err
    (back,) = [c for c in cli.json("clips")["clips"] if c["id"] == clip["id"]]
    assert (back["rights"], back["expires"]) == ("licensed", None)
