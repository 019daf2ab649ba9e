"""What stands between a prompt and a provider on a public link: the policy, the service, the operator, and whose key pays."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reve_core.allowance import Allowance, Origin
from reve_core.compare.models import Axes, Maker
from reve_core.errors import (
    BadInput,
    Blocked,
    KeyRefused,
    LimitReached,
    NoCredits,
    RateLimited,
    RequestRejected,
    WrongState,
)
from reve_core.guard.moderation import Action, Verdict
from reve_core.models import Job, JobRequest, JobStatus, Review
from reve_core.ownkeys import OwnKeys
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider

CANARY = "key-of-a-visitor-0123456789"


class Words:
    """A policy of two words."""

    fault = None

    def judge(self, text: str) -> Verdict:
        if "forbidden" in text:
            return Verdict(Action.BLOCK, "hate", rule="r1", policy="p1")
        if "doubtful" in text:
            return Verdict(Action.REVIEW, "violence", rule="r2", policy="p1")
        return Verdict(Action.ALLOW)

    def judge_all(self, texts: Iterable[str]) -> Verdict:
        return self.judge(" ".join(texts))


@dataclass(frozen=True)
class Said:
    flagged: bool = False
    category: str = ""
    message: str = "Not here."
    degraded: bool = False


class Service:
    """A moderation service that answers what it is told to, and remembers what it was asked."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.asked: list[str] = []

    def check(self, text: str) -> Said:
        self.asked.append(text)
        return self.said


def wanted(prompt: str = "a heron", **changes: object) -> JobRequest:
    return JobRequest(prompt=prompt, **changes)  # type: ignore[arg-type]


def one(studio: Studio, prompt: str = "a heron", **more: object) -> Job:
    [job] = studio.submit(wanted(prompt), owner="me", **more)  # type: ignore[arg-type]
    return job


# -- the policy


def test_a_blocked_prompt_is_refused_before_anything_is_stored_and_noted_without_its_words(tmp_path: Path) -> None:
    provider = FakeProvider()
    with running(build_studio(tmp_path, provider, moderator=Words())) as studio:
        with pytest.raises(Blocked) as caught:
            one(studio, "forbidden marker-words")
        assert caught.value.category == "hate"
        assert "forbidden" not in str(caught.value)
        [event] = studio._store.noted()  # type: ignore[attr-defined]
        assert (event.action, event.category, event.rule, event.owner, event.what) == (
            "block",
            "hate",
            "r1",
            "me",
            "prompt",
        )
        assert studio.counts(owner="me")[JobStatus.QUEUED] == 0
    assert provider.prompts == []
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"marker-words" in file.read_bytes()]


def test_the_number_of_the_blocked_prompt_among_several_is_told(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider(), moderator=Words())) as studio:
        with pytest.raises(Blocked) as caught:
            studio.order([(wanted(), 2), (wanted(), 1), (wanted("forbidden"), 1)], owner="me")
        assert caught.value.item == 2


@pytest.mark.parametrize("field", ["title", "question"])
@pytest.mark.parametrize("word", ["forbidden", "doubtful"])
def test_words_that_others_would_read_are_refused_also_where_the_policy_is_in_doubt(
    tmp_path: Path, field: str, word: str
) -> None:
    axes = Axes(prompts=("a heron", "a fox"))
    with running(build_studio(tmp_path, FakeProvider(), moderator=Words())) as studio:
        with pytest.raises(Blocked):
            studio.comparisons.make(axes, owner="me", **{field: f"{word} words"})  # type: ignore[arg-type]
        assert studio.comparisons.listed(owner="me") == []
        made = studio.comparisons.make(axes, owner="me", title="Birds")
        with pytest.raises(Blocked):
            studio.comparisons.describe(made.id, owner="me", **{field: f"{word} words"})
        with pytest.raises(Blocked):
            studio.comparisons.extend(made.id, owner="me", prompts=["forbidden"])
        assert studio.comparisons.get(made.id, owner="me").rows == made.rows


def test_a_doubtful_prompt_waits_for_the_operator_and_costs_nothing_meanwhile(tmp_path: Path) -> None:
    provider = FakeProvider()
    with running(build_studio(tmp_path, provider, moderator=Words())) as studio:
        job = one(studio, "doubtful")
        after = one(studio)
        assert until_ended(studio, after.id).status is JobStatus.DONE
        waiting = studio.get(job.id, owner="me")
        assert (waiting.status, waiting.review) == (JobStatus.QUEUED, Review.PERSON)
        assert studio.cancel(job.id, owner="me").startswith("Cancelled")
    assert provider.prompts == ["a heron"]


# -- the service


def test_a_prompt_that_the_service_flags_is_never_sent_to_the_provider_and_its_words_are_forgotten(
    tmp_path: Path,
) -> None:
    provider, service = FakeProvider(), Service(Said(flagged=True, category="violence"))
    with running(build_studio(tmp_path, provider, moderator=Words(), screen=service)) as studio:
        job = until_ended(studio, one(studio, "fine to the policy").id)
        assert (job.status, job.error_code, job.error) == (JobStatus.FAILED, "blocked", "Not here.")
        assert "policy" not in job.request.prompt
        [event] = studio._store.noted()  # type: ignore[attr-defined]
        assert (event.stage, event.action, event.category, event.job_id) == ("service", "block", "violence", job.id)
        with pytest.raises(WrongState, match="not kept"):
            studio.retry(job.id, owner="me")
        assert studio.retryable(owner="me") == 0
    assert service.asked == ["fine to the policy"]
    assert provider.prompts == []


def test_what_was_refused_and_forgotten_is_drawn_by_no_other_way(tmp_path: Path) -> None:
    provider, service = FakeProvider(), Service(Said(flagged=True, category="violence"))
    with running(build_studio(tmp_path, provider, moderator=Words(), screen=service)) as studio:
        made = studio.comparisons.make(Axes(prompts=("a heron", "a fox")), owner="me")
        until(lambda: studio.counts(owner="me")[JobStatus.FAILED] == 2)
        for more in ({"twin_of": made.rows[0].id}, {"samples": 2}):
            with pytest.raises(BadInput, match="not kept"):
                studio.comparisons.extend(made.id, owner="me", **more)  # type: ignore[arg-type]
        with pytest.raises(BadInput, match="not kept"):
            one(studio, "(not kept)")
    assert provider.prompts == []


def test_where_the_service_cannot_be_asked_only_what_the_policy_doubted_waits_for_a_person(tmp_path: Path) -> None:
    provider, service = FakeProvider(), Service(Said(degraded=True))
    with running(build_studio(tmp_path, provider, moderator=Words(), screen=service)) as studio:
        doubted, clear = one(studio, "doubtful"), one(studio, "a heron")
        assert until_ended(studio, clear.id).status is JobStatus.DONE
        until(lambda: studio.get(doubted.id, owner="me").review is Review.PERSON)
        store = studio._store
        assert store.approve(doubted.id)  # type: ignore[attr-defined]
        studio._worker.wake()
        asked_before = len(service.asked)
        assert until_ended(studio, doubted.id).status is JobStatus.DONE
        assert len(service.asked) == asked_before  # a person has decided
    assert sorted(provider.prompts) == ["a heron", "doubtful"]


def test_a_doubt_that_the_service_does_not_share_needs_nobody(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider(), moderator=Words(), screen=Service(Said()))) as studio:
        assert until_ended(studio, one(studio, "doubtful").id).status is JobStatus.DONE


# -- own keys


class Keyed(FakeProvider):
    """Remembers the key of each call; ``fails`` is raised for calls with a visitor's key."""

    def __init__(self, own_key: str = "may", fails: Exception | None = None) -> None:
        super().__init__(before=self._note)
        [model] = self._models
        able = model.capabilities.model_copy(update={"own_key": own_key})
        self._models = (model.model_copy(update={"capabilities": able}),)
        self.keys: list[str | None] = []
        self._fails = fails

    def _note(self, request: JobRequest, context: CallContext) -> None:
        self.keys.append(context.own_key.get_secret_value() if context.own_key else None)
        if self._fails is not None and context.own_key is not None:
            raise self._fails


def test_a_call_is_paid_with_the_key_of_whoever_gave_one_and_it_is_written_nowhere(tmp_path: Path) -> None:
    provider, keys = Keyed(), OwnKeys()
    with running(build_studio(tmp_path, provider, own_keys=keys)) as studio:
        name = keys.keep("me", "fake", CANARY)
        job = until_ended(studio, one(studio, origin=Origin(own_keys={"fake": name})).id)
        until_ended(studio, one(studio).id)
        assert job.status is JobStatus.DONE
        assert job.own_key == name
    assert provider.keys == [CANARY, None]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]


def test_a_key_is_good_for_its_owner_and_its_provider_alone(tmp_path: Path) -> None:
    keys = OwnKeys()
    with running(build_studio(tmp_path, Keyed(), own_keys=keys)) as studio:
        for name in (keys.keep("you", "fake", CANARY), keys.keep("me", "other", CANARY), "k-invented"):
            with pytest.raises(BadInput, match="Enter it again"):
                one(studio, origin=Origin(own_keys={"fake": name}))


def test_without_a_key_of_the_links_own_a_visitor_has_to_bring_one(tmp_path: Path) -> None:
    keys = OwnKeys()
    with running(build_studio(tmp_path, Keyed("must"), own_keys=keys)) as studio:
        with pytest.raises(BadInput, match="needs a key of your own"):
            one(studio)
        with pytest.raises(BadInput, match="needs a key of your own"):
            studio.comparisons.make(Axes(prompts=("a", "b"), makers=(Maker(provider="fake"),)), owner="me")
        origin = Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)})
        assert until_ended(studio, one(studio, origin=origin).id).status is JobStatus.DONE


def test_a_key_that_is_gone_ends_the_job_with_words_and_nothing_sent(tmp_path: Path) -> None:
    provider, keys = Keyed(), OwnKeys()
    studio = build_studio(tmp_path, provider, own_keys=keys)
    name = keys.keep("me", "fake", CANARY)
    job = one(studio, origin=Origin(own_keys={"fake": name}))
    keys.forget(name)  # as a restart does
    with running(studio):
        ended = until_ended(studio, job.id)
        assert (ended.status, ended.error_code) == (JobStatus.FAILED, "own_key_gone")
        assert "Nothing was charged" in (ended.error or "")
        again = Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)})
        studio.retry(job.id, owner="me", origin=again)
        assert until_ended(studio, job.id).status is JobStatus.DONE
    assert provider.keys == [CANARY]


def test_what_an_own_key_was_to_pay_for_is_never_put_on_the_links_account_by_a_retry(tmp_path: Path) -> None:
    provider, keys = Keyed(fails=KeyRefused("The key was refused.")), OwnKeys()
    with running(build_studio(tmp_path, provider, own_keys=keys)) as studio:
        job = one(studio, origin=Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)}))
        until_ended(studio, job.id)
        with pytest.raises(BadInput, match="your own key"):
            studio.retry(job.id, owner="me")
    assert provider.keys == [CANARY]


@pytest.mark.parametrize("fails", [KeyRefused("The key was refused."), NoCredits("No credits.")])
def test_trouble_with_somebodys_own_key_pauses_nobody_else(tmp_path: Path, fails: Exception) -> None:
    provider, keys = Keyed(fails=fails), OwnKeys()
    with running(build_studio(tmp_path, provider, own_keys=keys)) as studio:
        origin = Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)})
        mine = until_ended(studio, one(studio, origin=origin).id)
        assert mine.status is JobStatus.FAILED
        assert (mine.error or "").startswith("Your own key:")
        assert not studio.catalogue.provider("fake").paused
        assert until_ended(studio, one(studio).id).status is JobStatus.DONE


def test_a_rate_limit_on_somebodys_own_key_makes_that_job_wait_and_no_other(tmp_path: Path) -> None:
    provider, keys = Keyed(fails=RateLimited("Slow down.", retry_after=30)), OwnKeys()
    with running(build_studio(tmp_path, provider, own_keys=keys)) as studio:
        origin = Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)})
        mine = one(studio, origin=origin)
        until(lambda: studio.get(mine.id, owner="me").not_before is not None)
        assert until_ended(studio, one(studio).id).status is JobStatus.DONE
        studio.cancel(mine.id, owner="me")


def test_a_rate_limit_on_somebodys_own_key_that_does_not_end_is_not_tried_for_ever(tmp_path: Path) -> None:
    provider, keys = Keyed(fails=RateLimited("Slow down.", retry_after=0)), OwnKeys()
    with running(build_studio(tmp_path, provider, own_keys=keys, max_attempts=3)) as studio:
        origin = Origin(own_keys={"fake": keys.keep("me", "fake", CANARY)})
        mine = until_ended(studio, one(studio, origin=origin).id)
        assert (mine.status, mine.error_code) == (JobStatus.FAILED, "rate_limited")
        assert (mine.error or "").startswith("Your own key: Slow down. Tried 3 times")
    assert provider.keys == [CANARY] * 3


# -- limits


def test_retrying_many_failed_jobs_is_one_submission_and_stops_where_the_budget_ends(tmp_path: Path) -> None:
    broken = threading.Event()
    broken.set()

    def fail(request: JobRequest, context: CallContext) -> None:
        if broken.is_set():
            raise RequestRejected("Not now.")

    provider = FakeProvider(before=fail)
    allowance = Allowance(visitor_per_minute=3, visitor_credits=45)
    studio = build_studio(tmp_path, provider, allowance=allowance, public=True)
    with running(studio):
        jobs = studio.submit(wanted(), count=4, owner="me", origin=Origin("192.0.2.1"))
        for job in jobs:
            until_ended(studio, job.id)
        broken.clear()
        studio.submit(wanted(), owner="me", origin=Origin("192.0.2.1"))
        assert studio.retry_failed(owner="me", origin=Origin("192.0.2.1")) == 3
        with pytest.raises(LimitReached) as caught:
            studio.retry_failed(owner="me", origin=Origin("192.0.2.1"))
        assert caught.value.code in ("rate_visitor", "budget_visitor")


def test_two_visitors_one_of_whom_floods_the_line_are_both_served(tmp_path: Path) -> None:
    gate = threading.Event()
    provider = FakeProvider(before=lambda request, context: gate.wait(20) and None)
    allowance = Allowance(at_once=2)
    studio = build_studio(tmp_path, provider, workers=3, concurrency=3, allowance=allowance, public=True)
    with running(studio):
        for _ in range(5):
            studio.submit(wanted("flood"), count=16, owner="hog", origin=Origin("192.0.2.1"))
        until(lambda: len(provider.prompts) == 2)
        mine = one(studio, "newcomer", origin=Origin("192.0.2.2"))
        until(lambda: "newcomer" in provider.prompts)
        assert len(provider.prompts) <= 3
        gate.set()
        assert until_ended(studio, mine.id).status is JobStatus.DONE
        for job in studio._store.pending("hog"):
            studio._store.cancel(job.id)


def until_ended(studio: Studio, job_id: str) -> Job:
    until(lambda: not studio.get(job_id, owner="me").status.is_pending)
    return studio.get(job_id, owner="me")


def test_refusals_over_and_over_fill_neither_the_log_nor_the_disk(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider(), moderator=Words(), public=True)
    for number in range(70):
        with pytest.raises(Blocked):
            studio.submit(wanted(f"forbidden {number}"), owner="eve")
    with pytest.raises(Blocked):
        studio.submit(wanted("forbidden"), owner="another")
    noted = studio._store.noted(limit=200)  # type: ignore[attr-defined]
    assert [event.owner for event in noted] == ["another"] + ["eve"] * 60


def test_what_was_refused_is_not_ordered_anew_without_its_words_by_running_its_cell_again(tmp_path: Path) -> None:
    provider = FakeProvider()
    studio = build_studio(tmp_path, provider, moderator=Words(), screen=Service(Said(flagged=True)), public=True)
    with running(studio):
        made = studio.comparisons.make(Axes(prompts=("a", "b")), owner="me")
        keys = [cell.key for cell in studio.comparisons.grid(made.id, owner="me").cells.values()]
        for key in keys:
            job_id = studio.comparisons.cell(made.id, key, owner="me").job_id
            assert job_id is not None
            assert until_ended(studio, job_id).error_code == "blocked"
        with pytest.raises(BadInput, match="not kept"):
            studio.comparisons.run_again(made.id, keys, owner="me")
