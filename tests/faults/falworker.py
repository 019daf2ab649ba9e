"""
A worker process with fal as its provider: ``python -m tests.faults.falworker FOLDER QUEUE FILES [--die STEP] …``.

Prints ``ready`` when it works and, without ``--stay`` and ``--die``, ``settled`` when no job is pending; then it stops.
SIGTERM drains it as the app is drained.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from reve_core.blobs.local import LocalBlobs
from reve_core.models import PERSONAL, Claim, Limits
from reve_core.ports import BeatAnswer
from reve_core.providers.fal.follow import Pace
from reve_core.providers.wire.exchange import Wire
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, until
from tests.faults.worker import PutTrap, Trap, die

STEPS = [
    "after begin_call",
    "after submitting",  # the answer is here, and nobody has written its number down
    "after accepted",
    "after polling",
    "after cancelling",
    "after completed",
    "after the result",
    "after fetching",
    "after arrived",
    "after saving the picture",
    "after done",
]


class Outspoken(SqliteStore):
    """Prints ``lost`` when it has told the heartbeat that somebody else has a job by now."""

    def beat(self, claims: Sequence[Claim], *, lease_s: float) -> dict[str, BeatAnswer]:
        answers = super().beat(claims, lease_s=lease_s)
        if "lost" in answers.values():
            print("lost", flush=True)
        return answers


def main(argv: list[str]) -> int:
    # Here, and not above: what a test imports of this module should cost nothing.
    from pydantic import SecretStr

    from reve_core.providers.fal import FalProvider
    from reve_core.providers.prices import PriceTable
    from tests.standin.fal import KEY

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("queue")
    parser.add_argument("files")
    parser.add_argument("--die", choices=STEPS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lease", type=float, default=30.0)
    parser.add_argument("--stay", action="store_true", help="work until killed or drained")
    options = parser.parse_args(argv)
    folder: Path = options.folder
    store: object = Outspoken(folder / "reve.db", timeout_s=20)
    blobs: object = LocalBlobs(folder / "images")
    provider = FalProvider(
        prices=PriceTable.read(),
        base_url=options.queue,
        file_hosts=(options.files,),
        api_key=SecretStr(KEY),
        pace=Pace(0.02, 0.02, 0.02),
        connect_timeout_s=5,
    )
    match options.die:
        case "after begin_call":
            store = Trap(store, {"begin_call": lambda *_: die()})
        case "after submitting":
            _die_after("POST")
        case "after accepted":
            store = Trap(store, {"accept": lambda *_: die()})
        case "after polling":
            _die_after("GET", "/status")
        case "after cancelling":
            _die_after("PUT")
        case "after completed":
            _die_after("GET", "/status", b'"COMPLETED"')
        case "after the result":
            _die_after("GET", "", b'"images"')
        case "after fetching":
            fetched = provider._files.fetch

            def fetch(url: str, *, timeout_s: float) -> object:
                seen = fetched(url, timeout_s=timeout_s)
                die()
                return seen

            provider._files.fetch = fetch  # type: ignore[method-assign, assignment]
        case "after arrived":
            store = Trap(store, {"arrived": lambda *_: die()})
        case "after saving the picture":
            blobs = PutTrap(blobs, {"put": lambda key: die() if key.endswith(".png") else None})
        case "after done":
            store = Trap(store, {"done": lambda *_: die()})
    studio = build_studio(
        folder,
        provider,
        workers=options.workers,
        limits={"fal": Limits(options.workers, timeout_s=120.0)},
        lease_s=options.lease,
        store=store,  # type: ignore[arg-type]
        blobs=blobs,  # type: ignore[arg-type]
    )
    drained = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: drained.set())
    studio.start()
    print("ready", flush=True)
    if options.stay or options.die:
        # In slices: a signal that another thread took in is handled when the main thread next wakes.
        for _ in range(1200):
            if drained.wait(0.1):
                break
    else:
        until(lambda: drained.is_set() or studio.board.feed(owner=PERSONAL).pending == 0, within_s=90)
        print("settled", flush=True)
    return 0 if studio.stop(20) else 1


def _die_after(method: str, end: str = "", word: bytes = b"") -> None:
    """As soon as the answer to such a request is here whole."""
    usual = Wire.exchange

    def exchange(self: Wire, asked: str, path: str, **given: object) -> object:
        seen = usual(self, asked, path, **given)  # type: ignore[arg-type]
        if asked == method and path.endswith(end) and word in seen.body:
            die()
        return seen

    Wire.exchange = exchange  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
