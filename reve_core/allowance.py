"""What a public link allows, on whose account an order is let in, and what is left: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    What a public link allows. 0: no such limit.

    ``_per_minute`` counts submissions, all of a minute's at once if need be; ``_queue`` pictures that wait or are being
    made; ``at_once`` pictures of one visitor being made; ``_credits`` are for one day (UTC). ``floor``: credits that
    stay at the provider.
    """

    visitor_per_minute: int = 0
    address_per_minute: int = 0
    link_per_minute: int = 0
    visitor_queue: int = 0
    address_queue: int = 0
    link_queue: int = 0
    at_once: int = 0
    visitor_credits: float = 0
    address_credits: float = 0
    link_credits: float = 0
    floor: float = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """
    On whose account an order is let in. ``visitor`` and ``address`` are keyed hashes, ``address`` empty where nobody
    knows it; ``day`` is the UTC day whose budget pays, such as ``"2026-11-23"``. ``banned_as`` are the names under which
    a ban would be written down.
    """

    visitor: str
    address: str
    day: str
    allowance: Allowance
    banned_as: tuple[str, ...] = ()

    def same_submission(self) -> Terms:
        """For what belongs to a submission that was counted already."""
        unhurried = replace(self.allowance, visitor_per_minute=0, address_per_minute=0, link_per_minute=0)
        return replace(self, allowance=unhurried)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What is left for one visitor now. None: no such limit.

    ``credits_left`` is the least of what visitor, address and link still have, and ``scarcest`` names which one
    (``visitor``, ``address``, ``link``). ``submissions_left`` may be made at once; the next after that in ``next_in_s``
    seconds. ``waiting`` pictures of theirs wait or are being made, ``queue_left`` more may. ``rate_of`` and ``queue_of`` name
    whose rate and whose queue are the narrowest, as ``scarcest`` does.
    """

    credits_left: float | None
    scarcest: str
    resets_at: datetime
    waiting: int
    queue_left: int | None
    submissions_left: int | None
    next_in_s: float
    rate_of: str = ""
    queue_of: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """
    Where somebody's next order would stand: the name under which its jobs take their turn, how many pictures of theirs wait
    or are being made, and how many of them may be made at once (None: no such limit).
    """

    name: str
    waiting: int
    at_once: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where an order comes from: the visitor's IP address, empty where nobody knows it, and the visitor's own provider keys
    as ``OwnKeys`` names them, by provider.
    """

    address: str = ""
    own_keys: Mapping[str, str] = field(default_factory=dict)


HERE = Origin()
NO_KEYS: Mapping[str, str] = {}
CREDITS_PER_USD = 750  # what a dollar buys at Reve; budgets are in credits, whoever is paid


def in_credits(credits: float, usd: float) -> float:
    """A forecast in credits, also for a provider that has a price in US dollars alone."""
    return float(credits) if credits else usd * CREDITS_PER_USD


def in_usd(credits: float, usd: float) -> float:
    """The same in US dollars, also for a provider that names a price in credits alone."""
    return usd if usd else credits / CREDITS_PER_USD
