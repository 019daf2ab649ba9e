"""The schema, as numbered steps. A step that was released is never changed; write the next one."""

from collections.abc import Callable

from sqlite_utils import Database, Migrations

migrations = Migrations("reve_core")
KNOWN: set[str] = set()


def _step(name: str) -> Callable[[Callable[[Database], None]], Callable[[Database], None]]:
    KNOWN.add(name)
    return migrations(name=name)


@_step("0001_jobs")
def _jobs(db: Database) -> None:
    # _at columns are seconds since 1970. A partial index is only used where the query repeats its condition literally.
    db.execute(
        """
        create table jobs (
            seq integer primary key autoincrement,
            id text not null unique,
            owner text not null,
            provider text not null,
            model text not null,
            prompt text not null,
            search text not null,
            aspect_ratio text not null,
            seed integer,
            priority integer not null default 0,
            status text not null,
            stage text,
            created_at real not null,
            not_before real,
            attempt integer not null default 0,
            tries integer not null default 0,
            worker text,
            lease_token text,
            lease_until real,
            started_at real,
            finished_at real,
            cancel_requested integer not null default 0,
            progress real,
            progress_text text,
            error_code text,
            error text,
            credits_used real,
            request_id text,
            image text,
            thumbnail text,
            mime text,
            width integer,
            height integer,
            size integer,
            sha256 text,
            receipt text,
            starred integer not null default 0,
            trashed_at real,
            rev integer not null
        )
        """
    )
    db.execute("create index jobs_queued on jobs (provider, priority desc, seq) where status = 'queued'")
    db.execute("create index jobs_running on jobs (provider, stage) where status = 'running'")
    db.execute("create index jobs_of_owner on jobs (owner, status, seq)")
    db.execute("create index jobs_list on jobs (owner, seq desc)")
    db.execute("create index jobs_revision on jobs (owner, rev)")
    db.execute("create index jobs_rev on jobs (rev)")
    db.execute(
        "create index jobs_gallery on jobs (owner, finished_at desc, seq desc) where status = 'done' and trashed_at is null"
    )
    db.execute("create index jobs_history on jobs (provider, model, finished_at desc) where status = 'done'")
    db.execute("create index jobs_trash on jobs (trashed_at) where trashed_at is not null")


@_step("0002_calls")
def _calls(db: Database) -> None:
    db.execute(
        """
        create table calls (
            job_id text not null,
            attempt integer not null,
            token text not null,
            provider text not null,
            model text not null,
            idempotent integer not null,
            started_at real not null,
            ended_at real,
            outcome text,
            credits real,
            receipt text,
            error text,
            primary key (job_id, attempt)
        )
        """
    )
    db.execute("create index calls_pace on calls (provider, started_at)")


@_step("0003_providers")
def _providers(db: Database) -> None:
    db.execute(
        """
        create table providers (
            name text primary key,
            paused integer not null default 0,
            until real,
            reason text,
            probing integer not null default 0
        )
        """
    )


@_step("0004_counts_and_trash")
def _counts_and_trash(db: Database) -> None:
    # The live route counts on every call: from an index alone, not from rows that carry prompts and receipts. SQLite takes
    # it for covering only if the column of the condition is in it as well.
    db.execute("create index jobs_counts on jobs (owner, status, trashed_at) where trashed_at is null")
    # The trash is listed newest first; without its own order SQLite walks the owner's whole archive to find it empty.
    db.execute("create index jobs_trash_list on jobs (owner, seq desc) where trashed_at is not null")


@_step("0005_idempotency_keys")
def _idempotency_keys(db: Database) -> None:
    db.execute(
        """
        create table idempotency_keys (
            owner text not null,
            key text not null,
            digest text not null,
            jobs text not null,
            created_at real not null,
            primary key (owner, key)
        ) without rowid
        """
    )
    db.execute("create index idempotency_keys_age on idempotency_keys (created_at)")


@_step("0006_shares_tokens_passes")
def _shares_tokens_passes(db: Database) -> None:
    # Of every secret only the hash is kept.
    db.execute(
        """
        create table shares (
            seq integer primary key autoincrement,
            id text not null unique,
            token_hash text not null unique,
            job_id text not null,
            owner text not null,
            created_at real not null,
            expires_at real,
            revoked_at real,
            show_prompt integer not null,
            show_settings integer not null,
            published integer not null,
            views integer not null default 0
        )
        """
    )
    db.execute("create index shares_of_owner on shares (owner, seq desc)")
    db.execute("create index shares_of_job on shares (job_id)")
    db.execute(
        """
        create table api_tokens (
            id text primary key,
            token_hash text not null unique,
            name text not null,
            owner text not null,
            created_at real not null,
            revoked_at real
        )
        """
    )
    db.execute(
        """
        create table passes (
            token_hash text primary key,
            owner text not null,
            until real not null,
            taken_at real
        )
        """
    )


@_step("0007_callbacks")
def _callbacks(db: Database) -> None:
    # ``ended`` is the job's finished_at that is being told: another one means that the job went round again.
    db.execute(
        """
        create table callbacks (
            job_id text primary key,
            url text not null,
            ended real,
            attempt integer not null default 0,
            next_at real not null default 0,
            settled integer not null default 0,
            error text
        )
        """
    )
    db.execute("create index callbacks_open on callbacks (next_at) where settled = 0")


@_step("0008_callback_rounds")
def _callback_rounds(db: Database) -> None:
    # Which of a job's ends is being told: it can end again after a retry, or be lifted out of ``unknown``.
    db.execute("alter table callbacks drop column ended")
    db.execute("alter table callbacks add column round integer not null default 1")


@_step("0009_comparisons")
def _comparisons(db: Database) -> None:
    # ``axes``, ``rows`` and ``place`` are JSON: they are read whole and never searched.
    db.execute(
        """
        create table comparisons (
            seq integer primary key autoincrement,
            id text not null unique,
            owner text not null,
            created_at real not null,
            title text not null,
            question text not null,
            rows text not null,
            axes text not null,
            cap_usd real,
            frozen_at real,
            rev integer not null
        )
        """
    )
    db.execute("create index comparisons_of_owner on comparisons (owner, seq desc)")
    db.execute(
        """
        create table comparison_keys (
            owner text not null,
            key text not null,
            digest text not null,
            comparison_id text not null,
            created_at real not null,
            primary key (owner, key)
        ) without rowid
        """
    )
    db.execute(
        """
        create table cells (
            seq integer primary key autoincrement,
            comparison_id text not null,
            key text not null,
            place text not null,
            job_id text,
            adopted integer not null,
            unique (comparison_id, key)
        )
        """
    )
    # What a comparison ordered, with the forecast, for as long as it stands: a cell's job can be replaced.
    db.execute(
        """
        create table comparison_jobs (
            job_id text primary key,
            comparison_id text not null,
            usd real not null,
            credits real not null
        ) without rowid
        """
    )
    db.execute("create index comparison_jobs_of on comparison_jobs (comparison_id)")
    db.execute(
        """
        create table ballots (
            seq integer primary key autoincrement,
            id text not null unique,
            comparison_id text not null,
            voter text not null,
            left_key text not null,
            right_key text not null,
            pair text not null,
            created_at real not null,
            choice text,
            cast_at real,
            cast_seq integer,
            unique (comparison_id, voter, pair)
        )
        """
    )
    db.execute("create index ballots_cast on ballots (comparison_id, cast_seq) where cast_at is not null")
    db.execute("create index ballots_idle on ballots (created_at) where cast_at is null")
    # Pictures of a prompt that was asked for before: only finished ones, so that queueing a job costs nothing more.
    db.execute(
        """
        create index jobs_of_prompt on jobs (owner, substr(prompt, 1, 80))
        where status = 'done' and trashed_at is null
        """
    )


@_step("0010_shares_of_comparisons")
def _shares_of_comparisons(db: Database) -> None:
    # A share is of a job or of a comparison. SQLite cannot take "not null" from a column, so the table is written anew;
    # ``seq`` goes along, since the list of shares is read in its order.
    db.execute(
        """
        create table shares_new (
            seq integer primary key autoincrement,
            id text not null unique,
            token_hash text not null unique,
            job_id text,
            comparison_id text,
            owner text not null,
            created_at real not null,
            expires_at real,
            revoked_at real,
            show_prompt integer not null,
            show_settings integer not null,
            published integer not null,
            may_vote integer not null default 0,
            show_grid integer not null default 0,
            views integer not null default 0,
            check ((job_id is null) <> (comparison_id is null))
        )
        """
    )
    columns = """seq, id, token_hash, job_id, owner, created_at, expires_at, revoked_at, show_prompt, show_settings,
                 published, views"""
    db.execute(f"insert into shares_new ({columns}) select {columns} from shares")
    db.execute("drop table shares")
    db.execute("alter table shares_new rename to shares")
    db.execute("create index shares_of_owner on shares (owner, seq desc)")
    db.execute("create index shares_of_job on shares (job_id) where job_id is not null")
    db.execute("create index shares_of_comparison on shares (comparison_id) where comparison_id is not null")


@_step("0011_ballots_of_pictures")
def _ballots_of_pictures(db: Database) -> None:
    # A vote is on two pictures, and a cell can be given another one. ``pair`` names the pictures from now on.
    db.execute("alter table ballots add column left_job text")
    db.execute("alter table ballots add column right_job text")
    for side in ("left", "right"):
        db.execute(
            f"""
            update ballots set {side}_job = (select job_id from cells
                where cells.comparison_id = ballots.comparison_id and cells.key = ballots.{side}_key)
            """
        )
    db.execute(
        """
        update or ignore ballots set pair = min(left_job, right_job) || ' ' || max(left_job, right_job)
        where left_job is not null and right_job is not null
        """
    )


# What a job has to be charged to its day's budgets, as it now stands: its forecast while it may still cost that, and what
# its calls cost once that is known. ``charge_base`` is what was charged before it was tried again.
_USED = "max(coalesce(new.credits_used, 0) - new.charge_base, 0)"
_OWED = f"""
    case when new.own_key is not null then 0
         when new.status in ('queued', 'running') then {_USED} + new.estimate
         when new.status = 'unknown' or new.error_code in (DOUBTFUL) then max({_USED}, new.estimate)
         when new.status = 'done' and new.credits_used is null then new.estimate
         else {_USED} end
"""

_GIVEN_UP = "'given_up'"
_OR_STOPPED = "'given_up', 'stopped'"


def _charge(doubtful: str) -> str:
    """The statements of a trigger that keeps the books. ``doubtful``: codes of ended jobs that may have been charged."""
    owed = _OWED.replace("DOUBTFUL", doubtful)
    return f"""
        insert into budgets (day, key, credits)
            select new.charge_day, keys.key, ({owed}) - new.charged
            from (select 'all' as key union all select 'v:' || new.visitor
                  union all select 'a:' || new.address where new.address <> '') as keys
            where ({owed}) <> new.charged
            on conflict (day, key) do update set credits = credits + excluded.credits;
        update jobs set charged = ({owed}) where seq = new.seq and charged <> ({owed});
    """


@_step("0012_limits")
def _limits(db: Database) -> None:
    # visitor and address are keyed hashes. ``fair`` is the name under which a job takes its turn, ``turn`` its start tag.
    for column in (
        "visitor text not null default ''",
        "address text not null default ''",
        "fair text not null default ''",
        "turn real not null default 0",
        "estimate real not null default 0",
        "charge_day text",
        "charge_base real not null default 0",
        "charged real not null default 0",
        "own_key text",
        "review text",
        "hidden_at real",
    ):
        db.execute(f"alter table jobs add column {column}")
    db.execute("update jobs set fair = owner where status in ('queued', 'running')")
    db.execute("drop index jobs_queued")
    # With all that the claim asks about, so that who has thousands in line and may have no more running is passed over
    # without a look at one of their rows.
    db.execute(
        """
        create index jobs_queued on jobs (provider, priority desc, turn, seq, fair, not_before, review, status)
        where status = 'queued'
        """
    )
    db.execute("create index jobs_running_fair on jobs (fair) where status = 'running'")
    db.execute("create index jobs_of_address on jobs (address) where status in ('queued', 'running') and address <> ''")
    db.execute("create index jobs_to_review on jobs (seq) where review = 'person'")
    db.execute("alter table providers add column credits_left real")
    db.execute("alter table shares add column hidden_at real")
    db.execute("create table rates (key text primary key, arrival real not null) without rowid")
    db.execute(
        "create table budgets (day text not null, key text not null, credits real not null, primary key (day, key)) "
        "without rowid"
    )
    db.execute("create table visitors (key text primary key, first_seen real not null) without rowid")
    db.execute(
        "create table fair_queue (provider text not null, fair text not null, turn real not null, "
        "primary key (provider, fair)) without rowid"
    )
    db.execute("create table fair_clock (provider text primary key, turn real not null) without rowid")
    # The books are kept by the rows themselves: whoever ends, retries or settles a job, none of them can forget to.
    db.execute(
        "create trigger jobs_charged_new after insert on jobs when new.charge_day is not null "
        f"begin {_charge(_GIVEN_UP)} end"
    )
    db.execute(
        f"""
        create trigger jobs_charged after update of status, credits_used, charge_day, estimate, own_key on jobs
        when new.charge_day is not null begin {_charge(_GIVEN_UP)} end
        """
    )


@_step("0013_guard")
def _guard(db: Database) -> None:
    db.execute(
        """
        create table bans (
            name text primary key,
            about text not null,
            reason text not null,
            created_at real not null,
            until real
        )
        """
    )
    # Never the text that was judged.
    db.execute(
        """
        create table moderation (
            number integer primary key autoincrement,
            at real not null,
            owner text not null,
            what text not null,
            action text not null,
            category text not null,
            rule text not null,
            policy text not null,
            stage text not null,
            job_id text
        )
        """
    )
    db.execute("create index moderation_at on moderation (at)")
    db.execute("create table overrides (name text primary key, value text not null) without rowid")
    db.execute(
        """
        create table audit (
            number integer primary key autoincrement,
            at real not null,
            who text not null,
            what text not null,
            detail text not null
        )
        """
    )


@_step("0014_operator")
def _operator(db: Database) -> None:
    # Whose money a call was: a job and its own key can be deleted, what was spent stays on record.
    db.execute("alter table calls add column own integer not null default 0")
    db.execute("create index calls_spent on calls (started_at, provider, own, credits)")
    # Counted where they happen: failed jobs are kept for a day only. ``hour`` counts from 1970.
    db.execute(
        """
        create table failures (
            hour integer not null,
            provider text not null,
            code text not null,
            count integer not null,
            primary key (hour, provider, code)
        ) without rowid
        """
    )
    db.execute(
        """
        create trigger jobs_failing after update of status on jobs
        when new.status in ('failed', 'unknown') and old.status is not new.status
            and new.error_code is not 'given_up' and new.finished_at is not null
        begin
            insert into failures (hour, provider, code, count)
                values (cast(new.finished_at / 3600 as integer), new.provider, coalesce(new.error_code, ''), 1)
                on conflict (hour, provider, code) do update set count = count + 1;
            delete from failures where hour < cast(new.finished_at / 3600 as integer) - 960;
        end
        """
    )
    db.execute("create index jobs_hidden on jobs (hidden_at) where hidden_at is not null")
    db.execute("create index shares_hidden on shares (hidden_at) where hidden_at is not null")


@_step("0015_privacy")
def _privacy(db: Database) -> None:
    # Jobs that are gone and whose files have to go. A job's id says nothing of whose it was.
    db.execute(
        "create table doomed (job_id text primary key, attempts integer not null, at real not null) without rowid"
    )
    db.execute("create index doomed_at on doomed (at)")
    # Whether a picture stands in any comparison: asked of each that grows old.
    db.execute("create index cells_of_job on cells (job_id) where job_id is not null")


@_step("0016_own_keys")
def _own_keys(db: Database) -> None:
    # Of a pause: it is about the link's account alone, and visitors' own keys go on.
    db.execute("alter table providers add column own_keys integer not null default 0")


@_step("0017_tickets")
def _tickets(db: Database) -> None:
    # By which a provider knows a request that it has accepted, so that its answer can be picked up. JSON, never a key.
    db.execute("alter table calls add column ticket text")
    # What was paid in dollars, beside the credits that the books count in.
    db.execute("alter table calls add column usd real")
    db.execute("alter table jobs add column usd_used real")


@_step("0018_forecasts")
def _forecasts(db: Database) -> None:
    # What a call was expected to cost: its job can be deleted, and what it may have cost still counts for that day.
    db.execute("alter table calls add column estimate real not null default 0")
    db.execute(
        "update calls set estimate = coalesce((select estimate from jobs where jobs.id = calls.job_id), 0) where own = 0"
    )
    db.execute("drop index calls_spent")
    db.execute("create index calls_spent on calls (started_at, provider, own, outcome, credits, estimate)")
    # With what tells those apart that go on while others wait for a person or for tomorrow.
    db.execute("drop index jobs_queued")
    db.execute(
        """
        create index jobs_queued on jobs
            (provider, priority desc, turn, seq, fair, not_before, review, status, own_key, estimate)
        where status = 'queued'
        """
    )
    # A call that was stopped and may have cost something is owed for, as one is that was given up.
    db.execute("drop trigger jobs_charged")
    db.execute(
        f"""
        create trigger jobs_charged after update of status, credits_used, charge_day, estimate, own_key on jobs
        when new.charge_day is not null begin {_charge(_OR_STOPPED)} end
        """
    )
