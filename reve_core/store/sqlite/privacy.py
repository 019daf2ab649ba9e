"""What is stored about somebody, told and taken away for good; and what is too old."""

import secrets
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from reve_core.compare.models import OWNER, Ballot
from reve_core.guarding import Verdicts
from reve_core.keeping import Cutoffs, Doomed, Erased, Held, Lot
from reve_core.store.sqlite import backup
from reve_core.store.sqlite.ballots import ballot_of
from reve_core.store.sqlite.base import BUMP, GONE, Side
from reve_core.store.sqlite.erasing import remains
from reve_core.store.sqlite.fairness import give_turn_back
from reve_core.store.sqlite.guard import event_of

_ENDED = "status not in ('queued', 'running')"
_TOO_OLD = """
    (   (status in ('failed', 'cancelled') and coalesce(finished_at, created_at) < :failed)
     or (status in ('done', 'unknown') and coalesce(finished_at, created_at) < :pictures))
    and not exists (select 1 from cells where cells.job_id = jobs.id)
"""
_ANEW_S = 600.0  # nobody can make everybody wait for that more often, by deleting again and again
_PIECE = 4000  # characters of a text that are looked for afterwards


class PrivacySide(Side):
    def holdings(self, owner: str, *, spender: str, day: str, voters: Mapping[str, str]) -> Held:
        with self.connections.read() as db:
            jobs = db.execute(
                """
                select count(*) as jobs, count(image) as pictures, coalesce(sum(size), 0) as bytes,
                    count(trashed_at) as trashed, min(created_at) as oldest,
                    count(*) filter (where status in ('queued', 'running')) as pending,
                    count(*) filter (where status in ('failed', 'cancelled')) as failed,
                    count(*) filter (where status = 'unknown') as unknown
                from jobs where owner = ?
                """,
                (owner,),
            ).fetchone()
            others = {
                table: int(db.execute(f"select count(*) from {table} where owner = ?", (owner,)).fetchone()[0])
                for table in ("comparisons", "shares", "moderation")
            }
            tokens = db.execute(
                "select count(*) from api_tokens where owner = ? and revoked_at is null", (owner,)
            ).fetchone()[0]
            oldest = db.execute("select min(created_at) from comparisons where owner = ?", (owner,)).fetchone()[0]
            spent = db.execute(
                "select credits from budgets where day = ? and key = ?", (day, f"v:{spender}")
            ).fetchone()
        known = [at for at in (jobs["oldest"], oldest) if at is not None]
        return Held(
            jobs=jobs["jobs"],
            pictures=jobs["pictures"],
            bytes=jobs["bytes"],
            trashed=jobs["trashed"],
            pending=jobs["pending"],
            failed=jobs["failed"],
            unknown=jobs["unknown"],
            comparisons=others["comparisons"],
            links=others["shares"],
            votes=len(self.votes_of(owner, voters)),
            tokens=int(tokens),
            moderation=others["moderation"],
            credits_today=float(spent["credits"]) if spent else 0.0,
            oldest_at=datetime.fromtimestamp(min(known), UTC) if known else None,
        )

    def polled(self) -> list[str]:
        with self.connections.read() as db:
            return [row[0] for row in db.execute("select distinct comparison_id from ballots").fetchall()]

    def votes_of(self, owner: str, voters: Mapping[str, str]) -> list[Ballot]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select ballots.* from ballots join comparisons on comparisons.id = comparison_id
                where comparisons.owner = ? and voter = ? and cast_at is not null
                """,
                (owner, OWNER),
            ).fetchall()
            for each in voters.items():
                rows += db.execute(
                    "select * from ballots where comparison_id = ? and voter = ? and cast_at is not null", each
                ).fetchall()
        return [ballot_of(row) for row in sorted(rows, key=lambda row: (row["cast_at"], row["seq"]))]

    def verdicts_of(self, owner: str) -> list[Verdicts]:
        with self.connections.read() as db:
            rows = db.execute("select * from moderation where owner = ? order by number", (owner,)).fetchall()
        return [event_of(row) for row in rows]

    def forget_owner(self, owner: str, *, spender: str, voters: Mapping[str, str]) -> Erased:
        with self.connections.write() as db:
            return forget(db, owner, spender, voters, self._clock())

    def forget_in_copies(self, folder: Path, owner: str, *, spender: str, voters: Mapping[str, str]) -> int:
        def there(copy: sqlite3.Connection) -> list[bytes]:
            db = Database(copy, execute_plugins=False)
            return list(forget(db, owner, spender, voters, self._clock()).texts)

        return backup.change(folder, there)

    # -- what is too old

    def expire_jobs(self, cutoffs: Cutoffs, *, after: int, limit: int) -> Lot:
        old = {"failed": _seconds(cutoffs.failed), "pictures": _seconds(cutoffs.pictures)}
        # Looked for before the write lock is asked for: that reads the whole table once, and nobody should wait for it.
        with self.connections.read() as db:
            found = db.execute(
                f"select seq from jobs where seq > :after and {_TOO_OLD} order by seq limit :limit",
                {"after": after, "limit": limit, **old},
            ).fetchall()
        if not found:
            return Lot(0, None)
        seqs = [row["seq"] for row in found]
        texts: list[bytes] = []
        doomed: list[Doomed] = []
        with self.connections.write() as db:
            ids = [
                row["id"]
                for seq in seqs
                if (
                    row := db.execute(
                        f"select id from jobs where seq = :seq and {_TOO_OLD}", {"seq": seq, **old}
                    ).fetchone()
                )
            ]
            for job_id in ids:
                texts += _texts_of_jobs(db, "id = ?", job_id)
                doomed += _drop(db, "id = ?", job_id, self._clock())
        return Lot(len(ids), seqs[-1] if len(seqs) == limit else None, tuple(doomed), tuple(texts))

    def expire_comparisons(self, cutoffs: Cutoffs, *, limit: int) -> Lot:
        if cutoffs.comparisons is None:
            return Lot(0, None)
        texts: list[bytes] = []
        with self.connections.write() as db:
            rows = db.execute(
                """
                select id from comparisons where created_at < ? and not exists
                    (select 1 from cells join jobs on jobs.id = cells.job_id
                     where cells.comparison_id = comparisons.id and jobs.status in ('queued', 'running'))
                order by seq limit ?
                """,
                (cutoffs.comparisons.timestamp(), limit),
            ).fetchall()
            for row in rows:
                texts += _texts_of_comparisons(db, "id = ?", row["id"])
                db.execute(
                    "update shares set revoked_at = ? where comparison_id = ? and revoked_at is null",
                    (self._clock(), row["id"]),
                )
                _drop_comparison(db, row["id"])
        return Lot(len(rows), 0 if len(rows) == limit else None, texts=tuple(texts))

    def wipe_traces(self, *, before: datetime, after: int, limit: int) -> Lot:
        which = f"(visitor <> '' or address <> '') and {_ENDED} and coalesce(finished_at, created_at) < ?"
        with self.connections.read() as db:
            found = db.execute(
                f"select seq from jobs where seq > ? and {which} order by seq limit ?",
                (after, before.timestamp(), limit),
            ).fetchall()
        if not found:
            return Lot(0, None)
        with self.connections.write() as db:
            # Without its day the books take no more notice of it: what it has cost stands there already.
            wiped = sum(
                db.execute(
                    f"update jobs set visitor = '', address = '', fair = '', charge_day = null where seq = ? and {which}",
                    (row["seq"], before.timestamp()),
                ).rowcount
                for row in found
            )
        return Lot(wiped, found[-1]["seq"] if len(found) == limit else None)

    def expire_records(self, *, audit: datetime, shares: datetime) -> int:
        with self.connections.write() as db:
            lines = db.execute("delete from audit where at < ?", (audit.timestamp(),)).rowcount
            links = db.execute(
                """
                delete from shares where min(coalesce(revoked_at, expires_at), coalesce(expires_at, revoked_at)) < ?
                    and not exists (select 1 from jobs where jobs.id = shares.job_id)
                    and not exists (select 1 from comparisons where comparisons.id = shares.comparison_id)
                """,
                (shares.timestamp(),),
            ).rowcount
        return lines + links

    # -- files

    def doomed(self, *, before: datetime, limit: int = 500) -> list[Doomed]:
        with self.connections.read() as db:
            rows = db.execute(
                "select job_id, attempts from doomed where at <= ? order by at limit ?", (before.timestamp(), limit)
            ).fetchall()
        return [Doomed(row["job_id"], row["attempts"]) for row in rows]

    def cleared(self, job_ids: Iterable[str]) -> None:
        with self.connections.write() as db:
            for job_id in job_ids:
                db.execute("delete from doomed where job_id = ?", (job_id,))

    def erase(self, texts: Sequence[bytes]) -> bool:
        if not self.connections.truncate_log():
            return False
        return not remains(self.connections.path, texts) or self.connections.write_anew(_ANEW_S)


def forget(db: Database, owner: str, spender: str, voters: Mapping[str, str], now: float) -> Erased:
    """Everything of that owner leaves the tables, within the caller's transaction."""
    texts = [*_texts_of_jobs(db, "owner = ?", owner), *_texts_of_comparisons(db, "owner = ?", owner)]
    votes = _make_votes_anonymous(db, voters)
    for queued in db.execute(
        "select provider, fair, estimate from jobs where owner = ? and status = 'queued'", (owner,)
    ).fetchall():
        give_turn_back(db, queued["provider"], queued["fair"], queued["estimate"])
    # Cancelled before they are deleted, so that the books give back what was reserved for them.
    db.execute(
        f"""
        update jobs set status = 'cancelled', finished_at = ?, lease_token = null, rev = {BUMP}
        where owner = ? and (status = 'queued' or status = 'running' and stage = 'claimed')
        """,
        (now, owner),
    )
    counts = db.execute(
        "select count(*) as jobs, count(image) as pictures from jobs where owner = ?", (owner,)
    ).fetchone()
    running = [
        row["id"]
        for row in db.execute("select id from jobs where owner = ? and status = 'running'", (owner,)).fetchall()
    ]
    _forget_words(db, "owner = ?", owner)
    # A call that is on its way takes its place at the provider, and costs what it costs, until it ends: the row stays as
    # long, with nobody's name and without a word. See ``WorkerSide._bury``.
    db.execute(
        f"""
        update jobs set owner = '{GONE}', fair = case when fair = owner then '{GONE}' else fair end, prompt = '',
            search = '', seed = null, error = null, error_code = null, progress = null, progress_text = null,
            receipt = null, request_id = null, review = null, starred = 0, cancel_requested = 1, rev = {BUMP}
        where owner = ? and status = 'running'
        """,
        (owner,),
    )
    comparisons = [row["id"] for row in db.execute("select id from comparisons where owner = ?", (owner,)).fetchall()]
    for comparison_id in comparisons:
        _drop_comparison(db, comparison_id)
    doomed = _drop(db, "owner = ?", owner, now)
    links = db.execute("delete from shares where owner = ?", (owner,)).rowcount
    for table in ("idempotency_keys", "comparison_keys", "passes"):
        db.execute(f"delete from {table} where owner = ?", (owner,))
    db.execute("update moderation set owner = '', job_id = null where owner = ?", (owner,))
    db.execute("delete from visitors where key = ?", (spender,))
    db.execute("delete from rates where key = ?", (f"v:{spender}",))
    db.execute("delete from fair_queue where fair in (?, ?)", (owner, f"v:{spender}"))
    return Erased(
        jobs=counts["jobs"],
        pictures=counts["pictures"],
        comparisons=len(comparisons),
        links=links,
        votes=votes,
        running=tuple(running),
        doomed=tuple(doomed),
        texts=tuple(texts),
    )


def bury(db: Database, job_id: str, now: float) -> bool:
    """The end of a call whose owner has deleted everything: its row goes too. False for every other job."""
    if db.execute(f"select 1 from jobs where id = ? and owner = '{GONE}'", (job_id,)).fetchone() is None:
        return False
    if db.execute(f"select 1 from jobs where id = ? and {_ENDED}", (job_id,)).fetchone() is not None:
        _drop(db, "id = ?", job_id, now)
    return True


def _make_votes_anonymous(db: Database, voters: Mapping[str, str]) -> int:
    """Each comparison's votes of one voter under a new name, so that they still count as one person's."""
    votes = 0
    for comparison_id, voter in voters.items():
        db.execute(
            "delete from ballots where comparison_id = ? and voter = ? and cast_at is null", (comparison_id, voter)
        )
        votes += db.execute(
            "update ballots set voter = ? where comparison_id = ? and voter = ?",
            ("w-" + urlsafe_b64encode(secrets.token_bytes(15)).decode(), comparison_id, voter),
        ).rowcount
    return votes


def _drop(db: Database, which: str, value: str, now: float) -> list[Doomed]:
    """Jobs leave the table for good. What they cost stays in the books; their files are doomed."""
    found = db.execute(f"select id, attempt from jobs where {which} and attempt > 0", (value,)).fetchall()
    _forget_words(db, which, value)
    db.execute(
        f"""
        update shares set revoked_at = ?
        where revoked_at is null and job_id in (select id from jobs where {which})
        """,
        (now, value),
    )
    db.conn.executemany(
        """
        insert into doomed (job_id, attempts, at) values (?, ?, ?)
        on conflict (job_id) do update set attempts = excluded.attempts, at = excluded.at
        """,
        [(row["id"], row["attempt"], now) for row in found],
    )
    db.execute(f"delete from jobs where {which}", (value,))
    return [Doomed(row["id"], row["attempt"]) for row in found]


def _forget_words(db: Database, which: str, value: str) -> None:
    """What was said about jobs elsewhere."""
    of_them = f"job_id in (select id from jobs where {which})"
    db.execute(f"update calls set receipt = null, error = null where {of_them}", (value,))
    # By its ticket the end of a call that is on its way is found out, and with it what it has cost.
    db.execute(
        f"update calls set ticket = null where {of_them} and job_id in (select id from jobs where {_ENDED})", (value,)
    )
    db.execute(f"delete from callbacks where {of_them}", (value,))


def _drop_comparison(db: Database, comparison_id: str) -> None:
    for table in ("cells", "ballots", "comparison_jobs"):
        db.execute(f"delete from {table} where comparison_id = ?", (comparison_id,))
    db.execute("delete from comparisons where id = ?", (comparison_id,))


def _texts_of_jobs(db: Database, which: str, value: str) -> Iterator[bytes]:
    for row in db.execute(
        f"""
        select prompt, search, error, receipt, (select url from callbacks where job_id = jobs.id) as url
        from jobs where {which}
        """,
        (value,),
    ).fetchall():
        yield from _pieces(row)


def _texts_of_comparisons(db: Database, which: str, value: str) -> Iterator[bytes]:
    for row in db.execute(f"select title, question, rows from comparisons where {which}", (value,)).fetchall():
        yield from _pieces(row)


def _pieces(row: Iterable[str | None]) -> Iterator[bytes]:
    for text in row:
        if text:
            yield text[:_PIECE].encode("utf-8", "replace")


def _seconds(at: datetime | None) -> float:
    """Nothing is older than the beginning of time."""
    return float("-inf") if at is None else at.timestamp()
