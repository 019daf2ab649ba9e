"""
The operator's side of the service: who may act as one, and a desk for whoever may.

Everything is done at a desk, and a desk is given for a session that still holds, so that no page can do too much by mistake.
What is done there is written down under the operator's name.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reve_core.admission import Admission
from reve_core.catalogue import Catalogue
from reve_core.errors import LimitReached, NotAllowed, NotFound
from reve_core.guarding import Audit
from reve_core.operating.copying import Copying, Links, Report, packed
from reve_core.operating.entry import LASTS_S, WINDOW_S, Entry, Session
from reve_core.operating.judging import Found, Held, Judging, Said
from reve_core.operating.shutting import LASTS_DAYS, Shut, Shutting
from reve_core.operating.tools import Tools, short
from reve_core.operating.tuning import Limit, Tuning
from reve_core.operating.watching import DAYS, Hand, Maker, Money, Watching
from reve_core.ports import AccessStore, Blobs, GuardStore, JobStore, OperatorStore
from reve_core.screening import Screening

__all__ = [
    "DAYS",
    "LASTS_DAYS",
    "LASTS_S",
    "Desk",
    "Entry",
    "Found",
    "Hand",
    "Held",
    "Limit",
    "Maker",
    "Money",
    "Operator",
    "Report",
    "Said",
    "Session",
    "Shut",
    "short",
]

log = logging.getLogger(__name__)

_FRESH_S = 1.0  # how old the list of what is hidden may be


class Desk:
    """What one operator may look at and do."""

    def __init__(self, tools: Tools, who: str, links: Links) -> None:
        self.who = who
        self._tools = tools
        self.watching = Watching(tools, who)
        self.judging = Judging(tools, who)
        self.shutting = Shutting(tools, who)
        self.tuning = Tuning(tools, who)
        self.copying = Copying(tools, who, links)

    def audited(self, limit: int = 100) -> list[Audit]:
        """What operators did, newest first."""
        return list(self._tools.guard.audited(limit=limit))

    def name(self, owner: str) -> str:
        """How a visitor is called in these lists."""
        return self._tools.name(owner)

    def fault(self) -> str | None:
        """Why the newest moderation policy is not in force."""
        return self._tools.screening.fault


class Operator:
    """``entry`` None: nobody can sign in, and there are no desks."""

    def __init__(
        self,
        *,
        entry: Entry | None,
        store: JobStore,
        guard: GuardStore,
        ledger: OperatorStore,
        access: AccessStore,
        blobs: Blobs,
        catalogue: Catalogue,
        admission: Admission,
        screening: Screening,
        wake: Callable[[], None],
        backups: Path | None = None,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entry = entry
        self._links = Links()
        self._hidden: tuple[float, frozenset[str]] | None = None
        self._lock = threading.Lock()
        self._tools = Tools(
            store=store,
            guard=guard,
            ledger=ledger,
            access=access,
            blobs=blobs,
            catalogue=catalogue,
            admission=admission,
            screening=screening,
            wake=wake,
            backups=backups,
            read_only=read_only,
            clock=clock,
            forget_hidden=self._forget_hidden,
        )

    # -- coming in

    @property
    def takes_token(self) -> bool:
        return self._entry is not None and self._entry.takes_token

    @property
    def takes_emails(self) -> bool:
        """Whether there is a list of addresses; whether anybody can prove one is the page's to know."""
        return self._entry is not None and self._entry.takes_emails

    def sign_in(self, token: str, *, address: str) -> Session:
        """Raises NotAllowed for a wrong token, LimitReached for too many of them from that address."""
        if self._entry is None:
            raise NotAllowed("No operator can sign in here.")
        try:
            session = self._entry.by_token(token, address)
        except (NotAllowed, LimitReached) as exc:
            log.warning("Somebody tried to sign in as the operator, with a wrong token.")
            if isinstance(exc, LimitReached) and exc.retry_after_s >= WINDOW_S:  # just now, and not again with each try
                self._note("nobody", "sign-in refused", "too many wrong tokens from one address")
            raise
        self._note(session.who, "sign in")
        return session

    def sign_in_as(self, email: str, *, verified: bool) -> Session:
        """For an address that the sign-in of the host has told. Raises NotAllowed."""
        if self._entry is None:
            raise NotAllowed("No operator can sign in here.")
        session = self._entry.by_email(email, verified=verified)
        self._note(session.who, "sign in")
        return session

    def lists(self, email: str) -> bool:
        """Whether that address is on the operators' list. Proves nothing."""
        return self._entry is not None and self._entry.lists(email)

    def wait_s(self, address: str) -> float:
        """Seconds until a token may be tried again from that address; 0: now."""
        return 0.0 if self._entry is None else self._entry.wait_s(address)

    def left_s(self, session: Session) -> float:
        return 0.0 if self._entry is None else self._entry.left_s(session)

    def knows(self, session: object) -> bool:
        return self._entry is not None and self._entry.who(session) is not None

    def desk(self, session: object) -> Desk:
        """Raises NotAllowed where the session has ended, or is none."""
        who = None if self._entry is None else self._entry.who(session)
        if who is None:
            raise NotAllowed("You are not signed in as the operator, or not any more.")
        return Desk(self._tools, who, self._links)

    # -- for everybody else

    def is_hidden(self, job_id: str) -> bool:
        """Whether the operator took this picture off all screens, as of a second ago."""
        now = time.monotonic()
        with self._lock:
            if self._hidden is not None and now - self._hidden[0] < _FRESH_S:
                return job_id in self._hidden[1]
        found = self._tools.ledger.hidden_ids()
        with self._lock:
            self._hidden = (now, found)
        return job_id in found

    def take_backup(self, token: str) -> Iterator[bytes]:
        """The download that a link opens, once. Raises NotFound."""
        who = self._links.take(token)
        if who is None:
            raise NotFound("This link was used, or is too old. Make another one on the operator's page.")
        return packed(self._tools, who)

    def _forget_hidden(self) -> None:
        with self._lock:
            self._hidden = None

    def _note(self, who: str, what: str, detail: str = "") -> None:
        if self._tools.read_only is None:
            self._tools.audit(who, what, detail)
