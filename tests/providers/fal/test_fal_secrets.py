"""The canary: a key that must be found nowhere but in the one header it is for, and at no other host."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import ProviderError
from reve_core.providers.fal import FalProvider
from tests.providers.fal.helpers import FOX, Told, provider_for
from tests.providers.test_reve_secrets import everything_said_by
from tests.standin.fal import Ending, FalStandIn

CANARY = "canary-not-an-id:second-half-not-a-secret"
HALVES = CANARY.split(":")


@pytest.fixture
def guarded() -> Iterator[tuple[FalStandIn, FalProvider]]:
    with FalStandIn(key=CANARY) as fal:
        yield fal, provider_for(fal, api_key=SecretStr(CANARY))


def assert_clean(text: str) -> None:
    for half in (*HALVES, CANARY):
        assert half.lower() not in text.lower().replace(f"key {CANARY}".lower(), "")


FAULTS: list[tuple[str, str, dict[str, Any]]] = [
    *(("submit", "echo_key", {"status": status}) for status in (200, 303, 400, 401, 402, 403, 404, 422, 429, 500)),
    ("submit", "answer", {"body": f"<p>{CANARY}</p>"}),
    ("submit", "answer", {"body": {"detail": [{"msg": CANARY, "type": HALVES[1]}]}, "status": 422}),
    ("submit", "changed", {"fields": {"request_id": f"{CANARY} x"}}),
    ("submit", "redirect", {"location": f"http://{HALVES[0]}.test/"}),
    ("submit", "reset", {}),
    ("submit", "hang", {}),
    ("status", "echo_key", {"status": 401, "times": 0}),
    ("status", "echo_key", {"status": 500, "times": 0}),
    ("status", "changed", {"fields": {"status": "IN_QUEUE", "queue_position": CANARY}, "times": 0}),
    ("result", "echo_key", {"status": 400, "times": 0}),
    ("result", "echo_key", {"status": 422, "times": 0}),
    ("result", "echo_key", {"status": 500, "times": 0}),
    ("result", "echo_key", {"status": 200, "times": 0}),
    ("file", "answer", {"status": 500, "body": CANARY, "times": 0}),
]


@pytest.mark.parametrize(("step", "fault", "options"), FAULTS)
def test_the_key_is_in_no_error_no_ticket_no_progress_and_no_log(
    guarded: tuple[FalStandIn, FalProvider],
    caplog: pytest.LogCaptureFixture,
    step: str,
    fault: str,
    options: dict[str, Any],
) -> None:
    fal, provider = guarded
    caplog.set_level(logging.DEBUG)
    fal.add(fault, step, **options)
    told = Told(0.6)
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, told.context)
    # The test's own frame holds the secrets as its parameters.
    caught.value.__traceback__ = caught.value.__traceback__ and caught.value.__traceback__.tb_next
    assert_clean(everything_said_by(caught.value))
    if caught.value.receipt is not None:
        assert_clean(caught.value.receipt.model_dump_json())
    assert_clean("".join(ticket.model_dump_json() for ticket in told.tickets))
    assert_clean(repr(told.progress))
    own = [record.getMessage() for record in caplog.records if record.name != "httpcore.http11"]
    assert_clean("\n".join(own))


def test_the_key_is_in_nothing_that_a_good_call_leaves(
    guarded: tuple[FalStandIn, FalProvider], caplog: pytest.LogCaptureFixture
) -> None:
    fal, provider = guarded
    caplog.set_level(logging.DEBUG)
    fal.logs = [f"using {CANARY}"]
    fal.end(Ending(changes={"note": CANARY, HALVES[1]: [CANARY], "timings": {CANARY: 1}}))
    told = Told()
    picture = provider.generate(FOX, told.context)
    assert provider.check().ok
    for text in (
        picture.receipt.model_dump_json(),
        json.dumps([ticket.model_dump(mode="json") for ticket in told.tickets]),
        repr(told.progress),
        repr(provider) + repr(vars(provider)) + repr(vars(provider._queue)),
    ):
        assert_clean(text)
    own = [record.getMessage() for record in caplog.records if record.name != "httpcore.http11"]
    assert_clean("\n".join(own))
    assert {seen.headers["Authorization"] for seen in fal.requests} == {f"Key {CANARY}"}


def test_the_file_host_never_sees_the_key(guarded: tuple[FalStandIn, FalProvider]) -> None:
    fal, provider = guarded
    provider.generate(FOX, Told().context)
    [seen] = fal.files.requests
    assert not fal.files.saw_key
    assert_clean(repr(sorted(seen.headers.items())))


def test_a_redirect_of_the_queue_is_not_followed_with_the_key(guarded: tuple[FalStandIn, FalProvider]) -> None:
    fal, provider = guarded
    with FalStandIn(key=None) as elsewhere:
        for step in ("status", "result"):
            fal.add("redirect", step, status=302, location=f"{elsewhere.url}/x", times=2)
        assert provider.generate(FOX, Told().context).data
        assert elsewhere.requests == []


def test_the_stand_in_fails_a_test_that_shows_its_file_host_a_key() -> None:
    import httpx

    fal = FalStandIn()
    fal.start()
    httpx.get(fal.files.url + "/x.png", headers={"Authorization": "Key x"})
    with pytest.raises(AssertionError, match="shown a key"):
        fal.stop()
