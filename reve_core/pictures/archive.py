"""
Many pictures as one zip file, written while it is being sent: at most one picture is in memory.

Pictures are stored, not compressed again. Names are made here (``0001_1f2e3d4c.png``) and never from a prompt. A
``pictures.csv`` for people and a ``pictures.json`` for programs say what each one is.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from reve_core.compare.tables import harmless
from reve_core.models import JobRequest

_PIECE = 256 * 1024
_SPOOL = 1_000_000  # the two lists grow with the number of pictures: past this many bytes they go to a temporary file
_COLUMNS = (
    "file",
    "created_at",
    "prompt",
    "aspect_ratio",
    "seed",
    "provider",
    "model",
    "credits",
    "usd",
    "label",
    "note",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One picture of an archive. ``data`` None: its file is missing or damaged; it is listed with ``note`` saying so.

    ``id`` is the job's, of which eight characters show in the name. ``suffix`` begins with a dot.
    """

    id: str
    suffix: str
    data: bytes | None
    request: JobRequest
    created_at: datetime
    credits: float | None = None
    label: str = ""
    note: str = ""
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Another file of an archive: its name, made by us, and its content piece by piece."""

    name: str
    pieces: Iterable[bytes]


def stream(entries: Iterable[Entry], extras: Iterable[Extra] = (), *, signed: str = "") -> Iterator[bytes]:
    """
    The zip file piece by piece. ``entries`` is walked once, each picture asked for when its turn comes, and then ``extras``.
    ``signed``: what is to be said of their signatures, such as "signed (self-issued)"; empty where there are none.
    """
    sink = Sink()
    newest = datetime.now(UTC)
    labels: Counter[str] = Counter()
    with (
        tempfile.SpooledTemporaryFile(_SPOOL, "w+b") as table,
        tempfile.SpooledTemporaryFile(_SPOOL, "w+b") as notes,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive,
    ):
        table.write(b"\xef\xbb\xbf")  # without it Excel reads UTF-8 as something else
        table.write(_csv_line(_COLUMNS))
        notes.write(b"[")
        for number, entry in enumerate(entries, start=1):
            row = _row(entry, number)
            if entry.data is not None:
                labels[entry.label] += 1
                yield from add_to(archive, sink, row["file"], entry.created_at, io.BytesIO(entry.data))
            table.write(_csv_line([harmless(row[column]) for column in _COLUMNS]))
            notes.write(b",\n" if number > 1 else b"\n")
            notes.write(json.dumps(row, ensure_ascii=True).encode("ascii"))
        notes.write(b"\n]\n")
        for name, file in (("pictures.csv", table), ("pictures.json", notes)):
            file.seek(0)
            yield from add_to(archive, sink, name, newest, file)
        for extra in extras:
            with archive.open(_about(extra.name, newest), "w") as into:
                for piece in extra.pieces:
                    into.write(piece)
                    yield sink.take()
        yield from add_to(archive, sink, "README.txt", newest, io.BytesIO(_readme(labels, signed).encode()))
        archive.close()
        yield sink.take()


def _readme(labels: Mapping[str, int], signed: str) -> str:
    marks = "".join(f"  {label}: {count}\n" for label, count in sorted(labels.items()) if label)
    return (
        "Pictures made with Reve Studio. No camera took them.\n\n"
        f"{marks or '  There are none in this archive.' + chr(10)}\n"
        "Each file says so itself: its XMP names the IPTC digital source type, trainedAlgorithmicMedia for a picture by an\n"
        "AI model and algorithmicMedia for one that was drawn by code. Saving it anew in another program may lose that;\n"
        "please leave it in when you pass a picture on.\n"
        + (f"The pictures are {signed}, with C2PA Content Credentials.\n" if signed else "")
        + '\npictures.csv and pictures.json list them, with the mark of each under "label".\n'
    )


def _row(entry: Entry, number: int) -> dict[str, Any]:
    short = "".join(mark for mark in entry.id if mark in "0123456789abcdef")[:8]
    return {
        "file": f"{number:04}_{short}{entry.suffix}" if entry.data is not None else "",
        "created_at": entry.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "prompt": entry.request.prompt,
        "aspect_ratio": entry.request.aspect_ratio,
        "seed": entry.request.seed,
        "provider": entry.request.provider,
        "model": entry.request.model,
        "credits": entry.credits,
        "usd": entry.usd,
        "label": entry.label,
        "note": entry.note,
    }


def _csv_line(cells: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode("utf-8")


def add_to(
    archive: zipfile.ZipFile, sink: Sink, name: str, at: datetime, content: IO[bytes], *, is_large: bool = False
) -> Iterator[bytes]:
    """One more file in an archive that writes into ``sink``, piece by piece. ``is_large``: it may pass 2 GiB."""
    with archive.open(_about(name, at), "w", force_zip64=is_large) as entry:
        while piece := content.read(_PIECE):
            entry.write(piece)
            yield sink.take()
    yield sink.take()


def _about(name: str, at: datetime) -> zipfile.ZipInfo:
    year = min(max(at.year, 1980), 2107)  # what the format can hold
    about = zipfile.ZipInfo(name, (year, at.month, at.day, at.hour, at.minute, at.second))
    about.external_attr = 0o100644 << 16
    return about


class Sink(io.RawIOBase):
    """What ``zipfile`` writes into: remembers the bytes until they are taken. Cannot seek, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
