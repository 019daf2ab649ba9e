"""The canary: a key that must be found nowhere but in the one header it is for."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from reve_core.errors import ProviderError
from tests.providers.openai.helpers import FOX, context, provider_for
from tests.providers.test_reve_secrets import everything_said_by
from tests.standin.openai import ImagesServer

CANARY = "sk-test-canary-not-a-key"

FAULTS: list[tuple[str, dict[str, Any]]] = [
    *(("echo_key", {"status": status}) for status in (200, 400, 401, 403, 404, 429, 500)),
    ("answer", {"body": f"<p>{CANARY}</p>"}),
    ("answer", {"body": {"data": [], "text": CANARY, CANARY: CANARY}}),
    ("answer", {"body": {"error": {"message": CANARY * 3000}}, "status": 400}),
    ("answer", {"body": {"error": CANARY, "code": CANARY}, "status": 422, "headers": {"X-Request-Id": CANARY}}),
    ("answer", {"body": {"detail": [{"msg": CANARY, "loc": [CANARY]}]}, "status": 500}),
    ("answer", {"body": CANARY, "status": 502}),
    ("answer", {"body": {"data": [{"url": f"https://{CANARY}.example/{CANARY}?k={CANARY}"}], "model": CANARY}}),
    ("answer", {"body": "", "headers": {"Content-Encoding": CANARY}}),
    ("redirect", {"location": f"http://{CANARY}.test/"}),
    ("picture_is", {"what": "html"}),
    ("reset", {}),
    ("hang", {}),
    ("short_body", {}),
    ("garbage", {}),
]


def assert_clean(text: str) -> None:
    assert CANARY[:16].lower() not in text.lower()


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_the_key_is_in_no_error_and_in_no_log(
    caplog: pytest.LogCaptureFixture, fault: str, options: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    with ImagesServer(key=CANARY) as server:
        provider = provider_for(server)
        server.faults.add(fault, **options)
        with pytest.raises(ProviderError) as caught:
            provider.generate(FOX, context(0.6))
    # The test's own frame holds the secret in its parameters.
    caught.value.__traceback__ = caught.value.__traceback__ and caught.value.__traceback__.tb_next
    assert_clean(everything_said_by(caught.value))
    if caught.value.receipt is not None:
        assert_clean(caught.value.receipt.model_dump_json())
    own = [record.getMessage() for record in caplog.records if record.name != "httpcore.http11"]
    assert_clean("\n".join(own))


def test_the_key_is_in_no_log_of_a_good_call_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ImagesServer(key=CANARY) as server:
        provider = provider_for(server)
        picture = provider.generate(FOX, context())
        assert provider.check().ok
        assert server.posts()[0].headers["Authorization"] == f"Bearer {CANARY}"
    assert_clean(caplog.text)
    assert_clean(repr(picture.receipt) + repr(provider) + repr(vars(provider)) + repr(provider._server))


def test_a_health_text_never_quotes_the_key() -> None:
    with ImagesServer(key=CANARY) as server:
        provider = provider_for(server, dialect="generic", models=(CANARY,))
        for status in (200, 400, 401, 404, 418, 500):
            server.faults.add("echo_key", status=status, path="/v1/models")
            assert_clean(provider.check().text)
        assert_clean(provider.check().text)
