"""What is spent, what is under way and what goes wrong; pausing a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reve_core.catalogue import BY_OPERATOR
from reve_core.errors import BadInput
from reve_core.guard.admission import day_of, next_day
from reve_core.guarding import Failing, Spender, Spent, Waiting
from reve_core.models import Limits
from reve_core.operating.tools import Tools, short
from reve_core.ports import Health

DAYS = 30


@dataclass(frozen=True, slots=True)
class Money:
    """
    Credits of the link's own accounts. ``budget`` is the link's for a day, None: no limit; ``charged`` is what it has been
    charged with today, ``reserved`` of it for pictures under way. ``by_day`` begins ``DAYS`` days ago.
    """

    today: float
    total: float
    charged: float
    reserved: float
    budget: float | None
    resets_at: datetime
    by_day: list[Spent]
    by_visitor: list[Spender]


@dataclass(frozen=True, slots=True)
class Hand:
    """One worker and the job it holds. ``visitor`` is keyed and cut; seconds since the job was taken up."""

    worker: str
    job_id: str
    visitor: str
    provider: str
    stage: str
    for_s: float
    is_late: bool


@dataclass(frozen=True, slots=True)
class Maker:
    """
    A provider as it stands. ``credits_left`` is what it last said. ``spent`` is today's (UTC), in credits, of at most
    ``limits.daily_credits``; ``dollars``: it counts in US dollars. ``usual_s``: how long its first model takes.
    """

    name: str
    title: str
    is_paused: bool
    reason: str
    until: datetime | None
    credits_left: float | None
    calls: int
    spent: float
    limits: Limits
    dollars: bool
    usual_s: tuple[float, float]


class Watching:
    def __init__(self, tools: Tools, who: str) -> None:
        self._tools = tools
        self._who = who

    def money(self) -> Money:
        tools, now = self._tools, self._tools.clock()
        day = day_of(now)
        since = next_day(now) - timedelta(days=DAYS)
        by_day = tools.ledger.spent(since=since)
        allowance = tools.admission.allowance()
        return Money(
            today=sum(each.credits for each in by_day if each.day == day),
            total=sum(each.credits for each in by_day),
            charged=tools.ledger.charged(day),
            reserved=tools.ledger.reserved(),
            budget=(allowance.link_credits or None) if allowance is not None else None,
            resets_at=next_day(now),
            by_day=by_day,
            by_visitor=tools.ledger.spenders(day=day, since_day=day_of(since.timestamp())),
        )

    def line(self) -> list[Waiting]:
        return self._tools.ledger.waiting()

    def hands(self) -> list[Hand]:
        """The longest at work first."""
        now = self._tools.now()
        return [
            Hand(
                worker=each.worker,
                job_id=each.job_id,
                visitor=self._tools.name(each.owner),
                provider=each.provider,
                stage=each.stage,
                for_s=max(0.0, (now - each.since).total_seconds()),
                is_late=each.lease_until is not None and each.lease_until < now,
            )
            for each in self._tools.ledger.working()
        ]

    def failures(self) -> list[Failing]:
        return self._tools.ledger.failing(now=self._tools.now())

    def makers(self) -> list[Maker]:
        left, catalogue = self._tools.ledger.credits_left(), self._tools.catalogue
        day = day_of(self._tools.clock())
        today = self._tools.ledger.spent(since=next_day(self._tools.clock()) - timedelta(days=1))
        calls = {each.provider: each.calls for each in today if each.day == day}
        return [
            Maker(
                view.name,
                view.title,
                view.paused,
                (view.state.reason or "") if view.state is not None and view.paused else "",
                view.state.until if view.state is not None and view.paused else None,
                left.get(view.name),
                calls.get(view.name, 0),
                catalogue.spent_today(view.name),
                catalogue.limits(view.name),
                any(model.capabilities.price.usd and not model.capabilities.price.credits for model in view.models),
                catalogue.usually(view.name, view.models[0]).seconds,
            )
            for view in catalogue.providers()
        ]

    def check(self, name: str) -> Health:
        """Ask a provider how it is, without spending. Raises BadInput."""
        self._known(name)
        return self._tools.catalogue.check(name)

    def pause(self, name: str) -> None:
        """What is being made now is finished; the rest waits. Raises BadInput, StoreError."""
        self._known(name)
        self._tools.must_write()
        self._tools.store.pause(name, until=None, reason=BY_OPERATOR)
        self._tools.audit(self._who, "pause", name)

    def resume(self, name: str) -> None:
        self._known(name)
        self._tools.must_write()
        self._tools.store.resume(name)
        self._tools.wake()
        self._tools.audit(self._who, "resume", name)

    def _known(self, name: str) -> None:
        if name not in {view.name for view in self._tools.catalogue.providers()}:
            raise BadInput("There is no such provider here.", "provider")


__all__ = ["DAYS", "Hand", "Maker", "Money", "Watching", "short"]
