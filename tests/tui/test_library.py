"""The library screen: a table of any length, search as one types, regions, audition."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from textual.widgets import Input, Select, SelectionList

from soundlab.config import packaged
from soundlab.domain.clip import Clip
from soundlab.domain.labels import Labels
from soundlab.project import Project
from soundlab.services.starting import add_starter
from soundlab.services.suggesting import _SAMPLE
from soundlab.tui.app import SoundlabApp
from soundlab.tui.screens.labels import LabelScreen
from soundlab.tui.screens.map import MapScreen
from soundlab.tui.widgets.clip_table import ClipTable
from soundlab.tui.widgets.map_view import MapView
from soundlab.tui.widgets.waveform import Waveform
from tests.tui.test_app import Silent, clips, settle, shown


def many(project: Project, folder: Path, count: int) -> None:
    """Rows of clips that nobody has embedded."""
    path = folder / "one.wav"
    soundfile.write(path, np.zeros(100), 8000)
    for k in range(count):
        project.clips.add(Clip("", str(path), f"clip {k:05d}", f"{k:064x}"[::-1], 1.0, 8000, 1, rights="own"))


async def test_only_what_is_on_screen_is_read(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(project, tmp_path, 900)
    asked: list[int] = []
    page = project.clips.page
    monkeypatch.setattr(project.clips, "page", lambda rows: asked.append(len(rows)) or page(rows))
    monkeypatch.setattr(project.clips, "all", lambda *a, **k: pytest.fail("all clips were read"))
    app = SoundlabApp(project, player=Silent())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(ClipTable)
        assert table.row_count == 900 and clips(app)[0] == "clip 00000"
        await pilot.press("end")
        await settle(pilot)
        assert clips(app)[-1] == "clip 00899" and table.clip is not None and table.clip.title == "clip 00899"
        await pilot.press("home", "pagedown", "down", "down", "up")
        await settle(pilot)
        height = table.size.height - 1
        assert table.clip.title == f"clip {height + 1:05d}" and table.clip.title in clips(app)
        assert sum(n for n in asked if n != _SAMPLE) < 400, "but for the sample that suggestions are made by"
        await pilot.click(ClipTable, offset=(5, 3))
        await settle(pilot)
        assert table.clip.title == clips(app)[2]


async def test_search_follows_the_typing_and_an_empty_line_shows_all(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="own"))
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        listed = clips(app)
        await pilot.press("slash", *"clock")
        while not clips(app) or "clip" not in shown(app, "#job") or "clock" not in shown(app, "#job"):  # without enter
            await pilot.pause(0.05)
        assert clips(app)[0] == "clock clicks" and 'for "clock"' in shown(app, "#job")
        assert app.focused is app.screen.query_one(Input)
        app.screen.query_one(Input).value = ""
        await pilot.press("enter")
        await settle(pilot)
        assert clips(app) == listed
        for line, found, said in (
            ("-tag:nothing title:drone", ["low drone"], "1 clip "),
            ("rights:cc0", [], "nothing found"),
            ('title:drone (tag:"', ["low drone"], "1 clip "),
        ):
            app.screen.query_one(Input).value = line
            await pilot.press("slash", "enter")
            await settle(pilot)
            assert clips(app) == found and said in shown(app, "#job")


async def test_a_marked_region_finds_what_is_like_it(warm: Project, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    rng = np.random.default_rng(0)
    hiss = 0.2 * rng.standard_normal(64_000)
    hum = 0.4 * np.sin(60 * 6.283 * np.arange(64_000) / 32_000)
    soundfile.write(folder / "a both.wav", np.concatenate([hum, hiss]), 32_000)
    soundfile.write(folder / "hiss.wav", 0.2 * rng.standard_normal(64_000), 32_000)
    soundfile.write(folder / "hum.wav", 0.4 * np.sin(61 * 6.283 * np.arange(64_000) / 32_000), 32_000)
    warm.importer.run([folder], Labels(rights="own"))
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("space")
        app.player.position = 2.1
        await pilot.press("i")
        app.player.position = 3.9
        await pilot.press("o")
        wave = app.screen.query_one(Waveform)
        assert wave.marked == pytest.approx((2.1 / 4, 3.9 / 4))
        await pilot.press("m")
        await settle(pilot)
        assert clips(app)[0] == "hiss" and "from 2.1 to 3.9 s" in shown(app, "#job")
        assert app.screen.query_one(Waveform).marked is None
        await pilot.press("space", "o")
        assert "the region is empty" in shown(app, "#job")


async def test_audition_by_keys(warm: Project, noises: Path) -> None:
    (noises / "gone.wav").write_bytes((noises / "rain_hiss.wav").read_bytes()[:50_000])
    warm.importer.run([noises], Labels(rights="own"))
    (noises / "gone.wav").unlink()
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        listed = clips(app)
        await pilot.press("p")
        assert app.player.played == [f"{_file(app)}"]
        for _ in listed[1:]:
            await pilot.press("down")
            await pilot.pause(0.2)  # the pause after which a preview begins
        assert len(app.player.played) == 3, "all but the missing one"
        await pilot.press("home", "p")
        await settle(pilot)
        app.player.stop()
        await pilot.press("l")
        assert app.player.playing
        await pilot.press("k")
        assert not app.player.playing


async def test_labels_of_several_clips_and_back(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="unknown", tags=("field",)))
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await settle(pilot)
        await pilot.press("v", "v", "4")
        await settle(pilot)
        assert [clip.rating for clip, _ in app.screen.query_one(ClipTable).rows()] == [4, 4, 0]
        await pilot.press("t")
        await settle(pilot)
        assert isinstance(app.screen, LabelScreen)
        ticks = app.screen.query_one(SelectionList)
        assert ticks.selected == ["field"] and ticks.option_count > 1, "suggestions are there, none is ticked"
        suggested = ticks.get_option_at_index(1).value
        await pilot.press("space", "down", "space")
        app.screen.query_one("#more", Input).value = "wet, night"
        app.screen.query_one("#rights", Select).value = "own"
        app.screen.query_one("#collection", Input).value = "storm"
        await pilot.press("ctrl+s")
        await settle(pilot)
        changed = [c for c in warm.clips.all() if c.rating]
        assert len(changed) == 2
        for clip in changed:
            assert set(clip.tags) == {suggested, "wet", "night"} and clip.rights == "own"
            assert clip.collections == ("storm",)
        assert "2 clips" in shown(app, "#job")
        await pilot.press("z", "z", "z")
        await settle(pilot)
        assert {(c.rating, c.tags, c.rights) for c in warm.clips.all()} == {(0, ("field",), "unknown")}
        assert "no change to take back" in shown(app, "#job")
        await pilot.press("V", "t", "escape")
        await settle(pilot)
        assert app.screen.query_one(ClipTable).marked == {}


async def test_a_suggestion_is_accepted_by_a_key(warm: Project) -> None:
    add_starter(packaged("references"), warm.folder / "references", warm.importer)
    rain = next(c for c in warm.clips.all() if c.title == "Steady rain, close")
    warm.clips.change([rain.id], {}, untag=rain.tags)
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await settle(pilot)
        app.screen.query_one(Input).value = "steady rain"
        await pilot.press("slash", "enter")
        await settle(pilot)
        assert clips(app)[0] == "Steady rain, close"
        while "y adds" not in shown(app, "#advice"):  # it comes when the cursor rests
            await pilot.pause(0.05)
        await pilot.press("y")
        await settle(pilot)
        given = warm.clips.get(rain.id)
        assert len(given.tags) == 3 and given.category.startswith("RAIN")


async def test_the_map_is_wandered_and_left_for_what_is_alike(warm: Project) -> None:
    add_starter(packaged("references"), warm.folder / "references", warm.importer)
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await settle(pilot)
        await pilot.press("g")
        assert isinstance(app.screen, MapScreen)
        view = app.screen.query_one(MapView)
        while "principal components" not in shown(app, "#said"):
            await pilot.pause(0.05)
        seen = {view.cursor}
        for key in ("right",) * 4 + ("down",) * 4 + ("left",) * 4 + ("up",) * 4:
            await pilot.press(key)
            seen.add(view.cursor)
        assert len(seen) > 5
        await pilot.press("p")
        await pilot.click(MapView, offset=(55, 18))
        while not app.player.played:  # a pause after which the preview begins
            await pilot.pause(0.05)
        title = shown(app, "#said").split("  ")[0]
        await pilot.press("m")
        await settle(pilot)
        assert clips(app)[0] == title and f"like {title}" in shown(app, "#job")


async def test_collections_and_saved_searches_are_chosen(warm: Project, noises: Path) -> None:
    warm.importer.run([noises], Labels(rights="own", collections=("night sky",)))
    warm.clips.change([warm.clips.all()[0].id], {}, uncollect=["night sky"])
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        assert "write a search first" in shown(app, "#job")
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert len(clips(app)) == 2
        app.screen.query_one("#query", Input).value = "title:hiss"
        await pilot.press("s", *"hisses", "enter")
        assert warm.searches.get("hisses") == {"text": "title:hiss"}
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert clips(app) == ["rain hiss"]
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert len(clips(app)) == 3


async def test_a_spectrogram_and_what_the_desktop_does(
    warm: Project, noises: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm.importer.run([noises / "low drone.ogg"], Labels(rights="own"))
    opened = tmp_path / "opened"
    script = tmp_path / "editor.py"
    script.write_text("import sys; open(sys.argv[1], 'w').write(sys.argv[2])")
    monkeypatch.setenv("SOUNDLAB_EDITOR", f"{sys.executable} {script} {opened}")
    app = SoundlabApp(warm, player=Silent())
    async with app.run_test(size=(110, 40)) as pilot:
        await settle(pilot)
        await pilot.press("w")
        await settle(pilot)
        wave = app.screen.query_one(Waveform)
        assert wave.levels is not None and wave.size.height == 12
        loudest = max(range(len(wave.levels)), key=lambda band: wave.levels[band][100])
        assert loudest < 6, "60 Hz is at the bottom"
        await pilot.press("w", "ctrl+y")
        assert wave.levels is None and app.clipboard.endswith("low drone.ogg")
        await pilot.press("ctrl+e")
        while not (opened.exists() and opened.read_text()):
            await pilot.pause(0.02)
        assert opened.read_text() == str(noises / "low drone.ogg")
        (noises / "low drone.ogg").unlink()
        await pilot.press("ctrl+e", "ctrl+r")
        await pilot.pause()
        assert any("relink" in str(n.message) for n in app._notifications)


def _file(app: SoundlabApp) -> str:
    clip = app.screen.query_one(ClipTable).clip
    assert clip is not None
    return Path(clip.path).name
