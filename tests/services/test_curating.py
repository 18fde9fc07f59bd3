"""Curation: duplicates by ear and by sample, what does not belong and why, what is lacking."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.corpus import scene
from soundlab.corpus.bends import Bends
from soundlab.domain.labels import Labels
from soundlab.errors import NotFound
from soundlab.project import Project
from soundlab.services.curating import align
from tests.conftest import Cli


def write(folder: Path, name: str, audio: np.ndarray, rate: int = 32_000) -> Path:
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / name, audio, rate)
    return folder / name


def drones(folder: Path, count: int = 5) -> None:
    for k in range(count):
        write(folder, f"drone {k}.wav", scene.render(scene.plain("drone", 70 + k, seconds=4.0)))


def test_the_same_recording_is_found_at_another_level_place_and_format(warm: Project, tmp_path: Path) -> None:
    sound = scene.render(scene.plain("footsteps", 5, seconds=6.0))
    write(tmp_path / "s", "steps.wav", sound)
    write(tmp_path / "s", "steps quiet.flac", 0.5 * sound[32_000:])
    write(tmp_path / "s", "other steps.wav", scene.render(scene.plain("footsteps", 99, seconds=6.0)))
    warm.importer.run([tmp_path / "s"], Labels())
    (first, *rest) = warm.curator.duplicates()
    assert {first.first.title, first.second.title} == {"steps", "steps quiet"}
    assert first.same and not any(d.same for d in rest)
    shift, gain = (first.offset, first.gain) if first.first.title == "steps" else (-first.offset, -first.gain)
    assert shift == pytest.approx(1.0, abs=0.01)
    assert gain == pytest.approx(-6.0, abs=0.3)


def test_different_sounds_do_not_align(warm: Project, tmp_path: Path) -> None:
    a = write(tmp_path / "s", "a.wav", scene.render(scene.plain("rain", 1, seconds=3.0)))
    b = write(tmp_path / "s", "b.wav", scene.render(scene.plain("rain", 2, seconds=3.0)))
    silent = write(tmp_path / "s", "silent.wav", np.zeros(32_000))
    warm.importer.run([a, b, silent], Labels())
    one, two, nothing = (next(c for c in warm.clips.all() if c.title == t) for t in ("a", "b", "silent"))
    assert align(one, two) is None
    assert align(one, nothing) is None


def test_what_does_not_belong_is_named_with_what_sets_it_apart(warm: Project, tmp_path: Path) -> None:
    drones(tmp_path / "s")
    bright = scene.render(scene.plain("crickets", 3, seconds=4.0, bends=Bends(brightness=0.9)))
    write(tmp_path / "s", "stranger.wav", bright)
    warm.importer.run([tmp_path / "s"], Labels(collections=("depths",)))
    first, *rest = warm.curator.outliers("depths")
    assert first.clip.title == "stranger" and first.outlying
    assert "brighter" in first.apart or "higher" in first.apart
    assert not any(o.outlying for o in rest)
    again = warm.clips.measures([c.id for c in warm.clips.all()])
    assert len(again) == 6  # measured once, kept


def test_what_a_collection_lacks(warm: Project, tmp_path: Path) -> None:
    drones(tmp_path / "s", 6)
    for k in range(6):
        sound = scene.render(scene.plain("crickets", k, seconds=4.0, bends=Bends(density=0.9)))
        write(tmp_path / "c", f"crickets {k}.wav", sound)
    warm.importer.run([tmp_path / "s"], Labels(collections=("low",)))
    warm.importer.run([tmp_path / "c"], Labels())
    assert any("bright" in gap for gap in warm.curator.gaps("low"))


def test_small_and_unknown_collections_are_refused(warm: Project, tmp_path: Path) -> None:
    drones(tmp_path / "s", 2)
    warm.importer.run([tmp_path / "s"], Labels(collections=("few",)))
    with pytest.raises(NotFound, match="too few"):
        warm.curator.outliers("few")
    with pytest.raises(NotFound, match="no clips in a collection"):
        warm.curator.gaps("none")


def test_the_command_line_lists_both(cli: Cli, inside: Path, tmp_path: Path) -> None:
    drones(tmp_path / "s", 4)
    write(tmp_path / "s", "copy.flac", scene.render(scene.plain("drone", 70, seconds=4.0)))
    assert cli("import", str(tmp_path / "s"), "--collection", "low") == 0
    found = cli.json("clips", "--duplicates")
    assert found["pairs"][0]["same_recording"] and len(found["pairs"][0]["clips"]) == 2
    assert cli("clips", "--duplicates") == 0 and "same recording" in cli.out
    rows = cli.json("clips", "--outliers", "low")
    assert len(rows["clips"]) == 5 and {"distance", "outlier", "apart"} <= set(rows["clips"][0])
    assert cli("clips", "--outliers", "nope") == 3
