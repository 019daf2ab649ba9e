"""Sound copies of the database, and putting one back. The damaged file is always kept."""

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reve_core.errors import ConfigurationError
from reve_core.store.sqlite.erasing import remains

log = logging.getLogger(__name__)

_KEEP_NEWEST = 3
_KEEP_DAYS = 3  # the last copy of each of the newest days, in case damage goes unnoticed for a while
_NAME = "reve-%Y%m%d-%H%M%S.db"
_turn = threading.Lock()  # no copy is made while others are changed: it might have been begun before


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
    with _turn:
        return _back_up(database, folder, at_least_s, time.time() if now is None else now)


def _back_up(database: Path, folder: Path, at_least_s: float, now: float) -> Path | None:
    copies = _newest_first(folder)
    if copies and 0 <= now - _made_at(copies[0]).timestamp() < at_least_s:
        return None
    with closing(sqlite3.connect(database)) as source:
        state = _state(source)
        if state == (0, 0, 0) or (copies and _state_of(copies[0]) == state):
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


def change(folder: Path, how: Callable[[sqlite3.Connection], list[bytes]]) -> int:
    """
    Do the same to every copy, so that what was deleted does not live on in them: ``how`` runs in a transaction and returns
    texts that must not be found in the file afterwards. A copy that cannot be changed, since it is damaged or of an older
    version, is deleted. Returns how many copies there are.
    """
    with _turn:
        copies = _newest_first(folder)
        for copy in copies:
            try:
                _change(copy, how)
            except (sqlite3.Error, OSError) as exc:
                log.warning("A backup could not be changed and is deleted: %s", type(exc).__name__)
                for part in _parts(copy):
                    part.unlink(missing_ok=True)
        return len(_newest_first(folder))


def _change(copy: Path, how: Callable[[sqlite3.Connection], list[bytes]]) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("pragma secure_delete = on").fetchone()
        with connection:
            connection.execute("begin immediate")
            texts = how(connection)
        if texts:
            connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            if remains(copy, texts):
                connection.execute("vacuum")


def expire(folder: Path, *, before: float) -> int:
    """Delete copies that were made before then, seconds since 1970. The newest one always stays."""
    with _turn:
        old = [copy for copy in _newest_first(folder)[1:] if _made_at(copy).timestamp() < before]
        for copy in old:
            copy.unlink(missing_ok=True)
        return len(old)


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
            return Restored(copy, _made_at(copy), _jobs_in(copy))
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


def _state(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """
    How many jobs, the number of their last change, and how many comparisons: the same numbers, the same jobs, and nothing
    was deleted since.
    """
    jobs, rev, comparisons = connection.execute(
        "select count(*), coalesce(max(rev), 0), (select count(*) from comparisons) from jobs"
    ).fetchone()
    return int(jobs), int(rev), int(comparisons)


def _state_of(copy: Path) -> tuple[int, int, int]:
    try:
        with closing(_reading(copy, sealed=True)) as connection:
            return _state(connection)
    except sqlite3.Error:
        return -1, -1, -1


def _jobs_in(copy: Path) -> int:
    with closing(_reading(copy, sealed=True)) as connection:
        return int(connection.execute("select count(*) from jobs").fetchone()[0])


def _is_sound(file: Path, *, sealed: bool = True) -> bool:
    try:
        with closing(_reading(file, sealed=sealed)) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _reading(file: Path, *, sealed: bool) -> sqlite3.Connection:
    """``sealed``: nobody writes to it and it has no log beside it, so that reading leaves no files behind."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if sealed else ''}", uri=True)
