"""``python -m tests.standin.fal --port 8610``: the stand-in as a process. Stops on Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.standin.fal.server import KEY, FalStandIn

STEPS = ("IN_QUEUE 2", "IN_QUEUE 1", "IN_QUEUE 0", "IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standin.fal", description="A stand-in for fal's queue.")
    parser.add_argument("--port", type=int, default=8610, help="0: any free one (it is printed)")
    parser.add_argument("--files-port", type=int, default=0, help="of the file host; 0: any free one")
    parser.add_argument("--key", default=KEY, help="the key that is accepted; empty: any")
    parser.add_argument("--ledger", type=Path, help="file that gets one line for each accepted request")
    parser.add_argument("--step", type=float, default=1.0, help="seconds for each of the six steps to a picture")
    parser.add_argument("--funds", type=int, help="how many pictures the account can pay")
    parser.add_argument("--draw", choices=("tiny", "sketch"), default="sketch")
    parser.add_argument("--size", type=int, help="long side of the pictures, in pixels")
    parser.add_argument("--fault", action="append", default=[], help="a fault that holds for ever, NAME or STEP:NAME")
    chosen = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    fal = FalStandIn(
        port=chosen.port,
        files_port=chosen.files_port,
        key=chosen.key or None,
        ledger_file=chosen.ledger,
        steps=STEPS,
        step_s=chosen.step,
        funds=chosen.funds,
        draw=chosen.draw,
        size=chosen.size,
    )
    for given in chosen.fault:
        step, _, name = given.rpartition(":")
        fal.add(name, step or "submit", times=0)
    with fal:
        print(f"The stand-in for fal listens on {fal.url}", flush=True)
        print(f"Its key: REVE_FAL_KEY={chosen.key or 'any'}", flush=True)
        print(f'In the providers\' file: base_url = "{fal.url}", file_hosts = ["{fal.files.url}"]', flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
