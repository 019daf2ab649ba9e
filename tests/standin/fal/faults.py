"""What fal does when it does not do well: the socket's troubles are the common ones, what is said is its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.standin import faults as common
from tests.standin.api import Reply
from tests.standin.drawing import png_of
from tests.standin.faults import Call, Fault

STEPS = ("submit", "status", "result", "cancel", "file")
FAULTS: dict[str, Fault] = {
    name: common.FAULTS[name]
    for name in (
        *("slow", "hold", "hang", "reset", "drip_headers", "drip_body", "short_body", "no_end", "gzip_bomb", "endless"),
        *("huge", "garbage", "html", "redirect", "answer"),
    )
}


def error(status: int, text: str, kind: str = "", headers: dict[str, str] | None = None) -> Reply:
    """The platform's shape."""
    told = {"error_type": kind} if kind else {}
    return Reply(status, {"detail": text, **told}, {**({"X-Fal-Error-Type": kind} if kind else {}), **(headers or {})})


def _fault(*, charges: bool) -> Callable[[Callable[[Call], Reply | None]], Callable[[Call], Reply | None]]:
    """``charges``: the request is accepted all the same."""

    def add(play: Callable[[Call], Reply | None]) -> Callable[[Call], Reply | None]:
        FAULTS[play.__name__] = Fault(play, charges)
        return play

    return add


# ---------------------------------------------------------------- said plainly


@_fault(charges=False)
def rate_limited(call: Call) -> Reply:
    """``how``: seconds, date, params, none, year; ``seconds``: how long."""
    seconds, how = call.option("seconds", 7), call.option("how", "seconds")
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    reply = error(429, "Too many requests")
    assert isinstance(reply.body, dict)
    if how == "seconds":
        reply.headers["Retry-After"] = str(seconds)
    elif how == "date":
        reply.headers["Retry-After"] = format_datetime(then, usegmt=True)
    elif how == "params":
        reply.body["params"] = {"retry_after": then.isoformat()}
    elif how == "year":
        reply.headers["Retry-After"] = str(365 * 24 * 3600)
    return reply


@_fault(charges=False)
def locked(call: Call) -> Reply:
    """``reason``: Exhausted balance, TOP_UP, Admin lock."""
    return error(403, f"User is locked. Reason: {call.option('reason', 'Exhausted balance')}. Top up your balance.")


@_fault(charges=False)
def platform(call: Call) -> Reply:
    """``status`` and ``kind``, in the platform's shape."""
    return error(
        call.option("status", 500), call.option("text", "something broke"), call.option("kind", "internal_error")
    )


@_fault(charges=True)
def ingress(call: Call) -> Reply:
    """A page of something that stands before fal."""
    return Reply(call.option("status", 502), b"<html><h1>Bad Gateway</h1></html>", {}, "text/html")


@_fault(charges=False)
def echo_key(call: Call) -> Reply:
    """A careless server that quotes the key it was sent, whole and its second half."""
    sent = call.connection.headers.get("Authorization", "")
    half = sent.rpartition(":")[2]
    body = {"detail": f"refused {sent} and {half}", "error_type": half, "log": {sent: [half]}, "prompt": sent}
    return Reply(call.option("status", 400), body, {"X-Fal-Error-Type": sent, "X-Fal-Request-Id": f"x {sent}"})


# ---------------------------------------------------------------- answers to a submit with something wrong in them


@_fault(charges=True)
def no_id(call: Call) -> Reply:
    reply = call.reply()
    assert isinstance(reply.body, dict)
    reply.body.pop("request_id")
    return reply


@_fault(charges=True)
def changed(call: Call) -> Reply:
    """``fields`` of the answer replaced."""
    reply = call.reply()
    assert isinstance(reply.body, dict)
    reply.body.update(call.option("fields", {}))
    return reply


@_fault(charges=True)
def header_only(call: Call) -> Reply:
    """A body that cannot be read, and the number in a header."""
    reply = call.reply()
    assert isinstance(reply.body, dict)
    return Reply(200, b"{", {"X-Fal-Request-Id": str(reply.body["request_id"])})


@_fault(charges=True)
def file_at(call: Call) -> Reply:
    """A result whose picture lies at ``url``."""
    reply = call.reply()
    assert isinstance(reply.body, bytes)
    body = json.loads(reply.body)
    if "images" in body:
        body["images"][0]["url"] = call.option("url", "")
    return Reply(reply.status, body, reply.headers)


# ---------------------------------------------------------------- files that are none


@_fault(charges=True)
def svg(call: Call) -> Reply:
    return Reply(200, common.SVG, {}, "image/png")


@_fault(charges=True)
def html_image(call: Call) -> Reply:
    return Reply(200, common.HTML, {}, "image/png")


@_fault(charges=True)
def empty_image(call: Call) -> Reply:
    return Reply(200, b"", {}, "image/png")


@_fault(charges=True)
def truncated_png(call: Call) -> Reply:
    reply = call.reply()
    assert isinstance(reply.body, bytes)
    return Reply(200, reply.body[: int(len(reply.body) * call.option("keep", 0.5))], {}, "image/png")


@_fault(charges=True)
def pixel_bomb(call: Call) -> Reply:
    return Reply(200, png_of(60_000, 60_000, b"\x78\x9c\x03\x00"), {}, "image/png")


def in_json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
