"""SQLite as an AccessStore."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reve_core.store.sqlite import SqliteStore
from tests.building import place
from tests.contracts.access_store import NOW, AccessStoreContract, share, token_of
from tests.contracts.job_store import Clock, request


class TestSqliteAccess(AccessStoreContract):
    @pytest.fixture
    def access(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()


def test_deleting_a_picture_for_good_revokes_its_shares_and_no_others(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db", clock=Clock())
    gone, kept = (place(store, request(prompt), owner="anna")[0] for prompt in ("a fox", "a heron"))
    for number, job in enumerate((gone, kept)):
        one = share(number)
        store.add_share(replace(one, job_id=job.id), token_of(one))
    store.cancel(gone.id)
    store.trash([gone.id], True)
    assert store.purge([gone.id]) == 1
    newer, older = store.shares("anna")
    assert newer.revoked_at is None
    assert older.revoked_at is not None
    assert older.has_ended(NOW)
    store.close()
