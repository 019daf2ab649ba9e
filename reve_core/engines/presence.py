"""
Which workers are certainly dead: each holds an advisory lock on a file of its own for as long as its process lives.

The kernel drops the lock with the process, however it ends, so a restarted app takes up a killed one's jobs at once
instead of waiting for their leases. Works between processes and containers that share the folder; where locks do not
work nobody counts as dead, and leases run out by time.
"""

import contextlib
import fcntl
import os
import re
from pathlib import Path

_WORKER = re.compile(r"[0-9]+-[0-9a-f]+")


class FilePresence:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[str, int] = {}

    def announce(self, worker: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file(worker), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._mine[worker] = descriptor

    def is_dead(self, worker: str) -> bool:
        if worker in self._mine or not _WORKER.fullmatch(worker):
            return False
        try:
            descriptor = os.open(self._file(worker), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            # Never announced in this folder, so nothing is certain.
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)

    def leave(self, worker: str) -> None:
        descriptor = self._mine.pop(worker, None)
        if descriptor is not None:
            # The file stays until its leases are gone: a missing one proves nothing.
            os.close(descriptor)

    def anybody(self) -> bool:
        """Whether some worker, of whatever process, is alive in this folder."""
        return any(not self.is_dead(file.stem) for file in self._folder.glob("*.lock"))

    def forget(self, leased: set[str]) -> None:
        for file in self._folder.glob("*.lock"):
            worker = file.stem
            if worker not in leased and worker not in self._mine and self.is_dead(worker):
                file.unlink(missing_ok=True)

    def _file(self, worker: str) -> Path:
        return self._folder / f"{worker}.lock"
