"""
A worker process that can be told to die: ``python -m tests.faults.worker FOLDER [--die STEP] [--jobs N] …``.

Prints ``ready`` when it works and, without ``--die``, ``settled`` when no job is pending; then it stops.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from reve_core.blobs.local import LocalBlobs
from reve_core.models import PERSONAL
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, until
from tests.faults.bank import BankProvider

STEPS = [
    "after claim",
    "after begin_call",
    "after sending",
    "after generate",
    "after arrived",
    "after saving the picture",
    "after saving the thumbnail",
    "after done",
]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


class Trap:
    """Everything of ``inner``, with something that happens after certain methods."""

    def __init__(self, inner: object, after: dict[str, Callable[..., None]]) -> None:
        self._inner = inner
        self._after = after

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        if name not in self._after:
            return value

        def trapped(*args: object, **kwargs: object) -> object:
            result = value(*args, **kwargs)
            if result:
                self._after[name](*args)
            return result

        return trapped


class PutTrap(Trap):
    """``put`` returns nothing, so it has a trap of its own."""

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        if name != "put" or name not in self._after:
            return value

        def trapped(key: str, data: bytes) -> None:
            value(key, data)
            self._after["put"](key)

        return trapped


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--die", choices=STEPS)
    parser.add_argument("--idempotent", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lease", type=float, default=30.0)
    parser.add_argument("--call-s", type=float, default=0.0)
    parser.add_argument("--stay", action="store_true", help="work until killed")
    parser.add_argument("--no-presence", action="store_true")
    options = parser.parse_args(argv)
    folder: Path = options.folder
    store: object = SqliteStore(folder / "reve.db", timeout_s=20)
    blobs: object = LocalBlobs(folder / "images")
    provider = BankProvider(folder / "ledger", idempotent=options.idempotent)
    if options.call_s:
        provider.before = lambda request, context: threading.Event().wait(options.call_s) and None
    match options.die:
        case "after claim":
            store = Trap(store, {"claim": lambda *_: die()})
        case "after begin_call":
            store = Trap(store, {"begin_call": lambda *_: die()})
        case "after sending":
            provider.sent = die  # type: ignore[method-assign]
        case "after generate":
            store = Trap(store, {})
            store.__dict__["arrived"] = lambda *_: die()
        case "after arrived":
            store = Trap(store, {"arrived": lambda *_: die()})
        case "after saving the picture":
            blobs = PutTrap(blobs, {"put": lambda key: die() if key.endswith(".png") else None})
        case "after saving the thumbnail":
            blobs = PutTrap(blobs, {"put": lambda key: die() if "thumb" in key else None})
        case "after done":
            store = Trap(store, {"done": lambda *_: die()})
    extra = {"presence": Nobody()} if options.no_presence else {}
    studio = build_studio(
        folder,
        provider,
        workers=options.workers,
        concurrency=options.workers,
        lease_s=options.lease,
        store=store,  # type: ignore[arg-type]
        blobs=blobs,  # type: ignore[arg-type]
        **extra,  # type: ignore[arg-type]
    )
    studio.start()
    print("ready", flush=True)
    if options.stay or options.die:
        threading.Event().wait(120)
        return 1
    until(lambda: studio.board.feed(owner=PERSONAL).pending == 0, within_s=60)
    print("settled", flush=True)
    studio.stop(10)
    return 0


class Nobody:
    """A presence that is never certain: leases must run out by time."""

    def announce(self, worker: str) -> None: ...
    def is_dead(self, worker: str) -> bool:
        return False

    def leave(self, worker: str) -> None: ...
    def forget(self, leased: set[str]) -> None: ...


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
