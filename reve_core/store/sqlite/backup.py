"""Sound copies of the database, and putting one back. The damaged file is always kept."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reve_core.errors import ConfigurationError

_KEEP = 3
_EVERY_S = 24 * 3600.0
_NAME = "reve-%Y%m%d-%H%M%S.db"


def back_up(database: Path, folder: Path, *, now: float | None = None) -> Path | None:
    """Copy the database once a day and keep the newest three; None when today's copy is there already."""
    now = time.time() if now is None else now
    copies = _newest_first(folder)
    if copies and 0 <= now - _made_at(copies[0]) < _EVERY_S:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / datetime.fromtimestamp(now, UTC).strftime(_NAME)
    unfinished = target.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.replace(target)
    for old in _newest_first(folder)[_KEEP:]:
        old.unlink(missing_ok=True)
    return target


def set_aside(database: Path, folder: Path) -> Path:
    """Copy a damaged database with its companions; the same damage is copied only once."""
    facts = database.stat()
    target = folder / f"damaged-{int(facts.st_mtime)}-{facts.st_size}.db"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for part in _parts(database):
            shutil.copy2(part, folder / part.name.replace(database.name, target.name))
    return target


def restore(database: Path, backups: Path, damaged: Path) -> Path:
    """
    Put the newest sound backup in the database's place, the old files set aside first. Returns the backup used.

    Raises ConfigurationError when there is none; nothing is touched then.
    """
    for copy in _newest_first(backups):
        if _is_sound(copy):
            if database.exists():
                set_aside(database, damaged)
            fresh = database.with_suffix(".restored")
            shutil.copyfile(copy, fresh)
            for part in _parts(database):
                part.unlink()
            fresh.replace(database)
            return copy
    raise ConfigurationError(
        f"There is no sound backup in {backups}. The pictures themselves are still in the data folder; "
        "to start with an empty database, move the damaged one away by hand."
    )


def _parts(database: Path) -> Iterator[Path]:
    for part in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        if part.exists():
            yield part


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("reve-*-*.db"), reverse=True)


def _made_at(copy: Path) -> float:
    return datetime.strptime(copy.name, _NAME).replace(tzinfo=UTC).timestamp()


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            return bool(copy.execute("pragma quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False
