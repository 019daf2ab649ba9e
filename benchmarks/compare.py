"""
A large comparison, 12 prompts x 4 shapes x 8 samples with 1,000 votes: its page in a real browser, beside the way Streamlit's
tutorials would show the same pictures; the run of its script; and what the service takes for it.

    python -m benchmarks.compare [--rounds 3] [--only page service] [--alone]

Needs Playwright's package and a Chromium on the path. The page is measured in a fresh window each round, from navigation
until all cells are laid out and the pictures of the first row that are in sight are decoded and a frame has been drawn. The
script's runs are timed within the running server (``benchmarks.timed``), so they are runs as they are in life: under the
real command, with the real service, next to the requests that the page makes. Beside them stands a page that is only a title.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from benchmarks import grids
from benchmarks.grids import Filled
from benchmarks.servers import Server
from reve_core import bootstrap, gridview
from reve_core.compare import result_view
from reve_core.models import PERSONAL
from reve_core.polls import Polls
from reve_core.service import Studio
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from tests.browser.conftest import FLAGS

GRID_S, SCRIPT_MS = 2.0, 50.0
REPEATS = 5  # of runs of the script, after those that the rounds give
_PATIENCE_MS = 60_000
_SIZE = {"width": 1440, "height": 900}
# Looks into shadow trees too, and calls what it waits for done where a person would: when the first row can be seen.
_WATCH = """
(() => {
  const [row, cell, count] = %s;
  const deep = function* (root) {
    yield root;
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) yield* deep(node.shadowRoot);
  };
  const all = (selector) => [...deep(document)].flatMap((root) => [...root.querySelectorAll(selector)]);
  const inSight = (node) => { const box = node.getBoundingClientRect(); return box.width > 0 && box.left < innerWidth && box.top < innerHeight; };
  window.seen = new Promise((done) => {
    let laid = 0;
    const look = async () => {
      const cells = all(cell);
      if (cells.length >= count && cells.at(-1).getBoundingClientRect().height > 0) {
        laid ||= performance.now();
        const first = [...all(row)[0].querySelectorAll(cell)].filter(inSight);
        const pictures = count === 1 ? [] : first.map((each) => each.matches("img") ? each : each.querySelector("img"));
        if (first.length && pictures.every((img) => img?.complete && img.naturalWidth > 0)) {
          await Promise.all(pictures.map((img) => img.decode()));
          await new Promise((drawn) => requestAnimationFrame(drawn));
          return done({ laid, seen: performance.now(), pictures: pictures.length });
        }
      }
      setTimeout(look, 20);
    };
    addEventListener("DOMContentLoaded", look);
  });
})();
"""
# The first row, what a cell is, and how many there are of those.
_OURS = (".cmp-rows .cmp-row", ".cmp-cell", grids.CELLS)
_PLAIN = ('[data-testid="stHorizontalBlock"]', '[data-testid="stImage"] img', grids.CELLS)
_TITLE = ('[data-testid="stMain"]', "h1", 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds from navigation; how many requests went where."""

    laid_s: float
    seen_s: float
    pictures: int
    media: int
    media_pictures: int
    images: int


# ---------------------------------------------------------------- in the browser


def look(browser: Browser, url: str, what: tuple[str, str, int]) -> Seen:
    asked: list[str] = []
    context = browser.new_context(viewport=_SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(_WATCH % json.dumps(what))
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(url, wait_until="commit")
    found = page.wait_for_function("window.seen", timeout=_PATIENCE_MS).json_value()
    paths = list(asked)
    context.close()
    media = [path for path in paths if path.startswith("/media/")]
    return Seen(
        found["laid"] / 1000,
        found["seen"] / 1000,
        found["pictures"],
        len(media),
        sum(not path.endswith(".svg") for path in media),
        sum(path.startswith("/images/") for path in paths),
    )


@contextmanager
def served(name: str, clock: Path, script: str, environment: dict[str, str], *more: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "benchmarks.timed", str(clock), "run", script, "--server.port", "{port}", *more]
    with Server(name, command, ready="/_stcore/health", environment=environment) as server:
        yield server


def runs_since(clock: Path, before: int) -> list[tuple[float, float]]:
    lines = clock.read_text().splitlines() if clock.exists() else []
    return [(float(wall), float(cpu)) for wall, cpu in (line.split() for line in lines[before:])]


def ended(clock: Path, before: int) -> list[tuple[float, float]]:
    """The runs since, once there is one."""
    for _ in range(6000):
        if runs := runs_since(clock, before):
            return runs
        time.sleep(0.01)
    raise SystemExit("The script did not end.")


def in_the_browser(filled: Filled, folder: Path, rounds: int, alone: bool) -> None:
    chromium = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    peer = Path(__file__).with_name("peers") / "grid_page.py"
    clocks = {name: folder / f"{name}.txt" for name in ("ours", "plain")}
    quiet = ("--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none")
    seen: dict[str, list[Seen]] = {}
    runs: dict[str, list[tuple[float, float]]] = {}
    with (
        served(
            "ours", clocks["ours"], "app.py", {"REVE_DATA_DIR": str(filled.folder), "REVE_PROVIDER": "sketch"}
        ) as ours,
        served("plain", clocks["plain"], str(peer), {"PICTURES": str(filled.pictures)}, *quiet) as plain,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium or None, args=FLAGS)
        one = f"{ours.url}/compare?c={filled.comparison}"
        ways = {
            "ours": (one, _OURS, "ours"),
            "a title": (plain.url, _TITLE, "plain"),
            "st.image, thumbnails": (f"{plain.url}/?of=small", _PLAIN, "plain"),
            "st.image, originals": (f"{plain.url}/?of=full", _PLAIN, "plain"),
        }
        if alone:
            ways = dict(list(ways.items())[:2])
        for number in range(rounds + 1):  # the first one warms up, and is not counted
            turn = number % len(ways)
            names = list(ways)[turn:] + list(ways)[:turn]
            for name in names:
                url, what, clock = ways[name]
                before = len(runs_since(clocks[clock], 0))
                found = look(browser, url, what)
                ran = ended(clocks[clock], before)  # else a server that is not done yet would slow the next one
                if number:
                    seen.setdefault(name, []).append(found)
                    runs.setdefault(name, []).extend(ran)
        report_page(seen)
        for name, url, clock, ready in (
            ("ours", one, "ours", ".cmp-cell"),
            ("ours, results", f"{one}&tab=results", "ours", ".results .verdict"),
            ("ours, share", f"{one}&tab=share", "ours", ".linking form"),
            ("a title", plain.url, "plain", "h1"),
        ):
            for _ in range(REPEATS):
                before = len(runs_since(clocks[clock], 0))
                context = browser.new_context(viewport=_SIZE)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(url)
                page.locator(ready).first.wait_for()
                context.close()
                runs.setdefault(name, []).extend(ended(clocks[clock], before))
        browser.close()
    report_runs(runs)


def report_page(seen: dict[str, list[Seen]]) -> None:
    mine, floor = seen["ours"], seen["a title"]
    print(f"\n{grids.CELLS} pictures, a fresh window: seconds from navigation, median of {len(mine)} [range]")
    print(f"{'':22}{'laid out':>9}{'seen':>6}{'':14}{'/media':>7}{'/images':>8}   x a title{'':7}x ours")
    for name, found in seen.items():
        times = sorted(each.seen_s for each in found)
        middle = statistics.median(times)
        media = max(each.media_pictures for each in found)
        marks = max(each.media - each.media_pictures for each in found)
        print(
            f"{name:22}{statistics.median(each.laid_s for each in found):>9.2f}{middle:>6.2f}"
            f"{f' [{times[0]:.2f}-{times[-1]:.2f}]':14}{media:>7}{max(each.images for each in found):>8}"
            f"   {ratio(found, floor):16}{ratio(found, mine) if name != 'ours' else ''}"
            + (f"limit {GRID_S:g} s: {'kept' if middle <= GRID_S else 'MISSED'}" if name == "ours" else "")
            + (f"; {marks} mark of the app" if marks else "")
        )


def ratio(found: list[Seen], base: list[Seen]) -> str:
    """Round by round: the median, and the range."""
    ratios = sorted(one.seen_s / other.seen_s for one, other in zip(found, base, strict=True))
    return f"{statistics.median(ratios):.1f} [{ratios[0]:.1f}-{ratios[-1]:.1f}]"


def report_runs(runs: dict[str, list[tuple[float, float]]]) -> None:
    floor = statistics.median(cpu for _, cpu in runs["a title"])
    print(f"\n{'run of the script, ms':24}{'runs':>6}{'clock':>8}{'CPU':>8}   CPU, ratio to a page that is a title")
    for name, found in runs.items():
        wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
        worst = max(wall for wall, _ in found)
        limit = ""
        if name.startswith("ours"):
            limit = f"  limit {SCRIPT_MS:g} ms: {'kept' if wall <= SCRIPT_MS else 'MISSED'} (slowest {worst:.0f})"
        print(f"{name:24}{len(found):>6}{wall:>8.1f}{cpu:>8.1f}   x {cpu / floor:.1f}{limit}")


# ---------------------------------------------------------------- the service


def timed(work: Callable[[], object], rounds: int = 15) -> float:
    """Median, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def in_the_service(filled: Filled, folder: Path) -> None:
    studio = bootstrap.build(Settings(data_dir=filled.folder, provider="sketch"))
    store = SqliteStore(filled.folder / "reve.db")
    plain = sqlite3.connect(filled.folder / "reve.db")
    scratch = sqlite3.connect(folder / "scratch.db")
    scratch.executescript("pragma journal_mode=wal; pragma synchronous=full; create table cells (a, b, c, d, e);")
    one, comparisons = filled.comparison, studio.comparisons
    comparison = comparisons.get(one, owner=PERSONAL)
    grid = comparisons.grid(one, owner=PERSONAL)
    drawn = player_data(studio, one)

    def rows() -> object:
        sql = "select * from cells left join jobs on jobs.id = cells.job_id where comparison_id = ?"
        return plain.execute(sql, (one,)).fetchall()

    def votes() -> object:
        return plain.execute("select * from ballots where comparison_id = ? and choice is not null", (one,)).fetchall()

    def cold() -> object:
        return Polls(grids=store, catalogue=studio.catalogue).result(comparison)

    def insert() -> None:
        with scratch:
            scratch.executemany("insert into cells values (?, ?, ?, ?, ?)", [("x" * 32,) * 5] * grids.CELLS)

    ballots = iter(range(1000))

    def vote() -> None:
        voter = f"late {next(ballots)}"
        found = studio.polls.next_ballot(comparison, voter)
        assert found is not None
        studio.polls.cast(comparison, found.id, "left", voter=voter)
        studio.polls.result(comparison)

    cases: list[tuple[str, Callable[[], object], str, Callable[[], object] | None]] = [
        ("grid", lambda: comparisons.grid(one, owner=PERSONAL), "reading its rows", rows),
        (
            "grid, player data and JSON",
            lambda: player_data(studio, one),
            "JSON of the same values",
            lambda: packed(drawn),
        ),
        ("pulse", lambda: comparisons.pulse(one, owner=PERSONAL), "reading its rows", rows),
        ("plan, all there", lambda: comparisons.plan(grid.comparison.axes, owner=PERSONAL), "reading its rows", rows),
        (
            "make, all adopted",
            lambda: comparisons.make(comparison.axes, owner=PERSONAL),
            "inserting as many rows",
            insert,
        ),
        (f"result of {grids.VOTES:,} votes, cold", cold, "reading the votes", votes),
        ("result, nothing new", lambda: studio.polls.result(comparison), "", None),
        ("next pair, vote and result", vote, "", None),
    ]
    print(f"\n{f'service, {grids.CELLS} cells':32}{'ms':>8}   ratio to its floor")
    for name, work, floor_name, floor in cases:
        work()
        took = timed(work)
        beside = f"x {took / (least := timed(floor)):.1f} {floor_name}, {least:.2f} ms" if floor is not None else ""
        print(f"{name:32}{took:>8.2f}   {beside}")
    print(f"JSON for the browser: {len(packed(drawn)) / 1000:.0f} kB")
    for each in (plain, scratch, store):
        each.close()
    studio.stop(1)


def player_data(studio: Studio, comparison_id: str) -> dict[str, object]:
    """As ``/api/live/comparison`` makes it."""
    grid = studio.comparisons.grid(comparison_id, owner=PERSONAL)
    data = gridview.player_data(
        grid,
        catalogue=studio.catalogue,
        thumbnail=lambda _, image: f"/images/{image.thumbnail}",
        full=lambda _, image: f"/images/{image.name}",
        rev=1,
        standing=result_view.standing(studio.polls.result(grid.comparison)),
    )
    packed(data)
    return data


def packed(data: dict[str, object]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A large comparison: its page, its script, its service.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=["page", "service"], default=["page", "service"])
    parser.add_argument("--alone", action="store_true", help="only beside a title, not beside st.image")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="reve-bench-") as temporary:
        folder = Path(temporary)
        began = time.perf_counter()
        filled = grids.fill(folder)
        print(f"filled in {time.perf_counter() - began:.1f} s", flush=True)
        if "page" in chosen.only:
            in_the_browser(filled, folder, chosen.rounds, chosen.alone)
        if "service" in chosen.only:
            in_the_service(filled, folder)


if __name__ == "__main__":
    main()
