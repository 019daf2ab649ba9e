"""The store's methods for what people do with their jobs: look, cancel, try again, star, throw away."""

from collections.abc import Iterable, Sequence

from reve_core.allowance import Terms
from reve_core.models import Call, Glance, Job, JobFilter, JobStatus, Page, Review
from reve_core.ports import CancelAnswer
from reve_core.store.sqlite.admitting import AdmittingSide, Wanted
from reve_core.store.sqlite.base import BUMP
from reve_core.store.sqlite.fairness import give_turn_back, next_turn, take_turn
from reve_core.store.sqlite.rows import call_of, folded, job_of

# The jobs that are served before this one: same provider, higher priority or as high and an earlier turn. Two counts
# rather than one with "or", so that each walks only the part of the index that lies before the job. What waits for a person
# to look at it holds up nobody.
_AHEAD = (
    "select count(*) from jobs q where q.status = 'queued' and q.provider = jobs.provider and q.review is not 'person'"
)
_POSITION = f"""
    (({_AHEAD} and q.priority > jobs.priority) + ({_AHEAD} and q.priority = jobs.priority and (q.turn, q.seq) <= (jobs.turn, jobs.seq)))
"""


class PeopleSide(AdmittingSide):
    def peek(self, job_id: str, *, owner: str | None = None) -> Glance | None:
        row = self.connections.row(
            "select id, status, provider, model, image, error, trashed_at, owner, hidden_at from jobs where id = ?",
            (job_id,),
        )
        if row is None or (owner is not None and (row[7] != owner or row[8] is not None)):
            return None
        return Glance(row[0], JobStatus(row[1]), row[2], row[3], row[4], row[5], row[6] is not None)

    def get(self, job_id: str, *, owner: str | None = None) -> Job | None:
        with self.connections.read() as db:
            row = db.execute(
                f"""
                select *, case when status = 'queued' then {_POSITION} end as position from jobs
                where id = ? and (? is null or (owner = ? and hidden_at is null))
                """,
                (job_id, owner, owner),
            ).fetchone()
        return job_of(row, whole=True, position=row["position"]) if row else None

    def page(self, which: JobFilter, *, after: str | None = None, limit: int = 50, by_finish: bool = False) -> Page:
        where, values = _conditions(which)
        if by_finish:
            # Spelled out so that the partial index of the gallery is used.
            where = ["status = 'done'", "trashed_at is null", *where]
            order = "finished_at desc, seq desc"
            if after:
                finished_at, _, seq = after.partition("_")
                where.append("(finished_at, seq) < (?, ?)")
                values += [float(finished_at), int(seq)]
        else:
            where.append("trashed_at is not null" if which.trashed else "trashed_at is null")
            if which.trashed and which.owner is not None:
                where.append("hidden_at is null")
            order = "seq desc"
            if after:
                where.append("seq < ?")
                values.append(int(after))
        with self.connections.read() as db:
            rows = db.execute(
                f"select * from jobs where {' and '.join(where)} order by {order} limit ?",
                [*values, limit + 1],
            ).fetchall()
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        cursor = None
        if last is not None:
            cursor = f"{last['finished_at']!r}_{last['seq']}" if by_finish else str(last["seq"])
        return Page([job_of(row) for row in rows[:limit]], cursor)

    def pending(self, owner: str | None, *, limit: int = 200) -> list[Job]:
        # Each status by itself, oldest first and cut off: both come straight out of an index, however many have ended.
        mine, values = _mine(owner)
        with self.connections.read() as db:
            found = [
                db.execute(
                    f"""
                    select *, case when status = 'queued' then {_POSITION} end as position from jobs
                    where {mine} status = '{status}' order by seq limit ?
                    """,
                    [*values, limit],
                ).fetchall()
                for status in ("running", "queued")
            ]
        rows = sorted((row for part in found for row in part), key=lambda row: row["seq"])
        return [job_of(row, position=row["position"]) for row in rows[:limit]]

    def pending_count(self, owner: str | None) -> int:
        mine, values = _mine(owner)
        with self.connections.read() as db:
            return sum(
                db.execute(f"select count(*) from jobs where {mine} status = '{status}'", values).fetchone()[0]
                for status in ("queued", "running")
            )

    def line(self) -> dict[str, int]:
        ahead: dict[str, int] = {}
        with self.connections.read() as db:
            for status in ("queued", "running"):
                sql = f"select provider, count(*) from jobs where status = '{status}' group by provider"
                for provider, count in db.execute(sql).fetchall():
                    ahead[provider] = ahead.get(provider, 0) + count
        return ahead

    def ahead(self, provider: str, name: str, credits: float) -> int:
        with self.connections.read() as db:
            turn = next_turn(db, provider, name, credits)
            queued = db.execute(
                """
                select count(*) from jobs
                where status = 'queued' and provider = ? and review is not 'person' and (priority > 0 or turn <= ?)
                """,
                (provider, turn),
            ).fetchone()[0]
            running = db.execute(
                "select count(*) from jobs where status = 'running' and provider = ?", (provider,)
            ).fetchone()[0]
        return int(queued) + int(running)

    def counts(self, owner: str | None) -> dict[JobStatus, int]:
        mine, values = _mine(owner)
        with self.connections.read() as db:
            rows = db.execute(
                f"select status, count(*) from jobs where {mine} trashed_at is null group by status", values
            ).fetchall()
        return dict.fromkeys(JobStatus, 0) | {JobStatus(status): count for status, count in rows}

    def revision(self, owner: str | None) -> int:
        with self.connections.read() as db:
            if owner is None:
                row = db.execute("select max(rev) from jobs").fetchone()
            else:
                row = db.execute("select max(rev) from jobs where owner = ?", (owner,)).fetchone()
        return int(row[0] or 0)

    def calls(self, job_id: str) -> list[Call]:
        with self.connections.read() as db:
            rows = db.execute("select * from calls where job_id = ? order by attempt", (job_id,)).fetchall()
        return [call_of(row) for row in rows]

    def cancel(self, job_id: str) -> CancelAnswer:
        with self.connections.write() as db:
            ended = db.execute(
                f"""
                update jobs set status = 'cancelled', finished_at = ?, rev = {BUMP}
                where id = ? and status = 'queued' returning provider, fair, estimate
                """,
                (self._clock(), job_id),
            ).fetchone()
            if ended is not None:
                give_turn_back(db, ended["provider"], ended["fair"], ended["estimate"])
                return "cancelled"
            asked = db.execute(
                # Nobody holds what was put off: it is picked up at once, so that its provider hears of it.
                f"""
                update jobs set cancel_requested = 1, rev = {BUMP},
                    lease_until = case when worker is null then 0 else lease_until end
                where id = ? and status = 'running'
                """,
                (job_id,),
            ).rowcount
            return "requested" if asked else "too_late"

    def again(
        self,
        job_id: str,
        *,
        when: Iterable[JobStatus],
        terms: Terms | None = None,
        credits: float = 0.0,
        own_key: str | None = None,
        review: Review | None = None,
    ) -> bool:
        with self.connections.write() as db:
            row = db.execute(
                "select status, owner, provider from jobs where id = ? and trashed_at is null", (job_id,)
            ).fetchone()
            if row is None or JobStatus(row["status"]) not in set(when):
                return False
            cost, fair = 0.0 if own_key else credits, row["owner"]
            if terms is not None:
                fair = self._admit(db, row["owner"], [Wanted(row["provider"], cost, credits)], terms, self._clock())
            # What it was charged before stays charged, to the day and the visitor that it was charged to.
            db.execute(
                f"""
                update jobs set status = 'queued', stage = null, tries = 0, not_before = null, worker = null,
                    lease_token = null, lease_until = null, started_at = null, finished_at = null,
                    cancel_requested = 0, progress = null, progress_text = null, error_code = null, error = null,
                    visitor = ?, address = ?, fair = ?, turn = ?, estimate = ?, charge_day = ?, own_key = ?,
                    charge_base = coalesce(credits_used, 0), charged = 0,
                    review = case when review = 'approved' then review else ? end, rev = {BUMP}
                where id = ?
                """,
                (
                    terms.visitor if terms else "",
                    terms.address if terms else "",
                    fair,
                    take_turn(db, row["provider"], fair, credits),
                    cost,
                    terms.day if terms else None,
                    own_key,
                    review,
                    job_id,
                ),
            )
            self._tell_anew(db, job_id)
            return True

    def give_up(self, job_id: str, reason: str) -> bool:
        with self.connections.write() as db:
            given_up = db.execute(
                f"""
                update jobs set status = 'failed', error_code = 'given_up', error = ?, lease_token = null,
                    rev = {BUMP}
                where id = ? and status = 'unknown'
                """,
                (reason, job_id),
            ).rowcount
            if given_up:
                self._tell_anew(db, job_id)
            return bool(given_up)

    def star(self, job_ids: Iterable[str], on: bool) -> int:
        with self.connections.write() as db:
            return sum(
                db.execute(
                    f"update jobs set starred = ?, rev = {BUMP} where id = ? and starred <> ?", (on, job_id, on)
                ).rowcount
                for job_id in job_ids
            )

    def trash(self, job_ids: Iterable[str], on: bool) -> int:
        at = self._clock() if on else None
        with self.connections.write() as db:
            return sum(
                db.execute(
                    f"""
                    update jobs set trashed_at = ?, rev = {BUMP}
                    where id = ? and status not in ('queued', 'running') and (trashed_at is null) = ?
                        and hidden_at is null
                    """,
                    (at, job_id, on),
                ).rowcount
                for job_id in job_ids
            )

    def purge(self, job_ids: Sequence[str]) -> int:
        with self.connections.write() as db:
            gone = 0
            for job_id in job_ids:
                gone += db.execute("delete from jobs where id = ? and trashed_at is not null", (job_id,)).rowcount
                if db.execute("select 1 from jobs where id = ?", (job_id,)).fetchone() is not None:
                    continue
                # What was spent stays on record; what was said with the picture does not.
                db.execute("update calls set receipt = null, error = null, ticket = null where job_id = ?", (job_id,))
                db.execute("delete from callbacks where job_id = ?", (job_id,))
                db.execute(
                    "update shares set revoked_at = ? where job_id = ? and revoked_at is null", (self._clock(), job_id)
                )
            return gone


def _mine(owner: str | None) -> tuple[str, list[object]]:
    """The condition for an owner's jobs. Not ``? is null or owner = ?``: with that no index on the owner is used."""
    return ("", []) if owner is None else ("owner = ? and", [owner])


def _conditions(which: JobFilter) -> tuple[list[str], list[object]]:
    """The WHERE parts of a filter that are the same in every listing, and their values."""
    where: list[str] = []
    values: list[object] = []

    def add(condition: str, *bound: object) -> None:
        where.append(condition)
        values.extend(bound)

    if which.owner is not None:
        add("owner = ?", which.owner)
    if which.statuses is not None:
        add(f"status in ({', '.join('?' * len(which.statuses))})", *sorted(which.statuses))
    if which.provider is not None:
        add("provider = ?", which.provider)
    if which.aspect_ratio is not None:
        add("aspect_ratio = ?", which.aspect_ratio)
    if which.since is not None:
        add("created_at >= ?", which.since.timestamp())
    if which.before is not None:
        add("created_at < ?", which.before.timestamp())
    if which.starred is not None:
        add("starred = ?", which.starred)
    for word in folded(which.words).split():
        add("instr(search, ?) > 0", word)
    return where, values
