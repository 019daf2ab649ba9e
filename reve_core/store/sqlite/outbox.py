"""Callbacks of jobs that have ended."""

from collections.abc import Collection

from reve_core.grants import Callback
from reve_core.store.sqlite.base import Side

_WHY = 300  # characters of an error that are kept
_SAME_END = "job_id = :job_id and job_id || '-' || round = :id"


class OutboxSide(Side):
    def due_callbacks(self, *, lease_s: float, limit: int = 20, skip: Collection[str] = ()) -> list[Callback]:
        now = self._clock()
        others = "".join(" and substr(c.url, 1, length(?)) <> ?" for _ in skip)
        find = f"""
            select c.job_id, c.round, c.url, c.attempt from callbacks c join jobs j on j.id = c.job_id
            where c.settled = 0 and c.next_at <= ? and j.status not in ('queued', 'running') and j.trashed_at is null
                {others}
            order by c.next_at limit ?
        """
        values = [now, *(part for beginning in skip for part in (beginning, beginning))]
        with self.connections.read() as db:
            if db.execute(find, [*values, 1]).fetchone() is None:
                return []
        with self.connections.write() as db:
            rows = db.execute(find, [*values, limit]).fetchall()
            for row in rows:
                db.execute(
                    "update callbacks set attempt = attempt + 1, next_at = ? where job_id = ?",
                    (now + lease_s, row["job_id"]),
                )
        return [
            Callback(f"{row['job_id']}-{row['round']}", row["job_id"], row["url"], row["attempt"] + 1) for row in rows
        ]

    def told(self, callback: Callback, *, why_not: str | None = None) -> None:
        # Not fenced by the attempt: what the receiver has, it has, whoever is trying again meanwhile.
        with self.connections.write() as db:
            db.execute(
                f"update callbacks set settled = 1, error = :why where {_SAME_END}",
                {"why": why_not and why_not[:_WHY], "job_id": callback.job_id, "id": callback.id},
            )

    def tell_later(self, callback: Callback, *, delay_s: float, why: str) -> None:
        with self.connections.write() as db:
            db.execute(
                f"""
                update callbacks set next_at = :next_at, error = :why
                where {_SAME_END} and attempt = :attempt and settled = 0
                """,
                {
                    "next_at": self._clock() + delay_s,
                    "why": why[:_WHY],
                    "job_id": callback.job_id,
                    "id": callback.id,
                    "attempt": callback.attempt,
                },
            )
