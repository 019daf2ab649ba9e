"""
Picture files in a folder of this machine.

A write goes to a temporary file in the folder of its key, is forced to the disk, and only then linked to its name: a
crash at any point leaves either nothing under the key, or all of it. What a crash leaves behind ends in ``.tmp`` and is
removed by ``sweep``. Keys are spread over 256 sub-folders by their first two hex digits.

Linux and macOS. The folder belongs on a local disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reve_core.blobs.keys import MIME, is_key, is_stem
from reve_core.errors import BlobConflict, BlobError, BlobMissing, ConfigurationError, DiskFull
from reve_core.ports import BlobInfo

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}
_NO_DIR_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}
_TMP = ".tmp"


class LocalBlobs:
    """``Blobs`` in the folder ``root``, made if need be. Holds no open file and no lock: threads and processes share it."""

    def __init__(self, root: Path, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._root = Path(os.path.abspath(root))
        self._clock = clock
        if not read_only:
            self.check_writable()

    def check_writable(self) -> None:
        """
        Write a file and remove it. Raises ``ConfigurationError`` naming the folder where that cannot be done.

        Asking for permissions would prove nothing: root passes such checks on a read-only disk. A full disk is no
        mistake of the configuration (the pictures on it can still be shown), so it passes here and ``put`` reports it.
        """
        probe = self._root / f".writable-{secrets.token_hex(8)}{_TMP}"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            try:
                _write(probe, b"reve")
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(probe)
        except OSError as exc:
            if exc.errno in _FULL:
                return
            raise ConfigurationError(
                f"The folder for pictures, {self._root}, cannot be written to ({_reason(exc)}). "
                "Make it writable, or choose another one with REVE_DATA_DIR."
            ) from exc

    def put(self, key: str, data: bytes) -> None:
        if not is_key(key):
            raise BlobError("This is not a name that a picture can be stored under.")
        final = self._file(key)
        tmp = final.with_name(f"{secrets.token_hex(8)}{_TMP}")
        try:
            self._make_folder(final.parent)
            if not _holds(final, data):
                try:
                    _write(tmp, data)
                    _publish(tmp, final)
                except FileExistsError:  # somebody else was quicker
                    if not _holds(final, data):
                        raise BlobConflict(key) from None
                finally:
                    with contextlib.suppress(OSError):
                        os.unlink(tmp)
            _sync_folder(final.parent)
        except _OtherBytes:
            raise BlobConflict(key) from None
        except OSError as exc:
            if exc.errno in _FULL:
                raise DiskFull("The disk is full: the picture could not be saved.") from exc
            raise BlobError(f"The picture could not be saved ({_reason(exc)}).") from exc

    def get(self, key: str, *, max_bytes: int) -> bytes:
        if not is_key(key):
            raise BlobMissing(key)
        try:
            with open(self._file(key), "rb") as file:
                if os.fstat(file.fileno()).st_size > max_bytes:
                    raise BlobError("The picture's file is larger than allowed.")
                return file.read(max_bytes)
        except FileNotFoundError:
            raise BlobMissing(key) from None
        except OSError as exc:
            raise BlobError(f"The picture's file cannot be read ({_reason(exc)}).") from exc

    def find(self, stem: str) -> list[BlobInfo]:
        if not is_stem(stem):
            return []
        found = []
        for suffix in sorted(MIME):
            key = stem + suffix
            try:
                about = os.lstat(self._file(key))
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise BlobError(f"The folder for pictures cannot be read ({_reason(exc)}).") from exc
            if stat.S_ISREG(about.st_mode):
                found.append(BlobInfo(key, about.st_size))
        return found

    def delete(self, key: str) -> None:
        if not is_key(key):
            return
        file = self._file(key)
        try:
            os.unlink(file)
            _sync_folder(file.parent)  # a deleted picture must not come back after a power cut
        except FileNotFoundError:
            return
        except OSError as exc:
            raise BlobError(f"The picture's file could not be deleted ({_reason(exc)}).") from exc

    def path(self, key: str) -> str | None:
        if not is_key(key):
            return None
        file = self._file(key)
        try:
            return str(file) if stat.S_ISREG(os.lstat(file).st_mode) else None
        except OSError:
            return None

    def free_bytes(self) -> int | None:
        try:
            disk = os.statvfs(self._root)
        except OSError:
            return None
        return disk.f_bavail * disk.f_frsize

    def sweep(self, older_than_s: float) -> int:
        limit = self._clock() - older_than_s
        removed = 0
        for folder in [self._root, *(self._root / f"{number:02x}" for number in range(256))]:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
                for entry in entries:
                    # Another process may finish, or sweep, the same file meanwhile.
                    with contextlib.suppress(FileNotFoundError):
                        if entry.name.endswith(_TMP) and entry.stat(follow_symlinks=False).st_mtime < limit:
                            os.unlink(entry.path)
                            removed += 1
        return removed

    def _file(self, key: str) -> Path:
        return self._root / key[:2] / key

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)


class _OtherBytes(Exception):
    pass


def _holds(file: Path, data: bytes) -> bool:
    """Whether ``file`` is there with these bytes. Raises ``_OtherBytes`` where it has others."""
    try:
        with open(file, "rb") as existing:
            if os.fstat(existing.fileno()).st_size == len(data) and existing.read() == data:
                return True
    except FileNotFoundError:
        return False
    raise _OtherBytes


def _write(file: Path, data: bytes) -> None:
    """A new file with all of ``data``, on the disk when this returns."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        _sync(handle)
    finally:
        os.close(handle)


def _publish(tmp: Path, final: Path) -> None:
    """Give ``tmp`` its name. Raises ``FileExistsError`` where that is taken."""
    try:
        os.link(tmp, final)  # never overwrites, as rename would
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        # A file system without hard links, such as exFAT. Two writers of one key could now overtake each other between
        # these two lines; a key names one attempt of one job, and the lease on it has one holder.
        if final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(tmp, final)


def _sync(handle: int) -> None:
    if sys.platform == "darwin":  # where fsync leaves the bytes in the drive's own cache
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in _NO_DIR_SYNC:  # some file systems cannot sync a folder and say so
            raise
    finally:
        os.close(handle)


def _reason(exc: OSError) -> str:
    """The system's own words without the path, which is nobody's business but the operator's."""
    return (exc.strerror or type(exc).__name__).lower()
