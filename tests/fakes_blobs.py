"""Blobs in memory: the second adapter behind the port, for tests of whatever stores pictures."""

from __future__ import annotations

import threading

from reve_core.blobs.keys import MIME, is_key
from reve_core.errors import BlobConflict, BlobError, BlobMissing
from reve_core.ports import BlobInfo


class MemoryBlobs:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes) -> None:
        if not is_key(key):
            raise BlobError("This is not a name that a picture can be stored under.")
        with self._lock:
            if self.kept.setdefault(key, data) != data:
                raise BlobConflict(key)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        data = self.kept.get(key)
        if data is None:
            raise BlobMissing(key)
        if len(data) > max_bytes:
            raise BlobError("The picture's file is larger than allowed.")
        return data

    def find(self, stem: str) -> list[BlobInfo]:
        keys = [stem + suffix for suffix in sorted(MIME)]
        return [BlobInfo(key, len(self.kept[key])) for key in keys if key in self.kept]

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def path(self, key: str) -> str | None:
        return None

    def free_bytes(self) -> int | None:
        return None

    def sweep(self, older_than_s: float) -> int:
        return 0
