"""``python -m tests.standin --port 8600``: the stand-in as a process. Stops on Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.standin.server import KEY, StandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="A stand-in for the Reve service.")
    parser.add_argument("--port", type=int, default=8600, help="0: any free one (it is printed)")
    parser.add_argument("--key", default=KEY, help="the key that is accepted; empty: any")
    parser.add_argument("--credits", type=float, default=1_000_000, help="what the till begins with")
    parser.add_argument(
        "--ledger", type=Path, help="file that gets one line for each charge, on disk before the answer"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a picture takes")
    parser.add_argument("--draw", choices=("tiny", "sketch"), default="sketch")
    parser.add_argument("--size", type=int, help="long side of the pictures, in pixels")
    parser.add_argument("--weight", type=int, default=0, help="pad pictures to this many bytes")
    parser.add_argument("--fault", action="append", default=[], help="a fault that holds for ever, by name")
    chosen = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    standin = StandIn(
        port=chosen.port,
        key=chosen.key or None,
        credits=chosen.credits,
        ledger_file=chosen.ledger,
        latency_s=chosen.latency,
        draw=chosen.draw,
        size=chosen.size,
        weight=chosen.weight,
    )
    for name in chosen.fault:
        standin.faults.add(name, times=0)
    with standin:
        print(f"The stand-in for Reve listens on {standin.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
