"""Sound copies of the database, and putting one back. The damaged file is always kept."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reve_core.errors import ConfigurationError

_KEEP_NEWEST = 3
_KEEP_DAYS = 3  # the last copy of each of the newest days, in case damage goes unnoticed for a while
_NAME = "reve-%Y%m%d-%H%M%S.db"


@dataclass(frozen=True, slots=True)
class Restored:
    """Which copy was used, when it was made (aware UTC), and how many jobs it holds."""

    copy: Path
    made_at: datetime
    jobs: int


def back_up(database: Path, folder: Path, *, at_least_s: float, now: float | None = None) -> Path | None:
    """
    Copy the database; None where nothing has changed since the newest copy, that one is younger than ``at_least_s``,
    or there is nothing in it yet: an empty copy would only look like a rescue.
    """
    now = time.time() if now is None else now
    copies = _newest_first(folder)
    if copies and 0 <= now - _made_at(copies[0]).timestamp() < at_least_s:
        return None
    with closing(sqlite3.connect(database)) as source:
        state = _state(source)
        if state == (0, 0) or (copies and _state_of(copies[0]) == state):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / datetime.fromtimestamp(now, UTC).strftime(_NAME)
        unfinished = target.with_suffix(".tmp")
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
    unfinished.replace(target)
    _thin_out(folder)
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


def restore(database: Path, backups: Path, damaged: Path) -> Restored:
    """
    Put the newest sound backup in the place of a missing or damaged database, the old files set aside first.

    Nobody may have the database open. Raises ConfigurationError where the database is sound or there is no sound
    backup; nothing is touched then.
    """
    if database.exists() and database.stat().st_size and _is_sound(database, sealed=False):
        raise ConfigurationError("The database is sound, so there is nothing to restore.")
    for copy in _newest_first(backups):
        if _is_sound(copy):
            if database.exists():
                set_aside(database, damaged)
            fresh = database.with_suffix(".restored")
            shutil.copyfile(copy, fresh)
            for part in _parts(database):
                part.unlink()
            fresh.replace(database)
            return Restored(copy, _made_at(copy), _state_of(copy)[0])
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


def _thin_out(folder: Path) -> None:
    copies = _newest_first(folder)
    of_day: dict[str, Path] = {}
    for copy in copies:
        of_day.setdefault(copy.name[: len("reve-20260101")], copy)
    for old in set(copies) - set(copies[:_KEEP_NEWEST]) - set(list(of_day.values())[:_KEEP_DAYS]):
        old.unlink(missing_ok=True)


def _made_at(copy: Path) -> datetime:
    return datetime.strptime(copy.name, _NAME).replace(tzinfo=UTC)


def _state(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many jobs, and the number of their last change: the same two numbers, the same jobs."""
    jobs, rev = connection.execute("select count(*), coalesce(max(rev), 0) from jobs").fetchone()
    return int(jobs), int(rev)


def _state_of(copy: Path) -> tuple[int, int]:
    try:
        with closing(_reading(copy, sealed=True)) as connection:
            return _state(connection)
    except sqlite3.Error:
        return -1, -1


def _is_sound(file: Path, *, sealed: bool = True) -> bool:
    try:
        with closing(_reading(file, sealed=sealed)) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _reading(file: Path, *, sealed: bool) -> sqlite3.Connection:
    """``sealed``: nobody writes to it and it has no log beside it, so that reading leaves no files behind."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if sealed else ''}", uri=True)
