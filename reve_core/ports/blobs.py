"""Where picture bytes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlobInfo:
    key: str
    size: int


class Blobs(Protocol):
    """
    Bytes under a key such as ``<job id>-<attempt>.png``.

    Create-only: a key's bytes never change. After ``put`` returns they survive a crash of the machine, and a reader sees
    all of them or nothing.
    """

    def put(self, key: str, data: bytes) -> None:
        """Store. The same bytes again are fine; others raise ``BlobConflict``. Raises ``DiskFull``, ``BlobError``."""
        ...

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """Raises ``BlobMissing``, or ``BlobError`` where it is larger than ``max_bytes``."""
        ...

    def find(self, stem: str) -> list[BlobInfo]:
        """The blobs whose key is ``stem`` and a suffix (``.png``), in name order."""
        ...

    def delete(self, key: str) -> None:
        """Gone afterwards, also where it was not there."""
        ...

    def path(self, key: str) -> str | None:
        """A local file to serve it from, None where there is no such thing or no such blob."""
        ...

    def free_bytes(self) -> int | None:
        """Room left, None where it cannot be known."""
        ...

    def sweep(self, older_than_s: float) -> int:
        """Remove leftovers of writes that never finished; returns how many."""
        ...
