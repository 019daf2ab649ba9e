"""The job table in one SQLite file: the default store."""

from reve_core.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
