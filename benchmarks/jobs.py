"""
What the job core costs: submitting and claiming with few and with many jobs waiting, side by side in one run.

    python -m benchmarks.jobs [--rounds 5] [--many 10000]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reve_core.models import JobRequest, Limits, Order
from reve_core.store.sqlite import SqliteStore

LIMITS = {"fake": Limits(concurrency=1_000_000)}
REQUEST = JobRequest(prompt="a heron in the reeds", aspect_ratio="1:1", provider="fake", model="fake-1")
REPEATS = 50


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call, the median of many."""
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--many", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = (SqliteStore(Path(folder) / name) for name in ("few.db", "many.db"))
        few.submit([Order((REQUEST,) * REPEATS * 3, owner="me")])
        many.submit([Order((REQUEST,) * options.many, owner="me")])
        jobs = {
            "submit": lambda store: store.submit([Order((REQUEST,), owner="me")]),
            "claim": lambda store: store.claim("w", lease_s=600, limits=LIMITS),
            "newest 24": lambda store: store.pending("me", limit=24),
            "revision": lambda store: store.revision("me"),
        }
        print(
            f"{'':12} {'few, ms':>10} {f'{options.many:,}, ms':>12} {'ratio':>7}   (medians of {options.rounds} rounds)"
        )
        for name, job in jobs.items():
            pairs = [(timed(lambda job=job: job(few)), timed(lambda job=job: job(many))) for _ in range(options.rounds)]
            ratio = statistics.median(more / less for less, more in pairs)
            less, more = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"{name:12} {less:10.3f} {more:12.3f} {ratio:7.2f}")
        few.close()
        many.close()


if __name__ == "__main__":
    main()
