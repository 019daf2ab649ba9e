"""Opening the file, and the parts of the store put together."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from reve_core.errors import StoreError, StoreTooNew
from reve_core.store.sqlite.access import AccessSide
from reve_core.store.sqlite.ballots import BallotSide
from reve_core.store.sqlite.comparisons import ComparisonSide
from reve_core.store.sqlite.connections import Connections, damaged
from reve_core.store.sqlite.guard import GuardSide
from reve_core.store.sqlite.migrations import KNOWN, migrations
from reve_core.store.sqlite.operating import OperatorSide
from reve_core.store.sqlite.outbox import OutboxSide
from reve_core.store.sqlite.people import PeopleSide
from reve_core.store.sqlite.privacy import PrivacySide
from reve_core.store.sqlite.providers import ProviderSide
from reve_core.store.sqlite.tickets import TicketSide
from reve_core.store.sqlite.workers import WorkerSide

log = logging.getLogger(__name__)

_OVERWRITES = "0015_privacy"  # the step since which deleting overwrites, see ``Connections``
_CHECK_BELOW_BYTES = 512 * 1024 * 1024


class SqliteStore(
    ComparisonSide,
    BallotSide,
    PeopleSide,
    WorkerSide,
    TicketSide,
    ProviderSide,
    AccessSide,
    OutboxSide,
    GuardSide,
    OperatorSide,
    PrivacySide,
):
    """
    A JobStore, a ComparisonStore, an AccessStore, an Outbox, a GuardStore, an OperatorStore and a PrivacyStore in one SQLite
    file on a local disk, never on a network share.

    ``clock`` gives seconds since 1970 and is the only clock used; leases use wall time because they must outlive a
    restart. Raises ``StoreDamaged`` and ``StoreTooNew`` on opening, with the file left as it was. ``read_only`` opens what
    is there without writing a byte; every change then raises ``ConfigurationError``.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
        read_only: bool = False,
    ) -> None:
        self._clock = clock
        self.path = path
        self.connections = Connections(path, timeout_s=timeout_s, read_only=read_only)
        try:
            self._look(path)
            if not read_only:
                self._migrate()
        except BaseException:
            self.connections.close()
            raise

    def maintain(self) -> None:
        self.connections.empty_log_of_forgotten()
        self.connections.checkpoint()

    def close(self) -> None:
        self.connections.close()

    def _look(self, path: Path) -> None:
        """Refuse a file that is not a sound database, before anything writes to it."""
        if not path.exists() or path.stat().st_size == 0:
            leftovers = path.with_name(path.name + "-wal")
            if path.exists() and leftovers.exists() and leftovers.stat().st_size > 0:
                raise damaged(path)
            return
        with self.connections.read() as db:
            if path.stat().st_size <= _CHECK_BELOW_BYTES:
                verdict = db.execute("pragma quick_check(1)").fetchone()[0]
                if verdict != "ok":
                    raise damaged(path)
            self._refuse_newer(db)

    def _migrate(self) -> None:
        # One write transaction around all of it: two processes that start together take turns.
        with self.connections.write() as db:
            self._refuse_newer(db)
            before = {step.name for step in migrations.applied(db)}
            migrations.apply(db)
        if before and _OVERWRITES not in before:
            self._clean()

    def _clean(self) -> None:
        """Once: what earlier versions deleted without overwriting it."""
        try:
            self.connections.write_anew()
        except StoreError as exc:
            log.warning("Traces of what was deleted earlier stay in the database for now: %s", exc)

    def _refuse_newer(self, db: Database) -> None:
        newer = [step.name for step in migrations.applied(db) if step.name not in KNOWN]
        if newer:
            raise StoreTooNew(
                f"The database {self.path} was written by a newer version of this app ({newer[-1]}). "
                "Update the app, or point REVE_DATA_DIR at another folder.",
                str(self.path),
            )
