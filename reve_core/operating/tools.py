"""What every part of the operator's desk works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reve_core.admission import Admission
from reve_core.catalogue import Catalogue
from reve_core.errors import ConfigurationError
from reve_core.guarding import Audit
from reve_core.ports import AccessStore, Blobs, GuardStore, JobStore, OperatorStore
from reve_core.screening import Screening

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Tools:
    """``backups``: the folder of the copies that are made by themselves, None where there is none."""

    store: JobStore
    guard: GuardStore
    ledger: OperatorStore
    access: AccessStore
    blobs: Blobs
    catalogue: Catalogue
    admission: Admission
    screening: Screening
    wake: Callable[[], None]
    backups: Path | None
    read_only: str | None
    clock: Callable[[], float]
    forget_hidden: Callable[[], None]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def must_write(self) -> None:
        if self.read_only is not None:
            raise ConfigurationError(self.read_only)

    def audit(self, who: str, what: str, detail: str = "") -> None:
        """One line of what was done. ``detail`` never holds a prompt or a secret."""
        self.guard.audit(Audit(self.now(), who, what, detail[:_LONGEST]))

    def name(self, owner: str) -> str:
        """A visitor as the operator sees one: keyed, and cut to what fits a table."""
        return short(self.admission.spender(owner))


def short(visitor: str) -> str:
    return visitor[:8]
