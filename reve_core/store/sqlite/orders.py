"""Orders: placed whole or not at all, and only once under the same idempotency key."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlite_utils import Database

from reve_core.errors import Banned, IdempotencyConflict, JobGone, LimitReached, ReveError
from reve_core.models import Job, JobRequest, JobStatus, Once, Order, Placed
from reve_core.store.sqlite.admitting import AdmittingSide, Wanted
from reve_core.store.sqlite.base import BUMP
from reve_core.store.sqlite.fairness import take_turn
from reve_core.store.sqlite.rows import folded, job_of

_LOT = 500  # rows


class OrderSide(AdmittingSide):
    def submit(self, orders: Sequence[Order], *, patience_s: float | None = None) -> list[Placed | ReveError]:
        now = self._clock()
        with self.connections.write(patience_s) as db:
            return [self._place(db, order, now) for order in orders]

    def _place(self, db: Database, order: Order, now: float) -> Placed | ReveError:
        if order.once is not None and (earlier := self._earlier(db, order.owner, order.once)) is not None:
            return earlier
        try:
            jobs = self._queue(db, order, now)
        except (LimitReached, Banned) as refusal:
            return refusal
        if order.once is not None:
            db.execute(
                "insert into idempotency_keys (owner, key, digest, jobs, created_at) values (?, ?, ?, ?, ?)",
                (order.owner, order.once.key, order.once.digest, " ".join(job.id for job in jobs), now),
            )
        return Placed(jobs)

    def _queue(self, db: Database, order: Order, now: float) -> list[Job]:
        """The jobs of an order. Raises LimitReached, Banned, with nothing changed."""
        forecasts = order.credits or (0.0,) * len(order.requests)
        wanted = [
            Wanted(request.provider, 0.0 if request.provider in order.own_keys else forecast, forecast)
            for request, forecast in zip(order.requests, forecasts, strict=True)
        ]
        fair = order.owner
        if order.terms is not None:
            fair = self._admit(db, order.owner, wanted, order.terms, now, order.review)
        return [
            self._insert(db, request, order, now, fair, each)
            for request, each in zip(order.requests, wanted, strict=True)
        ]

    def _earlier(self, db: Database, owner: str, once: Once) -> Placed | ReveError | None:
        row = db.execute(
            "select digest, jobs from idempotency_keys where owner = ? and key = ?", (owner, once.key)
        ).fetchone()
        if row is None:
            return None
        if row["digest"] != once.digest:
            return IdempotencyConflict()
        rows = [db.execute("select * from jobs where id = ?", (job_id,)).fetchone() for job_id in row["jobs"].split()]
        if any(row is None for row in rows):
            return JobGone()
        return Placed([job_of(row) for row in rows], replayed=True)

    @staticmethod
    def _insert(db: Database, request: JobRequest, order: Order, now: float, fair: str, wanted: Wanted) -> Job:
        job_id = secrets.token_hex(16)
        terms, own_key = order.terms, order.own_keys.get(request.provider)
        row = db.execute(
            f"""
            insert into jobs (id, owner, provider, model, prompt, search, aspect_ratio, seed, priority, status,
                              created_at, visitor, address, fair, turn, estimate, charge_day, own_key, review, rev)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, {BUMP})
            returning seq, rev
            """,
            (
                job_id,
                order.owner,
                request.provider,
                request.model,
                request.prompt,
                folded(request.prompt),
                request.aspect_ratio,
                request.seed,
                order.priority,
                now,
                terms.visitor if terms else "",
                terms.address if terms else "",
                fair,
                take_turn(db, request.provider, fair, wanted.turn),
                wanted.credits,
                terms.day if terms else None,
                own_key,
                order.review,
            ),
        ).fetchone()
        if order.callback_url is not None:
            db.execute("insert into callbacks (job_id, url) values (?, ?)", (job_id, order.callback_url))
        return Job(
            id=job_id,
            seq=row["seq"],
            owner=order.owner,
            request=request,
            status=JobStatus.QUEUED,
            created_at=datetime.fromtimestamp(now, UTC),
            rev=row["rev"],
            priority=order.priority,
            review=order.review,
            own_key=own_key,
        )

    def forget_keys(self, older_than_s: float) -> int:
        limit, forgotten = self._clock() - older_than_s, 0
        while True:
            # In small lots: nobody who submits waits for a day's worth of them.
            with self.connections.write() as db:
                lot = db.execute(
                    f"""
                    delete from idempotency_keys where (owner, key) in
                        (select owner, key from idempotency_keys where created_at < ? limit {_LOT})
                    """,
                    (limit,),
                ).rowcount
            forgotten += lot
            if lot < _LOT:
                return forgotten
