"""Votes: which two pictures were put before whom, and what was said."""

import sqlite3
from datetime import UTC, datetime

from reve_core.compare.models import Ballot, Choice
from reve_core.store.sqlite.base import Side
from reve_core.store.sqlite.rows import instant

# A cell may have been taken out since, or been given another picture: what was said is about the one that was shown.
STILL_THERE = """
    exists (select 1 from cells where comparison_id = ballots.comparison_id and key = left_key and job_id = left_job)
    and exists (select 1 from cells where comparison_id = ballots.comparison_id and key = right_key and job_id = right_job)
"""


class BallotSide(Side):
    def add_ballot(self, ballot: Ballot) -> Ballot:
        with self.connections.write() as db:
            left, right = (
                db.execute(
                    "select job_id from cells where comparison_id = ? and key = ?", (ballot.comparison_id, key)
                ).fetchone()
                for key in (ballot.left, ballot.right)
            )
            jobs = [None if row is None else row["job_id"] for row in (left, right)]
            pair = " ".join(sorted(job or key for job, key in zip(jobs, (ballot.left, ballot.right), strict=True)))
            row = db.execute(
                "select * from ballots where comparison_id = ? and voter = ? and pair = ?",
                (ballot.comparison_id, ballot.voter, pair),
            ).fetchone()
            if row is not None:
                return ballot_of(row)
            db.execute(
                """
                insert into ballots (id, comparison_id, voter, left_key, right_key, left_job, right_job, pair, created_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    ballot.id,
                    ballot.comparison_id,
                    ballot.voter,
                    ballot.left,
                    ballot.right,
                    *jobs,
                    pair,
                    ballot.created_at.timestamp(),
                ),
            )
        return ballot

    def ballot(self, ballot_id: str) -> Ballot | None:
        row = self.connections.row("select * from ballots where id = ?", (ballot_id,))
        return None if row is None else ballot_of(row)

    def open_ballot(self, comparison_id: str, voter: str) -> Ballot | None:
        row = self.connections.row(
            f"""
            select * from ballots where comparison_id = ? and voter = ? and cast_at is null and {STILL_THERE}
            order by seq desc limit 1
            """,
            (comparison_id, voter),
        )
        return None if row is None else ballot_of(row)

    def cast(self, ballot_id: str, choice: Choice, *, at: datetime) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    """
                    update ballots set choice = ?, cast_at = ?,
                        cast_seq = (select coalesce(max(b.cast_seq), 0) + 1 from ballots b
                                    where b.comparison_id = ballots.comparison_id and b.cast_at is not null)
                    where id = ? and cast_at is null
                    """,
                    (choice, at.timestamp(), ballot_id),
                ).rowcount
            )

    def votes(self, comparison_id: str) -> list[Ballot]:
        with self.connections.read() as db:
            rows = db.execute(
                f"""
                select * from ballots where comparison_id = ? and cast_at is not null and {STILL_THERE}
                order by cast_seq
                """,
                (comparison_id,),
            ).fetchall()
        return [ballot_of(row) for row in rows]

    def ballots_of(self, comparison_id: str, voter: str) -> list[Ballot]:
        with self.connections.read() as db:
            rows = db.execute(
                f"select * from ballots where comparison_id = ? and voter = ? and {STILL_THERE} order by seq",
                (comparison_id, voter),
            ).fetchall()
        return [ballot_of(row) for row in rows]

    def forget_ballots(self, *, before: datetime) -> int:
        with self.connections.write() as db:
            return db.execute(
                "delete from ballots where cast_at is null and created_at < ?", (before.timestamp(),)
            ).rowcount


def ballot_of(row: sqlite3.Row) -> Ballot:
    return Ballot(
        id=row["id"],
        comparison_id=row["comparison_id"],
        voter=row["voter"],
        left=row["left_key"],
        right=row["right_key"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        choice=row["choice"],
        cast_at=instant(row["cast_at"]),
    )
