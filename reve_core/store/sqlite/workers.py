"""
The store's methods for workers. Every write is fenced by the claim's token, all in one statement or transaction.
"""

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from reve_core.allowance import in_credits
from reve_core.models import Call, Claim, Limits, Receipt, StoredImage
from reve_core.ports import BeatAnswer, CallOutcome
from reve_core.store.sqlite.base import BUMP, GONE, HELD, Side, fenced
from reve_core.store.sqlite.fairness import advance
from reve_core.store.sqlite.guard import forget_prompt
from reve_core.store.sqlite.privacy import bury
from reve_core.store.sqlite.rows import call_of, job_of, receipt_text
from reve_core.store.sqlite.spending import hold_back, spent_today

_PACE_WINDOW_S = 60.0
_EPSILON = 1e-6  # sums of prices are not exact
# Who has as many running as one may have. Not correlated: it is worked out once, however many of theirs wait.
_NOT_BUSY = """
    and fair not in (select fair from jobs where status = 'running' group by fair having count(*) >= :at_once)
"""
# Who says that no call was begun may have looked a moment too early: a worker past its lease can still begin one.
_AS_KNOWN = """
    (:outcome is not null
     or not exists (select 1 from calls where calls.job_id = jobs.id and calls.attempt = jobs.attempt))
"""


class _Room(NamedTuple):
    """
    How many run at a provider, of which one more may. ``probes``: it finds out whether a pause is over. ``own_keys``: only
    what a visitor's own key pays for. ``left``: credits that may still be spent there today (None: no limit).
    """

    running: int
    probes: bool
    own_keys: bool
    left: float | None


class WorkerSide(Side):
    def claim(
        self, worker: str, *, lease_s: float, limits: Mapping[str, Limits], at_once: int | None = None
    ) -> Claim | None:
        now = self._clock()
        # Looked up before the write lock is asked for: most who ask find nothing, and nobody should wait for them.
        with self.connections.read() as db:
            if self._next(db, limits, at_once, now) is None:
                return None
        with self.connections.write() as db:
            while (found := self._next(db, limits, at_once, now)) is not None and hold_back(db, found[0], now):
                pass  # its comparison may not spend that much; whoever is next in line takes its turn
            if found is None:
                return None
            seq, provider, turn, probes = found
            advance(db, provider, turn)
            if probes:
                db.execute(
                    "update providers set paused = 0, until = null, reason = null, probing = 1 where name = ?",
                    (provider,),
                )
            token = secrets.token_hex(16)
            row = db.execute(
                f"""
                update jobs set status = 'running', stage = 'claimed', attempt = attempt + 1, tries = tries + 1,
                    worker = ?, lease_token = ?, lease_until = ?, started_at = ?, finished_at = null, not_before = null,
                    progress = null, progress_text = null, error_code = null, error = null, rev = {BUMP}
                where seq = ? returning *
                """,
                (worker, token, now + lease_s, now, seq),
            ).fetchone()
            return Claim(job_of(row), token)

    def beat(self, claims: Sequence[Claim], *, lease_s: float) -> dict[str, BeatAnswer]:
        answers: dict[str, BeatAnswer] = {}
        if not claims:
            return answers
        until = self._clock() + lease_s
        with self.connections.write() as db:
            for claim in claims:
                row = db.execute(
                    # Not of what was put off in this moment: nobody holds that.
                    f"update jobs set lease_until = :until where {HELD} and worker is not null "
                    "returning cancel_requested",
                    {"until": until, **fenced(claim)},
                ).fetchone()
                answers[claim.job.id] = "lost" if row is None else "cancel" if row["cancel_requested"] else "ok"
        return answers

    def begin_call(self, claim: Claim, *, idempotent: bool) -> bool:
        with self.connections.write() as db:
            begun = db.execute(
                f"update jobs set stage = 'calling', rev = {BUMP} where {HELD} and stage = 'claimed' "
                "and cancel_requested = 0",
                fenced(claim),
            ).rowcount
            if begun:
                db.execute(
                    """
                    insert into calls (job_id, attempt, token, provider, model, idempotent, started_at, own, estimate)
                    select ?, ?, ?, ?, ?, ?, ?, ?, estimate from jobs where id = ?
                    """,
                    (
                        claim.job.id,
                        claim.job.attempt,
                        claim.token,
                        claim.job.request.provider,
                        claim.job.request.model,
                        idempotent,
                        self._clock(),
                        claim.job.own_key is not None,
                        claim.job.id,
                    ),
                )
            return bool(begun)

    def set_progress(self, claim: Claim, fraction: float | None, text: str) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    f"update jobs set progress = :fraction, progress_text = :text where {HELD}",
                    {"fraction": fraction, "text": text, **fenced(claim)},
                ).rowcount
            )

    def arrived(self, claim: Claim, receipt: Receipt) -> bool:
        with self.connections.write() as db:
            self._close_call(db, claim, "ok", receipt, None)
            if claim.job.own_key is None:  # which says nothing of the link's account
                db.execute(
                    "update providers set probing = 0 where name = ? and probing = 1", (claim.job.request.provider,)
                )
            return bool(
                db.execute(f"update jobs set stage = 'storing', rev = {BUMP} where {HELD}", fenced(claim)).rowcount
            )

    def done(self, claim: Claim, image: StoredImage, receipt: Receipt) -> bool:
        with self.connections.write() as db:
            lifted = db.execute(
                f"""
                update jobs set status = 'done', stage = null, finished_at = :now, progress = null,
                    progress_text = null, error_code = null, error = null, image = :name, thumbnail = :thumbnail,
                    mime = :mime, width = :width, height = :height, size = :size, sha256 = :sha256,
                    receipt = :receipt, request_id = :request_id, lease_until = null, rev = {BUMP}
                where id = :id and lease_token = :token and status in ('running', 'unknown')
                """,
                {
                    "now": self._clock(),
                    "name": image.name,
                    "thumbnail": image.thumbnail,
                    "mime": image.mime,
                    "width": image.width,
                    "height": image.height,
                    "size": image.size,
                    "sha256": image.sha256,
                    "receipt": receipt_text(receipt),
                    "request_id": receipt.request_id,
                    **fenced(claim),
                },
            ).rowcount
            if lifted:
                self._close_call(db, claim, "ok", receipt, None)
                self._settle(db, claim.job.id)
                self._tell_anew(db, claim.job.id)  # it may have been told that nobody knows
            return bool(lifted) and not bury(db, claim.job.id, self._clock())

    def is_wanted(self, claim: Claim) -> bool:
        row = self.connections.row("select owner from jobs where id = ?", (claim.job.id,))
        return row is not None and row["owner"] != GONE

    def fail(
        self, claim: Claim, code: str, message: str, *, outcome: CallOutcome | None, receipt: Receipt | None = None
    ) -> bool:
        return self._end(claim, "failed", code, message, outcome, receipt)

    def unknown(self, claim: Claim, why: str, *, receipt: Receipt | None = None) -> bool:
        return self._end(claim, "unknown", "unknown", why, "unknown", receipt)

    def cancelled(
        self,
        claim: Claim,
        *,
        outcome: CallOutcome | None,
        why: str | None = None,
        receipt: Receipt | None = None,
    ) -> bool:
        # What may have cost something stays debited: see ``_OWED`` in the migrations.
        return self._end(claim, "cancelled", "stopped" if outcome == "unknown" else None, why, outcome, receipt)

    def hold(self, claim: Claim) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    f"""
                    update jobs set status = 'queued', review = 'person', stage = null, lease_token = null,
                        lease_until = null, worker = null, started_at = null, tries = tries - 1, rev = {BUMP}
                    where {HELD} and stage = 'claimed'
                    """,
                    fenced(claim),
                ).rowcount
            )

    def block(self, claim: Claim, message: str) -> bool:
        with self.connections.write() as db:
            blocked = db.execute(
                f"""
                update jobs set status = 'failed', error_code = 'blocked', error = :message, stage = null,
                    finished_at = :now, lease_until = null, progress = null, progress_text = null, rev = {BUMP}
                where {HELD} and stage = 'claimed'
                """,
                {"message": message, "now": self._clock(), **fenced(claim)},
            ).rowcount
            if blocked:
                forget_prompt(db, claim.job.id)
        if blocked:
            self.connections.log_holds_forgotten = True
        return bool(blocked)

    def requeue(
        self,
        claim: Claim,
        *,
        delay_s: float,
        why: str,
        free: bool,
        outcome: CallOutcome | None,
        receipt: Receipt | None = None,
    ) -> bool:
        with self.connections.write() as db:
            back = db.execute(
                f"""
                update jobs set stage = null, lease_token = null, lease_until = null, worker = null,
                    started_at = null, progress = null, progress_text = null, not_before = :not_before,
                    tries = tries - :free, rev = {BUMP},
                    status = case when cancel_requested then 'cancelled' else 'queued' end,
                    finished_at = case when cancel_requested then :now end,
                    error = case when cancel_requested then null else :why end
                where {HELD} and {_AS_KNOWN}
                """,
                {
                    "outcome": outcome,
                    "now": self._clock(),
                    "not_before": self._clock() + delay_s if delay_s > 0 else None,
                    "free": int(free),
                    "why": why,
                    **fenced(claim),
                },
            ).rowcount
            if back and outcome is not None:
                self._close_call(db, claim, outcome, receipt, why)
                self._settle(db, claim.job.id)
            if back:
                bury(db, claim.job.id, self._clock())
            return bool(back)

    def expired(self) -> list[tuple[Claim, Call | None]]:
        with self.connections.read() as db:
            rows = db.execute(
                "select * from jobs where status = 'running' and lease_until < ? order by seq", (self._clock(),)
            ).fetchall()
            found = []
            for row in rows:
                call = db.execute(
                    "select * from calls where job_id = ? and attempt = ?", (row["id"], row["attempt"])
                ).fetchone()
                found.append((Claim(job_of(row), row["lease_token"]), call_of(call) if call else None))
        return found

    def held(self, job_id: str) -> Claim | None:
        with self.connections.read() as db:
            row = db.execute(
                "select * from jobs where id = ? and status = 'unknown' and lease_token is not null", (job_id,)
            ).fetchone()
        return Claim(job_of(row), row["lease_token"]) if row else None

    def workers(self) -> set[str]:
        with self.connections.read() as db:
            rows = db.execute(
                "select distinct worker from jobs where status = 'running' and worker is not null"
            ).fetchall()
        return {row["worker"] for row in rows}

    def drop_worker(self, worker: str) -> int:
        with self.connections.write() as db:
            return db.execute(
                "update jobs set lease_until = 0 where status = 'running' and worker = ?", (worker,)
            ).rowcount

    def _next(
        self, db: Database, limits: Mapping[str, Limits], at_once: int | None, now: float
    ) -> tuple[int, str, float, bool] | None:
        """
        The job to begin: its number, its provider, its tag, and whether it finds out if a paused provider has recovered.

        Of several providers the one that is least busy, so that a long line at one of them holds up nobody at another.
        """
        best: tuple[tuple[float, float, int], tuple[int, str, float, bool]] | None = None
        for provider, limit in limits.items():
            row = self._first(db, provider, at_once, now)
            if row is None or (best is not None and best[0][0] < -row["priority"]):
                continue
            room = self._room(db, provider, limit, now)
            if room is None:
                continue
            probes = room.probes
            if room.own_keys:
                row = self._first(db, provider, at_once, now, "and own_key is not null")
            elif room.left is not None and row["estimate"] > room.left:
                # What costs more waits for tomorrow, and what costs less, or nothing, goes on.
                fits = "and (own_key is not null or estimate <= :left)"
                row, probes = self._first(db, provider, at_once, now, fits, room.left), False
            if row is None:
                continue
            rank = (-row["priority"], room.running / limit.concurrency, row["seq"])
            if best is None or rank < best[0]:
                best = (rank, (row["seq"], provider, row["turn"], probes))
        return None if best is None else best[1]

    @staticmethod
    def _first(
        db: Database, provider: str, at_once: int | None, now: float, which: str = "", left: float = 0.0
    ) -> sqlite3.Row | None:
        """Whose turn it is at that provider."""
        row: sqlite3.Row | None = db.execute(
            f"""
            select priority, turn, seq, estimate from jobs
            where status = 'queued' and provider = :provider and (not_before is null or not_before <= :now)
                and review is not 'person' {"" if at_once is None else _NOT_BUSY} {which}
            order by priority desc, turn, seq limit 1
            """,
            {"provider": provider, "now": now, "at_once": at_once, "left": left},
        ).fetchone()
        return row

    @staticmethod
    def _room(db: Database, provider: str, limit: Limits, now: float) -> _Room | None:
        """What may run there now; None: nothing more."""
        cap = limit.concurrency
        probes = own_keys = False
        state = db.execute(
            "select paused, until, probing, own_keys from providers where name = ?", (provider,)
        ).fetchone()
        if state is not None:
            if state["paused"]:
                if state["until"] is None or state["until"] > now:
                    if not state["own_keys"]:
                        return None
                    own_keys = True
                else:
                    probes = True  # the pause is over: one call finds out whether the provider has recovered
            if probes or state["probing"]:
                cap = 1
        claimed, calling = db.execute(
            """
            select coalesce(sum(stage = 'claimed'), 0), coalesce(sum(stage = 'calling'), 0) from jobs
            where status = 'running' and provider = ?
            """,
            (provider,),
        ).fetchone()
        if claimed + calling >= cap:
            return None
        if limit.per_minute is not None:
            begun = db.execute(
                "select count(*) from calls where provider = ? and started_at > ?", (provider, now - _PACE_WINDOW_S)
            ).fetchone()[0]
            if begun + claimed >= limit.per_minute:
                return None
        left = None
        if limit.daily_credits is not None and not own_keys:
            left = max(limit.daily_credits - spent_today(db, provider, now), 0.0) + _EPSILON
        return _Room(claimed + calling, probes, own_keys, left)

    def _end(
        self,
        claim: Claim,
        status: str,
        code: str | None,
        message: str | None,
        outcome: CallOutcome | None,
        receipt: Receipt | None,
    ) -> bool:
        with self.connections.write() as db:
            ended = db.execute(
                f"""
                update jobs set status = :status, stage = null, finished_at = :now, lease_until = null,
                    progress = null, progress_text = null, error_code = :code, error = :message,
                    request_id = coalesce(:request_id, request_id), rev = {BUMP}
                where {HELD} and {_AS_KNOWN}
                """,
                {
                    "outcome": outcome,
                    "status": status,
                    "now": self._clock(),
                    "code": code,
                    "message": message,
                    "request_id": receipt.request_id if receipt else None,
                    **fenced(claim),
                },
            ).rowcount
            if ended and outcome is not None:
                self._close_call(db, claim, outcome, receipt, message)
                self._settle(db, claim.job.id)
            if ended:
                bury(db, claim.job.id, self._clock())
            return bool(ended)

    def _close_call(
        self, db: Database, claim: Claim, outcome: CallOutcome, receipt: Receipt | None, error: str | None
    ) -> None:
        """
        Close this claim's call; a certain outcome may replace ``unknown``, nothing replaces a certain one. Of a job that is
        gone only the numbers are written down.
        """
        if db.execute(f"select 1 from jobs where id = ? and owner <> '{GONE}'", (claim.job.id,)).fetchone() is None:
            error, said = None, None
        else:
            said = receipt_text(receipt)
        db.execute(
            """
            update calls set outcome = :outcome, ended_at = coalesce(ended_at, :now), error = :error,
                credits = coalesce(:credits, credits), usd = coalesce(:usd, usd), receipt = coalesce(:receipt, receipt)
            where job_id = :job_id and attempt = :attempt and token = :token
                and (outcome is null or outcome = 'unknown')
            """,
            {
                "outcome": outcome,
                "now": self._clock(),
                "error": error,
                "credits": _credits(receipt),
                "usd": receipt.usd_used if receipt else None,
                "receipt": said,
                "job_id": claim.job.id,
                "attempt": claim.job.attempt,
                "token": claim.token,
            },
        )
        if receipt is not None and receipt.credits_left is not None and claim.job.own_key is None:
            db.execute(
                """
                insert into providers (name, credits_left) values (?, ?)
                on conflict (name) do update set credits_left = excluded.credits_left
                """,
                (claim.job.request.provider, receipt.credits_left),
            )

    @staticmethod
    def _settle(db: Database, job_id: str) -> None:
        """The job's cost is what its calls cost together, so counting twice is impossible."""
        db.execute(
            """
            update jobs set credits_used = (select sum(credits) from calls where job_id = :id),
                usd_used = (select sum(usd) from calls where job_id = :id)
            where id = :id
            """,
            {"id": job_id},
        )


def _credits(receipt: Receipt | None) -> float | None:
    """What a call cost in the unit that the books count in."""
    if receipt is None or receipt.credits_used is not None or receipt.usd_used is None:
        return receipt.credits_used if receipt else None
    return in_credits(0, receipt.usd_used)
