"""Shutting visitors and addresses out, and letting them in again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from reve_core.errors import BadInput, JobNotFound, WrongState
from reve_core.guard.address import plain_address, prefix_of
from reve_core.guard.admission import day_of, next_day
from reve_core.guarding import Ban
from reve_core.models import PERSONAL, JobFilter, JobStatus
from reve_core.operating.tools import Tools, short

LASTS_DAYS = (1, 7, 30)  # what the form offers, besides no end
_MOST_REASON = 200
_LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Shut:
    """``cancelled`` pictures of theirs waited and do not any more."""

    ban: Ban
    cancelled: int = 0


class Shutting:
    def __init__(self, tools: Tools, who: str) -> None:
        self._tools = tools
        self._who = who

    def bans(self) -> list[Ban]:
        return self._tools.guard.bans()

    def visitor_of_job(self, job_id: str, *, reason: str = "", days: int | None = None) -> Shut:
        """Whose job it is may order nothing more; what waits is cancelled. Raises JobNotFound, BadInput."""
        job = self._tools.store.get(job_id)
        if job is None:
            raise JobNotFound(job_id)
        return self._visitor(job.owner, reason, days)

    def visitor(self, visitor: str, *, reason: str = "", days: int | None = None) -> Shut:
        """By the keyed name that spending is written down under. Raises BadInput."""
        # A job forgets the name it is charged to after a day; the owner is the same for as long as anything is left.
        spender = self._tools.admission.spender
        owner = next((each for each in self._tools.ledger.owners() if spender(each) == visitor), None)
        if owner is None:
            raise BadInput("Nothing of this visitor is here any more, so nobody can say who it was.", "visitor")
        return self._visitor(owner, reason, days)

    def address_of_job(self, job_id: str, *, reason: str = "") -> Shut:
        """
        Where it came from may order nothing more today. Only a hash of the address is kept, another one each day, so this
        ends at midnight UTC. Raises JobNotFound, WrongState for a job of another day.
        """
        found = self._tools.ledger.whence(job_id)
        if found is None:
            raise JobNotFound(job_id)
        now = self._tools.clock()
        if not found.address or found.day != day_of(now):
            raise WrongState(
                "Its address is not known any more: only a hash that changes at midnight UTC is kept. Ban the visitor."
                if found.address
                else "Nobody knows from where it came. Ban the visitor."
            )
        until = next_day(now)
        return self._shut(f"address:{found.address}", f"address {short(found.address)}, today's", reason, until)

    def address(self, typed: str, *, reason: str = "", days: int | None = None) -> Shut:
        """An IPv4 address, or an IPv6 address or /64 network, as it was typed. Raises BadInput."""
        network = _network(typed)
        try:
            name = self._tools.admission.ban_name(network)
        except ValueError:
            raise BadInput("Type an IP address, such as 203.0.113.7 or 2001:db8::1.", "address") from None
        return self._shut(name, prefix_of(network), reason, self._until(days))

    def lift(self, name: str) -> None:
        self._tools.must_write()
        about = next((ban.about for ban in self.bans() if ban.name == name), "")
        if not self._tools.guard.lift_ban(name):
            raise WrongState("That ban had ended already.")
        self._tools.audit(self._who, "lift ban", about)

    def _visitor(self, owner: str, reason: str, days: int | None) -> Shut:
        if owner == PERSONAL:
            raise BadInput("That is you: this app serves a single person.", "visitor")
        shut = self._shut(owner, f"visitor {self._tools.name(owner)}", reason, self._until(days))
        return Shut(shut.ban, self._cancel_waiting(owner))

    def _shut(self, name: str, about: str, reason: str, until: datetime | None) -> Shut:
        self._tools.must_write()
        reason = " ".join(reason.split())
        if len(reason) > _MOST_REASON:
            raise BadInput(f"A reason has at most {_MOST_REASON} characters.", "reason")
        ban = Ban(name, about, reason, self._tools.now(), until)
        self._tools.guard.ban(ban)
        ends = "until it is lifted" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
        self._tools.audit(self._who, "ban", f"{about}, {ends}")
        return Shut(ban)

    def _cancel_waiting(self, owner: str) -> int:
        which = JobFilter(owner=owner, statuses=frozenset({JobStatus.QUEUED}))
        count, after = 0, None
        while True:
            page = self._tools.store.page(which, after=after, limit=500)
            count += sum(self._tools.store.cancel(job.id) == "cancelled" for job in page.jobs)
            if page.next is None:
                return count
            after = page.next

    def _until(self, days: int | None) -> datetime | None:
        if days is None:
            return None
        if not 1 <= days <= _LONGEST_DAYS:
            raise BadInput("A ban lasts between a day and ten years.", "days")
        return self._tools.now() + timedelta(days=days)


def _network(typed: str) -> str:
    """The address of a typed address or network. Raises BadInput for a network that is wider than one line at home."""
    text = typed.strip()
    if "/" not in text:
        if plain_address(text) is None:
            raise BadInput("Type an IP address, such as 203.0.113.7 or 2001:db8::1.", "address")
        return text
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise BadInput("That is no network. Type an address, such as 203.0.113.7.", "address") from None
    if network.prefixlen < (32 if network.version == 4 else 64):
        raise BadInput(
            "A ban covers one IPv4 address, or one IPv6 /64 network. Shut wider ones out in your proxy.", "address"
        )
    return str(ip_address(network.network_address))
