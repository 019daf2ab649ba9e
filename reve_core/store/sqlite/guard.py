"""Bans, the moderation log and its review queue, what is hidden, and settings that changed while the app runs."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlite_utils import Database

from reve_core.guarding import Audit, Ban, Verdicts
from reve_core.models import FORGOTTEN, Job
from reve_core.store.sqlite.base import BUMP, Side
from reve_core.store.sqlite.fairness import give_turn_back
from reve_core.store.sqlite.rows import instant, job_of

_MOST_NOTED = 100_000  # verdicts on record; of more the oldest go


class GuardSide(Side):
    # -- bans

    def ban(self, ban: Ban) -> None:
        with self.connections.write() as db:
            db.execute(
                """
                insert into bans (name, about, reason, created_at, until) values (?, ?, ?, ?, ?)
                on conflict (name) do update set
                    about = excluded.about, reason = excluded.reason, until = excluded.until
                """,
                (
                    ban.name,
                    ban.about,
                    ban.reason,
                    ban.created_at.timestamp(),
                    ban.until.timestamp() if ban.until else None,
                ),
            )

    def lift_ban(self, name: str) -> bool:
        with self.connections.write() as db:
            return bool(db.execute("delete from bans where name = ?", (name,)).rowcount)

    def bans(self) -> list[Ban]:
        with self.connections.read() as db:
            rows = db.execute(
                "select * from bans where until is null or until > ? order by created_at desc, rowid desc",
                (self._clock(),),
            ).fetchall()
        return [
            Ban(
                row["name"],
                row["about"],
                row["reason"],
                datetime.fromtimestamp(row["created_at"], UTC),
                instant(row["until"]),
            )
            for row in rows
        ]

    # -- moderation

    def note(self, event: Verdicts) -> None:
        with self.connections.write() as db:
            owner = event.owner
            if event.job_id is not None:
                # Whoever has deleted everything meanwhile is not written down again.
                row = db.execute("select owner from jobs where id = ?", (event.job_id,)).fetchone()
                owner = owner if row is not None and row["owner"] == owner else ""
            db.execute(
                """
                insert into moderation (at, owner, what, action, category, rule, policy, stage, job_id)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    event.at.timestamp(),
                    owner,
                    event.what,
                    event.action,
                    event.category,
                    event.rule,
                    event.policy,
                    event.stage,
                    event.job_id,
                ),
            )
            db.execute(
                "delete from moderation where number <= (select max(number) from moderation) - ?", (_MOST_NOTED,)
            )

    def noted(self, *, before: int | None = None, limit: int = 50) -> list[Verdicts]:
        with self.connections.read() as db:
            rows = db.execute(
                "select * from moderation where ? is null or number < ? order by number desc limit ?",
                (before, before, limit),
            ).fetchall()
        return [event_of(row) for row in rows]

    def forget_noted(self, *, before: datetime) -> int:
        with self.connections.write() as db:
            return db.execute("delete from moderation where at < ?", (before.timestamp(),)).rowcount

    def to_review(self, *, limit: int = 50) -> list[Job]:
        with self.connections.read() as db:
            rows = db.execute(
                "select * from jobs where review = 'person' and status = 'queued' order by seq limit ?", (limit,)
            ).fetchall()
        return [job_of(row) for row in rows]

    def approve(self, job_id: str) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    f"""
                    update jobs set review = 'approved', rev = {BUMP}
                    where id = ? and review = 'person' and status = 'queued'
                    """,
                    (job_id,),
                ).rowcount
            )

    def reject(self, job_id: str, message: str) -> bool:
        with self.connections.write() as db:
            rejected = db.execute(
                f"""
                update jobs set status = 'failed', error_code = 'blocked', error = ?, finished_at = ?, rev = {BUMP}
                where id = ? and review = 'person' and status = 'queued' returning provider, fair, estimate
                """,
                (message, self._clock(), job_id),
            ).fetchone()
            if rejected is not None:
                give_turn_back(db, rejected["provider"], rejected["fair"], rejected["estimate"])
                forget_prompt(db, job_id)
        if rejected is not None:
            self.connections.log_holds_forgotten = True
        return rejected is not None

    # -- hiding

    def hide_job(self, job_id: str, on: bool) -> bool:
        # What is hidden lies in the trash, from which nobody but the operator can take it.
        at = self._clock() if on else None
        with self.connections.write() as db:
            return bool(
                db.execute(
                    f"""
                    update jobs set hidden_at = ?, trashed_at = ?, rev = {BUMP}
                    where id = ? and (hidden_at is null) = ? and status not in ('queued', 'running')
                    """,
                    (at, at, job_id, on),
                ).rowcount
            )

    def hide_share(self, share_id: str, on: bool) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    "update shares set hidden_at = ? where id = ? and (hidden_at is null) = ?",
                    (self._clock() if on else None, share_id, on),
                ).rowcount
            )

    # -- settings and what was done

    def overrides(self) -> dict[str, str]:
        with self.connections.read() as db:
            return {row["name"]: row["value"] for row in db.execute("select * from overrides").fetchall()}

    def override(self, name: str, value: str | None) -> None:
        with self.connections.write() as db:
            if value is None:
                db.execute("delete from overrides where name = ?", (name,))
            else:
                db.execute(
                    "insert into overrides (name, value) values (?, ?) "
                    "on conflict (name) do update set value = excluded.value",
                    (name, value),
                )

    def audit(self, entry: Audit) -> None:
        with self.connections.write() as db:
            db.execute(
                "insert into audit (at, who, what, detail) values (?, ?, ?, ?)",
                (entry.at.timestamp(), entry.who, entry.what, entry.detail),
            )

    def audited(self, *, limit: int = 100) -> Sequence[Audit]:
        with self.connections.read() as db:
            rows = db.execute("select * from audit order by number desc limit ?", (limit,)).fetchall()
        return [Audit(datetime.fromtimestamp(row["at"], UTC), row["who"], row["what"], row["detail"]) for row in rows]


def forget_prompt(db: Database, job_id: str) -> None:
    """A prompt that was refused is not kept: in the job, nor in the rows of a comparison that asked for it."""
    row = db.execute("select prompt from jobs where id = ?", (job_id,)).fetchone()
    db.execute("update jobs set prompt = ?, search = '' where id = ?", (FORGOTTEN, job_id))
    for found in db.execute(
        """
        select comparisons.id, comparisons.rows from comparisons join cells on cells.comparison_id = comparisons.id
        where cells.job_id = ?
        """,
        (job_id,),
    ).fetchall():
        rows = [
            {**each, "prompt": FORGOTTEN} if each.get("prompt") == row["prompt"] else each
            for each in json.loads(found["rows"])
        ]
        db.execute("update comparisons set rows = ?, rev = rev + 1 where id = ?", (json.dumps(rows), found["id"]))


def event_of(row: sqlite3.Row) -> Verdicts:
    return Verdicts(
        at=datetime.fromtimestamp(row["at"], UTC),
        owner=row["owner"],
        what=row["what"],
        action=row["action"],
        category=row["category"],
        rule=row["rule"],
        policy=row["policy"],
        stage=row["stage"],
        job_id=row["job_id"],
        number=row["number"],
    )
