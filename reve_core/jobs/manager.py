"""The job manager: runner, sweeper and engine put together and given a life cycle."""

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from reve_core.jobs.keeper import Keeper, Patience
from reve_core.jobs.messenger import Messenger
from reve_core.jobs.previews import Previews
from reve_core.jobs.retry import RetryPolicy
from reve_core.jobs.runner import Note, Runner, Screen
from reve_core.jobs.sweeper import Found, Sweeper
from reve_core.models import Limits
from reve_core.pictures.check import Caps
from reve_core.ports import Blobs, Engine, JobStore, Presence, Provider

log = logging.getLogger(__name__)

_MAINTAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class ManagerConfig:
    """Seconds and counts; the settings' page in the docs explains each."""

    limits: Mapping[str, Limits]
    lease_s: float = 60.0
    sweep_s: float = 5.0
    tidy_s: float = 3600.0
    tell_s: float = 1.0
    call_timeout_s: float = 300.0
    max_attempts: int = 3
    backoff_s: float = 2.0
    min_free_bytes: int = 100 * 1024 * 1024
    caps: Caps = field(default_factory=lambda: Caps(max_bytes=40 * 1024 * 1024, max_pixels=40_000_000))
    patience: Patience = field(default_factory=Patience)


class JobManager:
    """Start it once per process; a second one, in this process or another, does no harm: claims are atomic."""

    def __init__(
        self,
        *,
        store: JobStore,
        blobs: Blobs,
        providers: Mapping[str, Provider],
        engine: Engine,
        presence: Presence,
        config: ManagerConfig,
        tidy: Callable[[], None] = lambda: None,
        farewell: Callable[[], None] = lambda: None,
        messenger: Messenger | None = None,
        screen: Screen | None = None,
        note: Note = lambda claim, screened: None,
        own_key: Callable[[str], SecretStr | None] = lambda name: None,
        at_once: Callable[[], int | None] = lambda: None,
        previews: Previews | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.worker = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._maintain = store.maintain
        self._engine = engine
        self._presence = presence
        self._config = config
        self._tidy = tidy
        self._farewell = farewell
        self._messenger = messenger
        retry = RetryPolicy(max_tries=config.max_attempts, base_s=config.backoff_s)
        keeper = Keeper(store, blobs, config.caps, config.patience)
        self.runner = Runner(
            store=store,
            blobs=blobs,
            keeper=keeper,
            providers=providers,
            limits={name: limit for name, limit in config.limits.items() if name in providers},
            worker=self.worker,
            lease_s=config.lease_s,
            call_timeout_s=config.call_timeout_s,
            min_free_bytes=config.min_free_bytes,
            retry=retry,
            offload=engine.offload,
            screen=screen,
            note=note,
            own_key=own_key,
            at_once=at_once,
            previews=previews,
            clock=clock,
        )
        self.sweeper = Sweeper(
            store=store,
            keeper=keeper,
            presence=presence,
            retry=retry,
            is_ours=self.runner.holds,
            is_at_work=self.runner.works_on,
            offer=self.runner.offer,
            wake=engine.wake,
        )

    def start(self) -> None:
        """Repair what an earlier run left behind, then work."""
        self._presence.announce(self.worker)
        timers = {
            self.runner.beat: self._config.lease_s / 3,
            self._sweep: self._config.sweep_s,
            self._tidy: self._config.tidy_s,
            self._maintain: _MAINTAIN_S,
        }
        if self._messenger is not None:
            timers[self._messenger.tell] = self._config.tell_s
        self._engine.start(self.runner.look, timers)

    def drain(self) -> None:
        """Claim nothing more, and let go of calls that another process can pick up. Takes no lock."""
        self._engine.drain()
        self.runner.leave()
        if self._messenger is not None:
            self._messenger.drain()

    def stop(self, grace_s: float) -> bool:
        """Claim nothing more, let running jobs finish for at most ``grace_s``. True when all did."""
        self.drain()
        finished = self._engine.stop(grace_s)
        self._presence.leave(self.worker)
        self._farewell()
        return finished

    def wake(self) -> None:
        self._engine.wake()

    def ask_to_stop(self, job_id: str) -> None:
        self.runner.ask_to_stop(job_id)

    def check_again(self, job_id: str) -> Found:
        return self.sweeper.check_again(job_id)

    def disk_is_low(self) -> bool:
        return self.runner.disk_is_low()

    def _sweep(self) -> None:
        report = self.sweeper.sweep()
        if report.adopted or report.requeued or report.unknown or report.failed:
            log.info(
                "Repaired: %d picked up, %d back in the queue, %d unknown, %d failed.",
                report.adopted + report.picked_up,
                report.requeued,
                report.unknown,
                report.failed,
            )
