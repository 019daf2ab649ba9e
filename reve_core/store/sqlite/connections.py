"""
Connections to one SQLite file, and the translation of SQLite's errors into ours.

A pool rather than a connection per thread, because Streamlit runs every script in a new thread: opening costs about
2.5 ms, borrowing nothing. Writers of this process queue on a lock instead of spinning in SQLite's busy handler; writers
of other processes are waited for by ``busy_timeout``.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from reve_core.errors import ConfigurationError, StoreBusy, StoreDamaged, StoreError, StoreFull
from reve_core.store.sqlite.migrations import migrations

_KEPT_OPEN = 16
_CHECKPOINT_BYTES = 4 * 1024 * 1024
_LATEST_CHECKPOINT_PAGES = 16_384  # 64 MB
_EMPTY_EVERY_S = 30.0  # nobody can make everybody wait for that more often, by being refused again and again
_EMPTY_PATIENCE_MS = 100


class Connections:
    def __init__(self, path: Path, *, timeout_s: float, read_only: bool = False) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._read_only = read_only
        self._writing = threading.Lock()
        self._guard = threading.Lock()
        self._idle: list[Database] = []
        self._pid = os.getpid()
        self._closed = False
        self._anew_at: float | None = None
        self._emptied_at: float | None = None
        self.log_holds_forgotten = False  # words that are in no row any more, and in the log until it is emptied

    @contextmanager
    def read(self) -> Iterator[Database]:
        """A connection for SELECTs. Each statement sees the newest committed state."""
        with self.translated():
            db = self._borrow()
            try:
                yield db
            finally:
                self._give_back(db)

    def row(self, sql: str, values: Sequence[object]) -> sqlite3.Row | None:
        """The one row of a SELECT: ``read`` without its two context managers, which cost as much as a look by key."""
        try:
            db = self._borrow()
            try:
                found: sqlite3.Row | None = db.execute(sql, values).fetchone()
                return found
            finally:
                self._give_back(db)
        except sqlite3.Error as exc:
            raise self._translate(exc) from exc

    @contextmanager
    def write(self, patience_s: float | None = None) -> Iterator[Database]:
        """
        One transaction that holds the write lock from its first statement, so that what it reads stays true.
        ``patience_s`` is how long to wait for other writers, for those who cannot wait as long as everybody.

        sqlite-utils' own ``atomic()`` begins deferred: reading and then writing in it fails at once when another
        process wrote in between, whatever the busy timeout.
        """
        if not self._writing.acquire(timeout=self._timeout_s if patience_s is None else patience_s):
            raise StoreBusy("The database is busy. Nothing was changed; try again in a moment.")
        try:
            with self.read() as db:
                if patience_s is None:
                    db.execute("begin immediate")
                else:
                    self._begin_soon(db, patience_s)
                try:
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                try:
                    db.execute("commit")
                except BaseException:
                    db.rollback()
                    raise
        finally:
            self._writing.release()

    def _begin_soon(self, db: Database, patience_s: float) -> None:
        """Wait only that long for writers of other processes."""
        db.execute(f"pragma busy_timeout = {int(patience_s * 1000)}")
        try:
            db.execute("begin immediate")
        finally:
            db.execute(f"pragma busy_timeout = {int(self._timeout_s * 1000)}")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLite's errors into StoreError, each a sentence."""
        try:
            yield
        except sqlite3.Error as exc:
            raise self._translate(exc) from exc

    def checkpoint(self) -> None:
        """Move what was committed from the log into the database file, if there is enough of it. Holds up nobody."""
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size >= _CHECKPOINT_BYTES:
            with self.read() as db:
                db.execute("pragma wal_checkpoint(passive)").fetchone()

    def empty_log_of_forgotten(self) -> None:
        """Empty the log where it holds what was to be forgotten; the next call tries again where somebody was reading."""
        now = time.monotonic()
        if not self.log_holds_forgotten or (self._emptied_at is not None and now - self._emptied_at < _EMPTY_EVERY_S):
            return
        with self._alone() as db:
            self.log_holds_forgotten = False  # no other thread of this process writes now
            db.execute(f"pragma busy_timeout = {_EMPTY_PATIENCE_MS}")
            try:
                emptied = not db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            finally:
                db.execute(f"pragma busy_timeout = {int(self._timeout_s * 1000)}")
        if emptied:
            self._emptied_at = now
        else:
            self.log_holds_forgotten = True

    def truncate_log(self) -> bool:
        """Move all that was committed into the database file and empty the log. False where somebody was reading."""
        with self._alone() as db:
            return not db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]

    def write_anew(self, at_most_every_s: float = 0.0) -> bool:
        """
        Write the whole file anew, without what lay between its rows: a second or two for a hundred megabytes, in which
        others can read and cannot write. False where this process did so that short a time ago, or somebody was reading
        when the log was to be emptied.
        """
        with self._alone() as db:
            if self._anew_at is not None and time.monotonic() - self._anew_at < at_most_every_s:
                return False
            db.execute("vacuum")
            self._anew_at = time.monotonic()
            return not db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]

    @contextmanager
    def _alone(self) -> Iterator[Database]:
        """A connection while no other thread of this process writes, and outside of any transaction."""
        if not self._writing.acquire(timeout=self._timeout_s):
            raise StoreBusy("The database is busy. Nothing was changed; try again in a moment.")
        try:
            with self.read() as db:
                yield db
        finally:
            self._writing.release()

    def close(self) -> None:
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    def _borrow(self) -> Database:
        with self._guard:
            if os.getpid() != self._pid:
                # SQLite connections must not cross a fork. They are dropped unclosed on purpose: closing the inherited
                # file descriptors would release the parent's POSIX locks.
                _ABANDONED.extend(self._idle)
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, db: Database) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < _KEPT_OPEN and os.getpid() == self._pid:
                self._idle.append(db)
                return
        db.close()

    def _open(self) -> Database:
        if self._read_only:
            # Without a writable folder SQLite cannot make the WAL's shared-memory file; immutable does without.
            there = self.path.exists()
            target = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1" if there else ":memory:"
            connection = sqlite3.connect(target, uri=True, check_same_thread=False)
        else:
            connection = sqlite3.connect(self.path, timeout=self._timeout_s, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            db = Database(connection, execute_plugins=False)
            db.execute(f"pragma busy_timeout = {int(self._timeout_s * 1000)}")
            if not self._read_only:
                db.execute("pragma journal_mode = wal").fetchone()
            elif not there:
                migrations.apply(db)
                db.execute("pragma query_only = on")
            # FULL: a call recorded before it is paid must outlive a power cut, not only a crash of the process.
            db.execute("pragma synchronous = full")
            # What is deleted is overwritten, in every copy of a page: some builds of SQLite do so anyway, others do not.
            db.execute("pragma secure_delete = on").fetchone()
            # A checkpoint takes milliseconds and would come in the middle of somebody's commit: ``checkpoint`` is called
            # from a thread that nobody waits for, and this is for when nobody calls it.
            db.execute(f"pragma wal_autocheckpoint = {_LATEST_CHECKPOINT_PAGES}").fetchone()
        except BaseException:
            connection.close()
            raise
        return db

    def _translate(self, exc: sqlite3.Error) -> StoreError | ConfigurationError:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreBusy("The database is locked by another program. Nothing was changed; try again in a moment.")
        if code == sqlite3.SQLITE_FULL:
            return StoreFull("The disk is full, so the database cannot grow. Make room, then try again.")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return damaged(self.path)
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return ConfigurationError(
                f"The data folder {self.path.parent} cannot be written. Make it writable, or set REVE_DATA_DIR to another one."
            )
        if code == sqlite3.SQLITE_IOERR:
            return StoreFull("The disk refused a write: it is full or failing. Make room or check it, then try again.")
        return StoreError(f"The database could not do this ({type(exc).__name__}).")


_ABANDONED: list[Database] = []


def damaged(path: Path) -> StoreDamaged:
    return StoreDamaged(
        f"The database {path} is damaged, so nothing was started and nothing was overwritten. "
        "Run `python -m reve_core restore` to put the newest sound backup in its place.",
        str(path),
    )
