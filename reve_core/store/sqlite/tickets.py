"""The store's methods about calls whose answers can be picked up: by which they are known, and who goes on with them."""

import secrets

from sqlite_utils import Database

from reve_core.models import Claim, Ticket
from reve_core.store.sqlite.base import BUMP, GONE, HELD, Side, fenced
from reve_core.store.sqlite.rows import job_of


class TicketSide(Side):
    def accept(self, claim: Claim, ticket: Ticket) -> bool:
        with self.connections.write() as db:
            # Also for whoever has lost the job meanwhile: nobody else knows it.
            written = db.execute(
                "update calls set ticket = ? where job_id = ? and attempt = ? and token = ? "
                "and exists (select 1 from jobs where jobs.id = calls.job_id)",
                (ticket.model_dump_json(), claim.job.id, claim.job.attempt, claim.token),
            ).rowcount
            db.execute(
                f"update jobs set request_id = :request_id where {HELD} and owner <> '{GONE}'",
                {"request_id": ticket.request_id, **fenced(claim)},
            )
            if written:
                self._lift(db, claim, ticket.request_id)
            return bool(written)

    def _lift(self, db: Database, claim: Claim, request_id: str) -> None:
        """
        While the answer was on its way somebody took its worker for dead and called the job unknown. Now it can be asked
        about, by whoever finds it first; who was taken for dead holds nothing any more.
        """
        lifted = db.execute(
            f"""
            update jobs set status = 'running', stage = 'calling', worker = null, lease_until = :now, finished_at = null,
                error_code = null, error = null, request_id = :request_id, rev = {BUMP}
            where id = :id and lease_token = :token and status = 'unknown' and trashed_at is null and owner <> '{GONE}'
            """,
            {"now": self._clock(), "request_id": request_id, **fenced(claim)},
        ).rowcount
        if lifted:
            self._tell_anew(db, claim.job.id)  # it may have been told that nobody knows

    def take_over(self, claim: Claim, worker: str, *, lease_s: float) -> Claim | None:
        now = self._clock()
        token = secrets.token_hex(16)
        with self.connections.write() as db:
            row = db.execute(
                f"""
                update jobs set status = 'running', stage = 'calling', worker = :worker, lease_token = :new,
                    lease_until = :until, finished_at = null, error_code = null, error = null,
                    cancel_requested = case when status = 'unknown' then 0 else cancel_requested end, rev = {BUMP}
                where id = :id and lease_token = :token
                    and (status = 'unknown' and trashed_at is null or status = 'running' and lease_until < :now)
                    and exists (select 1 from calls where calls.job_id = jobs.id and calls.attempt = jobs.attempt
                                and calls.token = :token and calls.ticket is not null)
                returning *
                """,
                {"worker": worker, "new": token, "until": now + lease_s, "now": now, **fenced(claim)},
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "update calls set token = ? where job_id = ? and attempt = ?", (token, row["id"], row["attempt"])
            )
            self._tell_anew(db, row["id"])  # it may have been told that nobody knows
            return Claim(job_of(row), token)

    def put_off(self, claim: Claim, *, delay_s: float, why: str) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    f"""
                    update jobs set worker = null, lease_until = :until, progress = null, progress_text = :why,
                        rev = {BUMP}
                    where {HELD}
                    """,
                    {"until": self._clock() + delay_s, "why": why, **fenced(claim)},
                ).rowcount
            )
