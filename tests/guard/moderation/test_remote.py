"""Asking a moderation service: what it says counts by the policy's thresholds, and what it does wrong never raises."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from reve_core.guard.moderation import Moderator, message
from reve_core.guard.moderation.policy import Policy, parse
from reve_core.guard.moderation.remote import RemoteModeration, RemoteVerdict
from tests.guard.moderation.conftest import SMALL
from tests.guard.moderation.service import Service, result, running, send

KEY = "sk-canary-51c9e2d7"


@pytest.fixture(scope="module")
def running_service() -> Iterator[Service]:
    with running() as service:
        yield service


@pytest.fixture
def service(running_service: Service) -> Service:
    running_service.asked.clear()
    running_service.headers.clear()
    running_service.paths.clear()
    running_service.answer = result({})
    return running_service


@pytest.fixture
def remote(service: Service, small: Moderator) -> RemoteModeration:
    return RemoteModeration(service.url, SecretStr(KEY), "omni", 5.0, small.policy)


def test_the_request_is_the_documented_one(service: Service, remote: RemoteModeration) -> None:
    assert remote.check("a red fox") == RemoteVerdict(flagged=False)
    assert service.asked == [{"model": "omni", "input": "a red fox"}]
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"
    assert service.paths == ["/v1/moderations"]


def test_a_base_url_may_end_in_v1_and_a_key_may_be_missing(service: Service, small: Moderator) -> None:
    RemoteModeration(f"{service.url}/v1/", None, "omni", 5.0, small.policy).check("a red fox")
    assert service.paths == ["/v1/moderations"]
    assert "authorization" not in service.headers[0]


def test_a_score_counts_from_the_threshold_of_the_policy_on(service: Service, remote: RemoteModeration) -> None:
    service.answer = result({"sexual": 0.49, "violence": 0.6}, flagged=True, violence=True)
    assert remote.check("one") == RemoteVerdict(flagged=False)  # the policy asks for 0.9 of violence
    service.answer = result({"sexual": 0.5})
    assert remote.check("two") == RemoteVerdict(flagged=True, category="sexual")


def test_without_a_threshold_the_flag_of_the_service_counts(service: Service, remote: RemoteModeration) -> None:
    service.answer = result({"sexual/minors": 0.3}, flagged=True, **{"sexual/minors": True})
    found = remote.check("a text")
    assert found.category == "sexual_minors"
    assert found.message == message("sexual_minors")


def test_the_gravest_of_several_categories_is_named(service: Service, remote: RemoteModeration) -> None:
    service.answer = result({"sexual": 0.9, "self-harm": 0.9}, flagged=True, **{"self-harm": True})
    found = remote.check("a text")
    assert found.category == "self_harm"
    assert "findahelpline.com" in found.message


def test_a_category_that_nobody_knows_is_refused_in_general_words(service: Service, remote: RemoteModeration) -> None:
    service.answer = result({"sexual": 0.1}, flagged=True, brand_safety=True)
    found = remote.check("a text")
    assert found.flagged
    assert found.message


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(send(b"not json"), id="garbage"),
        pytest.param(send(b"\xff\xfe\x00"), id="bytes"),
        pytest.param(send(b"[]"), id="a list"),
        pytest.param(send(b'{"results": []}'), id="no result"),
        pytest.param(send(b'{"results": [{"flagged": "no"}]}'), id="a flag that is none"),
        pytest.param(send(b'{"results": [{"flagged": false, "category_scores": {"sexual": NaN}}]}'), id="no number"),
        pytest.param(send(b'{"results": ' + b"[" * 100_000), id="deeply nested"),
        pytest.param(send(b'{"error": {"message": "overloaded"}}', status=500), id="an error"),
        pytest.param(send(b"", status=429), id="too many requests"),
        pytest.param(send(b" " * 5_000_000), id="a huge answer"),
        pytest.param(send(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), id="a bomb"),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_verdict(
    service: Service, remote: RemoteModeration, answer: object
) -> None:
    service.answer = answer  # type: ignore[assignment]
    assert remote.check("a text") == RemoteVerdict(flagged=False, degraded=True)


def test_a_redirect_is_not_followed(service: Service, remote: RemoteModeration) -> None:
    service.answer = send(b"", status=307, Location=f"{service.url}/elsewhere")
    assert remote.check("a text").degraded
    assert service.paths == ["/v1/moderations"]


def test_a_silent_service_takes_no_longer_than_the_deadline(service: Service, small: Moderator) -> None:
    service.answer = service.hold
    assert RemoteModeration(service.url, None, "omni", 0.2, small.policy).check("a text").degraded


def test_neither_does_one_that_answers_a_byte_at_a_time(service: Service, small: Moderator) -> None:
    service.answer = service.drip
    assert RemoteModeration(service.url, None, "omni", 0.3, small.policy).check("a text").degraded


def test_nobody_there_is_no_verdict(small: Moderator) -> None:
    assert RemoteModeration("http://127.0.0.1:1", SecretStr(KEY), "omni", 2.0, small.policy).check("a").degraded


def test_the_same_text_is_asked_for_once(service: Service, remote: RemoteModeration) -> None:
    service.answer = result({"sexual": 0.9})
    assert remote.check("a text") == remote.check("a text")
    assert len(service.asked) == 1
    remote.check("another text")
    assert len(service.asked) == 2


def test_no_verdict_is_not_remembered(service: Service, remote: RemoteModeration) -> None:
    service.answer = send(b"", status=503)
    assert remote.check("a text").degraded
    service.answer = result({"sexual": 0.9})
    assert remote.check("a text").flagged


def test_a_new_policy_asks_anew(service: Service) -> None:
    policies: list[Policy] = [parse(SMALL)]
    remote = RemoteModeration(service.url, None, "omni", 5.0, lambda: policies[-1])
    service.answer = result({"sexual": 0.6})
    assert remote.check("a text").flagged
    policies.append(parse(SMALL.replace("small-1", "small-2").replace("sexual = 0.5", "sexual = 0.8")))
    assert not remote.check("a text").flagged


def test_the_key_and_the_text_stand_in_no_log_and_no_repr(
    service: Service, remote: RemoteModeration, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    remote.check("a secret wish")
    service.answer = send(b"", status=500)
    remote.check("another secret wish")
    said = caplog.text + repr(remote) + json.dumps([str(record.args) for record in caplog.records])
    assert KEY not in said
    assert "secret wish" not in said
