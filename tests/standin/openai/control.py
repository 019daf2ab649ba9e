"""
The switches for another process, over HTTP under ``/_standin/``. No key is asked for here.

``GET|POST|DELETE faults``; ``GET ledger``; ``GET requests``; ``POST settings {"latency_s": 0.5, "dialect": "vllm",
"models": ["a"], "credits": 3}``; ``POST release``; ``POST reset``. As for the stand-in of Reve.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.standin.api import Reply
from tests.standin.openai.dialects import DIALECTS

if TYPE_CHECKING:
    from tests.standin.openai.server import ImagesServer

PREFIX = "/_standin/"


def handle(server: ImagesServer, method: str, path: str, body: bytes) -> Reply:
    try:
        return _handle(server, method, path.removeprefix(PREFIX).rstrip("/"), json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError) as exc:
        return Reply(400, {"message": str(exc)})


def _handle(server: ImagesServer, method: str, what: str, fields: dict[str, Any]) -> Reply:
    match method, what:
        case "POST", "faults":
            for rule in fields["faults"]:
                server.faults.add(**({"name": rule} if isinstance(rule, str) else rule))
        case "DELETE", "faults":
            server.faults.clear()
        case "GET", "faults":
            pass
        case "GET", "ledger":
            return Reply(200, {"charges": list(server.ledger.charges), "credits": server.ledger.credits})
        case "GET", "requests":
            shown = [
                {"method": one.method, "path": one.path, "fields": one.fields}
                for one in list(server.requests)
                if not one.path.endswith("/edits")
            ]
            return Reply(200, {"requests": shown, "peak": server.peak})
        case "POST", "settings":
            server.latency_s = float(fields.get("latency_s", server.latency_s))
            server.ledger.credits = float(fields.get("credits", server.ledger.credits))
            server.dialect = DIALECTS[fields.get("dialect", server.dialect.name)]
            server.models = list(fields.get("models", server.models))
        case "POST", "release":
            server.release()
        case "POST", "reset":
            server.clear()
        case _:
            return Reply(404, {"message": "no such switch"})
    return Reply(200, {"faults": server.faults.rules()})
