"""Callbacks of jobs that have ended."""

from reve_core.grants import Callback
from reve_core.store.sqlite.base import Side

_WHY = 300  # characters of an error that are kept


class OutboxSide(Side):
    def due_callbacks(self, *, lease_s: float, limit: int = 20) -> list[Callback]:
        now = self._clock()
        find = """
            select c.job_id, c.url, c.attempt, c.ended, j.finished_at from callbacks c join jobs j on j.id = c.job_id
            where c.settled = 0 and c.next_at <= ? and j.finished_at is not null
                and j.status not in ('queued', 'running')
            order by c.next_at limit ?
        """
        with self.connections.read() as db:
            if db.execute(find, (now, 1)).fetchone() is None:
                return []
        with self.connections.write() as db:
            found = []
            for row in db.execute(find, (now, limit)).fetchall():
                attempt = row["attempt"] + 1 if row["ended"] == row["finished_at"] else 1
                db.execute(
                    "update callbacks set ended = ?, attempt = ?, next_at = ? where job_id = ?",
                    (row["finished_at"], attempt, now + lease_s, row["job_id"]),
                )
                name = f"{row['job_id']}-{round(row['finished_at'] * 1000)}"
                found.append(Callback(name, row["job_id"], row["url"], attempt))
            return found

    def told(self, callback: Callback) -> None:
        # Fenced by the attempt: a job that has gone round again meanwhile has an end of its own to tell.
        with self.connections.write() as db:
            db.execute(
                "update callbacks set settled = 1, error = null where job_id = ? and attempt = ?",
                (callback.job_id, callback.attempt),
            )

    def tell_later(self, callback: Callback, *, delay_s: float, why: str) -> None:
        with self.connections.write() as db:
            db.execute(
                "update callbacks set next_at = ?, error = ? where job_id = ? and attempt = ?",
                (self._clock() + delay_s, why[:_WHY], callback.job_id, callback.attempt),
            )
