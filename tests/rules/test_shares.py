"""Share links without a screen: who may make, see and end one, and what it keeps back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reve_core import shares
from reve_core.errors import BadInput, ConfigurationError, JobNotFound, ShareEnded, ShareNotFound
from reve_core.guard.signing import Signer
from reve_core.models import JobRequest
from reve_core.service import Studio
from reve_core.shares import Shares
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with running(build_studio(tmp_path, FakeProvider(), public=True)) as studio:
        yield studio


def picture(studio: Studio, prompt: str = "a red fox", owner: str = "anna") -> str:
    [job] = studio.submit(JobRequest(prompt=prompt, seed=7), owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return job.id


def token(studio: Studio, **options: object) -> str:
    link = studio.shares.make(picture(studio), owner="anna", **options)  # type: ignore[arg-type]
    assert link.token is not None
    return link.token


def test_only_the_owner_of_a_finished_picture_can_share_it(studio: Studio) -> None:
    job_id = picture(studio)
    for owner, which in (("bert", job_id), ("anna", "f" * 32)):
        with pytest.raises(JobNotFound):
            studio.shares.make(which, owner=owner)
    studio.shelf.trash([job_id], owner="anna")
    with pytest.raises(JobNotFound):
        studio.shares.make(job_id, owner="anna")


def test_only_the_owner_sees_and_ends_a_share(studio: Studio) -> None:
    link = studio.shares.make(picture(studio), owner="anna")
    assert studio.shares.links("bert") == []
    with pytest.raises(ShareNotFound):
        studio.shares.revoke(link.share.id, owner="bert")
    studio.shares.revoke(link.share.id, owner="anna")
    studio.shares.revoke(link.share.id, owner="anna")
    with pytest.raises(ShareEnded):
        studio.shares.open(link.token or "")


def test_the_database_holds_no_token(studio: Studio, tmp_path: Path) -> None:
    one = token(studio)
    assert len(one) == 22
    for file in tmp_path.glob("reve.db*"):
        assert one.encode() not in file.read_bytes()


def test_two_links_to_one_picture_end_each_by_itself(studio: Studio) -> None:
    job_id = picture(studio)
    one, two = (studio.shares.make(job_id, owner="anna") for _ in range(2))
    assert one.token != two.token
    studio.shares.revoke(one.share.id, owner="anna")
    assert studio.shares.open(two.token or "").prompt == "a red fox"


def test_one_owner_makes_only_so_many_links_a_day(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_A_DAY", 3)
    mine, theirs = picture(studio), picture(studio, owner="bert")
    made = [studio.shares.make(mine, owner="anna") for _ in range(3)]
    studio.shares.revoke(made[0].share.id, owner="anna")  # which makes no room: it could be done over and over
    with pytest.raises(BadInput, match="3 links within a day"):
        studio.shares.make(mine, owner="anna")
    studio.shares.make(theirs, owner="bert")
    monkeypatch.setattr(studio.shares, "_clock", lambda: time.time() + 86_401)
    studio.shares.make(mine, owner="anna")


def test_a_window_holds_nothing_that_the_owner_keeps_back(studio: Studio) -> None:
    window = studio.shares.open(token(studio, show_prompt=False))
    assert (window.prompt, window.settings) == (None, ())
    assert [box.label for box in window.boxes] == [""]
    shown = studio.shares.open(token(studio, show_settings=True))
    assert shown.prompt == "a red fox"
    assert ("Seed", "7") in shown.settings
    assert [box.label for box in shown.boxes] == ["<thing>"]


@pytest.mark.parametrize("show_prompt", [True, False])
@pytest.mark.parametrize("show_settings", [True, False])
def test_make_your_own_gets_what_is_shown_and_no_more(studio: Studio, show_prompt: bool, show_settings: bool) -> None:
    offer = studio.shares.offer(token(studio, show_prompt=show_prompt, show_settings=show_settings))
    assert offer.prompt == ("a red fox" if show_prompt else None)
    assert (offer.settings is not None) == show_settings


def test_an_offer_of_settings_alone_does_not_carry_the_prompt_along(studio: Studio) -> None:
    offer = studio.shares.offer(token(studio, show_prompt=False, show_settings=True))
    assert "fox" not in repr(offer)


def test_a_link_lasts_as_long_as_was_said(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    one = token(studio, lasts=timedelta(days=1))
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(studio.shares, "_clock", lambda: now + 86_000)
    studio.shares.open(one)
    monkeypatch.setattr(studio.shares, "_clock", lambda: now + 86_500)
    with pytest.raises(ShareEnded):
        studio.shares.open(one)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(seconds=-1), timedelta(days=4000)])
def test_a_span_that_makes_no_sense_is_refused(studio: Studio, lasts: timedelta) -> None:
    with pytest.raises(BadInput):
        studio.shares.make(picture(studio), owner="anna", lasts=lasts)


def with_secrets(studio: Studio, *secrets: str) -> Shares:
    """The same shares after a restart with other secrets."""
    old = studio.shares
    return Shares(
        store=old._store,
        access=old._access,
        grids=old._grids,
        blobs=old._blobs,
        signer=Signer(secrets),
        caps=old._caps,
        label_of=studio.catalogue.label,
        title_of=lambda provider, model: provider,
    )


def test_with_another_secret_old_links_work_but_are_not_shown_again(studio: Studio) -> None:
    one = token(studio)
    later = with_secrets(studio, "another secret, also more than 32 characters")
    assert later.open(one).prompt == "a red fox"
    [link] = later.links("anna")
    assert link.token is None
    assert link.state == "open"


def test_a_link_is_shown_for_as_long_as_its_secret_is_still_accepted(studio: Studio) -> None:
    one = token(studio)
    before = studio.shares._signer._secrets
    later = with_secrets(studio, "another secret, also more than 32 characters", *before)
    assert [link.token for link in later.links("anna")] == [one]


def test_a_token_that_was_made_up_opens_nothing(studio: Studio) -> None:
    token(studio)
    for made_up in ("", "A" * 22, "\ud800" * 3, "x" * 10_000):
        with pytest.raises(ShareNotFound):
            studio.shares.open(made_up)


def test_where_nothing_can_be_written_links_show_but_cannot_be_made_or_ended(studio: Studio) -> None:
    link = studio.shares.make(picture(studio), owner="anna")
    studio.shares._read_only = "The data folder cannot be written."
    assert studio.shares.open(link.token or "").prompt == "a red fox"
    studio.shares.count_view(link.share)
    for attempt in (
        lambda: studio.shares.make(link.share.job_id or "", owner="anna"),
        lambda: studio.shares.revoke(link.share.id, owner="anna"),
    ):
        with pytest.raises(ConfigurationError):
            attempt()
