"""Comparisons and their cells. A grid and the jobs it orders are one commit."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlite_utils import Database

from reve_core.compare.models import Axes, Cell, Comparison, NewCell, Place, Row, Spending
from reve_core.errors import Ended, IdempotencyConflict
from reve_core.models import Job, Once, Order
from reve_core.store.sqlite.orders import OrderSide
from reve_core.store.sqlite.rows import instant, job_of

# What one call of an ordered job cost: what the provider says it took, in the forecast's price per credit, or the
# forecast where it did not say. Nobody knows of an open or unclear call, so it counts.
_COST = """
    case when calls.outcome = 'not_charged' then 0
         when calls.credits is not null and ordered.credits > 0 then ordered.usd * calls.credits / ordered.credits
         else ordered.usd end
"""
_SPENT = f"""
    select coalesce(sum({_COST}), 0) from comparison_jobs ordered join calls on calls.job_id = ordered.job_id
    where ordered.comparison_id = ?
"""
# Under way without a call of this attempt: it may still be sent.
_COMING = """
    select coalesce(sum(ordered.usd), 0) from comparison_jobs ordered join jobs on jobs.id = ordered.job_id
    where ordered.comparison_id = ? and (jobs.status = 'running' and jobs.stage = 'claimed' or jobs.status = {queued})
"""
_HELD = "Not made: it would go past what this comparison may spend. Raise the limit, then try again."
_EPSILON = 1e-9  # sums of prices are not exact


class ComparisonSide(OrderSide):
    def create_comparison(self, comparison: Comparison, cells: Sequence[NewCell], *, once: Once | None = None) -> str:
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
            self._put(db, comparison, cells)
        return comparison.id

    def change_comparison(self, comparison: Comparison, cells: Sequence[NewCell] = ()) -> bool:
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
                self._put(db, comparison, cells)
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
        with self.connections.read() as db:
            rows = db.execute(
                """
                select cells.key, cells.place, cells.job_id, cells.adopted, jobs.*
                from cells left join jobs on jobs.id = cells.job_id
                where cells.comparison_id = ? order by cells.seq
                """,
                (comparison_id,),
            ).fetchall()
        return [_cell_of(row) for row in rows]

    def cell(self, comparison_id: str, key: str) -> Cell | None:
        row = self.connections.row(
            """
            select cells.key, cells.place, cells.job_id, cells.adopted, jobs.*
            from cells left join jobs on jobs.id = cells.job_id
            where cells.comparison_id = ? and cells.key = ?
            """,
            (comparison_id, key),
        )
        return None if row is None else _cell_of(row, whole=True)

    def remove_cells(self, comparison_id: str, keys: Iterable[str]) -> int:
        with self.connections.write() as db:
            gone = sum(
                db.execute("delete from cells where comparison_id = ? and key = ?", (comparison_id, key)).rowcount
                for key in keys
            )
            if gone:
                db.execute("update comparisons set rev = rev + 1 where id = ?", (comparison_id,))
            return gone

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
            spent = db.execute(_SPENT, (comparison_id,)).fetchone()[0]
            coming = db.execute(_COMING.format(queued="'queued'"), (comparison_id,)).fetchone()[0]
        return Spending(spent, coming)

    def pictures_of(self, owner: str, prompts: Sequence[str]) -> list[Job]:
        found: dict[str, sqlite3.Row] = {}
        with self.connections.read() as db:
            for prompt in dict.fromkeys(prompts):
                for row in db.execute(
                    """
                    select * from jobs where owner = ? and substr(prompt, 1, 80) = ? and prompt = ?
                        and status = 'done' and trashed_at is null
                    """,
                    (owner, prompt[:80], prompt),
                ):
                    found[row["id"]] = row
            wanted = set(prompts)
            for status in ("queued", "running"):
                for row in db.execute("select * from jobs where owner = ? and status = ?", (owner, status)):
                    if row["prompt"] in wanted and not row["cancel_requested"]:
                        found[row["id"]] = row
        return [job_of(row) for row in sorted(found.values(), key=lambda row: row["seq"])]

    # -- inside

    def _put(self, db: Database, comparison: Comparison, cells: Sequence[NewCell]) -> None:
        for cell in cells:
            job_id = cell.adopts
            if cell.request is not None:
                job_id = self._insert(db, cell.request, Order((cell.request,), comparison.owner), self._clock()).id
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
                (comparison.id, cell.key, cell.place.model_dump_json(), job_id, cell.adopts is not None),
            )


def past_cap(db: Database, job_id: str) -> bool:
    """Whether calling for this job now would take its comparison past what it may spend."""
    row = db.execute(
        """
        select ordered.usd, comparisons.id, comparisons.cap_usd from comparison_jobs ordered
        join comparisons on comparisons.id = ordered.comparison_id
        where ordered.job_id = ? and comparisons.cap_usd is not null and ordered.usd > 0
        """,
        (job_id,),
    ).fetchone()
    if row is None:
        return False
    spent: float = db.execute(_SPENT, (row["id"],)).fetchone()[0]
    coming: float = db.execute(_COMING.format(queued="''"), (row["id"],)).fetchone()[0]
    return spent + coming + float(row["usd"]) > float(row["cap_usd"]) + _EPSILON


def hold(db: Database, job_id: str, now: float, bump: str) -> None:
    """Take a queued job out of the line because of its comparison's cap."""
    db.execute(
        f"""
        update jobs set status = 'cancelled', error_code = 'cap', error = ?, finished_at = ?, rev = {bump}
        where id = ? and status = 'queued'
        """,
        (_HELD, now, job_id),
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


def _cell_of(row: sqlite3.Row, *, whole: bool = False) -> Cell:
    return Cell(
        key=row[0],
        place=Place.model_validate_json(row["place"]),
        job_id=row[2],
        adopted=bool(row["adopted"]),
        job=None if row["id"] is None else job_of(row, whole=whole),
    )
