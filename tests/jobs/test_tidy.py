"""What the hourly round forgets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reve_core.models import Once, Placed
from reve_core.service import KEYS_KEPT_S
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio
from tests.contracts.comparison_store import comparison
from tests.contracts.job_store import Clock, order
from tests.fakes import FakeProvider


def test_old_idempotency_keys_and_used_up_passes_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path / "reve.db", clock=clock)
    studio = build_studio(tmp_path, FakeProvider(), store=store)
    now = datetime.now(UTC)
    store.add_pass("a", owner="anna", until=now - timedelta(seconds=1))
    store.add_pass("b", owner="anna", until=now + timedelta(hours=1))
    store.submit([order("old", key="old")])
    store.create_comparison(comparison(1), [], once=Once("old", "digest"))
    clock.pass_(KEYS_KEPT_S - 10)
    store.submit([order("young", key="young")])
    store.create_comparison(comparison(2), [], once=Once("young", "digest"))
    clock.pass_(20)
    assert studio.forget_old_keys() == 3
    assert studio.forget_old_keys() == 0
    assert store.take_pass("b", now=now) == "anna"
    [young] = store.submit([order("young", key="young")])
    assert isinstance(young, Placed)
    assert young.replayed
    assert store.create_comparison(comparison(3), [], once=Once("young", "digest")) == comparison(2).id
    assert store.create_comparison(comparison(4), [], once=Once("old", "digest")) == comparison(4).id
    studio.stop(0)
