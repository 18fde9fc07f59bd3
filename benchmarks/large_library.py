"""A library of a million clips: opening, searching, listing and scrolling it, and what that takes of memory.

``python benchmarks/large_library.py PROJECT --rows 1000000`` makes the project
once (rows and vectors by SQL, no audio) and measures it; run again, it only
measures. Vectors lie in 2,000 clusters, as sounds do. ``--part`` measures one thing in a
fresh process, which is how the whole is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest import mock

import numpy as np

from soundlab.project import Project

DIMENSIONS, CLUSTERS, CHUNK = 256, 2000, 20_000
WORDS = ("rain", "wind", "door", "metal", "wood", "glass", "water", "fire", "birds", "crowd", "engine", "hum", "drone")


def fill(folder: Path, rows: int) -> None:
    """Make a project of ``rows`` clips, each with one window's vector and two tags."""
    from sqlalchemy import insert

    from soundlab.storage.tables import clip_tags, clips, vectors

    project = Project.create(folder)
    model, engine = project.embedder.model_id, project.database.engine
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, DIMENSIONS)).astype(np.float32)
    started = time.perf_counter()
    for first in range(0, rows, CHUNK):
        numbers = range(first, min(first + CHUNK, rows))
        made = centres[rng.integers(0, CLUSTERS, len(numbers))] + rng.standard_normal((len(numbers), DIMENSIONS))
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        pairs = rng.integers(0, len(WORDS), (len(numbers), 2))
        ids = [f"c{n:08x}" for n in numbers]
        with engine.begin() as connection:
            connection.execute(
                insert(clips),
                [
                    {
                        "id": identity,
                        "path": f"/sounds/{n // 1000:04d}/{WORDS[a]}_{WORDS[b]}_{n:07d}.wav",
                        "title": f"{WORDS[a]} {WORDS[b]} {n:07d}",
                        "sha256": f"{n:064x}",
                        "duration": float(1 + n % 60),
                        "sample_rate": 48_000,
                        "channels": 2,
                        "rights": "own",
                        "evidence": "",
                        "note": "",
                        "added": f"2026-01-01T00:{n % 60:02d}:00+00:00",
                        "metadata": {},
                    }
                    for identity, n, (a, b) in zip(ids, numbers, pairs, strict=True)
                ],
            )
            connection.execute(
                insert(clip_tags),
                [{"clip": i, "tag": WORDS[t]} for i, pair in zip(ids, pairs, strict=True) for t in sorted({*pair})],
            )
            connection.execute(
                insert(vectors),
                [
                    {"owner": i, "model": model, "at": 0.0, "vector": v.astype("<f2").tobytes()}
                    for i, v in zip(ids, made, strict=True)
                ],
            )
        print(f"\r{numbers[-1] + 1:,} rows", end="", flush=True, file=sys.stderr)
    print(f"\nmade in {time.perf_counter() - started:.0f} s")
    project.close()


def memory() -> str:
    """Largest resident size of this process so far."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"


def timed(work, runs: int = 15) -> tuple[float, float]:
    """Median and slowest milliseconds of ``runs`` after one warm-up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), max(times)


def queries(n: int) -> list[list[float]]:
    """Points near the clusters' centres."""
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, DIMENSIONS))
    rng = np.random.default_rng(1)
    return [list(map(float, centres[rng.integers(CLUSTERS)] + rng.standard_normal(DIMENSIONS))) for _ in range(n)]


def index(folder: Path) -> None:
    """Build what is derived: the matrix and, for so many, the graph."""
    with closing(Project(folder)) as project:
        model = project.embedder.model_id
        start = time.perf_counter()
        count = project.vectors.count(model)
        read = time.perf_counter() - start
        start = time.perf_counter()
        graph = project.vectors.connect(model)
        built = time.perf_counter() - start
        print(f"index: matrix of {count:,} in {read:.1f} s; graph in {built:.0f} s: {graph}; {memory()}")


def opening(folder: Path) -> None:
    """From nothing to the first page of clips and the first answer."""
    start = time.perf_counter()
    with closing(Project(folder)) as project:
        order = project.clips.order()
        page = project.clips.page(order[:64].tolist())
        listed = time.perf_counter() - start
        model = project.embedder.model_id
        start = time.perf_counter()
        project.vectors.search(model, queries(1)[0], 20)
        answered = time.perf_counter() - start
        print(
            f"open: {len(order):,} clips, first {len(page)} shown after {listed:.2f} s; "
            f"first search {answered:.2f} s more; {memory()}"
        )


def searching(folder: Path) -> None:
    """The exact search against the graph, and the whole search with words and names."""
    with closing(Project(folder)) as project:
        model, some = project.embedder.model_id, iter(queries(200))
        rows = project.vectors.count(model)
        exact, slow = timed(lambda: project.vectors.search(model, next(some), rows if rows < 1000 else 2000))
        print(f"search: exact best 2000 of {rows:,}: median {exact:.0f} ms, slowest {slow:.0f} ms")
        quick, slow = timed(lambda: project.vectors.search(model, next(some), 20))
        print(f"search: best 20 (graph where there is one): median {quick:.1f} ms, slowest {slow:.1f} ms")
        project.searcher.search("warm")  # loads the text encoder
        whole, slow = timed(lambda: project.searcher.search("metal door slam", k=200), 5)
        print(f"search: as typed, 200 clips with names: median {whole:.0f} ms, slowest {slow:.0f} ms")
        within, slow = timed(lambda: project.searcher.search("slam tag:door NOT tag:metal", k=200), 3)
        print(f"search: within fields: median {within:.0f} ms, slowest {slow:.0f} ms; {memory()}")


def interface(folder: Path) -> None:
    """First paint with rows, and keys held down at the end, in the middle and by pages."""
    from textual.events import Key
    from textual.strip import Strip

    from soundlab.tui.app import SoundlabApp
    from soundlab.tui.widgets.clip_table import ClipTable

    drawn = 0.0
    render_line = ClipTable.render_line

    def watched(table: ClipTable, y: int) -> Strip:
        """Note when the row under the cursor is drawn with what it says."""
        nonlocal drawn
        strip = render_line(table, y)
        if table.scroll_offset.y + y - 1 == table.cursor and table.clip is not None:
            drawn = time.perf_counter()
        return strip

    async def drive() -> None:
        start = time.perf_counter()
        app = SoundlabApp(Project(folder, workers=True))
        async with app.run_test(size=(160, 48)) as pilot:
            while not drawn:
                await asyncio.sleep(0.001)
            print(f"interface: the first rows drawn after {drawn - start:.2f} s")
            await pilot.pause()
            table = app.screen.query_one(ClipTable)
            for name, keys in (
                ("down", ["down"] * 100),
                ("page down", ["pagedown"] * 100),
                ("far jumps", ["end", "pageup", "home", "pagedown"] * 10),
            ):
                waits = []
                for key in keys:
                    begun = time.perf_counter()
                    app.post_message(Key(key, None))
                    while drawn < begun:
                        await asyncio.sleep(0)
                    waits.append(1000 * (drawn - begun))
                    await asyncio.sleep(0.02)
                print(
                    f"interface: {table.row_count:,} rows, {name}: key to row drawn median {np.median(waits):.0f} ms, "
                    f"95th percentile {np.percentile(waits, 95):.0f} ms"
                )
        print(f"interface: {memory()}")

    with mock.patch.object(ClipTable, "render_line", watched):
        asyncio.run(drive())


PARTS = {"index": index, "open": opening, "search": searching, "interface": interface}


def main() -> None:
    """Make what is absent and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--part", choices=PARTS)
    args = parser.parse_args()
    if args.part:
        PARTS[args.part](args.project)
        return
    if not (args.project / "soundlab.toml").exists():
        fill(args.project, args.rows)
    for part in PARTS:
        subprocess.run([sys.executable, __file__, str(args.project), "--part", part], check=True)


if __name__ == "__main__":
    main()
