"""
Deleting everything: nothing of it is left in any file of the data folder, whatever was under way, and nothing of anybody
else's is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.allowance import Allowance, Origin
from reve_core.compare.models import Axes, Choice
from reve_core.errors import JobNotFound, OutcomeUnknown, RequestRejected, ShareNotFound, WrongState
from reve_core.models import Job, JobFilter, JobRequest, JobStatus, Picture
from reve_core.ownkeys import OwnKeys
from reve_core.ports import CallContext
from reve_core.privacy import Deleted
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore, backup
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider, GatedProvider

ANNA, BERT = "v-anna", "v-bert"
HOME = Origin("203.0.113.7")
LIMITS = Allowance(visitor_credits=10_000, address_credits=10_000, link_credits=10_000)


def as_told(request: JobRequest, context: CallContext) -> Picture | None:
    if "refuse" in request.prompt:
        raise RequestRejected(f"The provider did not take: {request.prompt}")
    if "lose" in request.prompt:
        raise OutcomeUnknown("The answer never came.")
    return None


@pytest.fixture
def gated() -> Iterator[GatedProvider]:
    provider = GatedProvider(name="gated")
    yield provider
    provider.gate.set()


@pytest.fixture
def studio(tmp_path: Path, gated: GatedProvider) -> Iterator[Studio]:
    made = build_studio(
        tmp_path, FakeProvider(before=as_told), gated, public=True, allowance=LIMITS, own_keys=OwnKeys()
    )
    with running(made):
        yield made
        gated.gate.set()


def make(studio: Studio, owner: str, prompt: str, **request: str) -> Job:
    [job] = studio.submit(JobRequest(prompt=prompt, **request), owner=owner, origin=HOME)  # type: ignore[arg-type]
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return studio.get(job.id, owner=owner)


def fill(studio: Studio, owner: str, mark: str) -> dict[str, str]:
    """One of everything that somebody can leave behind, each text with a word of its own. Returns words and names."""
    done = make(studio, owner, f"{mark}prompt of a heron")
    make(studio, owner, f"{mark}refuse a fox")
    make(studio, owner, f"{mark}lose an owl")
    binned = make(studio, owner, f"{mark}binned a wren")
    studio.shelf.trash([binned.id], owner=owner)
    made = studio.comparisons.make(
        Axes(prompts=(f"{mark}first auk", f"{mark}second auk"), samples=2),
        owner=owner,
        title=f"{mark}title",
        question=f"{mark}question?",
        origin=HOME,
    )
    until(lambda: studio.comparisons.summaries([made], faces=0)[0].done == 4)
    share = studio.shares.make(done.id, owner=owner)
    studio.shares.card(share.token or "")
    link = studio.comparison_shares.make(made.id, owner=owner, may_vote=True)
    assert done.image is not None
    return {
        "job": done.id,
        "file": done.image.name,
        "comparison": made.id,
        "share": share.token or "",
        "link": link.token or "",
        "pass": studio.visitors.hand_over(owner),
    }


def vote(studio: Studio, link: str, cookie: str, choice: Choice) -> str:
    """The name under which that browser has voted now."""
    opened = studio.comparison_shares.open(link)
    votes = studio.comparison_shares.votes
    voter = votes.voter(opened, cookie)
    assert voter is not None
    turn = votes.next_turn(opened, voter)
    assert turn is not None
    votes.cast(opened, turn.ballot.id, choice, voter=voter)
    return voter


def holds(folder: Path, *words: str) -> list[str]:
    """Which of these are found in any file of the data folder, and where."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            found += [f"{word} in {path.name}" for word in words if word.lower().encode() in data]
    return found


def everything_of(folder: Path, owner: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows that name that owner, or what is theirs."""
    with closing(sqlite3.connect(folder / "reve.db")) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        mine = f"select id from jobs where owner = '{owner}'"
        theirs = f"select id from comparisons where owner = '{owner}'"
        found: dict[str, list[tuple[object, ...]]] = {}
        for table in tables:
            columns = {row[1] for row in db.execute(f"pragma table_info({table})")}
            if "owner" in columns:
                found[table] = db.execute(f"select * from {table} where owner = ?", (owner,)).fetchall()
            elif "comparison_id" in columns:
                found[table] = db.execute(f"select * from {table} where comparison_id in ({theirs})").fetchall()
            elif "job_id" in columns:
                found[table] = db.execute(f"select * from {table} where job_id in ({mine})").fetchall()
        return found


def test_nothing_of_it_is_left_in_any_file_and_the_others_have_theirs(studio: Studio, tmp_path: Path) -> None:
    fill(studio, ANNA, "ANNAMARK")
    kept = fill(studio, BERT, "BERTMARK")
    backup.back_up(tmp_path / "reve.db", tmp_path / "backups", at_least_s=0)
    before = everything_of(tmp_path, BERT)
    files = {path: path.read_bytes() for path in (tmp_path / "images").rglob(f"{kept['job']}*")}
    assert len(files) == 3  # the picture, its thumbnail, its card
    assert len(holds(tmp_path, "ANNAMARKprompt")) >= 2  # the database or its log, and the backup
    gone = studio.privacy.delete_everything(ANNA)
    assert gone == Deleted(jobs=8, pictures=6, comparisons=1, links=2, votes=0)
    assert holds(tmp_path, "annamark", ANNA) == []
    assert all(rows == [] for rows in everything_of(tmp_path, ANNA).values())
    assert everything_of(tmp_path, BERT) == before
    assert {path: path.read_bytes() for path in files} == files
    assert studio.privacy.held(ANNA).jobs == 0
    assert studio.privacy.held(BERT).jobs == 8
    # Every file that is left is named in the table.
    assert {path.name[:32] for path in (tmp_path / "images").rglob("*.*")} <= {
        job.id for trashed in (False, True) for job in studio.jobs(JobFilter(owner=BERT, trashed=trashed)).jobs
    }


def test_its_links_lead_nowhere_and_its_passes_open_nothing(studio: Studio) -> None:
    made = fill(studio, ANNA, "a ")
    export = studio.privacy.prepare_export(ANNA)
    studio.privacy.delete_everything(ANNA)
    with pytest.raises(ShareNotFound):
        studio.shares.open(made["share"])
    with pytest.raises(ShareNotFound):
        studio.comparison_shares.open(made["link"])
    assert studio.visitors.take_over(made["pass"]) is None
    for what in (lambda: studio.get(made["job"], owner=ANNA), lambda: studio.shelf.export(export, ANNA)):
        with pytest.raises(JobNotFound):
            what()
    assert studio.blobs.path(made["file"]) is None


def test_a_picture_on_its_way_is_thrown_away_when_it_comes(
    studio: Studio, gated: GatedProvider, tmp_path: Path
) -> None:
    [job] = studio.submit(JobRequest(prompt="ANNAMARK late", provider="gated"), owner=ANNA, origin=HOME)
    assert gated.started.wait(5)
    studio.privacy.delete_everything(ANNA)
    assert studio.privacy.held(ANNA).jobs == 0
    assert studio.jobs(JobFilter(owner=ANNA)).jobs == []
    assert holds(tmp_path, "annamark") == []
    gated.gate.set()
    until(lambda: sum(studio.counts(owner="(gone)").values()) == 0)
    assert studio.privacy.held(ANNA).jobs == 0
    assert holds(tmp_path, "annamark") == []
    assert list((tmp_path / "images").rglob("*.*")) == []
    [call] = studio._store.calls(job.id)
    assert (call.outcome, call.receipt) == ("ok", None)
    # What it has cost is known, to the numbers and to nobody else.
    terms = studio.admission.terms(ANNA, HOME)
    assert terms is not None
    assert studio.privacy.held(ANNA).credits_today == 10


def test_what_waits_is_never_made_and_gives_back_what_was_reserved(studio: Studio, gated: GatedProvider) -> None:
    studio.pause("gated")
    studio.submit(JobRequest(prompt="never", provider="gated"), count=3, owner=ANNA, origin=HOME)
    assert studio.privacy.held(ANNA).credits_today == 30
    studio.privacy.delete_everything(ANNA)
    studio.resume("gated")
    gated.gate.set()
    make(studio, BERT, "a fox", provider="gated")
    assert gated.prompts == ["a fox"]
    assert studio.privacy.held(ANNA).credits_today == 0


def test_what_was_spent_today_stays_spent(studio: Studio) -> None:
    make(studio, ANNA, "a heron")
    studio.privacy.delete_everything(ANNA)
    standing = studio.admission.standing(ANNA, HOME)
    assert standing is not None
    assert standing.credits_left == LIMITS.visitor_credits - 10


def test_a_vote_still_counts_and_says_no_longer_whose_it_is(studio: Studio) -> None:
    made = fill(studio, BERT, "b ")
    votes = studio.comparison_shares.votes
    mine, other = votes.new_voter(), votes.new_voter()
    names = {vote(studio, made["link"], cookie, "left") for cookie in (mine, other)}
    comparison = studio.comparisons.get(made["comparison"], owner=BERT)
    before = studio.polls.result(comparison)
    assert studio.privacy.held(ANNA, mine).votes == 1
    assert studio.privacy.delete_everything(ANNA, mine).votes == 1
    after = studio.polls.result(comparison)
    assert after.voters == before.voters == 2
    assert studio.privacy.held(ANNA, mine).votes == 0
    assert studio.privacy.held(ANNA, other).votes == 1
    voters = {ballot.voter for ballot in studio.polls._grids.votes(comparison.id)}
    assert len(voters & names) == 1
    assert len(voters) == 2
    # They could vote again, as anybody who comes new.
    assert votes.next_turn(studio.comparison_shares.open(made["link"]), next(iter(names - voters))) is not None


def test_their_own_key_is_forgotten(tmp_path: Path) -> None:
    keys = OwnKeys()
    studio = build_studio(tmp_path, FakeProvider(), public=True, own_keys=keys)
    mine, theirs = keys.keep(ANNA, "fake", "papi.anna"), keys.keep(BERT, "fake", "papi.bert")
    studio.privacy.delete_everything(ANNA)
    assert keys.find(mine) is None
    assert keys.find(theirs) is not None
    studio.stop(0)


def test_one_persons_app_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio:
        [job] = studio.submit(JobRequest(prompt="a heron"))
        with pytest.raises(WrongState, match="data folder"):
            studio.privacy.delete_everything("me")
        assert studio.get(job.id).request.prompt == "a heron"


def test_a_worker_that_died_with_the_picture_in_its_hands_brings_nothing_back(tmp_path: Path) -> None:
    """The file was saved, its owner deleted everything, and only then the process came back to look."""
    store = SqliteStore(tmp_path / "reve.db")
    provider = FakeProvider()
    studio = build_studio(tmp_path, provider, store=store, public=True, sweep_s=0.05)
    [job] = studio.submit(JobRequest(prompt="ANNAMARK"), owner=ANNA)
    claim = store.claim("dead", lease_s=-1, limits=studio.catalogue._limits)
    assert claim is not None
    assert store.begin_call(claim, idempotent=False)
    picture = provider.picture(claim.job.request)
    store.arrived(claim, picture.receipt)
    studio.blobs.put(f"{claim.blob_stem}.png", picture.data)
    studio.privacy.delete_everything(ANNA)
    with running(studio):
        until(lambda: sum(studio.counts(owner="(gone)").values()) == 0)
        until(lambda: not list((tmp_path / "images").rglob("*.*")))
    assert holds(tmp_path, "annamark") == []
    assert [call.outcome for call in SqliteStore(tmp_path / "reve.db").calls(job.id)] == ["ok"]


def test_a_prompt_in_the_slack_of_a_page_is_found_and_the_file_written_anew(tmp_path: Path) -> None:
    """Rows that grow move to other pages, and what they leave behind there is not overwritten by deleting them."""
    store = SqliteStore(tmp_path / "reve.db")
    marks = [f"SLACK{number:04}" for number in range(600)]
    studio = build_studio(tmp_path, FakeProvider(), store=store, public=True)
    with store.connections.write() as db:
        db.execute("create table filler (id integer primary key, text text)")
        for mark in marks:
            db.execute("insert into filler (text) values (?)", (mark * 3,))
        for number in range(1, 601, 3):
            db.execute("update filler set text = text || text || text || text where id = ?", (number,))
        db.execute("delete from filler")
    assert store.erase([mark.encode() * 3 for mark in marks])
    assert holds(tmp_path, *marks) == []
    studio.stop(0)


def test_done_is_refused_for_what_nobody_wants(tmp_path: Path) -> None:
    """The tables alone: a late worker may say what it likes."""
    store = SqliteStore(tmp_path / "reve.db")
    studio = build_studio(tmp_path, FakeProvider(), store=store, public=True)
    [job] = studio.submit(JobRequest(prompt="a heron"), owner=ANNA)
    claim = store.claim("late", lease_s=60, limits=studio.catalogue._limits)
    assert claim is not None
    assert store.begin_call(claim, idempotent=False)
    assert store.is_wanted(claim)
    studio.privacy.delete_everything(ANNA)
    assert not store.is_wanted(claim)
    assert store.get(job.id, owner=ANNA) is None
    assert store.beat([claim], lease_s=60) == {job.id: "cancel"}
    assert store.fail(claim, "refused", "ANNAMARK said no", outcome="refused")
    assert store.get(job.id) is None
    assert store.calls(job.id)[0].error is None
    assert JobStatus.FAILED not in {status for status, count in store.counts(None).items() if count}
    studio.stop(0)
