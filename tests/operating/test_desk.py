"""The operator's desk over a real service: what is hidden is nowhere, who is banned orders nothing, limits move, copies hold."""

from __future__ import annotations

import io
import logging
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from reve_core.allowance import Allowance, Origin
from reve_core.errors import (
    BadInput,
    Banned,
    JobNotFound,
    LimitReached,
    NotAllowed,
    NotFound,
    ShareEnded,
    WrongState,
)
from reve_core.models import JobRequest, JobStatus
from reve_core.operating import Desk, Entry
from reve_core.service import Studio
from reve_core.visitors import COOKIE
from reve_core.web.backup import PREFIX
from tests.building import build_studio, until
from tests.fakes import FakeProvider, GatedProvider
from tests.web.door import asking, refusal

TOKEN = "operators-only-7hq2-LmZ9-wXk4"
ANNA = "v-anna"
HOME = "198.51.100.7"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider) -> Iterator[Studio]:
    service = build_studio(
        tmp_path,
        provider,
        public=True,
        allowance=Allowance(link_credits=10_000, visitor_queue=50),
        operator_entry=Entry(token=SecretStr(TOKEN)),
    )
    service.start()
    yield service
    service.stop(5)


@pytest.fixture
def desk(studio: Studio) -> Desk:
    return studio.operator.desk(studio.operator.sign_in(TOKEN, address=HOME))


def order(studio: Studio, prompt: str = "a heron", *, owner: str = ANNA, address: str = HOME) -> str:
    [job] = studio.submit(JobRequest(prompt=prompt, aspect_ratio="1:1"), owner=owner, origin=Origin(address=address))
    return job.id


def made(studio: Studio, prompt: str = "a heron", *, owner: str = ANNA) -> str:
    job_id = order(studio, prompt, owner=owner)
    until(lambda: studio.get(job_id, owner=owner).status is JobStatus.DONE)
    return job_id


def done(desk: Desk) -> list[tuple[str, str, str]]:
    """What was written down, oldest first."""
    return [(each.who, each.what, each.detail) for each in reversed(desk.audited())]


# -- who may


def test_without_a_session_there_is_no_desk(studio: Studio) -> None:
    for made_up in (None, "token", object()):
        with pytest.raises(NotAllowed):
            studio.operator.desk(made_up)


def test_sign_ins_are_written_down_and_wrong_tokens_nowhere(
    studio: Studio, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(7):
            with pytest.raises((NotAllowed, LimitReached)):
                studio.operator.sign_in("somebody's guess of the token", address="203.0.113.5")
    assert done(desk) == [
        ("token", "sign in", ""),
        ("nobody", "sign-in refused", "too many wrong tokens from one address"),
    ]
    assert "somebody's guess" not in caplog.text
    assert "203.0.113.5" not in caplog.text
    assert TOKEN not in caplog.text


# -- hiding


def test_a_hidden_picture_is_behind_no_address_of_ours(studio: Studio, desk: Desk) -> None:
    job_id = made(studio)
    job = studio.get(job_id, owner=ANNA)
    assert job.image is not None
    share = studio.shares.make(job_id, owner=ANNA)
    export = studio.shelf.prepare_export([job_id], owner=ANNA)
    visitors = studio.visitors
    anna = {"Cookie": f"{COOKIE}={visitors.cookie(ANNA)}"}
    names = (job.image.name, job.image.thumbnail)
    addresses = [
        *(f"/images/{name}" for name in names),
        *(f"/images/{name}?k={visitors.key(name)}" for name in names),
        *(f"/app/static/images/{name}" for name in names),
        f"/download/{job_id}",
        f"/download/{job_id}?k={visitors.key(job_id)}",
        f"/api/v1/jobs/{job_id}",
        f"/status/{job_id}",
        f"/s/{share.token}",
        f"/s/{share.token}/picture",
        f"/s/{share.token}/card.jpg",
        f"/s/{share.token}/download",
    ]
    with asking(studio) as client:
        before = {each: client.get(each, headers=anna).status_code for each in addresses}
        assert set(before.values()) == {200}, before
        desk.judging.hide_picture(job_id, True)
        after = {each: client.get(each, headers=anna).status_code for each in addresses}
        assert set(after.values()) <= {404, 410}, after
        assert job_id not in client.get("/api/v1/jobs", headers=anna).text
        assert job_id not in client.get("/api/live?limit=24", headers=anna).text
        with zipfile.ZipFile(io.BytesIO(client.get(f"/exports/{export}", headers=anna).content)) as archive:
            assert [name for name in archive.namelist() if name.endswith(".png")] == []
        desk.judging.hide_picture(job_id, False)
        assert {each: client.get(each, headers=anna).status_code for each in addresses} == before
    assert done(desk)[1:] == [("token", "hide picture", job_id), ("token", "show picture", job_id)]


def test_its_owner_can_neither_see_nor_restore_nor_share_it_and_is_told_why_the_link_is_dead(
    studio: Studio, desk: Desk
) -> None:
    job_id = made(studio)
    share = studio.shares.make(job_id, owner=ANNA)
    desk.judging.hide_picture(job_id, True)
    assert studio.shelf.trashed(owner=ANNA).jobs == []
    for attempt in (
        lambda: studio.shelf.restore([job_id], owner=ANNA),
        lambda: studio.shelf.download(job_id, ANNA),
        lambda: studio.shelf.download(job_id, None),
        lambda: studio.shares.make(job_id, owner=ANNA),
        lambda: studio.retry(job_id, owner=ANNA),
    ):
        with pytest.raises(JobNotFound):
            attempt()
    with pytest.raises(ShareEnded):
        studio.shares.open(share.token or "")
    assert [link.state for link in studio.shares.links(ANNA)] == ["hidden"]


def test_a_hidden_picture_leaves_its_comparison_and_what_is_taken_from_it(studio: Studio, desk: Desk) -> None:
    shown, hidden = made(studio, "a heron"), made(studio, "a wren")
    comparison = studio.comparisons.of_pictures([shown, hidden], owner=ANNA)
    link = studio.comparison_shares.make(comparison.id, owner=ANNA, may_vote=False)
    desk.judging.hide_picture(hidden, True)
    grid = studio.comparisons.grid(comparison.id, owner=ANNA)
    assert [cell.job.id for cell in grid.cells.values() if cell.job is not None] == [shown]
    opened = studio.comparison_shares.open(link.token or "")
    states = [cell["state"] for cell in _cells(studio.comparison_shares.looking.data(opened))]
    assert sorted(states) == ["done", "gone"]


def _cells(data: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["cells"]
    return found


def test_a_hidden_link_opens_nothing_and_its_owner_reads_why(studio: Studio, desk: Desk) -> None:
    share = studio.shares.make(made(studio), owner=ANNA)
    desk.judging.hide_share(share.share.id, True)
    with asking(studio) as client:
        for path in (f"/s/{share.token}", f"/s/{share.token}/card.jpg"):
            assert client.get(path).status_code in (404, 410), path
    assert [link.state for link in studio.shares.links(ANNA)] == ["hidden"]
    desk.judging.hide_share(share.share.id, False)
    assert studio.shares.open(share.token or "").prompt == "a heron"


def test_what_was_reported_is_found_by_whatever_address_it_has(studio: Studio, desk: Desk) -> None:
    job_id = made(studio)
    share = studio.shares.make(job_id, owner=ANNA)
    image = studio.get(job_id, owner=ANNA).image
    assert image is not None
    for text in (
        job_id,
        f"https://studio.example/s/{share.token}?x=1",
        f"https://studio.example/images/{image.name}",
        f"https://studio.example/gallery?image={job_id}",
        f" {share.share.id} ",
    ):
        found = desk.judging.find(text)
        assert found.job is not None, text
        assert (found.job.id, [each.id for each in found.shares]) == (job_id, [share.share.id])
        assert ANNA not in found.visitor
    for text in ("", "nothing", "0" * 32, f"/s/{'x' * 22}"):
        with pytest.raises(NotFound):
            desk.judging.find(text)


def test_pictures_are_hidden_in_personal_mode_too(tmp_path: Path) -> None:
    service = build_studio(tmp_path / "own", FakeProvider(), operator_entry=Entry(token=SecretStr(TOKEN)))
    service.start()
    try:
        job_id = made(service, owner="me")
        desk = service.operator.desk(service.operator.sign_in(TOKEN, address=""))
        image = service.get(job_id).image
        assert image is not None
        with asking(service) as client:
            assert client.get(f"/images/{image.name}").status_code == 200
            desk.judging.hide_picture(job_id, True)
            refusal(client.get(f"/images/{image.name}"), 404, "not_found")
        assert desk.tuning.limits() == []
        with pytest.raises(BadInput, match="That is you"):
            desk.shutting.visitor_of_job(job_id)
    finally:
        service.stop(5)


# -- bans


class TestBans:
    @pytest.fixture
    def provider(self) -> Iterator[GatedProvider]:
        gated = GatedProvider()
        yield gated
        gated.gate.set()

    def test_a_banned_visitor_orders_nothing_and_what_waited_is_cancelled(
        self, studio: Studio, desk: Desk, provider: GatedProvider
    ) -> None:
        running = order(studio)
        assert provider.started.wait(10)
        waiting = [order(studio) for _ in range(6)]
        until(lambda: len(desk.watching.hands()) == 4)
        shut = desk.shutting.visitor_of_job(running, reason="spam", days=7)
        assert shut.cancelled == 3
        assert studio.get(waiting[-1], owner=ANNA).status is JobStatus.CANCELLED
        with pytest.raises(Banned):
            order(studio)
        order(studio, owner="v-ben")
        [ban] = desk.shutting.bans()
        assert (ban.reason, ANNA in ban.about) == ("spam", False)
        desk.shutting.lift(ban.name)
        order(studio)
        with pytest.raises(WrongState):
            desk.shutting.lift(ban.name)
        provider.gate.set()  # or the service waits for it when it is stopped


def test_a_visitor_is_found_by_the_name_of_the_spending_even_where_jobs_have_forgotten_it(
    studio: Studio, desk: Desk, tmp_path: Path
) -> None:
    made(studio)
    [spender] = desk.watching.money().by_visitor
    with closing(sqlite3.connect(tmp_path / "reve.db")) as db:
        db.execute("update jobs set visitor = '', address = ''")
        db.commit()
    desk.shutting.visitor(spender.visitor)
    with pytest.raises(Banned):
        order(studio)
    with pytest.raises(BadInput, match="nobody can say who it was"):
        desk.shutting.visitor("a name of nobody")


def test_the_address_of_a_job_is_shut_until_midnight_for_everybody_behind_it(studio: Studio, desk: Desk) -> None:
    job_id = made(studio)
    shut = desk.shutting.address_of_job(job_id)
    assert shut.ban.until is not None
    assert (shut.ban.until.hour, shut.ban.until.minute) == (0, 0)
    with pytest.raises(Banned):
        order(studio, owner="v-ben")
    order(studio, owner="v-ben", address="203.0.113.9")
    assert HOME not in str(desk.shutting.bans())


def test_an_address_of_another_day_is_not_known_any_more(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    job_id = made(studio)
    with closing(sqlite3.connect(tmp_path / "reve.db")) as db:
        db.execute("update jobs set charge_day = '2020-01-01'")
        db.commit()
    with pytest.raises(WrongState, match="changes at midnight"):
        desk.shutting.address_of_job(job_id)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (HOME, HOME),
        (f"{HOME}/32", HOME),
        ("2001:db8:1:2::/64", "2001:db8:1:2::9"),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9"),
    ],
)
def test_a_typed_address_is_shut(studio: Studio, desk: Desk, typed: str, address: str) -> None:
    desk.shutting.address(typed, days=1)
    with pytest.raises(Banned):
        order(studio, address=address)
    order(studio, address="203.0.113.9")


@pytest.mark.parametrize("typed", ["", "home", "198.51.100.0/24", "2001:db8::/32", "1.2.3.4/99", "198.51.100.7; drop"])
def test_what_is_no_single_address_is_not_shut(desk: Desk, typed: str) -> None:
    with pytest.raises(BadInput):
        desk.shutting.address(typed)
    assert desk.shutting.bans() == []


# -- limits


def test_a_changed_limit_holds_in_another_process_within_a_second(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    other = build_studio(tmp_path, FakeProvider(), public=True, allowance=Allowance(link_credits=10_000))
    assert other.admission.allowance() == Allowance(link_credits=10_000)
    desk.tuning.change("link_credits", 5)

    def seen() -> bool:
        allowance = other.admission.allowance()
        return allowance is not None and allowance.link_credits == 5

    until(seen, within_s=5)
    with pytest.raises(LimitReached):
        order(studio)
    desk.tuning.reset("link_credits")
    order(studio)
    assert done(desk)[1:] == [
        ("token", "limit", "link_credits: 10000 to 5"),
        ("token", "limit", "link_credits: 5 to 10000, as set"),
    ]
    other.stop(1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("link_credits", -1), ("link_queue", 1.5), ("link_queue", 1e12), ("secret", 1), ("floor", float("nan"))],
)
def test_a_limit_takes_whole_numbers_and_only_limits_are_changed(desk: Desk, name: str, value: float) -> None:
    with pytest.raises(BadInput):
        desk.tuning.change(name, value)
    assert not any(each.is_changed for each in desk.tuning.limits())


# -- watching


def test_money_is_told_by_provider_visitor_and_day(studio: Studio, desk: Desk) -> None:
    made(studio)
    made(studio)
    made(studio, owner="v-ben")
    money = desk.watching.money()
    assert (money.today, money.total, money.charged, money.budget) == (30, 30, 30, 10_000)
    assert [(each.provider, each.credits) for each in money.by_day] == [("fake", 30)]
    assert [each.total for each in money.by_visitor] == [20, 10]
    assert ANNA not in str(money)
    assert HOME not in str(money)


def test_a_provider_is_paused_checked_and_resumed(studio: Studio, desk: Desk) -> None:
    desk.watching.pause("fake")
    [maker] = desk.watching.makers()
    assert (maker.is_paused, maker.reason) == (True, "Paused by the operator.")
    job_id = order(studio)
    assert studio.get(job_id, owner=ANNA).status is JobStatus.QUEUED
    assert desk.watching.check("fake").ok
    desk.watching.resume("fake")
    until(lambda: studio.get(job_id, owner=ANNA).status is JobStatus.DONE)
    [maker] = desk.watching.makers()
    assert (maker.is_paused, maker.calls, maker.spent, maker.dollars) == (False, 1, 10, False)
    with pytest.raises(BadInput):
        desk.watching.pause("other")


# -- copies


def test_a_copy_is_sent_once_and_holds_database_and_pictures(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    job_id, lost = made(studio), made(studio, "a wren")
    images = {each: studio.get(each, owner=ANNA).image for each in (job_id, lost)}
    kept, gone = images[job_id], images[lost]
    assert kept is not None
    assert gone is not None
    studio.blobs.delete(gone.name)
    token = desk.copying.link()
    with asking(studio) as client:
        answer = client.get(f"{PREFIX}/{token}")
        assert answer.headers["cache-control"] == "no-store"
        assert "attachment" in answer.headers["content-disposition"]
        refusal(client.get(f"{PREFIX}/{token}"), 404, "not_found")
        refusal(client.get(f"{PREFIX}/{'x' * 32}"), 404, "not_found")
        refusal(client.post(f"{PREFIX}/{token}"), 405, "method_not_allowed")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.read(f"images/{kept.name[:2]}/{kept.name}") == studio.blobs.get(kept.name, max_bytes=1 << 20)
        assert archive.read("missing.txt").decode().split() == [gone.name]
        archive.extract("reve.db", tmp_path / "copied")
    with closing(sqlite3.connect(tmp_path / "copied" / "reve.db")) as db:
        assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
        assert db.execute("select count(*) from jobs").fetchone()[0] == 2
    assert [each.name for each in (tmp_path / "backups").glob("download-*")] == []
    assert ("token", "backup download", "") in done(desk)


def test_a_copy_never_holds_more_than_a_piece_in_memory(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    made(studio)
    with closing(sqlite3.connect(tmp_path / "reve.db")) as db:
        db.execute("create table ballast (data blob)")
        db.executemany("insert into ballast values (zeroblob(1048576))", [()] * 12)
        db.commit()
    sizes = [len(piece) for piece in desk.copying.pieces()]
    assert sum(sizes) > 12 << 20
    assert max(sizes) < 3 << 20


def test_a_download_that_is_broken_off_leaves_nothing_behind(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    made(studio)
    pieces = desk.copying.pieces()
    next(pieces)
    assert list((tmp_path / "backups").glob("download-*"))
    pieces.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "backups").glob("download-*"))


def test_what_comes_after_the_database_was_copied_is_left_out(studio: Studio, desk: Desk) -> None:
    made(studio)
    pieces = desk.copying.pieces()
    first = next(pieces)
    late = made(studio, "a wren")
    whole = first + b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert not any(late in name for name in archive.namelist())


def test_the_restore_check_says_what_a_copy_would_give_and_changes_nothing(
    studio: Studio, desk: Desk, tmp_path: Path
) -> None:
    job_id = made(studio)
    whole = b"".join(desk.copying.pieces())
    made(studio, "a wren")
    before = sorted(path.name for path in tmp_path.rglob("*") if path.suffix in (".png", ".webp", ".zip"))
    report = desk.copying.check(io.BytesIO(whole), "mine.zip")
    assert (report.holds.problem, report.holds.jobs, report.holds.pictures) == (None, 1, 1)
    assert (report.missing, report.lost_jobs) == (0, 1)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.suffix in (".png", ".webp", ".zip")) == before
    image = studio.get(job_id, owner=ANNA).image
    assert image is not None
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        database = archive.read("reve.db")
    studio.blobs.delete(image.name)
    assert desk.copying.check(io.BytesIO(database), "reve-20261123-070000.db").missing == 1
    assert desk.copying.check(io.BytesIO(whole), "mine.zip").missing == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"hello"])
def test_what_is_no_copy_cannot_be_put_back(desk: Desk, content: bytes) -> None:
    assert desk.copying.check(io.BytesIO(content), "x.zip").holds.problem is not None


def test_a_zip_file_of_something_else_is_said_to_be_that(desk: Desk) -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("../../evil", "x")
    with pytest.raises(BadInput, match=r"no reve\.db"):
        desk.copying.check(other, "x.zip")


def test_the_newest_backup_is_checked(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        desk.copying.check_newest()
    made(studio)
    folder = tmp_path / "backups"
    folder.mkdir(exist_ok=True)
    desk._tools.ledger.copy_to(folder / "reve-20261123-060000.db")
    report = desk.copying.check_newest()
    assert (report.holds.jobs, report.made_at is not None) == (1, True)


def test_the_links_of_copies_are_nobodys_but_one_use(studio: Studio, desk: Desk) -> None:
    with asking(studio) as client:
        token = desk.copying.link()
        got: list[httpx.Response] = [client.get(f"{PREFIX}/{token}") for _ in range(2)]
    assert [each.status_code for each in got] == [200, 404]
