"""Steering by measure: a vector for values, and values from words."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from soundlab.config import packaged
from soundlab.corpus import shards
from soundlab.domain.axes import AXES
from soundlab.engines import axis_condition
from soundlab.engines.axis_condition import AxisCondition, AxisVector, joined, load
from soundlab.engines.sketch import shards as heard
from soundlab.engines.sketch import train_axis, train_reader
from soundlab.engines.sketch.text import FrozenText


def test_vectors_lie_between_their_neighbours() -> None:
    torch.manual_seed(0)
    vector, known = AxisVector(2, 8), torch.ones(1, 2)
    low, middle, high = (vector(torch.full((1, 2), z), known) for z in (0.5, 0.75, 1.0))
    assert torch.allclose(middle, 0.5 * (low + high), atol=1e-6)
    assert torch.equal(vector(torch.full((1, 2), 3.0), known), vector(torch.full((1, 2), 50.0), known))
    one = torch.tensor([[1.0, 0.0]])
    assert torch.equal(vector(torch.tensor([[0.5, 2.0]]), one), vector(torch.tensor([[0.5, -1.0]]), one))


def test_what_is_known_joins_every_state_and_what_is_not_changes_nothing() -> None:
    states, mask = torch.randn(2, 3, 8), torch.tensor([[1, 1, 0], [1, 1, 1]])
    known = torch.tensor([[True, False], [False, False]])
    vector = torch.stack([torch.ones(8), torch.zeros(8)])
    together, seen = joined(states, mask, vector, known)
    assert seen.tolist() == [[1, 1, 0, 1], [1, 1, 1, 0]]
    assert torch.allclose(together[0, :2], states[0, :2] + 1) and not together[0, 2].any()
    assert torch.equal(together[1, :3], states[1]) and not together[1, 3].any()


def test_a_reader_learns_which_words_speak_of_which_axis() -> None:
    torch.manual_seed(0)
    condition = AxisCondition(("brightness", "density"), 8, 16)
    words = torch.randn(4, 16)  # bright, dark, dense, sparse
    meant = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    optimiser = torch.optim.Adam(condition.reader.parameters(), lr=1e-2)
    for _ in range(150):
        first, second = torch.randint(0, 2, (32,)), torch.randint(2, 4, (32,))
        states = torch.stack([words[first], words[second]], 1)
        mean, deviation = condition.reader(states, torch.ones(32, 2))
        wanted = meant[first] + meant[second]
        loss = (0.5 * ((wanted - mean) * torch.exp(-deviation)).square() + deviation).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        bright = condition.read(words[[0, 2]][None], torch.ones(1, 2))[0]
        dark = condition.read(words[[1, 2]][None], torch.ones(1, 2))[0]
    assert bright[0] > 0.5 > -0.5 > dark[0]
    assert abs(float(bright[1] - dark[1])) < 0.3


def test_it_is_kept_with_its_scales(tmp_path: Path) -> None:
    torch.manual_seed(0)
    condition = AxisCondition(("brightness",), 8, 16)
    condition.mean.fill_(11.0)
    condition.deviation.fill_(1.5)
    condition.save(tmp_path)
    back = axis_condition.load(tmp_path, torch.float32, "cpu")
    assert back is not None and back.axes == ("brightness",)
    assert float(back.standard(torch.tensor([12.5]))) == pytest.approx(1.0)
    z = torch.randn(3, 1)
    assert torch.allclose(back.vector(z, z > 0), condition.vector(z, z > 0), atol=1e-3)
    assert axis_condition.load(tmp_path / "elsewhere", torch.float32, "cpu") is None


def test_goals_stay_within_nearly_all_that_was_heard(tmp_path: Path) -> None:
    """A skewed axis ends soon on one side: what lies beyond was never learnt there."""
    condition = AxisCondition(("brightness", "speed"), 8, 16)
    bright, fast = torch.linspace(-1, 1, 101), torch.cat([torch.full((60,), 1.0), torch.linspace(-4, 1, 41)])
    fast[::2] = torch.nan
    condition.learn_scales(torch.stack([bright, fast], 1))
    condition.save(tmp_path)
    back = axis_condition.load(tmp_path, torch.float32, "cpu")
    assert back is not None
    low, high = back.within(torch.tensor([[-9.0, -9.0], [9.0, 9.0]]))
    assert torch.allclose(back.mean + low * back.deviation, torch.tensor([-0.9, -3.0]), atol=0.3)
    assert torch.allclose(back.mean + high * back.deviation, torch.tensor([0.9, 1.0]), atol=0.01)
    assert torch.equal(back.within(torch.zeros(2)), torch.zeros(2))
    mean, high = back.mean.clone(), back.high.clone()
    back.learn_scales(torch.stack([bright + 5, torch.full_like(bright, torch.nan)], 1))  # nothing in it has a pace
    assert float(back.mean[0]) == pytest.approx(5.0) and torch.equal(back.mean[1:], mean[1:])
    assert torch.equal(back.high[1:], high[1:])


def test_the_bundled_reader_reads_opposites_far_apart() -> None:
    folder = packaged("presets") / "checkpoints" / "sketch"
    condition = load(folder / "musicgen", torch.float32, "cpu")
    text = FrozenText(folder / "text")
    assert condition is not None
    for index, axis in enumerate(condition.axes):
        more, less = (f"{word} machinery" for word in (AXES[axis].more_word, AXES[axis].less_word))
        high, low = condition.read(*text.states([more, less]))[:, index].tolist()
        assert high - low > 1.0, axis


def test_a_reader_is_taught_steps_and_keeps_what_it_knew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = packaged("presets") / "checkpoints" / "sketch"
    shutil.copytree(bundled / "musicgen", tmp_path / "musicgen")
    (tmp_path / "text").symlink_to(bundled / "text")
    before = load(tmp_path / "musicgen", torch.float32, "cpu")
    rng = np.random.default_rng(0)
    said, noun, moves = train_reader.sentence(rng, before.axes)
    assert noun.split()[-1] in said and moves and all(0 < abs(m) <= train_reader.STEP for m in moves.values())
    monkeypatch.setattr(
        "sys.argv", ["train_reader", "--checkpoint", str(tmp_path), "--sentences", "60", "--steps", "2"]
    )
    train_reader.main()
    after = load(tmp_path / "musicgen", torch.float32, "cpu")
    assert not torch.equal(before.reader.token.weight, after.reader.token.weight)
    assert torch.equal(before.vector.entries, after.vector.entries)


def taught(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: object) -> tuple[AxisCondition, AxisCondition]:
    """The bundled condition before and after its axis of brightness was taught on six clips in ``folder``."""
    bundled = packaged("presets") / "checkpoints" / "sketch"
    shutil.copytree(bundled / "musicgen", folder / "musicgen")
    (folder / "text").symlink_to(bundled / "text")
    monkeypatch.setattr("soundlab.corpus.shards.SHARD_CLIPS", 6)
    (folder / "shards").mkdir()
    shards.write_shard(0, folder / "shards", 2.0, None, 0.0)
    before = load(folder / "musicgen", torch.float32, "cpu")
    given = ["brightness", "--checkpoint", folder, "--shards", folder / "shards", "--held-out", 1, *options]
    monkeypatch.setattr("sys.argv", ["train_axis", *map(str, given)])
    train_axis.main()
    after = load(folder / "musicgen", torch.float32, "cpu")
    assert before is not None and after is not None
    return before, after


def test_an_axis_takes_another_scale_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = taught(tmp_path, monkeypatch, "--scale-only")
    axis, scales = before.axes.index("brightness"), ("mean", "deviation", "low", "high")
    for name, old in before.state_dict().items():
        changed = (after.state_dict()[name] != old).nonzero()[:, 0].unique().tolist()
        assert changed == ([axis] if name in scales else []), name
    measured = heard.measured(tmp_path / "shards" / "shard-00000.npz")[1:, axis]
    assert float(after.mean[axis]) == pytest.approx(float(measured.mean()), abs=0.01)


def test_one_axis_is_taught_anew_and_the_rest_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = packaged("presets") / "checkpoints" / "sketch"
    quick = ("--minutes", 0.01, "--batch", 2, "--captions", 2, "--sentences", 60, "--steps", 2)
    before, after = taught(tmp_path, monkeypatch, *quick)
    axis = before.axes.index("brightness")
    for name, old in before.state_dict().items():
        new, own = after.state_dict()[name], name.startswith("vector") or name in ("mean", "deviation", "low", "high")
        if own or name.startswith(("reader.attend", "reader.weight", "reader.bias")):
            others = torch.arange(len(old)) != axis
            assert torch.equal(old[others], new[others]) and not torch.equal(old[axis], new[axis]), name
        else:
            assert torch.equal(old, new), name
    z = after.standard(heard.measured(tmp_path / "shards" / "shard-00000.npz")[1:])
    alone = torch.eye(len(after.axes))[[axis] * len(z)]
    usual = [c.vector(torch.where(z.isfinite(), z, 0.0), alone).mean(0) for c in (before, after)]
    assert torch.allclose(*usual, atol=0.01)  # what having a measure at all means has stayed
    for file in ("model.safetensors", "sound_condition.safetensors"):
        assert (tmp_path / "musicgen" / file).read_bytes() == (bundled / "musicgen" / file).read_bytes()
