"""
The switches for another process, over HTTP under ``/_standin/``. No key is asked for here.

``GET faults``, ``POST faults {"faults": [{"name": "reset", "times": 2}]}``, ``DELETE faults``; ``GET ledger``;
``GET requests``; ``POST settings {"latency_s": 0.5, "credits": 3000}``; ``POST release``; ``POST reset`` (all of it).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.standin.api import Reply

if TYPE_CHECKING:
    from tests.standin.server import StandIn

PREFIX = "/_standin/"


def handle(standin: StandIn, method: str, path: str, body: bytes) -> Reply:
    try:
        return _handle(standin, method, path.removeprefix(PREFIX).rstrip("/"), json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError) as exc:
        return Reply(400, {"message": str(exc)})


def _handle(standin: StandIn, method: str, what: str, fields: dict[str, Any]) -> Reply:
    match method, what:
        case "POST", "faults":
            for rule in fields["faults"]:
                standin.faults.add(**({"name": rule} if isinstance(rule, str) else rule))
        case "DELETE", "faults":
            standin.faults.clear()
        case "GET", "faults":
            pass
        case "GET", "ledger":
            return Reply(200, {"charges": list(standin.ledger.charges), "credits": standin.ledger.credits})
        case "GET", "requests":
            shown = [
                {"method": one.method, "path": one.path, "key": one.key, "fields": one.fields}
                for one in list(standin.requests)
            ]
            return Reply(200, {"requests": shown, "peak": standin.peak})
        case "POST", "settings":
            standin.latency_s = float(fields.get("latency_s", standin.latency_s))
            standin.ledger.credits = float(fields.get("credits", standin.ledger.credits))
        case "POST", "release":
            standin.release()
        case "POST", "reset":
            standin.clear()
        case _:
            return Reply(404, {"message": "no such switch"})
    return Reply(200, {"faults": standin.faults.rules()})
