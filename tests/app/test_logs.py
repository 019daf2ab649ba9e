"""What is written about a run: one line for each message, whatever is in it, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from reve_core import logs
from reve_core.logs import HIDDEN, Redactor, secrets_of, setup_logging
from reve_core.settings import Settings

KEY = 'papi."canary"/not-a-key+ü\\x'  # a shape that no expression could know
HOSTILE = 'a\r\nb\x1b[31mc\u2028d\u202ee\x00f {"level": "error"}'
log = logging.getLogger("reve_core.test_logs")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    kept = (root.handlers[:], root.level, uvicorn.filters[:], sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "websockets", "PIL", "asyncio")}
    yield
    root.handlers[:], root.level, uvicorn.filters[:], sys.excepthook, threading.excepthook = kept
    logging.captureWarnings(False)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def writing(**settings: object) -> io.StringIO:
    out = io.StringIO()
    setup_logging(Settings(**{"api_key": KEY, **settings}), out)  # type: ignore[arg-type]
    return out


def lines(out: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_message_is_one_line_of_plain_ascii_whatever_is_in_it() -> None:
    out = writing(mode="public")
    log.warning("A prompt: %s", HOSTILE)
    text = out.getvalue()
    assert text.count("\n") == 1
    assert text.isascii()
    assert "\x1b" not in text
    [line] = lines(out)
    assert (line["level"], line["logger"], line["message"]) == ("warning", log.name, f"A prompt: {HOSTILE}")
    assert line["at"].endswith("+00:00")


def test_a_line_of_text_is_one_line_too_and_steers_no_terminal() -> None:
    out = writing(log_format="text")
    log.warning("A prompt: %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("It failed.")
    text = out.getvalue()
    assert not set(text) & set("\r\x1b\u2028\u202e\x00")
    first, second, *trace = text.splitlines()
    assert r"A prompt: a\r\nb\x1b[31mc\u2028d\u202ee\x00f {" in first
    assert second.endswith("It failed.")
    assert len(trace) > 3
    assert all(line.startswith("    ") for line in trace)


def test_people_read_text_on_their_own_computer_and_either_can_be_asked_for() -> None:
    for settings, is_json in (
        ({}, False),
        ({"mode": "public"}, True),
        ({"log_format": "json"}, True),
        ({"mode": "public", "log_format": "text"}, False),
    ):
        out = writing(**settings)
        log.info("Started.")
        assert out.getvalue().startswith("{") is is_json
        assert "Started." in out.getvalue()


def broken() -> None:
    raise ValueError(f"401 from https://api.example/?key={KEY} with {{'x-api-key': {KEY!r}}}")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_configured_secret_is_in_no_line_nor_traceback_however_it_is_spelled(log_format: str) -> None:
    out = writing(log_format=log_format, operator_token="only-for-tests-ü-0123456789")
    log.error("The key %s", KEY)
    log.error("As JSON: %s", json.dumps({"key": KEY}))
    log.error("The token is %r", {"t": "only-for-tests-ü-0123456789"})
    log.error("Told", extra={"told": {"key": KEY}})
    try:
        broken()
    except ValueError:
        log.exception("It broke")
    text = out.getvalue()
    assert "canary" not in text
    assert "only-for-tests" not in text
    assert text.count(HIDDEN) >= 6
    assert "in broken" in text  # where it happened is still told


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefgh12345678",
        "{'authorization': 'Basic abcdefgh12345678'}",
        '{"x-api-key": "abcdefgh12345678"}',
        "Cookie: a=b; reve_visitor=abcdefgh12345678.x.y",
        "cookies __Host-reve_visitor=abcdefgh12345678",
        "Set-Cookie: _streamlit_xsrf=2|abcdefgh12345678|x",
        "api_key=abcdefgh12345678",
        "operator_token = 'abcdefgh12345678'",
        "papi.abcdefgh12345678",
        "sk-abcdefgh12345678abcd",
        "whsec_abcdefgh12345678",
        "reve_abcdefgh12345678abcdefgh12345678abcdefgh123",
        "GET /s/abcdefgh12345678/picture",
        "GET /continue/abcdefgh12345678",
        "GET /images/x.png?k=abcdefgh12345678&x=1",
        "https://x.example/?share=abcdefgh12345678",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_configured_it(text: str) -> None:
    said = Redactor()(text)
    assert "abcdefgh12345678" not in said
    assert HIDDEN in said


@pytest.mark.parametrize(
    "text",
    [
        "The key is wrong. Set REVE_API_KEY.",
        "Job 0123456789abcdef0123456789abcdef: the saved picture does not decode: cut short",
        "3 secret herons on a cookie, with a token of love",
        "GET /images/0123456789abcdef.png 200",
        "Reve is paused: 429, wait 30 s",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert Redactor()(text) == text


def test_short_and_missing_secrets_hide_nothing_else() -> None:
    assert Redactor(["", "a", "reve"])("a reve a") == "a reve a"
    assert set(secrets_of(Settings(secret="first-of-them, second-of-them", api_key=None))) >= {  # type: ignore[arg-type]
        "first-of-them",
        "second-of-them",
    }


def test_a_prompt_is_written_only_where_the_settings_say_so() -> None:
    for log_prompts in (False, True):
        out = writing(mode="public", log_prompts=log_prompts)
        log.info("Queued.", extra={"told": {"job": "j1", "prompt": "a red fox"}})
        [line] = lines(out)
        assert line["job"] == "j1"
        assert ("prompt" in line) is log_prompts


def test_an_access_log_names_neither_the_visitor_nor_what_opens_something() -> None:
    for log_format in ("json", "text"):
        out = writing(log_format=log_format)
        access = logging.getLogger("uvicorn.access")
        access.setLevel(logging.INFO)
        access.propagate = True
        access.info(
            '%s - "%s %s HTTP/%s" %d', "192.0.2.7:99", "GET", "/s/abcdefgh12345678abcdef?k=abcdefgh", "1.1", 200
        )
        text = out.getvalue()
        assert "192.0.2.7" not in text
        assert "abcdefgh" not in text
        assert f"GET /s/{HIDDEN} HTTP/1.1 200" in text


def test_other_peoples_loggers_write_as_ours_do_and_sockets_make_no_small_talk() -> None:
    theirs = logging.getLogger("streamlit.test_logs")
    said = io.StringIO()
    theirs.addHandler(logging.StreamHandler(said))
    theirs.propagate = False
    out = writing(mode="public")
    theirs.error("Uncaught: %s", KEY)
    error = logging.getLogger("uvicorn.error")
    error.propagate, error.handlers[:] = True, []
    error.setLevel(logging.INFO)
    error.info('%s - "WebSocket %s" [accepted]', "192.0.2.7:99", "/_stcore/stream")
    error.info("connection open")
    error.info("Application startup complete.")
    assert [line["message"] for line in lines(out)] == [f"Uncaught: {HIDDEN}", "Application startup complete."]
    assert said.getvalue() == ""


def test_what_ends_a_thread_or_the_process_is_written_the_same_way() -> None:
    out = writing(mode="public")
    try:
        broken()
    except ValueError as exc:
        logs._uncaught(ValueError, exc, exc.__traceback__)
        logs._uncaught_in_thread(
            threading.ExceptHookArgs((ValueError, exc, exc.__traceback__, threading.current_thread()))
        )
    first, second = lines(out)
    assert first["level"] == second["level"] == "critical"
    assert "canary" not in out.getvalue()
    assert "in broken" in second["where"]
