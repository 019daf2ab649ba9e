"""SQLite as an AccessStore."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from reve_core.compare.models import Comparison, Maker, Row
from reve_core.store.sqlite import SqliteStore
from reve_core.store.sqlite.migrations import migrations
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


def test_deleting_a_comparison_revokes_its_shares_and_no_others(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db", clock=Clock())
    for number, letter in enumerate("cd"):
        store.create_comparison(
            Comparison(
                id=letter * 32,
                owner="anna",
                created_at=NOW,
                rows=(Row(id="r1", prompt="a fox"), Row(id="r2", prompt="a heron")),
                makers=(Maker(provider="fake", model="m"),),
                aspect_ratios=("1:1",),
                seeds=(),
                samples=1,
            ),
            (),
        )
        one = share(number, comparison_id=letter * 32)
        store.add_share(one, token_of(one))
    assert store.delete_comparison("c" * 32)
    kept, ended = store.shares("anna")
    assert ended.has_ended(NOW)
    assert kept.revoked_at is None
    store.close()


def test_links_to_pictures_outlive_the_table_s_new_shape(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    before = Database(path)
    migrations.apply(before, stop_before="0010_shares_of_comparisons")
    made = [share(number, owner=owner) for number, owner in ((1, "anna"), (2, "bert"), (3, "anna"))]
    for one in made:
        before.execute(
            """
            insert into shares (id, token_hash, job_id, owner, created_at, revoked_at, show_prompt, show_settings,
                                published, views)
            values (?, ?, ?, ?, ?, ?, 1, 0, 1, 7)
            """,
            (one.id, token_of(one), one.job_id, one.owner, NOW.timestamp(), NOW.timestamp()),
        )
    before.conn.commit()
    before.close()
    store = SqliteStore(path, clock=Clock())
    kept = [replace(one, published=True, views=7, revoked_at=NOW) for one in made]
    assert store.shares("anna") == [kept[2], kept[0]]
    assert [store.share_of_token(token_of(one)) for one in made] == kept
    store.add_share(share(4), token_of(share(4)))
    assert [each.id for each in store.shares("anna")] == [share(number).id for number in (4, 3, 1)]
    store.close()
