"""
The switches for another process, over HTTP under ``/_standin/``. No key is asked for here.

Every stand-in has ``GET faults``, ``POST faults {"faults": [{"name": "reset", "times": 2}]}``, ``DELETE faults``, ``GET
requests``, ``POST release`` and ``POST reset`` (all of it). What else there is each says of itself: its ``Own`` answers first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.standin.api import Reply

if TYPE_CHECKING:
    from tests.standin.serving import Serving

PREFIX = "/_standin/"

Own = Callable[[str, str, dict[str, Any]], Reply | None]


def handle(server: Serving, own: Own, method: str, path: str, body: bytes) -> Reply:
    what = path.removeprefix(PREFIX).rstrip("/")
    try:
        fields = json.loads(body or b"{}")
        return own(method, what, fields) or _common(server, method, what, fields)
    except (ValueError, KeyError, TypeError) as exc:
        return Reply(400, {"message": str(exc)})


def faults_now(server: Serving) -> Reply:
    return Reply(200, {"faults": server.faults.rules()})


def asked(server: Serving) -> list[dict[str, Any]]:
    return [
        {"method": one.method, "path": one.path, "key": one.key, "fields": one.fields} for one in list(server.requests)
    ]


def _common(server: Serving, method: str, what: str, fields: dict[str, Any]) -> Reply:
    match method, what:
        case "POST", "faults":
            for rule in fields["faults"]:
                server.faults.add(**({"name": rule} if isinstance(rule, str) else rule))
        case "DELETE", "faults":
            server.faults.clear()
        case "GET", "faults":
            pass
        case "GET", "requests":
            return Reply(200, {"requests": asked(server)})
        case "POST", "release":
            server.release()
        case "POST", "reset":
            server.clear()
        case _:
            return Reply(404, {"message": "no such switch"})
    return faults_now(server)
