"""
Copies of everything: one zip file of the database and its pictures to take away, and what a copy would give back.

The database is copied first, so the pictures that it speaks of are there already: what is made meanwhile is left out, and what
is deleted meanwhile is listed. At most one picture is in memory.
"""

from __future__ import annotations

import contextlib
import io
import secrets
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from reve_core.errors import BadInput, BlobError, NotFound
from reve_core.guarding import Snapshot
from reve_core.operating.tools import Tools
from reve_core.pictures.archive import Sink, add_to

LINK_S = 600.0
DATABASE = "reve.db"
_MOST_LINKS = 20
_MOST_PICTURE = 1 << 30
_MOST_UNPACKED = 8 << 30
_PIECE = 1 << 20
_LEFT_S = 6 * 3600.0
_UNFINISHED = "download-"
_BACKUPS = "reve-*-*.db"
_README = """A copy of Reve Studio: its database and the pictures it speaks of, as they were at {at}.

To put it back: stop the app, move its data folder away, and unpack this file where it was. reve.db is the database, images/
holds the pictures. Secrets are not in it: keep REVE_SECRET, or share links cannot be shown again.

Whoever has this file can read every prompt in it. Keep it as you would keep the server.
{missing}"""


@dataclass(frozen=True, slots=True)
class Report:
    """
    What putting a copy back would give. ``made_at`` is when it was made, where its name says so. ``lost_jobs`` are here now
    and not in it; ``missing`` of its pictures are neither in it nor on the disk.
    """

    name: str
    made_at: datetime | None
    holds: Snapshot
    missing: int = 0
    lost_jobs: int = 0


class Links:
    """Tokens that each open one download, once. For any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: dict[str, tuple[float, str]] = {}

    def make(self, who: str) -> str:
        token, now = secrets.token_urlsafe(24), time.monotonic()
        with self._guard:
            fresh = {key: value for key, value in self._open.items() if value[0] > now}
            self._open = dict(list(fresh.items())[-_MOST_LINKS + 1 :])
            self._open[token] = (now + LINK_S, who)
        return token

    def take(self, token: str) -> str | None:
        """Who made it, the first time and before it is too old."""
        with self._guard:
            until, who = self._open.pop(token, (0.0, ""))
        return who if until > time.monotonic() else None


class Copying:
    def __init__(self, tools: Tools, who: str, links: Links) -> None:
        self._tools = tools
        self._who = who
        self._links = links

    def link(self) -> str:
        """The token of a download, for ten minutes."""
        self._tools.must_write()
        self._tools.audit(self._who, "backup link")
        return self._links.make(self._who)

    def pieces(self) -> Iterator[bytes]:
        """The same file without a link, for hosts that let no address of ours through."""
        self._tools.must_write()
        return packed(self._tools, self._who)

    def newest(self) -> Path | None:
        """Of the copies that are made by themselves."""
        folder = self._tools.backups
        return max(folder.glob(_BACKUPS), default=None) if folder is not None else None

    def check_newest(self) -> Report:
        """Raises NotFound where there is none yet."""
        copy = self.newest()
        if copy is None:
            raise NotFound(
                "There is no backup yet. One is made every hour in which something has changed, and at each stop."
            )
        self._tools.audit(self._who, "restore check", copy.name)
        return self._report(copy.name, copy, frozenset())

    def check(self, file: IO[bytes], name: str) -> Report:
        """An uploaded zip file of ours, or a database. Changes nothing. Raises BadInput."""
        self._tools.audit(self._who, "restore check", "an uploaded file")
        with tempfile.TemporaryDirectory(prefix="reve-check-") as folder:
            copy = Path(folder) / DATABASE
            pictures: frozenset[str] = frozenset()
            try:
                if zipfile.is_zipfile(file):
                    pictures = _unpack(file, copy)
                else:
                    file.seek(0)
                    with copy.open("wb") as out:
                        shutil.copyfileobj(file, out, _PIECE)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as exc:
                raise BadInput("This zip file is damaged, so nothing in it can be read.", "file") from exc
            return self._report(name, copy, pictures)

    def _report(self, name: str, copy: Path, within: frozenset[str]) -> Report:
        holds = self._tools.ledger.look_into(copy)
        if holds.problem is not None:
            return Report(name, _made_at(name), holds)
        blobs = self._tools.blobs
        missing = sum(
            picture not in within and blobs.path(picture) is None for picture in self._tools.ledger.pictures_in(copy)
        )
        now = sum(self._tools.store.counts(None).values())
        return Report(name, _made_at(name), holds, missing, max(0, now - holds.jobs))


def packed(tools: Tools, who: str) -> Iterator[bytes]:
    """The zip file, piece by piece. Whatever becomes of it, nothing is left beside the data."""
    tools.audit(who, "backup download")
    folder = tools.backups
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as own:
        copy = Path(own) / DATABASE
        tools.ledger.copy_to(copy)
        yield from _zip(tools, copy)


def _zip(tools: Tools, copy: Path) -> Iterator[bytes]:
    sink, now, missing = Sink(), tools.now(), 0
    with (
        tempfile.SpooledTemporaryFile(_PIECE, "w+b") as lacking,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        with copy.open("rb") as database:
            yield from add_to(archive, sink, DATABASE, now, database, is_large=True)
        for name in tools.ledger.pictures_in(copy):
            try:
                content = _open(tools, name)
            except (BlobError, OSError):
                missing += 1
                lacking.write(f"{name}\n".encode())
                continue
            with content:
                yield from add_to(archive, sink, f"images/{name[:2]}/{name}", now, content)
        if missing:
            lacking.seek(0)
            yield from add_to(archive, sink, "missing.txt", now, lacking)
        told = f"\n{missing:,} files of pictures were not on the disk; missing.txt names them.\n" if missing else ""
        readme = _README.format(at=f"{now:%Y-%m-%d %H:%M} UTC", missing=told)
        yield from add_to(archive, sink, "README.txt", now, io.BytesIO(readme.encode()))
        archive.close()
        yield sink.take()


def _open(tools: Tools, name: str) -> IO[bytes]:
    """Raises BlobError, OSError."""
    path = tools.blobs.path(name)
    return open(path, "rb") if path is not None else io.BytesIO(tools.blobs.get(name, max_bytes=_MOST_PICTURE))


def _unpack(file: IO[bytes], copy: Path) -> frozenset[str]:
    """The database of a zip file of ours, and the names of the pictures in it. Raises BadInput, BadZipFile."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if DATABASE not in names:
            raise BadInput("There is no reve.db in this zip file, so it is not a backup of this app.", "file")
        room = _MOST_UNPACKED
        with archive.open(DATABASE) as database, copy.open("wb") as out:
            while piece := database.read(_PIECE):
                room -= len(piece)
                if room < 0:
                    raise BadInput(
                        "The database in this zip file is larger than 8 GiB. Check it on the server.", "file"
                    )
                out.write(piece)
    return frozenset(name.rpartition("/")[2] for name in names)


def _sweep(folder: Path) -> None:
    """What a process that was killed has left behind."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_S:
                shutil.rmtree(left)


def _made_at(name: str) -> datetime | None:
    try:
        return datetime.strptime(Path(name).name, "reve-%Y%m%d-%H%M%S.db").replace(tzinfo=UTC)
    except ValueError:
        return None
