"""
How the gallery's pages cost as the archive grows: page 1, page 100 and searches over many finished jobs.

    python benchmarks/gallery.py [--jobs 10000] [--small 100]

Times are medians in milliseconds; what counts are the ratios to the first page of a small archive, side by side. The last
column is the way SQLite goes: an index named there is used, "SCAN" or "TEMP B-TREE" would be a warning. Pictures are rows
that share one thumbnail, since no file is read for a page of the gallery.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pages.parts.sheet import Sheet
from reve_core.models import PERSONAL, JobFilter, JobStatus, Page
from reve_core.store.sqlite import SqliteStore

STEP = 60
WORDS = ["fox", "heron", "lighthouse", "snow", "dawn", "robot", "tea", "market", "lantern", "rain", "sofa", "lake"]


def fill(folder: Path, count: int) -> SqliteStore:
    store = SqliteStore(folder / "reve.db")
    db = sqlite3.connect(folder / "reve.db")
    now = time.time()
    name = "0" * 32 + "-1"
    rows = []
    for n in range(count):
        prompt = " ".join(WORDS[(n * step + step) % len(WORDS)] for step in range(1, 13)) + f" number {n}"
        at = now - (count - n) * 60
        status = "failed" if n % 50 == 7 else "done"
        rows.append(
            (f"{n:032x}", prompt, prompt, ("1:1", "3:2", "9:16")[n % 3], status, at, at + 1, at + 9, n % 40 == 0, n)
        )
    db.executemany(
        f"""
        insert into jobs (id, owner, provider, model, prompt, search, aspect_ratio, status, created_at, started_at,
                          finished_at, starred, rev, attempt, image, thumbnail, mime, width, height, size, sha256)
        values (?, '{PERSONAL}', 'sketch', 'sketch-1', ?, ?, ?, ?, ?, ?, ?, ?, ?, 1,
                '{name}.png', '{name}-thumb.webp', 'image/png', 1024, 1024, 900000, 'x')
        """,
        rows,
    )
    db.commit()
    db.close()
    return store


def median_ms(work: Callable[[], object], rounds: int = 30) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def cases(store: SqliteStore) -> dict[str, Callable[[], object]]:
    mine = JobFilter(owner=PERSONAL)

    def page(which: JobFilter = mine, after: str | None = None, *, by_finish: bool = True) -> Page:
        return store.page(which, after=after, limit=STEP, by_finish=by_finish)

    cursor = None
    for _ in range(99):
        cursor = page(after=cursor).next or cursor

    def search(words: str) -> JobFilter:
        return JobFilter(owner=PERSONAL, words=words)

    sheet = Sheet(jobs=page().jobs)
    return {
        "gallery, page 1": page,
        "gallery, page 100": lambda: page(after=cursor),
        "search, common word": lambda: page(search("fox")),
        "search, one hit": lambda: page(search("number 7777")),
        "search, no hit": lambda: page(search("unicycle")),
        "favourites": lambda: page(JobFilter(owner=PERSONAL, starred=True)),
        "one shape": lambda: page(JobFilter(owner=PERSONAL, aspect_ratio="9:16")),
        "queue, page 1": lambda: page(by_finish=False),
        "queue, failed": lambda: page(
            JobFilter(owner=PERSONAL, statuses=frozenset({JobStatus.FAILED})), by_finish=False
        ),
        "queue, unclear (none)": lambda: page(
            JobFilter(owner=PERSONAL, statuses=frozenset({JobStatus.UNKNOWN})), by_finish=False
        ),
        "trash (empty)": lambda: page(JobFilter(owner=PERSONAL, trashed=True), by_finish=False),
        "counts": lambda: store.counts(PERSONAL),
        "revision": lambda: store.revision(PERSONAL),
        "60 tiles for the screen": lambda: sheet.tiles(sheet.jobs[0].created_at, 7),
    }


def plans(folder: Path, work: Callable[[], object], store: SqliteStore) -> str:
    """What SQLite says about the statements of one case, seen through its trace."""
    seen: list[str] = []
    with store.connections.read() as db:
        db.conn.set_trace_callback(seen.append)
    work()
    with store.connections.read() as db:
        db.conn.set_trace_callback(None)
    explain = sqlite3.connect(folder / "reve.db")
    lines = []
    for statement in seen:
        if statement.lstrip().lower().startswith("select"):
            lines += [row[3] for row in explain.execute("explain query plan " + statement)]
    explain.close()
    return "; ".join(dict.fromkeys(lines))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--small", type=int, default=100)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as small_dir, tempfile.TemporaryDirectory() as large_dir:
        small, large = fill(Path(small_dir), chosen.small), fill(Path(large_dir), chosen.jobs)
        few, many = cases(small), cases(large)
        base = median_ms(few["gallery, page 1"])
        print(f"{'':26}{chosen.small:>8,} jobs {chosen.jobs:>8,} jobs   ratio to page 1 of the small archive")
        for name in many:
            here, there = median_ms(few[name]), median_ms(many[name])
            print(
                f"{name:26}{here:>10.2f} ms {there:>10.2f} ms {there / base:>7.1f}×   {plans(Path(large_dir), many[name], large)}"
            )
        small.close()
        large.close()


if __name__ == "__main__":
    main()
