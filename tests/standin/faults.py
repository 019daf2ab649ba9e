"""
The ways to misbehave, by name. Each has options of its own; ``rules.py`` has those that say when.

A fault gives an answer, or deals with the connection itself and gives None. ``charges`` is whether the till rings by
default: wherever the service might have done the work, it has.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.standin import api
from tests.standin.api import Reply
from tests.standin.drawing import png_of

if TYPE_CHECKING:
    from tests.standin.connection import Connection

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><body><script>alert(1)</script><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Call:
    """The request being spoiled: ``reply()`` is the answer that it would have had."""

    connection: Connection
    options: dict[str, Any]
    reply: Callable[[], Reply]

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)


@dataclass(frozen=True)
class Fault:
    play: Callable[[Call], Reply | None]
    charges: bool


FAULTS: dict[str, Fault] = {}


def _fault(*, charges: bool) -> Callable[[Callable[[Call], Reply | None]], Callable[[Call], Reply | None]]:
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
    reply = api.error(429, "PARTNER_API_TOKEN_RATE_LIMIT_EXCEEDED", "slow down")
    assert isinstance(reply.body, dict)
    if how == "seconds":
        reply.headers["Retry-After"] = str(seconds)
    elif how == "date":
        reply.headers["Retry-After"] = format_datetime(then, usegmt=True)
    elif how == "params":
        reply.body["params"] = {"retry_after": then.isoformat().replace("+00:00", "Z")}
    elif how == "year":
        reply.headers["Retry-After"] = str(365 * 24 * 3600)
    return reply


@_fault(charges=False)
def throttled(call: Call) -> Reply:
    return api.error(429, "MODEL_THROTTLED", "the model is busy")


@_fault(charges=False)
def closed(call: Call) -> Reply:
    return api.error(call.option("status", 403), "PARTNER_API_CLOSED", "the API is no longer available")


@_fault(charges=False)
def no_credits(call: Call) -> Reply:
    text = "not enough credits"
    return api.error(402, "PARTNER_API_BUDGET_EXHAUSTED", text, requested_amount=150, available_amount=12)


@_fault(charges=False)
def policy(call: Call) -> Reply:
    return api.error(400, "CONTENT_POLICY_VIOLATION", "this prompt is not allowed")


@_fault(charges=False)
def status(call: Call) -> Reply:
    """``status``, and a ``code`` and ``message`` where wanted."""
    number = call.option("status", 500)
    reply = api.error(number, call.option("code", ""), call.option("message", "something broke"))
    if not call.option("code", ""):
        reply.headers.pop("X-Reve-Error-Code")
        assert isinstance(reply.body, dict)
        reply.body.pop("error_code")
    return reply


@_fault(charges=False)
def redirect(call: Call) -> Reply:
    """``status`` 301 to 308, ``location`` (default: the same address, a loop)."""
    location = call.option("location", call.connection.path)
    return Reply(call.option("status", 307), b"", {"Location": location}, "text/plain")


@_fault(charges=False)
def answer(call: Call) -> Reply:
    """Whatever is wanted: ``status``, ``body`` (JSON, or text), ``headers``, ``content_type``."""
    body = call.option("body", {})
    raw = body.encode() if isinstance(body, str) else body
    kind = call.option("content_type", "application/json")
    return Reply(call.option("status", 200), raw, dict(call.option("headers", {})), kind)


@_fault(charges=False)
def echo_key(call: Call) -> Reply:
    """A careless server that quotes the key it was sent, in the message, in a field and in a header."""
    sent = call.connection.headers.get("Authorization", "")
    reply = api.error(call.option("status", 400), call.option("code", "INVALID_PARAMETER_VALUE"), f"refused {sent}")
    assert isinstance(reply.body, dict)
    reply.body["log"] = {"headers": [sent]}
    reply.headers["X-Reve-Request-Id"] = sent
    return reply


@_fault(charges=True)
def violation(call: Call) -> Reply:
    """``how``: body, string, header."""
    reply, how = call.reply(), call.option("how", "body")
    assert isinstance(reply.body, dict)
    reply.body.update(image="", layout=None, content_violation={"body": True, "string": "True"}.get(how, False))
    reply.headers["X-Reve-Content-Violation"] = "true" if how == "header" else "false"
    return reply


@_fault(charges=True)
def error_header(call: Call) -> Reply:
    reply = call.reply()
    reply.headers["X-Reve-Error-Code"] = call.option("code", "SOMETHING_NEW")
    return reply


@_fault(charges=False)
def grey(call: Call) -> Reply:
    """As in binary mode: an error whose body is a small grey picture."""
    headers = {"X-Reve-Error-Code": call.option("code", "INVALID_PARAMETER_VALUE")}
    return Reply(call.option("status", 400), _grey_png(), headers, "image/png")


# ---------------------------------------------------------------- answers with something wrong in them


def _with(call: Call, **changes: Any) -> Reply:
    reply = call.reply()
    assert isinstance(reply.body, dict)
    reply.body.update(changes)
    return reply


@_fault(charges=True)
def garbage(call: Call) -> Reply:
    return Reply(200, b'{"image": "iVBORw0KGgo', {"X-Reve-Request-Id": "rsid-standin-garbage"})


@_fault(charges=True)
def html(call: Call) -> Reply:
    return Reply(200, HTML, {}, "text/html")


@_fault(charges=True)
def svg(call: Call) -> Reply:
    return _with(call, image=base64.b64encode(SVG).decode())


@_fault(charges=True)
def html_image(call: Call) -> Reply:
    return _with(call, image=base64.b64encode(HTML).decode())


@_fault(charges=True)
def empty_image(call: Call) -> Reply:
    return _with(call, image=call.option("image", ""))


@_fault(charges=True)
def wrong_type(call: Call) -> Reply:
    reply = call.reply()
    reply.content_type = "text/html"
    return reply


@_fault(charges=True)
def truncated_png(call: Call) -> Reply:
    """``keep``: the share of the picture that is left."""
    reply = call.reply()
    assert isinstance(reply.body, dict)
    png = base64.b64decode(reply.body["image"])
    reply.body["image"] = base64.b64encode(png[: int(len(png) * call.option("keep", 0.5))]).decode()
    return reply


@_fault(charges=True)
def pixel_bomb(call: Call) -> Reply:
    return _with(call, image=base64.b64encode(png_of(60_000, 60_000, b"\x78\x9c\x03\x00")).decode())


@_fault(charges=True)
def bad_parent(call: Call) -> Reply:
    reply = call.reply()
    assert isinstance(reply.body, dict)
    for region in reply.body["layout"]["regions"]:
        region["parent"] = "N/A"
    return reply


@_fault(charges=True)
def null_layout(call: Call) -> Reply:
    return _with(call, layout=None)


@_fault(charges=True)
def bad_layout(call: Call) -> Reply:
    """``layout``: what to send instead of it."""
    return _with(call, layout=call.option("layout", "not a layout"))


@_fault(charges=True)
def strings(call: Call) -> Reply:
    """Numbers and booleans as strings."""
    reply = call.reply()
    assert isinstance(reply.body, dict)
    for name in ("content_violation", "credits_used", "credits_remaining"):
        reply.body[name] = str(reply.body[name])
    return reply


# ---------------------------------------------------------------- at the socket


@_fault(charges=True)
def slow(call: Call) -> Reply:
    """The right answer after ``seconds``."""
    call.connection.pause(call.option("seconds", 1.0))
    return call.reply()


@_fault(charges=True)
def hold(call: Call) -> Reply:
    """The right answer once the test calls ``release()``."""
    call.connection.standin.released.wait(30)
    return call.reply()


@_fault(charges=True)
def hang(call: Call) -> None:
    """No byte, ever."""
    call.connection.pause(3600)
    call.connection.reset()


@_fault(charges=True)
def reset(call: Call) -> None:
    call.connection.reset()


@_fault(charges=True)
def drip_headers(call: Call) -> None:
    """The right answer, one byte per ``interval`` seconds, from the first one on."""
    call.connection.drip(call.connection.packed(call.reply()), call.option("interval", 0.3))


@_fault(charges=True)
def drip_body(call: Call) -> None:
    whole = call.connection.packed(call.reply())
    head, blank, body = whole.partition(b"\r\n\r\n")
    call.connection.send(head + blank)
    call.connection.drip(body, call.option("interval", 0.3))


@_fault(charges=True)
def short_body(call: Call) -> None:
    """Half the body, then the end, although the whole length was promised."""
    whole = call.connection.packed(call.reply())
    head, blank, body = whole.partition(b"\r\n\r\n")
    call.connection.send(head + blank + body[: len(body) // 2])
    call.connection.close_connection = True


@_fault(charges=True)
def no_end(call: Call) -> None:
    """The whole answer, of which more was promised; then the end, or with ``hang`` nothing more."""
    whole = call.connection.packed(call.reply())
    call.connection.send(whole.replace(b"Content-Length: ", b"Content-Length: 1", 1))
    if call.option("hang", False):
        call.connection.pause(3600)
    call.connection.close_connection = True


@_fault(charges=True)
def gzip_bomb(call: Call) -> Reply:
    """194 KB that stand for 200 MB, compressed although nobody asked for it."""
    return Reply(200, _bomb(call.option("megabytes", 200)), {"Content-Encoding": "gzip"})


@_fault(charges=True)
def endless(call: Call) -> None:
    """A body without an end: JSON with a picture that goes on and on, or ``junk``."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    first = b"\x00" if call.option("junk", False) else b'{"image": "'
    call.connection.send(head + _http_chunk(first))
    block = _http_chunk((b"\x00" if call.option("junk", False) else b"A") * 65_536)
    with suppress(OSError):
        while not call.connection.standin.stopping.is_set():
            call.connection.send(block)
    call.connection.close_connection = True


@_fault(charges=True)
def huge(call: Call) -> None:
    """Promises 5 GB and sends a little of it."""
    call.connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5368709120\r\n\r\n{")
    call.connection.pause(3600)
    call.connection.close_connection = True


def _http_chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@cache
def _bomb(megabytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(_squeezed(squeeze, megabytes)) + squeeze.flush()


def _squeezed(squeeze: Any, megabytes: int) -> Iterator[bytes]:
    block = bytes(1024 * 1024)
    for _ in range(megabytes):
        yield squeeze.compress(block)


@cache
def _grey_png() -> bytes:
    return png_of(8, 8, zlib.compress((b"\x00" + b"\x80\x80\x80" * 8) * 8))
