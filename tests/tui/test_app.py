"""The interface, driven by keys."""

import subprocess
import sys
from pathlib import Path

import pytest
from textual.widgets import DataTable, Input, OptionList, Static

from soundlab.domain.brief import Brief
from soundlab.domain.labels import Labels
from soundlab.domain.ports import TrainingSettings
from soundlab.project import Project
from soundlab.services import evaluating
from soundlab.tui.app import SoundlabApp
from soundlab.tui.screens.adapters import AdaptersScreen
from soundlab.tui.screens.compare import CompareScreen
from soundlab.tui.screens.help import HelpScreen
from soundlab.tui.widgets.clip_table import ClipTable
from soundlab.tui.widgets.job_bar import JobBar
from soundlab.tui.widgets.understanding import Understanding
from soundlab.tui.widgets.waveform import braille_rows

SIZES = [(80, 24), (160, 48)]


class Silent:
    """A player that remembers."""

    def __init__(self) -> None:
        self.played: list[str] = []
        self.gains: list[float] = []
        self.playing = False
        self.position = 0.0

    def play(self, path: Path, start: float = 0.0, gain: float = 1.0) -> None:
        self.played.append(Path(path).name)
        self.gains.append(gain)
        self.playing = True

    def stop(self) -> None:
        self.playing = False


async def settle(pilot) -> None:
    """Wait for all work that the interface has started, and for what it says."""
    for _ in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def clips(app: SoundlabApp) -> list[str]:
    return [clip.title for clip, _ in app.screen.query_one(ClipTable).rows()]


def cells(app: SoundlabApp, column: str) -> list[str]:
    table = app.screen.query_one(DataTable)
    return [str(c) for c in table.get_column(column)]


def shown(app: SoundlabApp, query: str) -> str:
    return str(app.screen.query_one(query, Static).content)


@pytest.mark.parametrize("size", SIZES)
async def test_the_loop_by_keyboard(warm: Project, noises: Path, size: tuple[int, int]) -> None:
    warm.importer.run([noises], Labels(rights="own"))
    (warm.folder / "soundlab.toml").write_text('name = "film"\nseconds = 1.0\n')
    app = SoundlabApp(Project(warm.folder), player=Silent())
    app.project.__dict__.update({k: warm.__dict__[k] for k in ("embedder", "generator")})
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert len(clips(app)) == 3
        await pilot.press("slash", *"clock", "enter")
        await settle(pilot)
        assert clips(app)[0] == "clock clicks"
        await pilot.press("space")
        assert app.player.played[-1] == "clock clicks.flac"
        await pilot.press("u", "f3")
        await settle(pilot)
        await pilot.press("p", *"rain", "enter")
        await settle(pilot)
        (parent,) = app.project.takes.all()
        clock = next(c for c in app.project.clips.all() if c.title == "clock clicks")
        assert [r["target"] for r in parent.references] == [clock.id]
        assert app.player.played[-1] == f"{parent.id}.part.wav"
        assert app.player.gains[-1] != 1.0  # about as loud as the take will be
        await pilot.press("f", *"darker", "enter")
        await settle(pilot)
        assert len(cells(app, "id")) == 2 and "darker" in cells(app, "check")[1]
        await pilot.press("a")
        await settle(pilot)
        child = next(t for t in app.project.takes.all() if t.parent == parent.id)
        assert child.verdict == "approved"
        await pilot.press("z")
        await settle(pilot)
        assert app.project.takes.get(child.id).verdict is None
        await pilot.press("a", "e")
        await settle(pilot)
        assert len(list((warm.folder / "export").glob("*.wav"))) == 1
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("f2")
        await pilot.press("f3", "f1", "f3")
        assert app.current_mode == "generate" and not isinstance(app.screen, HelpScreen)
        await pilot.press("p", "escape", "v")  # escape leaves the line: v marks a take, and is not written
        assert app.screen.query_one("#brief", Input).value == "rain" and isinstance(app.focused, DataTable)
    app.project.close()


async def test_feedback_is_understood_while_it_is_written_and_may_be_treated(warm: Project) -> None:
    (parent,) = warm.generation.generate(Brief("rain", seconds=2.0), 1, 1)
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("f", *"darker, the tin roof")
        await settle(pilot)
        assert shown(app, "#understood") == "taken for no wish: tin roof\nunderstood:"
        assert [a.text for a in app.screen.query_one(Understanding).adjustments] == ["darker"]
        await pilot.press("ctrl+t")
        await settle(pilot)
        child = next(t for t in app.project.takes.all() if t.parent == parent.id)
        assert child.recipe["treatment"]["applied"][0]["axis"] == "brightness" and child.obeyed[0]["ok"]
        await pilot.press("f")
        app.screen.query_one(Input).value = "don't make it darker"
        await settle(pilot)
        await pilot.press("enter")
        assert "enter makes takes" in shown(app, "#way")  # it stays, so that the words can be mended
        app.screen.query_one(Input).value = "keep it but further away"
        await settle(pilot)
        assert "enter treats" in shown(app, "#way")
        await pilot.press("enter")
        await settle(pilot)
        assert sum("treatment" in t.recipe for t in app.project.takes.all()) == 2
        await pilot.press("f", *"louder")
        await settle(pilot)
        assert "ctrl+G makes a new one" in shown(app, "#way")
        await pilot.press("down")
        assert "enter treats" in shown(app, "#way")
        await pilot.press("space")  # with nothing left there is nothing to treat
        assert "enter makes" in shown(app, "#way")
        await pilot.press("space", "ctrl+g")
        await settle(pilot)
        assert sum("treatment" in t.recipe for t in app.project.takes.all()) == 2


async def test_what_was_understood_is_corrected_by_keys(warm: Project) -> None:
    (parent,) = warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("f", *"darker, no birds, faster")
        await settle(pilot)
        await pilot.press("down", "r", "right", "down", "space")
        understood = app.screen.query_one(Understanding)
        assert [(a.axis, a.direction, a.strength) for a in understood.adjustments] == [
            ("brightness", 1, 0.8),
            ("speed", 1, 0.5),
        ]
        await pilot.press("up", "up", *", wetter")
        await settle(pilot)
        assert len(understood.adjustments) == 4 and not understood.corrected
        await pilot.press("down", "left", "down", "space", "down", "space", "down", "space", "enter")
        await settle(pilot)
        child = next(t for t in app.project.takes.all() if t.parent == parent.id)
        assert [(a["axis"], a["direction"], a["strength"]) for a in child.adjustments] == [("brightness", -1, 0.25)]
        assert cells(app, "asked")[1] == "darker"


async def test_takes_are_compared_blind_and_varied(warm: Project) -> None:
    two, one = warm.generation.generate(Brief("rain", seconds=1.0), 2, 1)  # the newest is on top
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert not isinstance(app.screen, CompareScreen)
        await pilot.press("v", "down", "c")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert one.id in shown(app, "#name0") and "seed" in shown(app, "#table")
        await pilot.press("1", "tab")
        assert app.player.played[-2:] == [Path(one.path).name, Path(two.path).name]
        await pilot.press("b")
        assert shown(app, "#name0") == "1" and not app.screen.query_one("#difference").display
        await pilot.press("2", "right")
        (preferred, _), heard = app.project.comparisons.preferred()[0], app.player.played[-1]
        assert heard == f"{preferred}.wav" and f"You liked {preferred}" in shown(app, "#ask")
        await pilot.press("x", "3")
        answer = "left" if app.player.played[-1] == Path(one.path).name else "right"
        await pilot.press(answer)
        assert "1 of 1 right" in shown(app, "#ask")
        await pilot.press("escape", "escape")
        assert not isinstance(app.screen, CompareScreen)
        await pilot.press("v", "s")
        await settle(pilot)
        chosen = app.screen.query_one(OptionList)
        chosen.highlighted = next(k for k in range(chosen.option_count) if "brighter" in str(chosen.options[k].prompt))
        await pilot.press("enter")
        await settle(pilot)
        swept = [t for t in app.project.takes.all() if t.parent]
        assert [t.adjustments[0]["strength"] for t in swept] == [1.0, 0.5, 0.5, 1.0]


async def test_empty_states_say_what_to_do(project: Project) -> None:
    app = SoundlabApp(project, player=Silent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.screen.query_one("#empty").display and "Press a to add" in shown(app, "#empty")
        await pilot.press("f3")
        await settle(pilot)
        assert app.screen.query_one("#empty").display and "press enter" in shown(app, "#empty")
        await pilot.press("f", "a", "e", "space")
        await settle(pilot)


async def test_importing_a_folder_and_a_missing_one(warm: Project, noises: Path) -> None:
    (noises / "bad.wav").write_text("no")
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        app.screen.query_one(Input).value = str(noises)
        await pilot.press("enter")
        await settle(pilot)
        assert len(clips(app)) == 3
        await pilot.press("a")
        app.screen.query_one(Input).value = "/nowhere"
        await pilot.press("enter")
        await settle(pilot)
        assert "no such file" in shown(app, "#job")


async def test_escape_stops_a_job_and_keeps_the_project(warm: Project) -> None:
    class Endless:
        on_audio = None

        def generate(self, request, progress, cancelled):
            from soundlab.errors import Cancelled

            started.set()
            while not cancelled():
                progress(1, 10, "generating")
                waiting.wait(0.01)
            raise Cancelled("generation was stopped")

    import threading

    started, waiting = threading.Event(), threading.Event()
    warm.__dict__["generator"] = Endless()
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("p", *"rain", "enter")
        while not started.is_set():
            await pilot.pause()
        assert app.jobs.running == "generate"
        await pilot.press("escape")
        await settle(pilot)
        assert app.jobs.running == ""
        assert "stopped" in str(app.screen.query_one(JobBar).content)
        assert warm.takes.all() == []


async def test_an_adapter_is_shown_evaluated_and_heard_blind(warm: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("PROMPTS", 1),
        ("SEEDS", 2),
        ("_SECONDS", 1.0),
        ("_DIRECTIONS", ()),
        ("OTHER_PROMPTS", ("rain",)),
    ):
        monkeypatch.setattr(evaluating, name, value)
    (take,) = warm.generation.generate(Brief("rain", seconds=2.0), 1, 1)
    warm.takes.change(take.id, verdict="approved")
    warm.training.train("night", TrainingSettings(steps=3, rank=2))
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert "night on sketch" in shown(app, "#card")
        await pilot.press("b")
        assert isinstance(app.screen, AdaptersScreen)
        await pilot.press("e")
        await settle(pilot)
        verdict = app.project.adapters.get("night").evaluation["verdict"]
        assert verdict in str(app.screen.query_one(JobBar).content)
        await pilot.press("n")
        await settle(pilot)
        assert verdict in shown(app, "#card")
        await pilot.press("b")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen) and shown(app, "#name0") == "1"
        await pilot.press("left")
        assert "You liked" in shown(app, "#ask")
        await pilot.press("escape", "u")
        await settle(pilot)
        assert app.screen.query_one("#brief", Input).value == "--adapter night"


async def test_an_adapter_of_a_revoked_clip_is_told_when_it_is_used(
    warm: Project, noises: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, *_ = warm.importer.run([noises], Labels(rights="own", collections=("bed",))).imported
    warm.training.train("night", TrainingSettings(steps=1, rank=2), collection="bed")
    warm.clearing.revoke(clip.id, "withdrawn")
    app = SoundlabApp(warm, player=Silent())
    told: list[str] = []
    monkeypatch.setattr(app, "notify", lambda text, **_: told.append(text))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f3", "p", *"rain -d 1 --adapter night", "enter")
        await settle(pilot)
        assert len(app.project.takes.all()) == 1
    assert any(clip.id in text and "may not train" in text for text in told)


async def test_training_without_approval_is_explained(warm: Project) -> None:
    warm.generation.generate(Brief("rain", seconds=1.0), 1, 1)
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        await pilot.press("t", *"night", "enter")
        await settle(pilot)
        assert "no take is approved" in shown(app, "#job")


def test_first_paint_loads_no_model_library(project: Project) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from soundlab.project import Project
from soundlab.tui.app import SoundlabApp
heavy = {{"torch", "transformers", "librosa", "scipy"}}
app = SoundlabApp(Project(Path({str(project.folder)!r}), workers=True))
before = (heavy | {{"sqlalchemy"}}) & set(sys.modules)  # the database may load after the first paint
async def paint():
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
asyncio.run(paint())
found = before | (heavy & set(sys.modules))
sys.exit(str(found) if found else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_braille_draws_loud_and_quiet() -> None:
    rows = braille_rows([(-1.0, 1.0)] * 10 + [(0.0, 0.0)] * 10, 10, 2)
    assert rows[0][:5] == "⣿" * 5 and rows[1][:5] == "⣿" * 5
    assert "⣿" not in rows[0][5:]
