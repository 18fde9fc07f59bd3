"""The loop through its services, on real files, a real database and the bundled checkpoint."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.axes import AXES
from soundlab.domain.brief import USUAL_LEVEL, Brief, Reference
from soundlab.domain.feedback import Adjustment
from soundlab.domain.labels import Labels
from soundlab.domain.ports import TrainingSettings
from soundlab.domain.searchrecipe import Bound, Filters
from soundlab.domain.take import Take
from soundlab.errors import Cancelled, NotFound, RightsRefused, WrongInput
from soundlab.project import Project
from soundlab.services import steering
from soundlab.services.checking import check
from soundlab.services.exporting import Delivery
from soundlab.services.reviewing import decide
from soundlab.services.revising import STEP, revise
from soundlab.storage.vectors import unit_mean
from tests import tiny


def names(clips) -> set[str]:
    return {c.title for c in clips}


def test_import_reports_and_repeats(warm: Project, noises: Path) -> None:
    (noises / "broken.wav").write_text("no")
    (noises / "notes.txt").write_text("not audio, not asked for")
    (noises / "loop").symlink_to(noises)
    report = warm.importer.run([noises], Labels(rights="own", tags=("test",)))
    assert names(report.imported) == {"rain hiss", "clock clicks", "low drone"}
    assert [p.name for p, _ in report.failed] == ["broken.wav"]
    again = warm.importer.run([noises], Labels(rights="cc0", collections=("night",)))
    assert not again.imported and len(again.unchanged) == 3
    assert {(c.rights, c.collections, c.tags) for c in warm.clips.all()} == {("cc0", ("night",), ("test",))}


def test_moved_files_are_recognised_and_copies_stay(warm: Project, noises: Path) -> None:
    source = noises / "low drone.ogg"
    (clip,) = warm.importer.run([source], Labels()).imported
    moved = source.rename(noises / "elsewhere.ogg")
    assert warm.clips.get(clip.id).missing
    warm.importer.run([moved], Labels())
    assert warm.clips.get(clip.id).path == str(moved)
    (copied,) = warm.importer.run([noises / "rain_hiss.wav"], Labels(), copy=True).imported
    assert Path(copied.path).parent == warm.folder / "media"


def test_a_cancelled_import_keeps_what_was_done(warm: Project, noises: Path) -> None:
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        warm.importer.run([noises], Labels(), cancelled=lambda: next(asked))
    assert len(warm.clips.all()) == 2
    warm.importer.run([noises], Labels())
    assert warm.clips.count() == 3 and warm.clips.count_without_vectors(warm.embedder.model_id) == 0


def test_search_by_words_by_example_and_with_filters(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels())
    rain, drone = (next(c for c in warm.clips.all() if c.title == t) for t in ("rain hiss", "low drone"))
    assert warm.searcher.search("clock")[0].clip.title == "clock clicks"
    assert warm.searcher.search(like=[drone.id])[0].clip.id == drone.id
    assert warm.searcher.search(like=[rain.path])[0].clip.id == rain.id
    assert warm.searcher.search(unlike=[rain.id])[-1].clip.id == rain.id
    warm.clips.change([rain.id], {}, tags=["wet"])
    assert [r.clip.id for r in warm.searcher.search("anything", filters=Filters(tag="wet"))] == [rain.id]
    with pytest.raises(WrongInput):
        warm.searcher.search("  ")
    with pytest.raises(NotFound):
        warm.searcher.search(like=["cdeadbeef"])


def test_filters_mixtures_regions_and_why(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="own"))
    rain, drone, clock = (
        next(c for c in warm.clips.all() if c.title == t) for t in ("rain hiss", "low drone", "clock clicks")
    )
    warm.clips.change([rain.id], {"note": "tin roof"}, tags=("wet",))

    def found(text: str = "", **given) -> list[str]:
        return [r.clip.id for r in warm.searcher.search(text, **given)]

    assert found(filters=Filters(kind="flac")) == [clock.id]
    assert found(filters=Filters(fields="note:roof AND NOT tag:dry")) == [rain.id]
    assert set(found(filters=Filters(fields="low OR clock"))) == {drone.id, clock.id}
    assert found(filters=Filters(bounds=(Bound.parse("brightness<200"),))) == [drone.id]
    assert found("sound", filters=Filters(bounds=(Bound.parse("brightness > 3000"),), shortest=1.0)) != [drone.id]
    assert found(filters=Filters(longest=0.5)) == []
    assert found(like=[(drone.id, 1.0)], unlike=[(rain.id, 0.5)])[0] == drone.id
    assert found(like=[f"{drone.path}@0.2-1.4"])[0] == drone.id
    assert found(like=[f"{clock.id}@0.2-1.4"])[0] == clock.id
    assert not (warm.internal / "region.wav").exists()
    best = warm.searcher.search("rain", more=("metallic",))[0]
    assert best.clip.id == rain.id
    assert best.why[0] == "named rain" and any(w.startswith("more metallic") for w in best.why)
    for bad in ("brightness", "loud>3", "colour>1", "speed>"):
        with pytest.raises(WrongInput, match="cannot read the limit"):
            Bound.parse(bad)
    with pytest.raises(WrongInput, match="is empty"):
        found(like=[f"{drone.id}@2.0-1.0"])


def test_a_take_has_its_recipe_and_can_be_made_again(warm: Project) -> None:
    brief = Brief("rain", avoid="bells", seconds=1.0)
    first, second = warm.generation.generate(brief, 2, 40)
    again = warm.generation.generate(brief, 1, 41)[0]
    a, b = (soundfile.read(t.path)[0] for t in (second, again))
    assert np.abs(a - b).max() < 1e-4
    assert (first.seed, second.seed, first.licence, first.state) == (40, 41, "free", "done")
    assert {t["text"]: t["weight"] < 0 for t in first.terms} == {"bells": True}
    assert first.recipe["generated"] and first.recipe["fingerprint"]
    assert first.descriptors["loudness"] is not None
    assert a.size == 32_000


def test_takes_come_at_one_level_or_at_that_which_is_asked(warm: Project) -> None:
    def levels(**given) -> list[float]:
        made = warm.generation.generate(Brief("rain", seconds=2.0, **given), 2, 1)
        return [t.descriptors["loudness"] for t in made]

    bare = levels(level=None)
    assert levels() == pytest.approx([USUAL_LEVEL] * 2, abs=0.3) != pytest.approx(bare, abs=0.3)
    assert levels(level=-30.0) == pytest.approx([-30.0] * 2, abs=0.3)
    # Peaks stand in the way of a level that is too high, until they may be limited.
    assert max(levels(level=-6.0)) < -6.5 and levels(level=-6.0, limited=True) == pytest.approx([-6.0] * 2, abs=1.0)


def test_a_reference_of_unclear_rights_lowers_the_ceiling(warm: Project, tone: Path) -> None:
    (clip,) = warm.importer.run([tone], Labels()).imported
    brief = Brief("rain", seconds=1.0, references=(Reference(clip.id, 0.5),))
    take = warm.generation.generate(brief, 1, 1)[0]
    assert take.licence == "unknown licence: temp only"
    assert take.references == [{"target": clip.id, "weight": 0.5, "by": "sound"}]
    assert take.terms == []
    warm.clips.change([clip.id], {"rights": "own"})
    assert warm.generation.generate(brief, 1, 1)[0].licence == "free"


def test_a_reference_steers_by_sound_where_the_checkpoint_hears_and_by_words_elsewhere(
    warm: Project, noises: Path, tmp_path: Path
) -> None:
    warm.importer.run([noises], Labels(rights="own"))
    drone = next(c for c in warm.clips.all() if c.title == "low drone")
    plain = warm.generation.generate(Brief("a sound", seconds=2.0), 1, 5)[0]
    for name in (drone.id, drone.id[:5], drone.path):
        brief = Brief("a sound", seconds=2.0, references=(Reference(name, 1.0),))
        steered = warm.generation.generate(brief, 1, 5)[0]
        assert steered.references[0]["by"] == "sound"
        assert steered.descriptors["brightness"] != plain.descriptors["brightness"]
    tiny.musicgen(tmp_path / "model")
    brief = Brief("a sound", seconds=1.0, references=(Reference(drone.id, 1.0),), checkpoint=str(tmp_path / "model"))
    (deaf,) = warm.generation.generate(brief, 1, 5)
    assert deaf.references[0]["by"] == "words" and deaf.terms == [{"text": "low drone", "weight": 1.0}]


def test_failure_and_cancelling_leave_rows_that_say_so(warm: Project) -> None:
    with pytest.raises(NotFound):
        warm.generation.generate(Brief("rain", checkpoint="nope"), 1)
    with pytest.raises(Cancelled):
        warm.generation.generate(Brief("rain"), 2, cancelled=lambda: True, stream=True)
    assert warm.takes.all() == []
    assert len(warm.takes.all(states=("failed",))) == 2
    assert not list((warm.folder / "takes").glob("*")) if (warm.folder / "takes").exists() else True


def test_cancelling_also_stops_treatment(warm: Project) -> None:
    (take,) = warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    for answer in (warm.steering.answer, warm.steering.treat):
        with pytest.raises(Cancelled, match="treatment"):
            answer(take.id, "darker", cancelled=lambda: True)
    assert [t.id for t in warm.takes.all()] == [take.id]


def test_a_checkpoint_that_is_not_steered_by_sound_draws_anew(warm: Project, tmp_path: Path) -> None:
    tiny.musicgen(tmp_path / "model")
    brief = Brief("rain", seconds=1.0, checkpoint=str(tmp_path / "model"))
    (parent,) = warm.generation.generate(brief, 1, 1)
    (child,) = warm.generation.generate(replace(brief, prompt="dark rain", replay=parent.id, passes=(2,)), 1, 1)
    assert (child.recipe["replay"], child.recipe["passes"]) == (None, None)


def test_revising_writes_words_terms_and_avoid(warm: Project) -> None:
    parent = warm.generation.generate(Brief("bright rain", seconds=2.0), 1, 3)[0]
    asked = warm.understanding.parse("much darker, add bells, no wind, more metallic, keep the rhythm")
    brief = revise(parent, asked, {"brightness": 0.1})
    assert brief.prompt == "very dark, metallic rain with bells"
    assert brief.avoid == "wind"
    assert [t.text for t in brief.terms] == [brief.prompt, "bright rain"]
    assert brief.terms[0].weight == -brief.terms[1].weight > 0
    assert brief.continue_from == parent.id and 0 < brief.keep_seconds < parent.duration
    assert brief.parent == parent.id


def test_an_answer_sounds_like_its_parent_where_nothing_is_to_join_it(warm: Project) -> None:
    usual = warm.sampling("sketch")
    prompts = ("wind", "hand drums", "rain", "church bells")
    parents = [warm.generation.generate(Brief(p, seconds=2.0, **usual), 1, 3)[0] for p in prompts]

    def likeness(parent: Take, brief: Brief) -> float:
        vectors = [
            warm.vectors.get(warm.embedder.model_id, t.id)
            for t in (parent, *warm.generation.generate(brief, 2, parent.seed + 1))
        ]
        first, *others = (unit_mean(v) for v in vectors if v is not None)
        return float(np.mean([first @ other for other in others]))

    def like(feedback: str, **changes: object) -> float:
        asked = warm.understanding.parse(feedback)
        briefs = [revise(parent, asked, warm.steering.jnds) for parent in parents]
        assert [b.anchor for b in briefs] == [parent.id for parent in parents]
        return float(np.mean([likeness(p, b.with_(**changes)) for p, b in zip(parents, briefs, strict=True)]))

    for wish in ("brighter, closer", "more reverberant", "darker"):
        assert like(wish, replay=None) > like(wish, replay=None, anchor=None) + 0.05
    # A room is asked for step by step, whatever its candidates' passes: it has no place in this comparison.
    assert like("darker", passes=(2,)) > max(like("darker", passes=(32,)), like("darker", replay=None))
    assert revise(parents[0], warm.understanding.parse("brighter, add bells"), warm.steering.jnds).anchor is None


def test_an_answer_is_shown_what_treatment_would_make_of_its_parent(
    warm: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "TOWARDS", 1.0)
    parents = [warm.generation.generate(Brief(prompt, seconds=2.0), 1, 3)[0] for prompt in ("fire", "machinery")]
    asked = warm.understanding.parse("brighter")
    measured = []
    for parent in parents:
        brief = warm.steering.brief(parent, asked)
        assert brief.imagined is not None
        (done,) = brief.imagined.treatment
        assert done["axis"] == "brightness" and done["amount"] > 0
        shown, plain = (warm.generation.generate(b, 4, parent.seed) for b in (brief, brief.with_(imagined=None)))
        assert [t.recipe["imagined"]["treatment"] for t in shown] == [[done]] * 4
        assert plain[0].recipe["imagined"] is None
        measured.append([np.mean([t.descriptors["brightness"] for t in takes]) for takes in (shown, plain)])
    assert np.mean([shown - plain for shown, plain in measured]) > 0.3 * warm.steering.jnds["brightness"]
    assert warm.steering.brief(parents[0], warm.understanding.parse("brighter, add bells")).imagined is None
    assert warm.steering.brief(parents[0], warm.understanding.parse("louder")).imagined is None


def test_an_anchor_brings_its_ceiling_along(warm: Project, tone: Path) -> None:
    (clip,) = warm.importer.run([tone], Labels()).imported
    first = warm.generation.generate(Brief("rain", seconds=1.0, references=(Reference(clip.id, 0.5),)), 1, 1)[0]
    child = warm.generation.generate(Brief("dark rain", seconds=1.0, anchor=first.id), 1, 1)[0]
    assert child.licence == first.licence == "unknown licence: temp only"
    assert child.recipe["anchor"] == first.id


def test_an_answer_says_whose_chance_it_drew_with_and_does_without_where_that_is_gone(
    warm: Project, tone: Path
) -> None:
    (clip,) = warm.importer.run([tone], Labels()).imported
    first = warm.generation.generate(Brief("rain", seconds=1.0, references=(Reference(clip.id, 0.5),)), 1, 1)[0]
    again = Brief("dark rain", seconds=1.0, replay=first.id, passes=(2, 0))
    made = warm.generation.generate(again, 3, 1)
    assert [(t.recipe["replay"], t.recipe["passes"]) for t in made] == [(first.id, 2), (first.id, 0), (first.id, 2)]
    assert all(t.licence == first.licence == "unknown licence: temp only" and first.id in t.sources for t in made)
    Path(first.path).unlink()
    free = warm.generation.generate(again, 1, 1)[0]
    assert free.recipe["replay"] is None and free.licence == "free"


def test_an_answer_is_to_measure_as_its_parent_but_for_what_was_asked() -> None:
    parent = Take("t1", "", "rain", 1, "sketch", 1.0, descriptors={"brightness": 11.0, "space": None, "density": 3.0})
    asked = [Adjustment("axis", "darker", axis="brightness", direction=-1, strength=0.5)]
    wanted = dict(revise(parent, asked, {"brightness": 0.2, "density": 0.3}).measures)
    assert wanted == pytest.approx({"brightness": 11.0 - STEP * 0.2, "density": 3.0})
    much = [Adjustment("axis", "much darker", axis="brightness", direction=-1, strength=1.0)]
    assert dict(revise(parent, much, {"brightness": 0.2}).measures)["brightness"] < wanted["brightness"]


def test_speaking_again_of_an_axis_replaces_what_was_said(warm: Project) -> None:
    parent = warm.generation.generate(Brief("rain", seconds=1.0), 1, 3)[0]
    darker = warm.steering.answer(parent.id, "darker")[0]
    assert darker.prompt == "dark rain"
    assert revise(darker, warm.understanding.parse("brighter"), warm.steering.jnds).prompt == "bright rain"


@pytest.mark.parametrize(
    ("prompt", "feedback", "revised"),
    [
        ("a low drone", "darker", "a dark low drone"),
        ("the sea", "more intense", "the intense sea"),
        ("an organ", "colder and drier", "a cold, dry organ"),
        ("a dark, distant bell", "closer", "a close dark bell"),
        ("dark", "brighter", "bright dark"),
        ("organ", "more evolving", "evolving organ"),
    ],
)
def test_adjectives_go_where_a_writer_would_put_them(warm: Project, prompt: str, feedback: str, revised: str) -> None:
    parent = Take("t1", "", prompt, 1, "sketch", 1.0)
    assert revise(parent, warm.understanding.parse(feedback), warm.steering.jnds).prompt == revised


def test_feedback_makes_a_measured_child_and_keeps_the_rest_unranked(warm: Project) -> None:
    parent = warm.generation.generate(Brief("rain", seconds=2.0), 1, 5)[0]
    child = warm.steering.answer(parent.id, "darker and more metallic", finish=False)[0]
    assert child.parent == parent.id
    assert [a["axis"] for a in child.adjustments] == ["brightness", "metallic"]
    measured, by_ear = child.obeyed
    assert (
        measured["before"] == parent.descriptors["brightness"] and measured["after"] == child.descriptors["brightness"]
    )
    assert measured["ok"] == (measured["before"] - measured["after"] >= measured["jnd"])
    assert by_ear["ok"] is None and not AXES["metallic"].counted
    assert len(warm.takes.all(states=("unranked",))) == warm.candidates("sketch") - 1 > 0


def test_references_in_feedback_are_looked_up(warm: Project) -> None:
    one, two = warm.generation.generate(Brief("rain", seconds=1.0), 2, 5)
    (like,) = warm.understanding.parse("like the second one", one)
    assert like.target == two.id
    with pytest.raises(NotFound, match="no take 5"):
        warm.understanding.parse("like the fifth one", one)
    with pytest.raises(NotFound):
        warm.understanding.parse("like @tzzzzzz")


def test_check_needs_both_measures(warm: Project) -> None:
    parent = warm.generation.generate(Brief("rain", seconds=1.0), 1, 5)[0]
    (found,) = check(
        parent, parent, [Adjustment("axis", "darker", axis="brightness", direction=-1)], {"brightness": 0.5}
    )
    assert found.ok is False


def test_training_takes_only_what_is_cleared(warm: Project, noises: Path) -> None:
    with pytest.raises(RightsRefused, match="no take is approved"):
        warm.training.train("night")
    warm.importer.run([noises], Labels(rights="unknown", collections=("bed",)))
    with pytest.raises(RightsRefused, match="rain hiss: rights unknown"):
        warm.training.train("night", collection="bed")
    rain = next(c for c in warm.clips.all() if c.title == "rain hiss")
    warm.clips.change([rain.id], {"rights": "cc0"})
    take = warm.generation.generate(Brief("rain", seconds=1.0), 1, 5)[0]
    decide(warm.takes, warm.taste, [take.id], "approved")
    adapter, plan = warm.training.train("night", TrainingSettings(steps=3, rank=2), collection="bed")
    assert {c["id"] for c in adapter.clips} == {rain.id, take.id}
    assert len(plan.refused) == 2 and all("unknown" in s.reason for s in plan.refused)
    assert (warm.folder / "adapters" / "night" / "adapter.json").exists()
    made = warm.generation.generate(Brief("rain", seconds=1.0, adapters=(("night", 1.0),)), 1, 5)[0]
    assert made.adapters == [{"name": "night", "weight": 1.0}]
    with pytest.raises(WrongInput, match="no name"):
        warm.training.train("../escape")
    with pytest.raises(NotFound, match="collections: bed"):
        warm.training.train("x", collection="bad")


def test_verdicts_can_be_taken_back(warm: Project) -> None:
    take = warm.generation.generate(Brief("rain", seconds=1.0), 1, 5)[0]
    assert decide(warm.takes, warm.taste, [take.id], "approved", "yes")[0].verdict == "approved"
    assert decide(warm.takes, warm.taste, [take.id], None)[0].verdict is None
    with pytest.raises(NotFound):
        decide(warm.takes, warm.taste, [take.id, "tzzzzzz"], "rejected")
    assert warm.takes.get(take.id).verdict is None


def test_export_is_what_an_editor_needs(warm: Project, noises: Path) -> None:
    take = warm.generation.generate(Brief("Rain / on tin!", seconds=1.0), 1, 5)[0]
    (row,) = warm.exporter.export([take.id], None, warm.folder / "out", Delivery(loudness=-20.0))
    with soundfile.SoundFile(row["path"]) as file:
        assert (file.samplerate, file.subtype, file.format, file.frames) == (48_000, "PCM_24", "WAV", 48_000)
        assert "GENERATED" in file.comment and take.licence in file.comment
    assert Path(row["path"]).name == f"rain-on-tin_{take.id}.wav"
    assert f'"seed": {take.seed}' in Path(row["recipe"]).read_text()
    warm.importer.run([noises], Labels(collections=("bed",)))
    assert len(warm.exporter.export([], "bed", warm.folder / "out", Delivery(container="flac", bits="16"))) == 3
    with pytest.raises(WrongInput, match="32f"):
        Delivery(container="flac", bits="32f")
