"""
The ways to misbehave: those at the socket are every stand-in's, the rest is what such servers say when they say no.

Options as in ``tests.standin.rules``; ``charge`` says whether the till rings.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from tests.standin.api import Reply
from tests.standin.drawing import png_of
from tests.standin.faults import FAULTS as COMMON
from tests.standin.faults import HTML, SVG, Call, Fault
from tests.standin.openai.dialects import complaint

_GENERIC = (
    *("redirect", "answer", "slow", "hold", "hang", "reset", "drip_headers", "drip_body", "short_body", "no_end"),
    *("gzip_bomb", "huge", "html", "wrong_type"),
)
_BOMB = png_of(60_000, 60_000, b"\x78\x9c\x03\x00")
FAULTS: dict[str, Fault] = {name: COMMON[name] for name in _GENERIC}


def _fault(*, charges: bool) -> Callable[[Callable[[Call], Reply | None]], Callable[[Call], Reply | None]]:
    def add(play: Callable[[Call], Reply | None]) -> Callable[[Call], Reply | None]:
        FAULTS[play.__name__] = Fault(play, charges)
        return play

    return add


def _say(
    call: Call, status: int, message: str, code: str | None, kind: str = "invalid_request_error", **more: Any
) -> Reply:
    return complaint(call.connection.standin.dialect, status, message, code, kind, **more)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- said plainly


@_fault(charges=False)
def rate_limited(call: Call) -> Reply:
    """``how``: seconds, date, ms, text, none, year; ``seconds``: how long."""
    seconds, how = call.option("seconds", 7), call.option("how", "seconds")
    text = f"Rate limit reached. Please try again in {seconds}s." if how == "text" else "Rate limit reached."
    reply = _say(call, 429, text, "rate_limit_exceeded", "requests")
    if how == "ms":
        reply.headers["retry-after-ms"] = str(int(seconds * 1000))
        reply.headers["Retry-After"] = str(int(seconds) + 1)
    elif how == "date":
        reply.headers["Retry-After"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds))
    elif how in ("seconds", "year"):
        reply.headers["Retry-After"] = str(365 * 24 * 3600 if how == "year" else seconds)
    return reply


@_fault(charges=False)
def no_credits(call: Call) -> Reply:
    """``how``: quota (429) or limit (400)."""
    if call.option("how", "quota") == "limit":
        return _say(call, 400, "Billing hard limit has been reached.", "billing_hard_limit_reached")
    text = "You exceeded your current quota, please check your plan and billing details."
    return _say(call, 429, text, "insufficient_quota", "insufficient_quota")


@_fault(charges=False)
def bad_key(call: Call) -> Reply:
    return _say(call, call.option("status", 401), "Incorrect API key provided.", "invalid_api_key")


@_fault(charges=False)
def moderation(call: Call) -> Reply:
    """``stage``: input, output, or empty for a server that does not say."""
    return moderated(call.connection.standin.dialect, call.option("stage", "input"))  # type: ignore[attr-defined]


@_fault(charges=False)
def status(call: Call) -> Reply:
    """``status`` with a ``code`` and a ``message`` in this server's shape."""
    number = call.option("status", 500)
    return _say(
        call,
        number,
        call.option("message", "something broke"),
        call.option("code", None),
        call.option("type", "server_error"),
    )


@_fault(charges=False)
def echo_key(call: Call) -> Reply:
    """A careless server that quotes the key it was sent, wherever it can."""
    sent = call.connection.headers.get("Authorization", "")
    reply = _say(call, call.option("status", 400), f"refused {sent}", call.option("code", sent))
    reply.headers["X-Request-Id"] = sent
    return reply


# ---------------------------------------------------------------- answers with something wrong in them


@_fault(charges=True)
def garbage(call: Call) -> Reply:
    return Reply(200, b'{"created": 1, "data": [{"b64_json": "iVBORw0KGgo')


@_fault(charges=True)
def picture_is(call: Call) -> Reply:
    """Something else in the picture's place, in an answer or as a file. ``what``: svg, html, empty, text, bomb, half."""
    what, reply = call.option("what", "empty"), call.reply()
    is_file = isinstance(reply.body, bytes)
    known = {"svg": SVG, "html": HTML, "empty": b"", "text": b"%%% no base64 %%%", "bomb": _BOMB}
    if what == "half":
        whole = reply.body if isinstance(reply.body, bytes) else _bytes_of(_again(call, response_format="b64_json"))
        known["half"] = whole[: len(whole) // 2]
    if is_file:
        return Reply(200, known[what], content_type="image/png")
    text = known[what].decode() if what == "text" else base64.b64encode(known[what]).decode()
    return Reply(200, {"created": 1, "data": [{"b64_json": text}]})


@_fault(charges=True)
def nothing(call: Call) -> Reply:
    """200 and no picture: ``data`` may be anything."""
    return Reply(200, {"created": 1, "data": call.option("data", [])})


@_fault(charges=True)
def other_size(call: Call) -> Reply:
    """A picture of ``size`` whatever was asked for."""
    return _again(call, size=call.option("size", "512x512"))


@_fault(charges=True)
def many(call: Call) -> Reply:
    """``n`` pictures although one was asked for."""
    return _again(call, n=call.option("n", 3))


@_fault(charges=True)
def address(call: Call) -> Reply:
    """The picture lies at ``url``."""
    return Reply(200, {"created": 1, "data": [{"url": call.option("url", "/nowhere.png")}]})


@_fault(charges=True)
def data_address(call: Call) -> Reply:
    """A ``data:`` address in the place of a picture's."""
    reply = _again(call, response_format="b64_json")
    assert isinstance(reply.body, dict)
    text = reply.body["data"][0]["b64_json"]
    return Reply(200, {"created": 1, "data": [{"url": f"data:image/png;base64,{text}"}]})


@_fault(charges=True)
def raw_picture(call: Call) -> Reply:
    return Reply(200, _bytes_of(_again(call, response_format="b64_json")), content_type="image/png")


@_fault(charges=True)
def escaped(call: Call) -> Reply:
    """Base64 with its slashes escaped, in lines, as some JSON libraries write it."""
    reply = _again(call, response_format="b64_json")
    body = json.dumps(reply.body).replace("/", "\\/")
    return Reply(200, body.encode())


@_fault(charges=True)
def endless(call: Call) -> None:
    """A body without an end: JSON, or a file that begins as a picture."""
    is_file = call.connection.command == "GET"
    call.connection.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        + (_BOMB[:16] if is_file else b'{"created": 1, "data": [{"b64_json": "')
    )
    block = b"A" * 65_536
    try:
        while not call.connection.standin.stopping.is_set():
            call.connection.send(block)
    except OSError:
        pass
    call.connection.close_connection = True


@_fault(charges=True)
def lost_after_work(call: Call) -> None:
    """The picture is drawn and paid, and the line is cut."""
    call.reply()
    call.connection.reset()


def _bytes_of(reply: Reply) -> bytes:
    assert isinstance(reply.body, dict)
    return base64.b64decode(reply.body["data"][0]["b64_json"])


def moderated(dialect: Any, stage: str) -> Reply:
    details = {"moderation_details": {"moderation_stage": stage, "categories": ["violence"]}} if stage else {}
    if dialect.error == "gateway":
        text = "litellm.ContentPolicyViolationError: Your request was rejected as a result of our safety system."
        return complaint(dialect, 400, text, kind="None")
    text = "Your request was rejected by the safety system."
    return complaint(dialect, 400, text, "moderation_blocked", "image_generation_user_error", **details)


def _again(call: Call, **changes: Any) -> Reply:
    return call.connection.standin.draw(call.connection, changes)  # type: ignore[attr-defined,no-any-return]
