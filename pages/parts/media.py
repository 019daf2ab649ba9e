"""
Files on Streamlit's own media route, for hosts that pass nothing else on.

A picture is put there once per process with its bytes as they are, and stays until there is no more room or it has been
deleted; what Streamlit itself would forget after each run, and take again in the next, stays. Ordinary hosts never come here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind

ROOM = 160 * 1024**2  # bytes of all pictures together; a small host gives a process about a gigabyte
_SWEEP_S = 60.0


@dataclass(frozen=True, slots=True)
class _Held:
    file_id: str
    url: str
    size: int


class Media:
    """Pictures by name, the one that nobody has asked for longest the first to go. For any thread."""

    def __init__(self, room: int = ROOM, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = room
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._size = 0
        self._swept = clock()
        self._of: MediaFileManager | None = None

    def url(self, name: str, read: Callable[[], tuple[bytes, str]]) -> str:
        """
        Where the picture is found below the app's own path, ``media/….webp``. ``read`` is asked for its bytes and their type
        where it is new here; what it raises is raised.
        """
        manager = _manager()
        with self._lock:
            if manager is not self._of:  # another runtime, as in tests: what it holds is its own
                self._of, self._size = manager, 0
                self._held.clear()
            if (held := self._held.pop(name, None)) is not None:
                self._held[name] = held
                return held.url
        data, mime = read()
        storage = manager._storage
        file_id = storage.load_and_get_id(data, mime, MediaFileKind.MEDIA)
        held = _Held(file_id, _within(storage.get_url(file_id)), len(data))
        with self._lock:
            if name not in self._held:
                self._size += held.size
            self._held[name] = held
            while self._size > self._room and len(self._held) > 1:
                self._drop(manager, next(iter(self._held)))
        return held.url

    def sweep(self, is_there: Callable[[str], bool]) -> None:
        """Now and then: let go of those that are not there any more."""
        with self._lock:
            if self._of is None or self._clock() - self._swept < _SWEEP_S:
                return
            self._swept = self._clock()
            manager, names = self._of, list(self._held)
        gone = [name for name in names if not is_there(name)]
        with self._lock:
            for name in gone:
                if name in self._held:
                    self._drop(manager, name)

    def _drop(self, manager: MediaFileManager, name: str) -> None:
        held = self._held.pop(name)
        self._size -= held.size
        if all(other.file_id != held.file_id for other in self._held.values()):  # two may have the same bytes
            manager._storage.delete_file(held.file_id)


media = Media()


def file_url(data: bytes, mime: str, filename: str) -> str:
    """Where a browser may fetch this file to keep it, soon: the page's next runs forget it."""
    return _within(_manager().add(data, mime, f"reve.{uuid4().hex}", file_name=filename, is_for_static_download=True))


def _manager() -> MediaFileManager:
    return runtime.get_instance().media_file_mgr


def _within(url: str) -> str:
    return url.lstrip("/")
