"""
What deleting leaves behind in the file, and whether it is there.

``secure_delete`` overwrites what a deleted row held. It does not reach what SQLite left in a page when a growing row moved
to another one: the space between a page's list of rows and the rows themselves is not cleaned then. Seldom a piece of a
prompt lies there, and only writing the file anew (VACUUM) takes it away. So it is looked for, and the file is written anew
where it is found.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

_TREE = (2, 5, 10, 13)  # the first byte of a page of a table or an index; see "B-tree Pages" in SQLite's file format
_INNER = (2, 5)
_HEAD = 100  # bytes of the file's own header, on its first page
_PROBE = 16  # any thirty bytes of a text hold one of these


def remains(database: Path, texts: Iterable[bytes]) -> bool:
    """Whether a piece of one of these texts lies where no row is. Reads the whole file, and holds up nobody."""
    probes: set[bytes] = set()
    short: set[bytes] = set()
    for text in texts:
        probes.update(text[start : start + _PROBE] for start in range(0, len(text) - _PROBE + 1, _PROBE))
        if _PROBE // 2 < len(text) < _PROBE:
            short.add(text)
    return any(
        any(piece[at : at + _PROBE] in probes for at in range(len(piece) - _PROBE + 1))
        or any(text in piece for text in short)
        for piece in _slack(database)
    )


def _slack(database: Path) -> Iterator[bytes]:
    """What is not zero between the rows of the pages."""
    with database.open("rb") as file:
        size = int.from_bytes(file.read(_HEAD)[16:18], "big")
        size = 65536 if size == 1 else size
        file.seek(0)
        head = _HEAD
        while size and len(page := file.read(size)) == size:
            kind = page[head]
            if kind in _TREE:
                rows = int.from_bytes(page[head + 3 : head + 5], "big")
                content = int.from_bytes(page[head + 5 : head + 7], "big") or 65536
                start = head + (12 if kind in _INNER else 8) + 2 * rows
                if start < content <= size and (found := page[start:content].strip(b"\0")):
                    yield found
            head = 0
