"""Changing the CLAP checkpoint: the earlier vectors are searched until the new ones are there."""

from pathlib import Path

from soundlab.domain.labels import Labels
from soundlab.project import Project
from tests import tiny
from tests.conftest import Cli


def use(project: Path, clap: str) -> None:
    (project / "soundlab.toml").write_text(f'name = "film"\nclap = "{clap}"\n')


def test_old_results_stay_until_all_is_embedded_anew(tmp_path: Path, noises: Path) -> None:
    clap = tmp_path / "other"
    tiny.clap(clap)
    project = Project.create(tmp_path / "film")
    project.importer.run([noises], Labels(rights="own"))
    wanted = [(r.clip.id, round(r.score, 4)) for r in project.searcher.search("ticking clock")]
    old = project.embedder.model_id
    project.close()

    use(tmp_path / "film", str(clap))
    project = Project(tmp_path / "film")
    assert project.embedder.model_id != old and project.switch.waiting() == 3
    assert project.switch.best().model_id == old
    assert [(r.clip.id, round(r.score, 4)) for r in project.searcher.search("ticking clock")] == wanted
    assert project.importer.embed_missing() == []
    assert project.switch.best() is project.embedder and project.switch.waiting() == 0
    assert len(project.searcher.search("ticking clock")) == 3
    project.close()

    use(tmp_path / "film", "sketch")  # and back: its vectors are still there
    project = Project(tmp_path / "film")
    assert project.switch.waiting() == 0
    assert [(r.clip.id, round(r.score, 4)) for r in project.searcher.search("ticking clock")] == wanted
    project.close()


def test_an_earlier_checkpoint_that_is_gone_is_not_asked(tmp_path: Path, noises: Path) -> None:
    clap = tmp_path / "other"
    tiny.clap(clap)
    project = Project.create(tmp_path / "film")
    use(project.folder, str(clap))
    project = Project(project.folder)
    project.importer.run([noises], Labels(rights="own"))
    project.close()
    (tmp_path / "other").rename(tmp_path / "away")
    use(project.folder, "sketch")
    project = Project(project.folder)
    assert project.switch.best() is project.embedder
    assert project.searcher.search("clock") == []
    project.close()


def test_the_command_line_says_by_which_it_searches(tmp_path: Path, noises: Path, cli: Cli) -> None:
    folder = tmp_path / "film"
    cli("init", str(folder))
    cli("import", str(noises), "--rights", "own", "--project", str(folder))
    tiny.clap(tmp_path / "other")
    use(folder, str(tmp_path / "other"))
    found = cli.json("search", "ticking clock", "--project", str(folder))["results"]
    assert found[0]["title"] == "clock clicks" and "3 clips wait" in cli.err
    assert cli("clips", "--embed", "--project", str(folder)) == 0
    cli("search", "ticking clock", "--project", str(folder))
    assert "wait" not in cli.err
