"""The store in one SQLite file. ``lean`` comes first: it loads sqlite-utils without what nothing here needs."""

from reve_core.store.sqlite import lean as lean
from reve_core.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
