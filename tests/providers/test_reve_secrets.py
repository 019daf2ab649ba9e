"""The canary: a key that must be found nowhere but in the one header it is for."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import ProviderError
from reve_core.providers.reve import ReveProvider
from tests.providers.reve_helpers import FOX, context, provider_for
from tests.standin import StandIn

CANARY = "papi.test-canary-not-a-key"
GATEWAY_CANARY = "second-canary-not-a-password"

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("echo_key", {"status": 400}),
    ("echo_key", {"status": 401}),
    ("echo_key", {"status": 403}),
    ("echo_key", {"status": 404}),
    ("echo_key", {"status": 429}),
    ("echo_key", {"status": 500, "code": "SOMETHING_NEW"}),
    ("echo_key", {"status": 200}),
    ("answer", {"body": f"<p>{CANARY} {GATEWAY_CANARY}</p>"}),
    ("answer", {"body": {"image": "", "text": CANARY, CANARY: GATEWAY_CANARY}}),
    ("answer", {"body": CANARY * 3000, "status": 400}),
    ("answer", {"body": {"message": CANARY}, "status": 422, "headers": {"X-Reve-Request-Id": CANARY}}),
    ("answer", {"body": {}, "status": 500, "headers": {"X-Reve-Error-Code": CANARY}}),
    ("answer", {"body": {}, "headers": {"X-Reve-Error-Code": CANARY}}),
    ("answer", {"body": {"error_code": CANARY}}),
    ("answer", {"body": "", "headers": {"Content-Encoding": CANARY}}),
    ("redirect", {"location": f"http://{CANARY}.test/"}),
    ("reset", {}),
    ("hang", {}),
    ("short_body", {}),
    ("garbage", {}),
    ("drip_headers", {}),
]


def everything_said_by(error: BaseException) -> str:
    """Message, repr, arguments, attributes, and the traceback with every local variable, down the whole chain."""
    said = [
        "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()),
        "".join(traceback.format_exception(error)),
    ]
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        said += [str(one), repr(one), repr(one.args), repr(vars(one))]
        todo += [one.__cause__, one.__context__]
    return "\n".join(said)


@pytest.fixture
def guarded() -> Any:
    with StandIn(key=CANARY) as reve:
        yield (
            reve,
            provider_for(reve, api_key=SecretStr(CANARY), proxy_authorization=SecretStr(f"Basic {GATEWAY_CANARY}")),
        )


def assert_clean(text: str) -> None:
    for secret in (CANARY, GATEWAY_CANARY):
        assert secret[:12].lower() not in text.lower()


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_the_key_is_in_no_error_and_in_no_log(
    guarded: tuple[StandIn, ReveProvider], caplog: pytest.LogCaptureFixture, fault: str, options: dict[str, Any]
) -> None:
    reve, provider = guarded
    caplog.set_level(logging.DEBUG)
    reve.faults.add(fault, **options)
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, context(0.6))
    # The test's own frame holds the secrets as its parameters.
    caught.value.__traceback__ = caught.value.__traceback__ and caught.value.__traceback__.tb_next
    assert_clean(everything_said_by(caught.value))
    if caught.value.receipt is not None:
        assert_clean(caught.value.receipt.model_dump_json())
    own = [record.getMessage() for record in caplog.records if record.name != "httpcore.http11"]
    assert_clean("\n".join(own))
    # httpcore's own debugging log shows what a server sent back, but never what we sent.
    assert not any(f"Bearer {CANARY}" in line for line in own)


def test_the_key_is_in_no_log_of_a_good_call_at_any_level(
    guarded: tuple[StandIn, ReveProvider], caplog: pytest.LogCaptureFixture
) -> None:
    reve, provider = guarded
    caplog.set_level(logging.DEBUG)
    picture = provider.generate(FOX, context())
    assert provider.check().ok
    assert_clean(caplog.text)
    assert_clean(repr(picture.receipt) + repr(provider) + repr(vars(provider)) + repr(vars(provider._wire)))
    assert reve.requests[0].headers["Authorization"] == f"Bearer {CANARY}"
    assert CANARY not in reve.requests[0].key


def test_an_unreachable_host_does_not_bring_the_key_out() -> None:
    provider = ReveProvider(base_url="http://127.0.0.1:1", api_key=SecretStr(CANARY))
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, context(5))
    assert_clean(everything_said_by(caught.value))
    assert_clean(provider.check().text)


def test_a_health_text_never_quotes_the_key(guarded: tuple[StandIn, ReveProvider]) -> None:
    reve, provider = guarded
    for status in (200, 400, 401, 404, 500):
        reve.faults.add("echo_key", status=status, path="/api/misc/balance")
        health = provider.check()
        assert not health.ok
        assert_clean(health.text)
