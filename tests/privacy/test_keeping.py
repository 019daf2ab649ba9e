"""What goes by itself: each kind in its time, with its files, in small lots, and whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reve_core import bootstrap
from reve_core.errors import JobNotFound
from reve_core.guarding import Audit, Verdicts
from reve_core.keeping import Keeping
from reve_core.models import JobFilter, JobRequest, Receipt, StoredImage
from reve_core.privacy import Privacy
from reve_core.service import Studio
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio
from tests.contracts.job_store import Clock
from tests.fakes import FakeProvider, png

DAY = 86_400.0
KEEPING = Keeping(failed_days=1, picture_days=7, comparison_days=30, event_days=30)
ANNA = "v-anna"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "reve.db", clock=clock)
    yield store
    store.close()


@pytest.fixture
def studio(tmp_path: Path, store: SqliteStore) -> Studio:
    return build_studio(tmp_path, FakeProvider(), store=store, public=True, keeping=KEEPING)


def privacy(studio: Studio, clock: Clock) -> Privacy:
    studio.privacy._clock = clock
    return studio.privacy


def picture(studio: Studio, store: SqliteStore, prompt: str) -> StoredImage:
    studio.submit(JobRequest(prompt=prompt), owner=ANNA)
    claim = store.claim("w", lease_s=60, limits=studio.catalogue._limits)
    assert claim is not None
    assert store.begin_call(claim, idempotent=False)
    image = StoredImage(f"{claim.blob_stem}.png", f"{claim.blob_stem}-thumb.webp", "image/png", 64, 64, 9, "a" * 64)
    for name in (image.name, image.thumbnail):
        studio.blobs.put(name, png(prompt))
    assert store.done(claim, image, Receipt(credits_used=10))
    return image


def files(folder: Path) -> list[str]:
    return [path.name for path in (folder / "images").rglob("*.*")]


def test_old_pictures_go_with_their_files_and_nothing_of_them_is_left(
    studio: Studio, store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    for number in range(120):  # more than two lots
        picture(studio, store, f"OLDMARK{number}")
    clock.pass_(6 * DAY)
    young = picture(studio, store, "YOUNGMARK")
    clock.pass_(DAY + 1)
    assert privacy(studio, clock).purge_old() == 120
    assert sorted(files(tmp_path)) == sorted([young.name, young.thumbnail])
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()
    assert b"oldmark" not in left
    assert b"youngmark" in left


def test_favourites_go_too_as_the_page_says(studio: Studio, store: SqliteStore, clock: Clock) -> None:
    picture(studio, store, "a heron")
    [job] = store.page(JobFilter(owner=ANNA)).jobs
    studio.shelf.star([job.id], True, owner=ANNA)
    clock.pass_(8 * DAY)
    assert privacy(studio, clock).purge_old() == 1
    assert ("Pictures and their prompts", "7 days, favourites too") in studio.privacy.periods()


def test_a_clock_that_goes_back_takes_nothing(studio: Studio, store: SqliteStore, clock: Clock, tmp_path: Path) -> None:
    picture(studio, store, "a heron")
    clock.pass_(-400 * DAY)
    privacy(studio, clock).tidy()
    assert len(files(tmp_path)) == 2
    clock.pass_(400 * DAY + 8 * DAY)
    studio.privacy.tidy()
    assert files(tmp_path) == []


def test_the_log_of_refusals_and_of_operators_is_kept_as_long_as_is_said(
    studio: Studio, store: SqliteStore, clock: Clock
) -> None:
    def at(days: float) -> datetime:
        return datetime.fromtimestamp(clock() - days * DAY, UTC)

    for days in (29, 31):
        store.note(Verdicts(at(days), ANNA, "prompt", "block", "weapons"))
    for days in (364, 366):
        store.audit(Audit(at(days), "operator", "look"))
    privacy(studio, clock).tidy()
    assert len(store.noted()) == 1
    assert len(store.audited()) == 1


def test_a_file_that_came_too_late_goes_with_the_next_round(
    studio: Studio, store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    """A preview that was being made while its picture was deleted."""
    image = picture(studio, store, "a heron")
    studio.privacy.delete_everything(ANNA)
    assert files(tmp_path) == []
    studio.blobs.put(image.name.replace(".png", "-card.jpg"), b"late")
    clock.pass_(601)
    assert privacy(studio, clock).clear_up() == 1
    assert files(tmp_path) == []
    assert studio.privacy.clear_up() == 0


def test_one_persons_app_keeps_everything(tmp_path: Path, store: SqliteStore, clock: Clock) -> None:
    studio = build_studio(tmp_path, FakeProvider(), store=store)
    picture(studio, store, "a heron")
    clock.pass_(4000 * DAY)
    privacy(studio, clock).tidy()
    assert len(files(tmp_path)) == 2


def test_what_would_outlive_its_owner_in_memory_does_not(studio: Studio) -> None:
    token = studio.privacy.prepare_export(ANNA)
    studio.privacy.delete_everything(ANNA)
    with pytest.raises(JobNotFound):
        studio.shelf.export(token, ANNA)


def test_the_settings_say_how_long_and_who_is_sent_prompts(tmp_path: Path) -> None:
    settings = Settings(
        mode="public", picture_days=3, api_url="https://gateway.example", moderation_url="https://checks.example/v1"
    )
    assert bootstrap.keeping(settings).picture_days == 3
    found = bootstrap.recipients(settings, bootstrap.make_providers(settings), asks=True)
    assert [each.name for each in found] == ["Reve (gateway.example)", "checks.example"]
    alone = Settings(mode="personal")
    assert bootstrap.recipients(alone, bootstrap.make_providers(alone), asks=False) == []
    assert timedelta(days=bootstrap.keeping(alone).failed_days) == timedelta(days=1)
