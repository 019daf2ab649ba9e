"""SQLite keeps what the import contract promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core.store.sqlite import SqliteStore
from tests.contracts.comparison_import import ComparisonImportContract


class TestSqliteImport(ComparisonImportContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db")
        yield store
        store.close()

    @pytest.fixture
    def grids(self, store: SqliteStore) -> SqliteStore:
        return store
