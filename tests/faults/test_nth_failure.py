"""
Row 28: every call of a port fails once, the first, the second, … until a run meets no failure any more.

Both ways a call can fail are tried: before it had its effect, and after it, with only the answer lost.
"""

import itertools
import threading
from pathlib import Path

import pytest

from reve_core.blobs.local import LocalBlobs
from reve_core.errors import BlobError, StoreBusy
from reve_core.models import JobRequest, JobStatus
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, running, until
from tests.faults.bank import BankProvider, charges

STORE_CALLS = {
    "claim",
    "beat",
    "begin_call",
    "set_progress",
    "arrived",
    "done",
    "fail",
    "requeue",
    "unknown",
    "expired",
}
BLOB_CALLS = {"put", "get", "find", "free_bytes", "delete"}


class FailsOnce:
    """Counts the calls of the named methods over all of them and fails the ``nth``, from 1."""

    def __init__(self, inner: object, names: set[str], nth: int, *, after: bool, error: Exception) -> None:
        self._inner = inner
        self._names = names
        self._nth = nth
        self._after = after
        self._error = error
        self._lock = threading.Lock()
        self._count = itertools.count(1)

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        if name not in self._names:
            return value

        def counted(*args: object, **kwargs: object) -> object:
            with self._lock:
                mine = next(self._count) == self._nth
            if not mine:
                return value(*args, **kwargs)
            if self._after:
                value(*args, **kwargs)
            raise self._error

        return counted


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("port", ["store", "blobs"])
def test_row_28_whichever_call_fails_nothing_is_lost_and_nothing_paid_twice(
    tmp_path: Path, port: str, after: bool
) -> None:
    for nth in itertools.count(1):
        folder = tmp_path / str(nth)
        folder.mkdir()
        ledger = folder / "ledger"
        store: object = SqliteStore(folder / "reve.db", timeout_s=2)
        blobs: object = LocalBlobs(folder / "images")
        if port == "store":
            store = FailsOnce(store, STORE_CALLS, nth, after=after, error=StoreBusy("The database is busy."))
        else:
            blobs = FailsOnce(blobs, BLOB_CALLS, nth, after=after, error=BlobError("The disk stumbled."))
        studio = build_studio(
            folder,
            BankProvider(ledger),
            workers=1,
            lease_s=0.6,
            store=store,  # type: ignore[arg-type]
            blobs=blobs,  # type: ignore[arg-type]
        )
        with running(studio):
            ids = [job.id for job in studio.submit(JobRequest(prompt="heron"), count=2)]
            until(
                lambda studio=studio: studio.board.feed().pending == 0, what=lambda nth=nth: f"call {nth} of the {port}"
            )
            for job_id in ids:
                job = studio.get(job_id)
                paid = charges(ledger)[job_id]
                assert job.status in (JobStatus.DONE, JobStatus.UNKNOWN), (nth, job.status, job.error)
                assert paid <= 1
                if job.status is JobStatus.DONE:
                    assert paid == 1
                    assert studio.shelf.is_intact(job)
                elif paid == 0:
                    # The one honest doubt: the record of the call was written, and its acknowledgement lost.
                    assert port == "store"
        # Idle heartbeats and looks go on for ever; well past two jobs' worth of calls the loop has seen them all.
        if nth > 40:
            break
    assert nth > 10
