"""
What a fair turn costs: claims from a line of 10,000 jobs, with and without fairness, side by side in one run.

    python -m benchmarks.fair_claim [--jobs 10000] [--visitors 20] [--claims 300]

Prints, for each shape of the line, the median and the 99th part in a hundred of a claim in milliseconds: first in first out
(one visitor, so that the turns are the sequence), fair among visitors, fair with at most two running for each, and the
worst case, where all that waits belongs to somebody who may have no more running. Then what letting in an order costs.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reve_core.allowance import Allowance, Terms
from reve_core.models import JobRequest, Limits, Order
from reve_core.store.sqlite import SqliteStore

LIMITS = {"sketch": Limits(concurrency=1_000_000)}
NO_LIMITS = Allowance()
FULL = Allowance(
    visitor_per_minute=10_000,
    address_per_minute=10_000,
    link_per_minute=100_000,
    visitor_queue=10_000,
    address_queue=100_000,
    link_queue=100_000,
    visitor_credits=1e9,
    address_credits=1e9,
    link_credits=1e9,
)


def _order(visitor: str, count: int = 1, allowance: Allowance = NO_LIMITS) -> Order:
    request = JobRequest(prompt="a heron", provider="sketch", model="sketch", aspect_ratio="1:1")
    terms = Terms(visitor, f"address of {visitor}", "2026-01-01", allowance)
    return Order((request,) * count, visitor, terms=terms, credits=(1.0,) * count)


def _filled(folder: str, jobs: int, visitors: int) -> SqliteStore:
    store = SqliteStore(Path(folder) / "reve.db")
    for number in range(visitors):
        store.submit([_order(f"v{number}", jobs // visitors)])
    with store.connections.read() as db:
        db.execute("pragma wal_checkpoint(truncate)").fetchone()  # the filling itself is not what is measured
    return store


def _timed(what: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _claims(store: SqliteStore, count: int, at_once: int | None) -> list[float]:
    """Each claim is ended at once, outside of the timing, so that a cap on running jobs leaves somebody to take."""
    found: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        held = store.claim("w", lease_s=60, limits=LIMITS, at_once=at_once)
        found.append((time.perf_counter() - began) * 1000)
        if held is not None:
            store.cancelled(held, outcome=None)
    return found


def _report(name: str, found: list[float]) -> None:
    ordered = sorted(found)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{name:44} p50 {statistics.median(found):7.2f} ms   p99 {high:7.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--claims", type=int, default=300)
    options = parser.parse_args()
    for name, visitors, at_once in (
        ("one visitor, first in first out", 1, None),
        (f"{options.visitors} visitors, fair", options.visitors, None),
        (f"{options.visitors} visitors, fair, two running each", options.visitors, 2),
        ("2,000 visitors, fair, two running each", 2_000, 2),
    ):
        with tempfile.TemporaryDirectory() as folder:
            store = _filled(folder, options.jobs, visitors)
            _report(name, _claims(store, options.claims, at_once))
            store.close()
    with tempfile.TemporaryDirectory() as folder:
        store = _filled(folder, options.jobs, 1)
        for _ in range(2):
            store.claim("w", lease_s=60, limits=LIMITS)
        worst = _timed(lambda: store.claim("w", lease_s=60, limits=LIMITS, at_once=2), options.claims)
        _report("all of one who may have no more running", worst)
        letting_in = _timed(lambda: store.submit([_order("new", allowance=FULL)]), options.claims)
        _report("letting one order in, every limit checked", letting_in)
        unlimited = _timed(lambda: store.submit([_order("new")]), options.claims)
        _report("the same without limits", unlimited)
        store.close()


if __name__ == "__main__":
    main()
