"""What the operator looks at across all visitors, and copies of the whole database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reve_core.grants import Share
from reve_core.guarding import Failing, Snapshot, Spender, Spent, Waiting, Whence, Working
from reve_core.models import Job
from reve_core.store.sqlite.access import share_of
from reve_core.store.sqlite.base import Side
from reve_core.store.sqlite.migrations import KNOWN
from reve_core.store.sqlite.rows import instant, job_of

_HOUR_S = 3600


class OperatorSide(Side):
    # -- money

    def spent(self, *, since: datetime) -> list[Spent]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select date(started_at, 'unixepoch') as day, provider, coalesce(sum(credits), 0) as credits,
                    count(*) as calls, sum(credits is null and outcome is not 'not_charged') as unsaid
                from calls where started_at >= ? and own = 0 group by 1, 2 order by 1, 2
                """,
                (since.timestamp(),),
            ).fetchall()
        return [Spent(row["day"], row["provider"], row["credits"], row["calls"], row["unsaid"]) for row in rows]

    def spenders(self, *, day: str, since_day: str, limit: int = 20) -> list[Spender]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select substr(key, 3) as visitor, sum(credits) as total,
                    coalesce(sum(credits) filter (where day = ?), 0) as today
                from budgets where day >= ? and key >= 'v:' and key < 'v;'
                group by key having total > 0 order by total desc, key limit ?
                """,
                (day, since_day, limit),
            ).fetchall()
        return [Spender(row["visitor"], row["today"], row["total"]) for row in rows]

    def charged(self, day: str) -> float:
        with self.connections.read() as db:
            row = db.execute("select credits from budgets where day = ? and key = 'all'", (day,)).fetchone()
        return 0.0 if row is None else float(row["credits"])

    def reserved(self) -> float:
        with self.connections.read() as db:
            return sum(
                float(
                    db.execute(
                        f"select coalesce(sum(estimate), 0) from jobs where status = '{status}' and own_key is null"
                    ).fetchone()[0]
                )
                for status in ("queued", "running")
            )

    # -- work

    def waiting(self) -> list[Waiting]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select provider, count(*) as jobs, sum(review is 'person') as held, count(distinct owner) as owners,
                    min(case when review is not 'person' then created_at end) as oldest
                from jobs where status = 'queued' group by provider order by provider
                """
            ).fetchall()
        return [
            Waiting(row["provider"], row["jobs"], row["held"], row["owners"], instant(row["oldest"])) for row in rows
        ]

    def working(self) -> list[Working]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select worker, id, owner, provider, stage, coalesce(started_at, created_at) as since, lease_until
                from jobs where status = 'running' order by since, seq
                """
            ).fetchall()
        return [
            Working(
                row["worker"] or "",
                row["id"],
                row["owner"],
                row["provider"],
                row["stage"] or "",
                datetime.fromtimestamp(row["since"], UTC),
                instant(row["lease_until"]),
            )
            for row in rows
        ]

    def failing(self, *, now: datetime) -> list[Failing]:
        hour = int(now.timestamp()) // _HOUR_S
        with self.connections.read() as db:
            rows = db.execute(
                """
                select provider, code, coalesce(sum(count) filter (where hour > ?), 0) as last_day,
                    sum(count) as last_week
                from failures where hour > ? group by provider, code order by last_day desc, last_week desc, code
                """,
                (hour - 24, hour - 7 * 24),
            ).fetchall()
        return [Failing(row["provider"], row["code"], row["last_day"], row["last_week"]) for row in rows]

    def credits_left(self) -> dict[str, float]:
        with self.connections.read() as db:
            rows = db.execute("select name, credits_left from providers where credits_left is not null").fetchall()
        return {row["name"]: float(row["credits_left"]) for row in rows}

    # -- who and what

    def owners(self) -> list[str]:
        with self.connections.read() as db:
            return [row["owner"] for row in db.execute("select distinct owner from jobs order by owner").fetchall()]

    def whence(self, job_id: str) -> Whence | None:
        row = self.connections.row("select address, charge_day from jobs where id = ?", (job_id,))
        return None if row is None else Whence(row["address"], row["charge_day"] or "")

    def newest(self, *, limit: int = 24) -> list[Job]:
        return self._jobs("status = 'done' and trashed_at is null order by seq desc limit ?", limit)

    def hidden(self) -> list[Job]:
        return self._jobs("hidden_at is not null order by hidden_at desc, seq desc limit ?", 500)

    def hidden_ids(self) -> frozenset[str]:
        with self.connections.read() as db:
            return frozenset(
                row["id"] for row in db.execute("select id from jobs where hidden_at is not null").fetchall()
            )

    def any_share(self, share_id: str) -> Share | None:
        row = self.connections.row("select * from shares where id = ?", (share_id,))
        return None if row is None else share_of(row)

    def shares_of(self, job_id: str) -> list[Share]:
        return self._shares("job_id = ? and revoked_at is null order by seq desc", job_id)

    def hidden_shares(self) -> list[Share]:
        return self._shares("hidden_at is not null order by hidden_at desc limit ?", 500)

    def _jobs(self, which: str, value: object) -> list[Job]:
        with self.connections.read() as db:
            return [job_of(row) for row in db.execute(f"select * from jobs where {which}", (value,)).fetchall()]

    def _shares(self, which: str, value: object) -> list[Share]:
        with self.connections.read() as db:
            return [share_of(row) for row in db.execute(f"select * from shares where {which}", (value,)).fetchall()]

    # -- copies

    def copy_to(self, file: Path) -> None:
        # A connection of its own: the copy is one long read, and the pool's are for short ones.
        with (
            self.connections.translated(),
            closing(sqlite3.connect(f"{self.connections.path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(file)) as copy,
        ):
            source.backup(copy)

    def look_into(self, copy: Path) -> Snapshot:
        try:
            with closing(_sealed(copy)) as db:
                verdict = db.execute("pragma quick_check(1)").fetchone()[0]
                if verdict != "ok":
                    return Snapshot(problem="The file is damaged.")
                steps = {row[0] for row in db.execute("select name from _sqlite_migrations").fetchall()}
                if newer := sorted(steps - KNOWN):
                    return Snapshot(
                        problem=f"A newer version of this app wrote it ({newer[-1]}). Update the app first."
                    )
                jobs, pictures, newest = db.execute(
                    "select count(*) filter (where trashed_at is null), count(image), max(created_at) from jobs"
                ).fetchone()
                comparisons, shares = (_count(db, table) for table in ("comparisons", "shares"))
        except (sqlite3.Error, OSError):
            return Snapshot(problem="This is not a database of this app, or it is damaged.")
        return Snapshot(None, jobs, pictures, comparisons, shares, instant(newest), steps != KNOWN)

    def pictures_in(self, copy: Path) -> Iterator[str]:
        with closing(_sealed(copy)) as db:
            for row in db.execute("select image, thumbnail from jobs where image is not null order by seq"):
                yield from (name for name in row if name)


def _sealed(copy: Path) -> sqlite3.Connection:
    """A finished copy, to be read only: nothing is written beside it, and nothing in it is trusted to run."""
    db = sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    db.execute("pragma trusted_schema = off")
    return db


def _count(db: sqlite3.Connection, table: str) -> int:
    there = db.execute("select 1 from sqlite_master where type = 'table' and name = ?", (table,)).fetchone()
    return int(db.execute(f"select count(*) from {table}").fetchone()[0]) if there else 0
