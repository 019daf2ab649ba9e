"""
The switches for another process, over HTTP under ``/_standin/``. No key is asked for here.

``POST faults {"faults": [{"name": "reset", "step": "status", "times": 2}]}``, ``DELETE faults``;
``POST endings {"endings": ["policy"]}``: how the next requests end; ``GET ledger``; ``GET requests``;
``POST settings {"step_s": 2, "hold_at": "IN_PROGRESS", "obeys": false, "funds": 3, "logs": ["40%"], "key": "…"}``;
``POST advance {"seconds": 3600}``; ``POST release``; ``POST reset`` (all of it).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.standin.api import Reply

if TYPE_CHECKING:
    from tests.standin.fal.server import FalStandIn

PREFIX = "/_standin/"
_SETTINGS = ("step_s", "hold_at", "obeys", "keeps", "funds", "logs", "key")


def handle(fal: FalStandIn, method: str, path: str, body: bytes) -> Reply:
    try:
        return _handle(fal, method, path.removeprefix(PREFIX).rstrip("/"), json.loads(body or b"{}"))
    except (ValueError, KeyError, TypeError) as exc:
        return Reply(400, {"detail": str(exc)})


def _handle(fal: FalStandIn, method: str, what: str, fields: dict[str, Any]) -> Reply:
    match method, what:
        case "POST", "faults":
            for rule in fields["faults"]:
                fal.add(**({"name": rule} if isinstance(rule, str) else rule))
        case "DELETE", "faults":
            fal.clear_faults()
        case "POST", "endings":
            fal.end(*fields["endings"])
        case "GET", "ledger":
            return Reply(200, {"submits": fal.submits(), "units": fal.units()})
        case "GET", "requests":
            shown = [{"method": one.method, "path": one.path, "fields": one.fields} for one in list(fal.requests)]
            return Reply(200, {"requests": shown})
        case "POST", "settings":
            for name in _SETTINGS:
                if name in fields:
                    setattr(fal, name, fields[name])
        case "POST", "advance":
            fal.advance(float(fields["seconds"]))
        case "POST", "release":
            fal.release()
        case "POST", "reset":
            fal.clear()
        case _:
            return Reply(404, {"detail": "no such switch"})
    return Reply(200, {"faults": fal.faults.rules() + fal.files.faults.rules()})
