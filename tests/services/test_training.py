"""Fine-tuning that can be trusted: who is in, what it is called, and what came of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.brief import Brief
from soundlab.domain.labels import Labels
from soundlab.domain.ports import TrainingSettings
from soundlab.errors import NotFound, RightsRefused, WrongInput
from soundlab.project import Project
from soundlab.services import evaluating
from soundlab.services.reviewing import decide
from tests.conftest import Cli


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    """Six humming files that belong together, and one that does not."""
    folder = tmp_path / "hum"
    folder.mkdir()
    t = np.arange(96_000) / 32_000
    for k in range(6):
        tone = sum(np.sin(2 * np.pi * f * (1 + 0.01 * k) * t) / (i + 1) for i, f in enumerate((110, 220, 331)))
        soundfile.write(folder / f"iron hum {k}.wav", 0.15 * tone * (1 + 0.3 * np.sin(5 * t)), 32_000)
    soundfile.write(folder / "hiss.wav", 0.2 * np.random.default_rng(0).standard_normal(96_000), 32_000)
    return folder


def test_a_plan_says_who_is_in_and_what_does_not_belong(inside: Path, cli: Cli, hum: Path) -> None:
    cli("import", str(hum), "--rights", "own", "--collection", "hum", "--tag", "iron")
    clips = cli.json("clips", "--collection", "hum")["clips"]
    first = next(c for c in clips if c["title"] == "iron hum 0")
    cli("edit", first["id"], "--rights", "unknown")
    plan = cli.json("train", "deep", "--collection", "hum", "--plan")["plan"]
    by_title = {Path(s["path"]).stem: s for s in plan["sources"]}
    assert not by_title["iron hum 0"]["allowed"] and "unknown" in by_title["iron hum 0"]["reason"]
    assert [t for t, s in by_title.items() if s["apart"]] == ["hiss"]
    assert sum(s["held_out"] for s in plan["sources"]) == 1
    assert by_title["iron hum 1"]["caption"].startswith("iron hum 1, iron")
    assert "noisy" in by_title["hiss"]["caption"]
    captions = Path(plan["captions"])
    lines = captions.read_text().splitlines()
    assert len(lines) == 1 + 6
    second = by_title["iron hum 1"]["id"]
    captions.write_text("id\tcaption\n" + f"{second}\tthe engine below\n")
    again = cli.json("train", "deep", "--collection", "hum", "--plan")["plan"]
    assert next(s for s in again["sources"] if s["id"] == second)["caption"] == "the engine below"
    captions.write_text(f"{second}\t\n")
    assert cli("train", "deep", "--collection", "hum", "--plan") == 2 and "no caption" in cli.err
    captions.unlink()
    assert cli("train", "deep", "--collection", "hum", "--plan") == 0
    assert "does not sound like the others" in cli.out and "out  " in cli.out


def test_what_all_sources_share_is_not_varied(warm: Project, hum: Path) -> None:
    (hum / "hiss.wav").unlink()
    warm.importer.run([hum], Labels(rights="own", collections=("hum",)))
    assert "pitch" not in warm.training.plan("deep", "hum").augment
    for k in range(6):
        audio, rate = soundfile.read(hum / f"iron hum {k}.wav")
        soundfile.write(hum / f"wide {k}.wav", audio, int(rate * 2 ** (k - 3)))
    warm.importer.run([hum], Labels(rights="own", collections=("wide",)))
    warm.clips.change([c.id for c in warm.clips.all() if c.title.startswith("iron")], {}, collections=())
    assert "gain" in warm.training.plan("deep", "wide").augment


def test_an_adapter_is_evaluated_and_its_card_says_so(
    inside: Path, cli: Cli, hum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "PROMPTS", 1)
    monkeypatch.setattr(evaluating, "SEEDS", 2)
    monkeypatch.setattr(evaluating, "_SECONDS", 2.0)
    monkeypatch.setattr(evaluating, "_DIRECTIONS", ("brightness",))
    monkeypatch.setattr(evaluating, "OTHER_PROMPTS", ("rain",))
    cli("import", str(hum), "--rights", "cc-by-nc", "--collection", "hum")
    (adapter,) = cli.json("train", "deep", "--collection", "hum", "--steps", "4", "--rank", "2")["adapters"]
    e = adapter["evaluation"]
    assert adapter["licence"].startswith("non-commercial") and adapter["training"]["seed"] == 0
    assert 0 <= e["closer"] <= 1 and len(e["pairs"]) == 2 and len(e["memorised"]["takes"]) == 2
    assert e["direction"]["n"] == 2 and e["text_fit"] is not None and e["verdict"]
    assert cli.json("takes", "--unranked")["takes"] == []
    files = len(list((inside / "takes").glob("*.wav")))
    assert cli("adapters", "deep", "--evaluate") == 0
    assert len(list((inside / "takes").glob("*.wav"))) == files
    e = cli.json("adapters", "deep")["adapters"][0]["evaluation"]
    assert cli("adapters", "deep", "--lineage") == 0
    assert "closer to the sources" in cli.out and e["verdict"] in cli.out and "(held out)" in cli.out
    (take,) = cli.json("generate", "iron hum", "--adapter", "deep", "-d", "1")["takes"]
    (row,) = cli.json("adapters", "deep", "--lineage")["adapters"]
    assert row["lineage"]["takes"] == [take["id"]] and len(row["lineage"]["sources"]) == 7
    assert row["outdated"] == []
    revoked = adapter["clips"][0]["id"]
    cli("rights", "revoke", revoked, "--why", "withdrawn")
    assert [o["id"] for o in cli.json("adapters")["adapters"][0]["outdated"]] == [revoked]
    assert cli("adapters") == 0 and "may not train any more" in cli.err and "trains without it" in cli.err
    assert cli("adapters", "deep", "--merge", str(inside / "merged")) == 0
    assert "needs soundlab" in (inside / "merged" / "README.md").read_text()
    assert cli("generate", "iron hum", "--checkpoint", str(inside / "merged"), "-d", "1") == 0, cli.err


def test_takes_of_an_adapter_hear_its_clips_and_those_of_other_words_do_not(warm: Project, hum: Path) -> None:
    warm.importer.run([hum], Labels(rights="own", collections=("hum",)))
    adapter, _ = warm.training.train("deep", TrainingSettings(steps=1, rank=2), collection="hum")
    assert adapter is not None

    def made(prompt: str, seed: int, weight: float = 1.0) -> bytes:
        brief = Brief(prompt, seconds=1.0, adapters=(("deep", weight),), temperature=0.0)
        (take,) = warm.generation.generate(brief, 1, seed)
        return soundfile.read(take.path)[0].tobytes()

    sounds = Path(adapter.path) / "sounds.safetensors"
    heard = len({made("iron hum", seed) for seed in range(3)})
    before = made("church bells", 0), made("iron hum", 0), made("iron hum", 0, 0.3)
    sounds.unlink()
    after = made("church bells", 0), made("iron hum", 0), made("iron hum", 0, 0.3)
    assert heard > 1 == len({made("iron hum", seed) for seed in range(3)}), "nothing is drawn: seeds choose the clip"
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_approved_takes_train_and_named_takes_alone(warm: Project) -> None:
    one, two = warm.generation.generate(Brief("rain", seconds=1.0), 2, 1)
    decide(warm.takes, warm.taste, [one.id], "approved")
    assert [s.id for s in warm.training.plan("x").used] == [one.id]
    assert [s.id for s in warm.training.plan("x", takes=[two.id]).used] == [two.id]
    with pytest.raises(NotFound):
        warm.training.plan("x", takes=["tnothing"])
    for bad in ({"steps": 0}, {"rank": 0}, {"batch": 0}, {"targets": "ears"}):
        with pytest.raises(WrongInput):
            TrainingSettings(**bad)
    Path(one.path).unlink()
    with pytest.raises(RightsRefused, match="its file is missing"):
        warm.training.train("x")


def evidence(**given) -> dict:
    usual = {"pairs": [0] * 10, "closer": 0.95, "diversity": 1.0, "text_fit": 1.0, "memorised": {"flagged": 0}}
    return {**usual, **given}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "use it"),
        ({"memorised": {"flagged": 2}}, "too close to its sources: 2 of 10"),
        ({"closer": 0.5}, "train longer"),
        ({"diversity": 0.4}, "too much alike"),
        ({"diversity": 0.4, "diversity_of_sources": 0.45}, "use it"),
        ({"diversity": 0.3, "diversity_of_sources": 0.45}, "(its sources are 45%)"),
        ({"text_fit": 0.5}, "listens less to words"),
    ],
)
def test_the_verdict_names_what_is_wrong(given: dict, says: str, warm: Project) -> None:
    from soundlab.domain.adapter import Adapter

    adapter = Adapter("a", "", "sketch", "free", 1, 1, None, None, clips=[{"id": str(k)} for k in range(9)])
    assert evaluating.verdict(evidence(**given), adapter).startswith(says) or says in evaluating.verdict(
        evidence(**given), adapter
    )
    looks = {"held_out": [[25, 3.0], [50, 2.9], [75, 3.1]], "kept": 50}
    over = Adapter("a", "", "sketch", "free", 75, 1, None, None, clips=adapter.clips, training=looks)
    assert "train on more clips" in evaluating.verdict(evidence(closer=0.5), over)
    few = Adapter("a", "", "sketch", "free", 1, 1, None, None, clips=[{"id": "1"}])
    assert "too few clips" in evaluating.verdict(evidence(closer=0.5), few)
