"""What a project calls things, learnt from its tags; kept only where it helps."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.domain.labels import Labels
from soundlab.errors import WrongInput
from soundlab.project import Project
from soundlab.services.wording import average_precision, fit
from tests.conftest import Cli


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_words_that_were_learnt_move_and_others_stay() -> None:
    rng = np.random.default_rng(0)
    words, sounds = unit(rng.standard_normal((4, 64))), unit(rng.standard_normal((4, 64)))
    learnt = fit(words, sounds)
    for word, sound in zip(words, sounds, strict=True):
        assert learnt.apply(word) @ sound > word @ sound + 0.3
        near = unit(word + 0.1 * unit(rng.standard_normal(64)))
        assert learnt.apply(near) @ sound > near @ sound + 0.2
    stranger = unit(rng.standard_normal(64))
    assert learnt.apply(stranger) @ stranger > 0.99


def test_average_precision() -> None:
    assert average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([1.0]), np.array([False])) == 0.0


@pytest.fixture
def invented(inside: Path, cli: Cli, tmp_path: Path) -> Path:
    """Clips that are called by invented words: high tones, low tones and hisses."""
    rng = np.random.default_rng(1)
    t = np.arange(64_000) / 32_000
    for k in range(6):
        for name, sound in (
            ("glim", np.sin(2 * np.pi * (2000 + 150 * k) * t)),
            ("oom", np.sin(2 * np.pi * (70 + 5 * k) * t)),
            ("fsss", 0.5 * rng.standard_normal(64_000)),
        ):
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            soundfile.write(folder / f"{k}{k}.wav", 0.3 * sound * (1 - 0.3 * np.sin((1 + k) * t)), 32_000)
    for name in ("glim", "oom", "fsss"):
        assert cli("import", str(tmp_path / name), "--tag", name) == 0
    return inside


def test_search_learns_what_a_project_calls_things_and_forgets_it(invented: Path, cli: Cli) -> None:
    wording = cli.json("wording")["wording"]
    assert set(wording["tags"]) == {"glim", "oom", "fsss"} and wording["used"]
    assert wording["precision"][1] > wording["precision"][0]
    project = Project(invented)
    model, (word,) = project.embedder.model_id, project.embedder.embed_texts(["oom"])
    assert not np.allclose(project.wording.applied(model, word), word)
    assert np.array_equal(project.wording.applied("another", word), word)
    for tag in ("glim", "oom"):
        tagged = {c.id for c in project.clips.all(tag=tag)}
        held = project.vectors.means(model, [c.id for c in project.clips.all()])
        meant = project.wording.applied(model, project.embedder.embed_texts([tag])[0])
        best = sorted(held, key=lambda i: -float(held[i] @ meant))[:6]
        assert len(tagged.intersection(best)) >= 5
    project.close()
    assert cli("wording") == 0 and "used in search" in cli.out
    assert cli("wording", "--forget") == 0 and "mean again" in cli.err
    assert not (invented / ".soundlab" / "wording.npz").exists()
    assert cli("wording", "--forget") == 0 and "nothing had been learnt" in cli.err


def test_tags_at_random_teach_nothing_and_too_few_are_refused(warm: Project, tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="too little"):
        warm.wording.learn()
    rng = np.random.default_rng(2)
    folder = tmp_path / "n"
    folder.mkdir()
    for k in range(16):
        soundfile.write(folder / f"{k}{k}.wav", 0.2 * rng.standard_normal(32_000), 32_000)
    warm.importer.run([folder], Labels())
    for k, clip in enumerate(warm.clips.all()):
        warm.clips.change([clip.id], {}, tags=("even" if k % 2 else "odd",))
    learnt = warm.wording.learn()
    assert learnt.after < 0.8
    assert learnt.helps == (warm.internal / "wording.npz").exists()
