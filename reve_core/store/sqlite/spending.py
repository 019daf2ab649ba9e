"""What a comparison has spent, and its cap: no worker takes up a job that would go past it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlite_utils import Database

from reve_core.compare.models import Spending
from reve_core.store.sqlite.base import BUMP

_HELD = "Not made: it would go past what this comparison may spend. Raise the limit, then try again."
_EPSILON = 1e-9  # sums of prices are not exact

# What the calls of ordered jobs cost: what the provider says it took, in dollars or in the forecast's price per credit. Null
# where it did not say, or has not answered, or nobody knows.
_CALLS = """
    select provider, model, usd, coalesce(sum(paid), 0) as paid, max(paid) as dearest, sum(paid is null) as unsaid from (
        select calls.provider, calls.model, ordered.usd,
               case when calls.outcome = 'not_charged' then 0
                    when calls.usd is not null then calls.usd
                    when calls.credits is not null and ordered.credits > 0
                        then ordered.usd * calls.credits / ordered.credits end as paid
        from comparison_jobs ordered join calls on calls.job_id = ordered.job_id
        where ordered.comparison_id = ?
    ) group by provider, model, usd
"""
# Jobs that have not sent the call of this attempt.
_JOBS = """
    select jobs.provider, jobs.model, ordered.usd, jobs.status = 'queued' as waits, count(*) as jobs
    from comparison_jobs ordered join jobs on jobs.id = ordered.job_id
    where ordered.comparison_id = ? and (jobs.status = 'queued' or jobs.status = 'running' and jobs.stage = 'claimed')
    group by 1, 2, 3, 4
"""


def spending(db: Database, comparison_id: str) -> Spending:
    dearest: dict[tuple[str, str], float] = {}
    spent = claimed = queued = 0.0
    calls = db.execute(_CALLS, (comparison_id,)).fetchall()
    for row in calls:
        maker = (row["provider"], row["model"])
        dearest[maker] = max(dearest.get(maker, 0.0), row["dearest"] or 0.0)
    for row in calls:
        spent += row["paid"] + row["unsaid"] * _likely(dearest, row["provider"], row["model"], row["usd"])
    for row in db.execute(_JOBS, (comparison_id,)):
        cost = row["jobs"] * _likely(dearest, row["provider"], row["model"], row["usd"])
        if row["waits"]:
            queued += cost
        else:
            claimed += cost
    return Spending(spent, claimed, queued, dearest)


def hold_back(db: Database, seq: int, now: float) -> bool:
    """
    Where a call for this queued job would take its comparison past its cap: take it out of the line, with those of the
    comparison that cost as much, and say so in each. False where it may be called for.
    """
    row = db.execute(
        """
        select jobs.provider, jobs.model, ordered.usd, comparisons.id, comparisons.cap_usd
        from jobs join comparison_jobs ordered on ordered.job_id = jobs.id
            join comparisons on comparisons.id = ordered.comparison_id
        where jobs.seq = ? and comparisons.cap_usd is not null and ordered.usd > 0
        """,
        (seq,),
    ).fetchone()
    if row is None:
        return False
    so_far = spending(db, row["id"])
    cost = _likely(so_far.dearest, row["provider"], row["model"], row["usd"])
    if so_far.spent + so_far.claimed + cost <= row["cap_usd"] + _EPSILON:
        return False
    db.execute(
        f"""
        update jobs set status = 'cancelled', error_code = 'cap', error = ?, finished_at = ?, rev = {BUMP}
        where status = 'queued' and provider = ? and model = ?
            and id in (select job_id from comparison_jobs where comparison_id = ? and usd >= ?)
        """,
        (_HELD, now, row["provider"], row["model"], row["id"], row["usd"]),
    )
    return True


def spent_today(db: Database, provider: str, now: float) -> float:
    """
    Credits that this provider has taken since midnight (UTC), visitors' own keys not counted: what it said it took, and the
    forecast of what it has not said yet, or nobody knows, or is about to be sent.
    """
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    said = db.execute(
        """
        select coalesce(sum(case when outcome = 'not_charged' then 0 else coalesce(credits, estimate) end), 0)
        from calls indexed by calls_spent
        where started_at >= ? and provider = ? and own = 0
        """,
        (midnight, provider),
    ).fetchone()[0]
    claimed = db.execute(
        """
        select coalesce(sum(estimate), 0) from jobs
        where status = 'running' and stage = 'claimed' and provider = ? and own_key is null
        """,
        (provider,),
    ).fetchone()[0]
    return float(said) + float(claimed)


def _likely(dearest: Mapping[tuple[str, str], float], provider: str, model: str, usd: float) -> float:
    """What a call will cost at most, as far as one can know: the forecast, or what a call of that model did cost here."""
    return max(usd, dearest.get((provider, model), 0.0))
