"""
The operator's page: who gets in, who hears nothing of it, and what can be done there. Streamlit's test runner has no browser, so
the address that was opened is put into its mouth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from pages.parts.host import Host
from reve_core import bootstrap
from reve_core.allowance import Allowance, Origin
from reve_core.errors import LimitReached
from reve_core.models import JobRequest, JobStatus, Review
from reve_core.operating import Entry
from reve_core.screening import Verdict
from reve_core.service import Studio
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider
from tests.pages.conftest import SHELL

TOKEN = "operators-only-7hq2-LmZ9-wXk4"
ADDRESS = "198.51.100.7"
HERE = Origin(address=ADDRESS)
ANNA = "v-anna"


class Now:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Unsure:
    """A policy that is unsure of what says "perhaps"."""

    fault = None

    def judge(self, text: str) -> Verdict:
        return _Said("review" if "perhaps" in text else "allow")

    def judge_all(self, texts: Any) -> Verdict:
        return self.judge(" ".join(texts))


class _Said:
    category, rule, policy, message = "suggestive", "r7", "p1", "No."

    def __init__(self, action: str) -> None:
        self.action = action


@pytest.fixture
def clock() -> Now:
    return Now()


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider, clock: Now) -> Iterator[Studio]:
    service = build_studio(
        tmp_path,
        provider,
        public=True,
        allowance=Allowance(link_credits=1000, visitor_credits=25, visitor_queue=9),
        moderator=Unsure(),
        operator_entry=Entry(token=SecretStr(TOKEN), emails=("Ada@Example.org",), clock=clock),
    )
    service.start()
    bootstrap.use(service, Site(public=True))
    yield service
    bootstrap.use(None)
    service.stop(5)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The address in the browser, and where the browser is."""
    told = {"url": "http://studio.example/operator", "address": ADDRESS}
    monkeypatch.setattr(type(st.context), "url", property(lambda context: told["url"]))
    monkeypatch.setattr("pages.parts.operating.entering.address", lambda: told["address"])
    return told


def window() -> AppTest:
    """A browser that has said what kind of host this is."""
    at = AppTest.from_file(str(SHELL), default_timeout=20)
    at.session_state["host_found"] = Host(False, "/", "")
    return at


@pytest.fixture
def visit(studio: Studio, opened: dict[str, str]) -> Callable[[], AppTest]:
    def run() -> AppTest:
        return window().run().switch_page("operator.py").run()

    return run


def words(at: AppTest) -> str:
    return "\n".join(node.proto.body for node in at.get("html") if "<style>" not in node.proto.body)


def everything(at: AppTest) -> str:
    """All that was sent to the browser."""
    return str(at._tree) + "".join(str(getattr(node, "proto", "")) for node in at._tree)


def sign_in(at: AppTest, token: str = TOKEN) -> AppTest:
    at.text_input[0].set_value(token)
    return press(at, "Sign in")


def press(at: AppTest, label: str) -> AppTest:
    [button] = [each for each in at.button if each.label == label]
    return button.click().run()


def part(at: AppTest, name: str) -> AppTest:
    return at.segmented_control(key="operator_section").set_value(name).run()


def ordered(studio: Studio, prompt: str = "a heron", owner: str = ANNA) -> str:
    [job] = studio.submit(JobRequest(prompt=prompt, aspect_ratio="1:1"), owner=owner, origin=HERE)
    return job.id


def made(studio: Studio, prompt: str = "a heron", owner: str = ANNA) -> str:
    job_id = ordered(studio, prompt, owner)
    until(lambda: studio.get(job_id, owner=owner).status is JobStatus.DONE)
    return job_id


Visit = Callable[[], AppTest]


def test_nobody_hears_of_the_page_who_has_not_opened_it(studio: Studio, opened: dict[str, str]) -> None:
    opened["url"] = "http://studio.example/"
    at = window().run()
    for name in ("create.py", "gallery.py", "queue.py", "shares.py"):
        at.switch_page(name).run()
        assert "perator" not in everything(at)
    with pytest.raises(ValueError, match="Could not find"):
        at.switch_page("operator.py")


def test_a_browser_that_makes_up_the_pages_name_is_shown_nothing_of_it(
    visit: Visit, studio: Studio, opened: dict[str, str]
) -> None:
    known = visit()
    assert "This page is for whoever runs the studio." in words(known)
    opened["url"] = "http://studio.example/"
    at = window()
    at._page_hash = known._page_hash
    at.run()
    assert "perator" not in everything(at)


def test_where_nobody_can_sign_in_there_is_no_page(tmp_path: Path, opened: dict[str, str]) -> None:
    service = build_studio(tmp_path / "other", FakeProvider(), public=True, operator_entry=Entry())
    bootstrap.use(service, Site(public=True))
    at = window().run()
    with pytest.raises(ValueError, match="Could not find"):
        at.switch_page("operator.py")
    bootstrap.use(None)
    service.stop(5)


def test_the_token_opens_every_part_and_is_sent_back_nowhere(visit: Visit, studio: Studio) -> None:
    made(studio)
    at = sign_in(visit())
    assert not at.exception
    assert "Signed in with the token" in words(at)
    for name in ("Overview", "Review", "Pictures", "Bans", "Limits", "Copies", "History"):
        part(at, name)
        assert not at.exception, name
        assert TOKEN not in everything(at)
        assert TOKEN not in str(at.session_state)
    assert "sign in" in words(at)


def test_a_wrong_token_is_counted_and_the_sixth_try_waits_even_if_it_is_right(
    visit: Visit, opened: dict[str, str], clock: Now
) -> None:
    at = visit()
    for left in (4, 3, 2, 1):
        sign_in(at, "not the operator's token")
        assert f"{left} {'try is' if left == 1 else 'tries are'} left." in words(at)
    sign_in(at, "not the operator's token")
    assert not at.text_input
    other = visit()
    assert not other.text_input, "another tab of the same address waits too"
    opened["address"] = "203.0.113.9"
    assert "Signed in" in words(sign_in(visit()))
    opened["address"] = ADDRESS
    clock.at += 601
    assert "Signed in" in words(sign_in(visit()))


def test_a_session_ends_by_itself(visit: Visit, clock: Now) -> None:
    at = sign_in(visit())
    clock.at += 8 * 3600 - 1
    assert "Signed in" in words(at.run())
    clock.at += 2
    at.run()
    assert "Signed in" not in words(at)
    assert at.text_input


def test_signing_out_leaves_nothing_behind(visit: Visit) -> None:
    at = press(sign_in(visit()), "Sign out")
    assert "Signed in" not in words(at)
    assert "operator_session" not in at.session_state


def test_a_held_prompt_is_shown_as_plain_text_and_approved(visit: Visit, studio: Studio) -> None:
    job_id = ordered(studio, "perhaps ![x](http://127.0.0.1:9/t.png) <b>bold</b>")
    assert studio.get(job_id, owner=ANNA).review is Review.PERSON
    at = part(sign_in(visit()), "Review")
    assert [each.value for each in at.text] == ["perhaps ![x](http://127.0.0.1:9/t.png) <b>bold</b>"]
    assert "Policy: suggestive, r7" in words(at)
    press(at, "Approve")
    assert "Approved." in words(at)
    until(lambda: studio.get(job_id, owner=ANNA).status is JobStatus.DONE)
    part(at, "History")
    assert "approve" in words(at)
    assert "bold" not in words(at)


def test_a_refused_prompt_ends_with_the_operators_note_and_is_forgotten(visit: Visit, studio: Studio) -> None:
    job_id = ordered(studio, "perhaps a heron")
    at = part(sign_in(visit()), "Review")
    at.text_input[0].set_value("Leave out the name.")
    press(at, "Refuse")
    job = studio.get(job_id, owner=ANNA)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "blocked")
    assert job.error == "The operator of this link refused this prompt. Leave out the name."
    assert "heron" not in job.request.prompt
    assert "heron" not in everything(at)


def test_a_reported_picture_is_found_by_its_link_and_hidden(visit: Visit, studio: Studio) -> None:
    job_id = made(studio)
    token = studio.shares.make(job_id, owner=ANNA).token
    at = part(sign_in(visit()), "Pictures")
    at.text_input(key="operator_find").set_value(f"https://studio.example/s/{token}")
    press(at, "Find")
    assert [each.value for each in at.text] == ["a heron"]
    press(at, "Hide picture")
    assert "It is off every screen" in words(at)
    [link] = studio.shares.links(ANNA)
    assert link.state == "hidden"
    [again] = [each for each in at.button if each.label == "Show picture again" and "list" in str(each.key)]
    again.click().run()
    [link] = studio.shares.links(ANNA)
    assert link.state == "open"


def test_a_changed_limit_lets_in_what_was_refused(visit: Visit, studio: Studio) -> None:
    made(studio)
    made(studio)
    with pytest.raises(LimitReached):
        ordered(studio)
    at = part(sign_in(visit()), "Limits")
    [field] = [each for each in at.number_input if each.label == "One visitor, a day (credits)"]
    assert field.value == 25
    field.set_value(100)
    press(at, "Save")
    assert "One visitor, a day (credits): 100." in words(at)
    made(studio)
    press(at, "Back to the settings")
    with pytest.raises(LimitReached):
        ordered(studio)
    part(at, "History")
    assert "visitor_credits: 25 to 100" in words(at)


def test_a_visitor_is_banned_from_the_list_of_spenders_and_let_in_again(visit: Visit, studio: Studio) -> None:
    made(studio)
    at = part(sign_in(visit()), "Bans")
    at.radio(key="operator_ban_kind").set_value("A visitor of the last 30 days").run()
    press(at, "Ban")
    with pytest.raises(Exception, match="closed it for you"):
        ordered(studio)
    press(at, "Lift")
    ordered(studio)


def test_a_message_made_up_for_a_button_of_the_page_does_nothing_without_a_session(
    visit: Visit, studio: Studio, clock: Now
) -> None:
    job_id = ordered(studio, "perhaps a heron")
    at = part(sign_in(visit()), "Review")
    clock.at += 9 * 3600
    press(at, "Approve")
    assert studio.get(job_id, owner=ANNA).status is JobStatus.QUEUED
    assert "heron" not in everything(at)


def test_an_address_on_the_list_opens_the_page_only_when_it_is_verified(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    user: dict[str, object] = {"is_logged_in": True, "email": "ada@example.org"}
    monkeypatch.setattr("pages.parts.operating.entering.providers", lambda: [""])
    monkeypatch.setattr(st, "user", user)
    at = visit()
    press(at, "Continue as `ada@example.org`")
    assert "verified" in words(at)
    user["email_verified"] = True
    press(at, "Continue as `ada@example.org`")
    assert "Signed in as ada@example.org" in words(at)
    user["email"] = "eve@example.org"
    other = visit()
    press(other, "Continue as `eve@example.org`")
    assert "Signed in" not in words(other)
