"""A whole service in a folder, around providers of the test's choosing."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reve_core.allowance import Allowance
from reve_core.blobs.local import LocalBlobs
from reve_core.engines.presence import FilePresence
from reve_core.engines.threads import ThreadEngine
from reve_core.guard.signing import Signer
from reve_core.jobs.keeper import Patience
from reve_core.jobs.manager import JobManager, ManagerConfig
from reve_core.jobs.runner import Screen
from reve_core.keeping import Keeping, Recipient
from reve_core.models import PERSONAL, Job, JobRequest, JobStatus, Limits, Order, Placed
from reve_core.operating import Entry
from reve_core.ownkeys import OwnKeys
from reve_core.pictures.check import Caps
from reve_core.ports import Blobs, JobStore, Presence, Provider
from reve_core.screening import Moderates
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore

SAFETY_NET_S = 20.0


def build_studio(
    folder: Path,
    *providers: Provider,
    workers: int = 4,
    concurrency: int = 4,
    per_minute: int | None = None,
    limits: Mapping[str, Limits] | None = None,
    lease_s: float = 30.0,
    sweep_s: float = 0.1,
    max_attempts: int = 3,
    backoff_s: float = 0.01,
    call_timeout_s: float = 10.0,
    min_free_bytes: int = 0,
    patience: Patience | None = None,
    store: JobStore | None = None,
    blobs: Blobs | None = None,
    presence: Presence | None = None,
    public: bool = False,
    allowance: Allowance | None = None,
    moderator: Moderates | None = None,
    screen: Screen | None = None,
    own_keys: OwnKeys | None = None,
    keeping: Keeping | None = None,
    recipients: Sequence[Recipient] = (),
    operator_entry: Entry | None = None,
    read_only: str | None = None,
) -> Studio:
    """Not started. The first provider is the default one. Without ``allowance`` nobody is limited."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {provider.name: provider for provider in providers}
    limits = limits or {name: Limits(concurrency, per_minute) for name in named}
    store = store or SqliteStore(folder / "reve.db", timeout_s=2.0)
    access = store if isinstance(store, SqliteStore) else SqliteStore(folder / "access.db", timeout_s=2.0)
    blobs = blobs or LocalBlobs(folder / "images")
    config = ManagerConfig(
        limits=limits,
        lease_s=lease_s,
        sweep_s=sweep_s,
        call_timeout_s=call_timeout_s,
        max_attempts=max_attempts,
        backoff_s=backoff_s,
        min_free_bytes=min_free_bytes,
        caps=Caps(max_bytes=8 * 1024 * 1024, max_pixels=4_000_000),
        patience=patience or Patience(total_s=3.0, first_wait_s=0.02),
    )
    manager = JobManager(
        store=store,
        blobs=blobs,
        providers=named,
        engine=ThreadEngine(slots=workers, cpu_slots=2),
        presence=presence or FilePresence(folder / "workers"),
        config=config,
        screen=screen,
        note=lambda claim, screened: studio.screening.note_service(claim.job, screened.flagged, screened.category),
        own_key=own_keys.find if own_keys is not None else lambda name: None,
        at_once=lambda: studio.admission.at_once(),
    )
    studio = Studio(
        store=store,
        blobs=blobs,
        providers=named,
        limits=limits,
        default_provider=providers[0].name,
        worker=manager,
        access=access,
        grids=access,
        signer=Signer(["a secret that only tests have, 32 characters long"]),
        public=public,
        caps=config.caps,
        guard=access,
        ledger=access,
        records=access,
        allowance=allowance,
        moderator=moderator,
        has_moderation_service=screen is not None,
        own_keys=own_keys,
        operator_entry=operator_entry,
        backups=folder / "backups",
        keeping=keeping,
        recipients=recipients,
        read_only=read_only,
    )
    return studio


@contextmanager
def running(studio: Studio, *, grace_s: float = 5.0) -> Iterator[Studio]:
    studio.start()
    try:
        yield studio
    finally:
        studio.stop(grace_s)


def place(store: JobStore, *requests: JobRequest, **order: object) -> list[Job]:
    """The jobs of one order, which is expected to be accepted. It is the personal owner's unless it says otherwise."""
    [answer] = store.submit([Order(requests, **{"owner": PERSONAL} | order)])  # type: ignore[arg-type]
    assert isinstance(answer, Placed), answer
    return answer.jobs


def settled(studio: Studio, *job_ids: str, within_s: float = SAFETY_NET_S) -> list[Job]:
    """The jobs once none of them is pending any more; fails loudly if that does not come."""
    return [wait_for(studio, job_id, lambda job: not job.status.is_pending, within_s=within_s) for job_id in job_ids]


def wait_for(studio: Studio, job_id: str, condition, *, within_s: float = SAFETY_NET_S) -> Job:  # type: ignore[no-untyped-def]
    """The job once ``condition(job)`` holds."""
    found: list[Job] = []

    def look() -> bool:
        found[:] = [studio.get(job_id)]
        return bool(condition(found[0]))

    until(look, within_s=within_s, what=lambda: f"job is {found[0].status}: {found[0].error}")
    return found[0]


def until(condition, *, within_s: float = SAFETY_NET_S, what=lambda: "condition") -> None:  # type: ignore[no-untyped-def]
    """Look again and again until ``condition()`` holds. The limit is a safety net, not part of any promise."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(f"Not within {within_s} s: {what()}")


def statuses(jobs: list[Job]) -> list[JobStatus]:
    return [job.status for job in jobs]
