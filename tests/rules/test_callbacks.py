"""Which addresses may be called back, what signs the message, and what the operator is told about a wrong setting."""

import base64
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from reve_core import bootstrap, webhooks
from reve_core.errors import BadInput, ConfigurationError
from reve_core.guard.callbacks import CallbackSigner, Receivers
from reve_core.settings import Settings

LISTED = Receivers.listed(
    ["hooks.example", "https://Other.example:8443/", "http://localhost:9000", "https://[::1]:8443", "bücher.example"]
)
GOOD_SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://hooks.example/a/b?c=d&e", "https://hooks.example/a/b?c=d&e"),
        ("https://hooks.example", "https://hooks.example/"),
        ("HTTPS://HOOKS.example:443/X", "https://hooks.example/X"),
        ("https://hooks.example?job=1", "https://hooks.example/?job=1"),
        ("https://hooks.example/苍鹭", "https://hooks.example/%E8%8B%8D%E9%B9%AD"),
        ("https://hooks.example/x?to=me@home", "https://hooks.example/x?to=me@home"),
        ("https://other.example:8443/", "https://other.example:8443/"),
        ("http://localhost:9000/told", "http://localhost:9000/told"),
        ("https://[::1]:8443/", "https://[::1]:8443/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_listed_address_is_called_in_its_normal_form(url: str, called: str) -> None:
    assert LISTED.allowed(url) == called
    assert LISTED.allowed(called) == called


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://hooks.example/", id="without https, where https is listed"),
        pytest.param("https://localhost:9000/", id="with https, where http is listed"),
        pytest.param("https://hooks.example:8443/", id="another port"),
        pytest.param("http://localhost/", id="the usual port, where another is listed"),
        pytest.param("https://evil.example/hooks.example", id="the host as a path"),
        pytest.param("https://hooks.example.evil.example/", id="the host as a sub-domain"),
        pytest.param("https://sub.hooks.example/", id="a sub-domain of the host"),
        pytest.param("https://evil.example?hooks.example", id="the host as a query"),
        pytest.param("https://hooks.example./", id="a full stop after the host"),
        pytest.param("https://127.0.0.1/", id="an address of this machine"),
        pytest.param("https://169.254.169.254/latest/meta-data", id="the cloud's own address"),
    ],
)
def test_an_address_that_is_not_listed_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="are not allowed here") as refused:
        LISTED.allowed(url)
    assert refused.value.field == "callback_url"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("", "no web address", id="nothing"),
        pytest.param("hooks.example/x", "no web address", id="no scheme"),
        pytest.param("//hooks.example/x", "no web address", id="half a scheme"),
        pytest.param("ftp://hooks.example/", "no web address", id="another scheme"),
        pytest.param("javascript:alert(1)", "no web address", id="a script"),
        pytest.param("https:///x", "no web address", id="no host"),
        pytest.param("https://hooks.example:99999/", "no web address", id="a port that is none"),
        pytest.param("https://hooks.example:port/", "no web address", id="a port in letters"),
        pytest.param("https://hooks.example/\r\nX-Evil: 1", "no web address", id="a line break"),
        pytest.param("https://hooks.example/a b", "no web address", id="a blank"),
        pytest.param("https://hooks.example\\@evil.example/", "no web address", id="a backslash"),
        pytest.param("https://hooks.example/\ud800", "no web address", id="half a character"),
        pytest.param("https://me:secret@hooks.example/", "a user name or a password", id="a password"),
        pytest.param("https://hooks.example@evil.example/", "a user name or a password", id="the host as a user"),
        pytest.param("https://@hooks.example/", "a user name or a password", id="an empty user"),
        pytest.param("https://hooks.example/#part", "part after", id="a fragment"),
        pytest.param("https://hooks.example/" + "x" * 2000, "has 2,022 characters", id="too long"),
    ],
)
def test_what_is_no_address_for_a_callback_is_refused_with_what_to_do(url: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        LISTED.allowed(url)
    assert refused.value.field == "callback_url"
    assert "secret" not in str(refused.value)
    assert str(refused.value).endswith(".") or "https://hooks.example/pictures" in str(refused.value)


def test_where_no_host_is_listed_nothing_is_allowed() -> None:
    with pytest.raises(BadInput, match="Webhooks are off here") as refused:
        Receivers().allowed("https://hooks.example/")
    assert refused.value.field == "callback_url"


@pytest.mark.parametrize(
    "entry", ["https://hooks.example/path", "https://me:pw-word@hooks.example", "ftp://x", "a b", "*.example"]
)
def test_an_entry_that_is_no_host_is_pointed_at_and_not_quoted(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="Entry 2 of REVE_WEBHOOK_HOSTS") as refused:
        Receivers.listed(["hooks.example", entry])
    assert "pw-word" not in str(refused.value)


# -- signatures


def test_the_signature_is_that_of_the_standard() -> None:
    # Worked out with openssl: printf '%s' 'msg_1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac kkk…k -binary | base64
    headers = CallbackSigner(GOOD_SECRET).headers("msg_1", 1_700_000_000.9, b'{"a":1}')
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,bYr7Rz93bX8WqNI5XVthzq7NE/LcYrDkos9dgSLYHOc=",
    }


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_has_24_to_64_bytes(size: int) -> None:
    assert len(CallbackSigner("whsec_" + base64.b64encode(b"k" * size).decode())) == 1


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("whsec_" + base64.b64encode(b"canary" * 3).decode(), id="too short"),
        pytest.param("whsec_" + base64.b64encode(b"canary" * 11).decode(), id="too long"),
        pytest.param("canary" * 10, id="without its beginning"),
        pytest.param("whsec_canary!canary?canary canary", id="no base64"),
        pytest.param("whsec_", id="empty after its beginning"),
        pytest.param(f"{GOOD_SECRET},canary", id="a good one and a bad one"),
    ],
)
def test_a_malformed_secret_is_refused_and_never_quoted(secret: str) -> None:
    try:
        CallbackSigner(secret)
    except ConfigurationError as exc:
        told = "".join(traceback.format_exception(exc)) + repr(exc.__context__)
        assert "REVE_WEBHOOK_SECRET must be whsec_ and the base64 of 24 to 64 bytes" in str(exc)
    else:
        raise AssertionError("it was accepted")
    for line in told.splitlines():
        assert "canary" not in line
        assert base64.b64encode(b"canary").decode() not in line


def test_the_documents_way_of_checking_a_signature_works() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    found: dict[str, Callable[..., bool]] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], found)
    is_genuine = found["is_genuine"]
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    body = '{"prompt":"苍鹭"}'.encode()
    headers = CallbackSigner(f"{GOOD_SECRET},{other}").headers("msg-1", time.time(), body)
    assert is_genuine(GOOD_SECRET, headers, body)
    assert is_genuine(other, headers, body)
    assert not is_genuine("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
    assert not is_genuine(GOOD_SECRET, headers, body + b" ")
    assert not is_genuine(GOOD_SECRET, {**headers, "webhook-id": "msg-2"}, body)
    assert not is_genuine(GOOD_SECRET, CallbackSigner(GOOD_SECRET).headers("msg-1", time.time() - 400, body), body)


# -- settings


def test_hosts_without_a_secret_stop_the_app(tmp_path: object) -> None:
    with pytest.raises(ConfigurationError, match="REVE_WEBHOOK_HOSTS is set and REVE_WEBHOOK_SECRET is not"):
        bootstrap.build(Settings(data_dir=tmp_path, webhook_hosts="hooks.example"))  # type: ignore[arg-type]


def test_a_malformed_secret_stops_the_app_also_while_webhooks_are_off() -> None:
    with pytest.raises(ConfigurationError, match="REVE_WEBHOOK_SECRET"):
        webhooks.check(Settings(webhook_secret="whsec_short"))  # type: ignore[arg-type]


def test_the_secret_made_as_the_message_says_is_a_good_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        CallbackSigner("x")
    exec(str(refused.value).partition('python -c "')[2].partition('"`')[0])
    assert len(CallbackSigner(capsys.readouterr().out)) == 1
