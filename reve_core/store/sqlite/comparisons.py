"""Comparisons and their cells. A grid and the jobs it orders are one commit."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from reve_core.allowance import NO_KEYS, Terms, in_credits
from reve_core.compare.models import Axes, Ballot, Cell, Comparison, Finished, NewCell, Place, Row, Spending, Summary
from reve_core.errors import Ended, IdempotencyConflict
from reve_core.models import JobRequest, Once, Order, Review
from reve_core.store.sqlite.ballots import STILL_THERE
from reve_core.store.sqlite.base import BUMP
from reve_core.store.sqlite.orders import OrderSide
from reve_core.store.sqlite.rows import folded, instant, job_of, receipt_text, request_of
from reve_core.store.sqlite.spending import spending

# What a job has to tell in a grid: all but what only one who looks at a single picture asks for.
_JOB = (
    "id", "seq", "owner", "provider", "model", "prompt", "aspect_ratio", "seed", "priority", "status", "stage", "created_at",
    "not_before", "attempt", "tries", "lease_until", "started_at", "finished_at", "cancel_requested", "progress",
    "progress_text", "error_code", "error", "credits_used", "usd_used", "request_id", "image", "thumbnail", "mime", "width", "height",
    "size", "sha256", "starred", "trashed_at", "rev", "review", "own_key", "hidden_at",
)  # fmt: skip
_CELL = "cells.key, cells.place, cells.job_id, cells.adopted"
# What lies in the trash is not in the grid, and comes back when it is taken out of it.
_WITH_JOBS = "from cells left join jobs on jobs.id = cells.job_id and jobs.trashed_at is null"


class ComparisonSide(OrderSide):
    def create_comparison(
        self,
        comparison: Comparison,
        cells: Sequence[NewCell],
        *,
        once: Once | None = None,
        votes: Sequence[Ballot] = (),
        terms: Terms | None = None,
        review: Review | None = None,
        own_keys: Mapping[str, str] = NO_KEYS,
    ) -> str:
        with self.connections.write() as db:
            if once is not None:
                row = db.execute(
                    """
                    select digest, comparison_id, exists (select 1 from comparisons where id = comparison_id) as there
                    from comparison_keys where owner = ? and key = ?
                    """,
                    (comparison.owner, once.key),
                ).fetchone()
                if row is not None:
                    if row["digest"] != once.digest:
                        raise IdempotencyConflict()
                    if not row["there"]:
                        raise Ended("The comparison that was made with this key has been deleted. Use another key.")
                    return str(row["comparison_id"])
                db.execute(
                    """
                    insert into comparison_keys (owner, key, digest, comparison_id, created_at) values (?, ?, ?, ?, ?)
                    """,
                    (comparison.owner, once.key, once.digest, comparison.id, self._clock()),
                )
            db.execute(
                """
                insert into comparisons (id, owner, created_at, title, question, rows, axes, cap_usd, frozen_at, rev)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    comparison.id,
                    comparison.owner,
                    comparison.created_at.timestamp(),
                    *_changeable(comparison),
                    comparison.rev,
                ),
            )
            self._put(db, comparison, cells, terms, review, own_keys)
            self._bring(db, votes)
        return comparison.id

    def comparison_made_with(self, owner: str, key: str) -> str | None:
        row = self.connections.row(
            """
            select comparisons.id from comparison_keys join comparisons on comparisons.id = comparison_id
            where comparison_keys.owner = ? and key = ?
            """,
            (owner, key),
        )
        return None if row is None else str(row["id"])

    def change_comparison(
        self,
        comparison: Comparison,
        cells: Sequence[NewCell] = (),
        *,
        without: Iterable[str] = (),
        terms: Terms | None = None,
        review: Review | None = None,
        own_keys: Mapping[str, str] = NO_KEYS,
    ) -> bool:
        with self.connections.write() as db:
            changed = db.execute(
                """
                update comparisons set title = ?, question = ?, rows = ?, axes = ?, cap_usd = ?, frozen_at = ?,
                    rev = rev + 1
                where id = ? and rev = ?
                """,
                (*_changeable(comparison), comparison.id, comparison.rev),
            ).rowcount
            if changed:
                _take_out(db, comparison.id, without)
                self._put(db, comparison, cells, terms, review, own_keys)
            return bool(changed)

    def comparison(self, comparison_id: str, *, owner: str | None) -> Comparison | None:
        row = self.connections.row("select * from comparisons where id = ?", (comparison_id,))
        return None if row is None or owner not in (None, row["owner"]) else _comparison_of(row)

    def comparisons(self, owner: str, *, before: str | None = None, limit: int = 50) -> list[Comparison]:
        follows = "and seq < (select seq from comparisons where id = ? and owner = ?)" if before is not None else ""
        values = (owner, before, owner, limit) if before is not None else (owner, limit)
        with self.connections.read() as db:
            rows = db.execute(
                f"select * from comparisons where owner = ? {follows} order by seq desc limit ?", values
            ).fetchall()
        return [_comparison_of(row) for row in rows]

    def delete_comparison(self, comparison_id: str) -> bool:
        with self.connections.write() as db:
            for table in ("cells", "ballots", "comparison_jobs"):
                db.execute(f"delete from {table} where comparison_id = ?", (comparison_id,))
            db.execute(
                "update shares set revoked_at = ? where comparison_id = ? and revoked_at is null",
                (self._clock(), comparison_id),
            )
            return bool(db.execute("delete from comparisons where id = ?", (comparison_id,)).rowcount)

    def cells(self, comparison_id: str) -> list[Cell]:
        columns = ", ".join(f"jobs.{name}" for name in _JOB)
        with self.connections.read() as db:
            rows = db.execute(
                f"select {_CELL}, {columns} {_WITH_JOBS} where cells.comparison_id = ? order by cells.seq",
                (comparison_id,),
            ).fetchall()
        return [_cell_of(tuple(row)) for row in rows]

    def cell(self, comparison_id: str, key: str) -> Cell | None:
        row = self.connections.row(
            f"select {_CELL}, jobs.* {_WITH_JOBS} where cells.comparison_id = ? and cells.key = ?",
            (comparison_id, key),
        )
        if row is None:
            return None
        job = None if row["id"] is None else job_of(row, whole=True)
        return Cell(row["key"], _place_of(row["place"]), row["job_id"], bool(row["adopted"]), job)

    def remove_cells(self, comparison_id: str, keys: Iterable[str]) -> int:
        with self.connections.write() as db:
            gone = _take_out(db, comparison_id, keys)
            if gone:
                db.execute("update comparisons set rev = rev + 1 where id = ?", (comparison_id,))
            return gone

    def summary(self, comparison_id: str, *, faces: int) -> Summary:
        there = "cells.comparison_id = ? and jobs.status = 'done'"
        with self.connections.read() as db:
            counts = db.execute(
                f"""
                select count(*) as cells, count(*) filter (where jobs.status = 'done') as done,
                    count(*) filter (where jobs.status in ('queued', 'running')) as pending
                {_WITH_JOBS} where cells.comparison_id = ?
                """,
                (comparison_id,),
            ).fetchone()
            votes = db.execute(
                f"select count(*) from ballots where comparison_id = ? and cast_at is not null and {STILL_THERE}",
                (comparison_id,),
            ).fetchone()[0]
            shown = db.execute(
                f"""
                select {", ".join(f"jobs.{name}" for name in _JOB)} {_WITH_JOBS} where {there}
                order by row_number() over (partition by json_extract(cells.place, '$.row') order by cells.seq), cells.seq
                limit ?
                """,
                (comparison_id, faces),
            ).fetchall()
        return Summary(counts["cells"], counts["done"], counts["pending"], votes, tuple(job_of(row) for row in shown))

    def pulse(self, comparison_id: str) -> int:
        row = self.connections.row(
            """
            select coalesce((select rev from comparisons where id = :id), 0) * 1000003
                + coalesce((select sum(jobs.rev) from cells join jobs on jobs.id = cells.job_id
                            where cells.comparison_id = :id), 0) * 31
                + (select count(*) from ballots where comparison_id = :id and cast_at is not null)
            """.replace(":id", "?"),
            (comparison_id,) * 3,
        )
        return int(row[0]) if row else 0

    def spending(self, comparison_id: str) -> Spending:
        with self.connections.read() as db:
            return spending(db, comparison_id)

    def pictures_of(self, owner: str, prompts: Iterable[str]) -> dict[str, JobRequest]:
        wanted = "select seq, id, prompt, aspect_ratio, seed, provider, model from jobs"
        found: list[sqlite3.Row] = []
        with self.connections.read() as db:
            for prompt in dict.fromkeys(prompts):
                # Each condition as it stands in an index: finished pictures by their prompt, what is under way by itself.
                # The index is named because SQLite would rather look through all that the owner ever finished.
                found += db.execute(
                    f"""
                    {wanted} indexed by jobs_of_prompt where owner = ? and substr(prompt, 1, 80) = ? and prompt = ?
                        and status = 'done' and trashed_at is null and started_at is not null
                    """,
                    (owner, prompt[:80], prompt),
                )
                found += db.execute(
                    f"{wanted} where owner = ? and status in ('queued', 'running') and prompt = ? and cancel_requested = 0",
                    (owner, prompt),
                )
        return {row["id"]: request_of(row) for row in sorted(found, key=lambda row: row["seq"])}

    def forget_comparison_keys(self, older_than_s: float) -> int:
        with self.connections.write() as db:
            return db.execute(
                "delete from comparison_keys where created_at < ? and instr(key, char(10)) = 0",
                (self._clock() - older_than_s,),
            ).rowcount

    # -- inside

    def _put(
        self,
        db: Database,
        comparison: Comparison,
        cells: Sequence[NewCell],
        terms: Terms | None,
        review: Review | None,
        own_keys: Mapping[str, str],
    ) -> None:
        """Raises LimitReached, Banned: the whole change is taken back then."""
        order = Order(
            tuple(cell.request for cell in cells if cell.request is not None),
            comparison.owner,
            terms=terms,
            credits=tuple(in_credits(cell.credits, cell.usd) for cell in cells if cell.request is not None),
            review=review,
            own_keys=own_keys,
        )
        # Also where nothing is ordered: laying out grids is limited like everything else.
        ordered = iter(self._queue(db, order, self._clock()) if cells else ())
        for cell in cells:
            job_id = cell.adopts
            if cell.finished is not None:
                job_id = self._insert_finished(db, cell.finished, comparison.owner)
            elif cell.request is not None:
                job_id = next(ordered).id
                db.execute(
                    "insert into comparison_jobs (job_id, comparison_id, usd, credits) values (?, ?, ?, ?)",
                    (job_id, comparison.id, cell.usd, cell.credits),
                )
            db.execute(
                """
                insert into cells (comparison_id, key, place, job_id, adopted) values (?, ?, ?, ?, ?)
                on conflict (comparison_id, key) do update
                    set place = excluded.place, job_id = excluded.job_id, adopted = excluded.adopted
                """,
                (
                    comparison.id,
                    cell.key,
                    cell.place.model_dump_json(),
                    job_id,
                    cell.adopts is not None or cell.finished is not None,
                ),
            )

    @staticmethod
    def _bring(db: Database, votes: Sequence[Ballot]) -> None:
        """Into a comparison whose cells are stored already."""
        if not votes:
            return
        shown: dict[str, str] = {
            row["key"]: row["job_id"]
            for row in db.execute(
                "select key, job_id from cells where comparison_id = ? and job_id is not null",
                (votes[0].comparison_id,),
            )
        }
        db.conn.executemany(
            """
            insert into ballots (id, comparison_id, voter, left_key, right_key, left_job, right_job, pair, created_at,
                                 choice, cast_at, cast_seq)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    vote.id,
                    vote.comparison_id,
                    vote.voter,
                    vote.left,
                    vote.right,
                    shown.get(vote.left),
                    shown.get(vote.right),
                    " ".join(sorted((shown.get(vote.left, vote.left), shown.get(vote.right, vote.right)))),
                    vote.created_at.timestamp(),
                    vote.choice,
                    (vote.cast_at or vote.created_at).timestamp(),
                    number,
                )
                for number, vote in enumerate(votes, 1)
            ],
        )

    def _insert_finished(self, db: Database, brought: Finished, owner: str) -> str:
        """It never started here: so it tells nothing about usual waits, and is not taken for a picture of this app's making."""
        request, image, now = brought.request, brought.image, self._clock()
        db.execute(
            f"""
            insert into jobs (id, owner, provider, model, prompt, search, aspect_ratio, seed, status, created_at,
                              finished_at, attempt, image, thumbnail, mime, width, height, size, sha256, receipt, rev)
            values (?, ?, ?, ?, ?, ?, ?, ?, 'done', ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, {BUMP})
            """,
            (
                brought.job_id,
                owner,
                request.provider,
                request.model,
                request.prompt,
                folded(request.prompt),
                request.aspect_ratio,
                request.seed,
                now,
                now,
                image.name,
                image.thumbnail,
                image.mime,
                image.width,
                image.height,
                image.size,
                image.sha256,
                receipt_text(brought.receipt),
            ),
        )
        return brought.job_id


def _take_out(db: Database, comparison_id: str, keys: Iterable[str]) -> int:
    return sum(
        db.execute("delete from cells where comparison_id = ? and key = ?", (comparison_id, key)).rowcount
        for key in keys
    )


def _changeable(comparison: Comparison) -> tuple[object, ...]:
    axes = comparison.axes
    return (
        comparison.title,
        comparison.question,
        json.dumps([row.model_dump(exclude_none=True) for row in comparison.rows]),
        axes.model_copy(update={"prompts": ()}).model_dump_json(),
        comparison.cap_usd,
        None if comparison.frozen_at is None else comparison.frozen_at.timestamp(),
    )


def _comparison_of(row: sqlite3.Row) -> Comparison:
    axes = Axes.model_validate_json(row["axes"])
    return Comparison(
        id=row["id"],
        owner=row["owner"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        rows=tuple(Row.model_validate(each) for each in json.loads(row["rows"])),
        makers=axes.makers,
        aspect_ratios=axes.aspect_ratios,
        seeds=axes.seeds,
        samples=axes.samples,
        title=row["title"],
        question=row["question"],
        cap_usd=row["cap_usd"],
        frozen_at=instant(row["frozen_at"]),
        rev=row["rev"],
    )


# A grid is read at every run of its page, and most of its cells are as they were.
@lru_cache(4096)
def _cell_of(values: tuple[Any, ...]) -> Cell:
    key, place, job_id, adopted, *of_job = values
    job = None if of_job[0] is None else job_of(dict(zip(_JOB, of_job, strict=True)))
    return Cell(key, _place_of(place), job_id, bool(adopted), job)


def _place_of(text: str) -> Place:
    return Place.model_validate_json(text)
