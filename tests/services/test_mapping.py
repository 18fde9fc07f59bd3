"""The map: alike lies together, at once and by UMAP."""

import numpy as np
import pytest

from soundlab.domain.clip import Clip
from soundlab.domain.ports import Embedded
from soundlab.errors import Cancelled, WrongInput
from soundlab.project import Project


def planted(project: Project, groups: int, each: int) -> list[str]:
    """Clips whose vectors lie in far groups; return whose group each is."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((groups, 256))
    rows, labels = [], []
    for k in range(groups * each):
        clip = project.clips.add(Clip("", f"/x/{k}.wav", f"clip {k}", f"{k:064x}"[::-1], 1.0, 8000, 1))
        vector = centres[k % groups] + 0.3 * rng.standard_normal(256)
        rows.append((clip.id, Embedded((0.0,), (tuple(vector / np.linalg.norm(vector)),))))
        labels.append(f"g{k % groups}")
    project.vectors.put(project.embedder.model_id, rows)
    return labels


def tightness(points: np.ndarray, labels: list[str]) -> float:
    """Share of points whose nearest other is of their group."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.mean([labels[int(j)] == labels[i] for i, j in enumerate(apart.argmin(1))]))


def test_groups_lie_together(warm: Project) -> None:
    labels = planted(warm, 4, 20)
    laid = warm.mapper.map()
    assert len(laid.ids) == 80 == laid.of and laid.points.min() >= 0 and laid.points.max() <= 1
    own = [labels[int(warm.clips.get(i).title.split()[1])] for i in laid.ids]
    assert tightness(laid.points, own) > 0.7
    better = warm.mapper.refined(laid)
    assert better.ids == laid.ids and tightness(better.points, own) > 0.95
    with pytest.raises(Cancelled):
        warm.mapper.refined(laid, lambda: True)
    few = warm.mapper.map(laid.ids[:5])
    assert len(few.ids) == 5 and warm.mapper.refined(few) is few


def test_a_large_library_is_thinned(warm: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(warm, 3, 20)
    monkeypatch.setattr("soundlab.services.mapping.LIMIT", 10)
    laid = warm.mapper.map()
    assert len(laid.ids) == 10 and laid.of == 60


def test_an_empty_library_has_no_map(warm: Project) -> None:
    with pytest.raises(WrongInput, match="three clips"):
        warm.mapper.map()
