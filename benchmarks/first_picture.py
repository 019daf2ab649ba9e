"""
From starting the app to its first picture on disk, with nothing to install.

    python -m benchmarks.first_picture [--rounds 3]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from reve_core.models import JobRequest, Order
from reve_core.store.sqlite import SqliteStore
from tests.app.process import App

SKETCH = JobRequest(prompt="a red fox in snow", aspect_ratio="1:1", seed=1, provider="sketch", model="sketch-1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = []
    for _ in range(parser.parse_args().rounds):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            begun = time.perf_counter()
            with App(data) as app:
                up = time.perf_counter() - begun
                store = SqliteStore(data / "reve.db")
                store.submit([Order((SKETCH,), owner="me")])
                while httpx.get(f"{app.url}/api/live").json()["pending"]:
                    time.sleep(0.02)
                rounds.append((up, time.perf_counter() - begun))
                store.close()
                app.stop()
    up, picture = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"serving after {up:.2f} s, first picture after {picture:.2f} s (medians of {len(rounds)} starts)")


if __name__ == "__main__":
    main()
