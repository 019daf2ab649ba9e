"""Letting orders in: what is left for whom, checked and reserved in the transaction that queues the jobs."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlite_utils import Database

from reve_core.allowance import Standing, Terms
from reve_core.errors import Banned
from reve_core.guard import admission
from reve_core.models import Review
from reve_core.store.sqlite.base import Side

_EPSILON = 1e-6
_PENDING = "status in ('queued', 'running')"
_FROM_ADDRESS = "address = ? and address <> ''"  # as the condition of its index says it


class Wanted(NamedTuple):
    """
    One picture of an order: its provider, and what it is forecast to cost the link, in credits. ``turn`` is what it costs
    whoever pays, by which turns are taken: a key of one's own, good or not, buys no more of them.
    """

    provider: str
    credits: float
    turn: float


class AdmittingSide(Side):
    def standing(self, owner: str, terms: Terms) -> Standing:
        allowed, now = terms.allowance, self._clock()
        with self.connections.read() as db:
            waiting = _waiting(db, "owner = ?", owner)
            queues = [(allowed.visitor_queue - waiting, "visitor")] if allowed.visitor_queue else []
            if allowed.address_queue and terms.address:
                queues.append((allowed.address_queue - _waiting(db, _FROM_ADDRESS, terms.address), "address"))
            if allowed.link_queue:
                queues.append((allowed.link_queue - _waiting_here(db), "link"))
            rates = [
                (*admission.left(_arrival(db, key), now, per_minute), scope)
                for scope, key, per_minute in _rates(terms)
                if per_minute
            ]
            budgets = [
                (max(0.0, limit - _spent(db, terms.day, key)), scope) for scope, key, limit in _budgets(terms) if limit
            ]
        credits_left, scarcest = min(budgets, default=(None, ""))
        queue_left, queue_of = min(queues, default=(None, ""))
        # Of several that let nobody in, the one that does so longest.
        submissions_left, next_in_s, rate_of = min(rates, key=lambda rate: (rate[0], -rate[1]), default=(None, 0.0, ""))
        return Standing(
            credits_left=credits_left,
            scarcest=scarcest,
            resets_at=admission.next_day(now),
            waiting=waiting,
            queue_left=None if queue_left is None else max(0, queue_left),
            submissions_left=submissions_left,
            next_in_s=next_in_s if submissions_left == 0 else 0.0,
            rate_of=rate_of,
            queue_of=queue_of,
        )

    def turn_name(self, terms: Terms) -> str:
        row = self.connections.row("select first_seen from visitors where key = ?", (terms.visitor,))
        first_seen = None if row is None else float(row[0])
        return _turn_name(terms, first_seen, self._clock())

    def forget_limits(self, *, before_day: str, now: float) -> int:
        with self.connections.write() as db:
            return sum(
                db.execute(sql, values).rowcount
                for sql, values in (
                    ("delete from budgets where day < ?", (before_day,)),
                    ("delete from rates where arrival < ?", (now,)),
                    # Who is not past the clock any more has no head start to be remembered.
                    (
                        "delete from fair_queue where turn <= "
                        "(select turn from fair_clock where fair_clock.provider = fair_queue.provider)",
                        (),
                    ),
                    ("delete from visitors where first_seen < ?", (now - 400 * 86_400,)),
                )
            )

    def _admit(
        self,
        db: Database,
        owner: str,
        wanted: Sequence[Wanted],
        terms: Terms,
        now: float,
        review: Review | None = None,
    ) -> str:
        """
        Let an order in, or raise LimitReached or Banned with nothing changed. Returns the name under which its jobs take
        their turn; the credits are reserved by the jobs' own rows, see the triggers.
        """
        if any(_is_banned(db, name, now) for name in (owner, *terms.banned_as)):
            raise Banned()
        self._check_queues(db, owner, len(wanted), terms, review)
        arrivals = self._check_rates(db, terms, now)
        self._check_budgets(db, wanted, terms, now)
        db.conn.executemany(
            "insert into rates (key, arrival) values (?, ?) on conflict (key) do update set arrival = excluded.arrival",
            arrivals,
        )
        return _turns_as(db, terms, now)

    @staticmethod
    def _check_queues(db: Database, owner: str, asked: int, terms: Terms, review: Review | None) -> None:
        allowed = terms.allowance
        if not asked:
            return
        if allowed.visitor_queue:
            waiting = _waiting(db, "owner = ?", owner)
            if waiting + asked > allowed.visitor_queue:
                raise admission.queue_full("visitor", allowed.visitor_queue, waiting, asked, admission.SOON_S)
        if allowed.address_queue and terms.address:
            waiting = _waiting(db, _FROM_ADDRESS, terms.address)
            if waiting + asked > allowed.address_queue:
                raise admission.queue_full("address", allowed.address_queue, waiting, asked, admission.SOON_S)
        if allowed.link_queue:
            # What waits for the operator may wait for days, and would close the line for everybody else.
            waiting = _waiting_for_a_person(db) if review is Review.PERSON else _waiting_here(db)
            if waiting + asked <= allowed.link_queue:
                return
            raise admission.queue_full("link", allowed.link_queue, waiting, asked, admission.SOON_S)

    @staticmethod
    def _check_rates(db: Database, terms: Terms, now: float) -> list[tuple[str, float]]:
        """The arrivals to be written down once everything else is fine."""
        arrivals = []
        slowest: tuple[float, str, int] | None = None
        for scope, key, per_minute in _rates(terms):
            if per_minute:
                arrival, wait = admission.gate(_arrival(db, key), now, per_minute)
                arrivals.append((key, arrival))
                if wait and (slowest is None or wait > slowest[0]):
                    slowest = (wait, scope, per_minute)
        if slowest is not None:
            wait, scope, per_minute = slowest
            raise admission.too_fast(scope, wait, per_minute)
        return arrivals

    @staticmethod
    def _check_budgets(db: Database, wanted: Sequence[Wanted], terms: Terms, now: float) -> None:
        cost = sum(each.credits for each in wanted)
        if cost <= 0:
            return
        for scope, key, limit in _budgets(terms):
            if limit and (gone := _spent(db, terms.day, key)) + cost > limit + _EPSILON:
                raise admission.spent(scope, limit, limit - gone, cost, now)
        for provider in {each.provider for each in wanted if each.credits > 0}:
            row = db.execute("select credits_left from providers where name = ?", (provider,)).fetchone()
            if row is None or row["credits_left"] is None or not terms.allowance.floor:
                continue
            reserved = db.execute(
                """
                select coalesce(sum(estimate), 0) from (
                    select estimate from jobs indexed by jobs_queued
                    where status = 'queued' and provider = :provider and own_key is null
                    union all
                    select estimate from jobs indexed by jobs_running
                    where status = 'running' and provider = :provider and own_key is null
                )
                """,
                {"provider": provider},
            ).fetchone()[0]
            asked = sum(each.credits for each in wanted if each.provider == provider)
            if row["credits_left"] - reserved - asked < terms.allowance.floor - _EPSILON:
                raise admission.provider_empty(provider.capitalize())


def _rates(terms: Terms) -> list[tuple[str, str, int]]:
    """Scope, key and submissions a minute, of every rate that applies."""
    allowed = terms.allowance
    found = [("visitor", f"v:{terms.visitor}", allowed.visitor_per_minute)]
    if terms.address:
        found.append(("address", f"a:{terms.address}", allowed.address_per_minute))
    return [*found, ("link", "all", allowed.link_per_minute)]


def _budgets(terms: Terms) -> list[tuple[str, str, float]]:
    """Scope, key and credits a day. The keys are those of the triggers that keep the books."""
    allowed = terms.allowance
    found = [("visitor", f"v:{terms.visitor}", allowed.visitor_credits)]
    if terms.address:
        found.append(("address", f"a:{terms.address}", allowed.address_credits))
    return [*found, ("link", "all", allowed.link_credits)]


def _is_banned(db: Database, name: str, now: float) -> bool:
    return (
        db.execute("select 1 from bans where name = ? and (until is null or until > ?)", (name, now)).fetchone()
        is not None
    )


def _waiting(db: Database, whose: str, value: str) -> int:
    return int(db.execute(f"select count(*) from jobs where {whose} and {_PENDING}", (value,)).fetchone()[0])


def _waiting_here(db: Database) -> int:
    """For a worker or at one."""
    # The indexes hold nothing but these; without their names SQLite would count its way through all that ever ended.
    return sum(
        int(
            db.execute(
                f"select count(*) from jobs indexed by jobs_{status} where status = '{status}' {besides}"
            ).fetchone()[0]
        )
        for status, besides in (("queued", "and review is not 'person'"), ("running", ""))
    )


def _waiting_for_a_person(db: Database) -> int:
    return int(db.execute("select count(*) from jobs where review = 'person' and status = 'queued'").fetchone()[0])


def _arrival(db: Database, key: str) -> float | None:
    row = db.execute("select arrival from rates where key = ?", (key,)).fetchone()
    return None if row is None else float(row["arrival"])


def _spent(db: Database, day: str, key: str) -> float:
    row = db.execute("select credits from budgets where day = ? and key = ?", (day, key)).fetchone()
    return 0.0 if row is None else float(row["credits"])


def _turns_as(db: Database, terms: Terms, now: float) -> str:
    """
    The name under which this visitor's jobs take their turn. Cookies cost nothing, so whoever has just come takes turns
    with everybody who has just come from the same address.
    """
    row = db.execute(
        """
        insert into visitors (key, first_seen) values (?, ?)
        on conflict (key) do update set first_seen = min(first_seen, excluded.first_seen) returning first_seen
        """,
        (terms.visitor, now),
    ).fetchone()
    return _turn_name(terms, float(row["first_seen"]), now)


def _turn_name(terms: Terms, first_seen: float | None, now: float) -> str:
    is_new = first_seen is None or now - first_seen < admission.NEW_S
    return f"a:{terms.address}" if terms.address and is_new else f"v:{terms.visitor}"
