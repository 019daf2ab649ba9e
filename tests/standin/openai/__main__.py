"""``python -m tests.standin.openai --port 8601 --dialect vllm``: as a process. Stops on Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.standin.openai.dialects import DIALECTS
from tests.standin.openai.server import ImagesServer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.standin.openai", description="A stand-in for images servers."
    )
    parser.add_argument("--port", type=int, default=8601, help="0: any free one (it is printed)")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="openai")
    parser.add_argument("--key", help="the key that is accepted; empty: any; left out: as the dialect has it")
    parser.add_argument("--credits", type=float, default=1_000_000, help="pictures that can be paid")
    parser.add_argument(
        "--ledger", type=Path, help="file that gets one line for each charge, on disk before the answer"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a picture takes")
    parser.add_argument("--draw", choices=("tiny", "sketch"), default="sketch")
    parser.add_argument("--size", type=int, default=768, help="long side of the pictures, in pixels")
    parser.add_argument("--fault", action="append", default=[], help="a fault that holds for ever, by name")
    chosen = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = ImagesServer(
        dialect=chosen.dialect,
        port=chosen.port,
        credits=chosen.credits,
        ledger_file=chosen.ledger,
        latency_s=chosen.latency,
        draw=chosen.draw,
        long_side=chosen.size,
        **({} if chosen.key is None else {"key": chosen.key or None}),
    )
    for name in chosen.fault:
        server.faults.add(name, times=0)
    with server:
        print(f"The stand-in ({chosen.dialect}) listens on {server.base}", flush=True)
        key = f"REVE_OPENAI_KEY={server.key} " if server.key else ""
        print(f"To use it: {key}REVE_OPENAI_URL={server.base} make run", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
