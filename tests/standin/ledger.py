"""The till: who was charged what. Its file is the oracle of the crash tests, so each line is on disk before the answer."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any


class Ledger:
    """``path`` is appended to, one JSON line for each charge; lines already there are counted. None: memory only."""

    def __init__(self, credits: float, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._path = path
        self.credits = credits
        self.charges: list[dict[str, Any]] = []
        if path is not None and path.exists():
            self.charges = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
            self.credits -= sum(line["credits"] for line in self.charges)

    def charge(self, key: str, path: str, credits: float) -> dict[str, Any] | None:
        """The new line, or None where too few credits are left."""
        with self._lock:
            if credits > self.credits:
                return None
            self.credits -= credits
            number = len(self.charges) + 1
            line = {
                "n": number,
                "key": key,
                "path": path,
                "credits": credits,
                "left": self.credits,
                "request_id": f"rsid-standin-{number:06d}",
            }
            self.charges.append(line)
            if self._path is not None:
                self._append(line)
            return line

    def keys(self) -> list[str]:
        """The breadcrumb of each charge, in order."""
        with self._lock:
            return [line["key"] for line in self.charges]

    def clear(self, credits: float) -> None:
        with self._lock:
            self.charges.clear()
            self.credits = credits
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self.charges)

    def _append(self, line: dict[str, Any]) -> None:
        assert self._path is not None
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(fd, (json.dumps(line) + "\n").encode())
            os.fsync(fd)
        finally:
            os.close(fd)
