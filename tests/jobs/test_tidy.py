"""What the hourly round forgets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reve_core.models import Placed
from reve_core.service import KEYS_KEPT_S
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio
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
    clock.pass_(KEYS_KEPT_S - 10)
    store.submit([order("young", key="young")])
    clock.pass_(20)
    assert studio.forget_old_keys() == 2
    assert studio.forget_old_keys() == 0
    assert store.take_pass("b", now=now) == "anna"
    [young] = store.submit([order("young", key="young")])
    assert isinstance(young, Placed)
    assert young.replayed
    studio.stop(0)
