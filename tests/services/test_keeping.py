"""Order: moved media found again, purging with a size first, archives that open elsewhere, other projects' clips."""

import shutil
from pathlib import Path

import pytest
import soundfile

from soundlab.domain.adapter import Adapter
from soundlab.domain.labels import Labels
from soundlab.domain.take import Take
from soundlab.errors import Cancelled, NotFound, WrongInput
from soundlab.project import Project
from tests.conftest import Cli


@pytest.fixture
def library(warm: Project, noises: Path) -> Project:
    warm.importer.run([noises], Labels(rights="own", evidence="ours", tags=("field",), collections=("night",)))
    return warm


def made(project: Project, identity: str, **more) -> Take:
    path = project.folder / "takes" / f"{identity}.wav"
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, [0.0] * 3200, 32_000)
    given = {"prompt": "x", "seed": 1, "checkpoint": "sketch", "duration": 0.1, "batch": identity, "licence": "free"}
    project.takes.add([Take(id=identity, path=str(path), **{**given, **more})])
    return project.takes.get(identity)


def test_a_moved_folder_is_found_by_content(library: Project, noises: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk2" / "sounds"
    shutil.move(noises, elsewhere)
    (elsewhere / "low drone.ogg").rename(elsewhere / "renamed.ogg")
    (elsewhere / "clock clicks.flac").unlink()
    found, lost = library.keeper.relink([tmp_path / "disk2"])
    assert {c.title for c in found} == {"rain hiss", "low drone"}
    assert [c.title for c in lost] == ["clock clicks"]
    assert not any(c.missing for c in found)
    assert library.keeper.relink([tmp_path / "disk2"])[0] == []
    with pytest.raises(NotFound):
        library.keeper.relink([tmp_path / "nowhere"])
    with pytest.raises(Cancelled):
        library.keeper.relink([tmp_path / "disk2"], cancelled=lambda: True)


def test_purging_keeps_what_others_descend_from(library: Project) -> None:
    made(library, "t1", verdict="rejected")
    made(library, "t2", parent="t1")
    made(library, "t3", verdict="rejected")
    made(library, "t4", state="unranked")
    made(library, "t5", verdict="approved")
    going, size = library.keeper.purgeable()
    assert {t.id for t in going} == {"t3", "t4"}
    assert size == sum(Path(t.path).stat().st_size for t in going) > 0
    assert {t.id for t in library.keeper.purgeable(unranked=False)[0]} == {"t3"}
    library.keeper.purge(going)
    assert not any(Path(t.path).exists() for t in going)
    left = library.takes.all(states=("done", "unranked"))
    assert {t.id for t in left} == {"t1", "t2", "t5"}
    assert library.keeper.purgeable() == ([], 0)


def test_purging_keeps_what_others_refer_to(library: Project) -> None:
    made(library, "t1", verdict="rejected")
    made(library, "t2", references=[{"target": "t1", "weight": 0.5}])
    made(library, "t3", state="unranked")
    made(library, "t4", recipe={"anchor": "t3"})
    assert library.keeper.purgeable() == ([], 0)


def test_an_archive_opens_elsewhere(library: Project, noises: Path, tmp_path: Path) -> None:
    made(library, "t1", verdict="approved")
    adapter = library.folder / "adapters" / "film"
    adapter.mkdir(parents=True)
    (adapter / "adapter.json").write_text("{}")
    library.adapters.put(Adapter("film", str(adapter), "sketch", "free", 1, 8, 1.0, 0.5, [{"id": "t1"}]))
    (noises / "clock clicks.flac").unlink()
    packed = library.keeper.archive(tmp_path / "out")
    assert (packed.clips, packed.takes, packed.adapters) == (3, 1, 1)
    assert [Path(p).name for p in packed.missing] == ["clock clicks.flac"]
    shutil.move(tmp_path / "out", tmp_path / "handed over")
    shutil.rmtree(noises)
    there = Project(tmp_path / "handed over")
    clips = {c.title: c for c in there.clips.all()}
    assert {t for t, c in clips.items() if not c.missing} == {"rain hiss", "low drone"}
    assert all(c.rights == "own" and c.collections == ("night",) for c in clips.values())
    assert Path(clips["rain hiss"].path).is_relative_to(there.folder)
    assert Path(there.takes.get("t1").path).is_file() and there.takes.get("t1").verdict == "approved"
    assert Path(there.adapters.get("film").path, "adapter.json").is_file()
    there.__dict__["embedder"] = library.embedder
    assert there.searcher.search("rain")[0].clip.title == "rain hiss"  # vectors travel along
    there.close()


def test_bad_places_for_an_archive(library: Project, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for folder in (tmp_path / "full", library.folder / "inside"):
        with pytest.raises(WrongInput):
            library.keeper.archive(folder)
    with pytest.raises(Cancelled):
        library.keeper.archive(tmp_path / "stopped", cancelled=lambda: True)
    with pytest.raises(NotFound):
        Project(tmp_path / "stopped")


def test_clips_of_another_project_come_with_their_rights(cli: Cli, inside: Path, noises: Path, tmp_path: Path) -> None:
    assert cli("init", str(tmp_path / "other")) == 0
    other = ("--project", str(tmp_path / "other"))
    assert cli("import", str(noises), "--rights", "cc-by", "--evidence", "letter", "--collection", "dusk", *other) == 0
    assert cli("import", "--from-project", str(tmp_path / "other"), "--collection", "dusk") == 0
    clips = cli.json("clips", "--collection", "dusk")["clips"]
    assert len(clips) == 3 and {(c["rights"], c["evidence"]) for c in clips} == {("cc-by", "letter")}
    assert cli("import", "--from-project", str(tmp_path / "other"), "--collection", "none") == 3
    assert cli("import", "--from-project", str(tmp_path / "other"), "--rights", "own") == 2
    assert cli("import") == 2


def test_housekeeping_from_the_command_line(cli: Cli, inside: Path, noises: Path, tmp_path: Path) -> None:
    assert cli("import", str(noises)) == 0
    moved = shutil.move(noises, tmp_path / "moved")
    assert len(cli.json("clips", "--missing")["clips"]) == 3
    assert len(cli.json("relink", str(moved))["clips"]) == 3
    assert cli("relink", str(moved)) == 0 and "no clip is missing" in cli.err
    assert cli.json("purge") == {"takes": [], "bytes": 0, "deleted": False}
    packed = cli.json("archive", str(tmp_path / "packed"))
    assert packed["clips"] == 3 and packed["bytes"] > 0
    assert len(cli.json("clips", "--project", str(tmp_path / "packed"))["clips"]) == 3
    assert cli("archive", str(tmp_path / "packed")) == 2
