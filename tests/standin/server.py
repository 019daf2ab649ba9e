"""The server itself. It stops, and closes every socket, when its ``with`` block ends."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

from tests.standin import api, control
from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.drawing import Artist, Draw, converted
from tests.standin.faults import FAULTS, Call
from tests.standin.ledger import Ledger
from tests.standin.rules import Faults
from tests.standin.serving import Seen, Serving

KEY = "papi.test-not-a-key"


class StandIn(Serving):
    """
    ``with StandIn() as reve:`` serves on a free port of the loopback address.

    ``key`` None accepts any key and none. ``credits`` is what the till begins with, ``ledger_file`` its durable copy.
    ``latency_s`` is how long a picture takes. ``draw``, ``size`` and ``weight`` as in ``drawing.Artist``. ``tls`` is a
    server context.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        key: str | None = KEY,
        credits: float = 1_000_000,
        ledger_file: Path | None = None,
        latency_s: float = 0.0,
        draw: Draw = "tiny",
        size: int | None = None,
        weight: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(Faults(), host=host, port=port, tls=tls)
        self.key = key
        self.latency_s = latency_s
        self.ledger = Ledger(credits, ledger_file)
        self.peak = 0  # most create calls at once
        self._artist = Artist(draw, size, weight)
        self._credits = credits
        self._busy = 0

    def clear(self) -> None:
        """As new: no faults, no requests, an empty till."""
        super().clear()
        self.peak = 0
        self.ledger.clear(self._credits)

    # ---------------------------------------------------------------- called by the connections

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        if path.startswith(control.PREFIX):
            return control.handle(self, self._switched, connection.command, path, body)
        fields = _parsed(body)
        seen = Seen(connection.command, path, query.get("breadcrumb", ""), fields, dict(connection.headers.items()))
        self.note(seen)
        path = path.rstrip("/")  # older clients post to the form with a slash
        if self.key is not None and seen.headers.get("Authorization") != f"Bearer {self.key}":
            rule = self.faults.take(path)
            if rule is None or rule["name"] not in ("closed", "echo_key"):
                return api.error(401, "PARTNER_API_TOKEN_INVALID", "the token is not valid")
            return FAULTS[rule["name"]].play(Call(connection, rule, _nothing))
        operation = api.CREATE.get(path)
        if connection.command == "POST" and operation is not None:
            with self.changed:
                self._busy += 1
                self.peak = max(self.peak, self._busy)
            try:
                return self._create(connection, path, operation, seen)
            finally:
                with self.changed:
                    self._busy -= 1
        if (rule := self.faults.take(path)) is not None:
            reply = self._free(connection.command, path)
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: reply))
        return self._free(connection.command, path)

    def _switched(self, method: str, what: str, fields: dict[str, Any]) -> Reply | None:
        """``GET ledger``; ``GET requests`` with the ``peak``; ``POST settings {"latency_s": 0.5, "credits": 3000}``."""
        match method, what:
            case "GET", "ledger":
                return Reply(200, {"charges": list(self.ledger.charges), "credits": self.ledger.credits})
            case "GET", "requests":
                return Reply(200, {"requests": control.asked(self), "peak": self.peak})
            case "POST", "settings":
                self.latency_s = float(fields.get("latency_s", self.latency_s))
                self.ledger.credits = float(fields.get("credits", self.ledger.credits))
                return control.faults_now(self)
        return None

    def _free(self, method: str, path: str) -> Reply:
        match method, path:
            case "GET", "/api/misc/balance":
                return Reply(200, {"budget_id": "standin", "new_balance": self.ledger.credits})
            case "GET", "/v1/image/effect":
                return Reply(200, {"effects": api.EFFECTS})
            case "GET", "/v2/image/info":
                return Reply(200, api.INFO)
        return Reply(404, {"message": f"there is nothing at {path[:100]}"})

    def _create(self, connection: Connection, path: str, operation: api.Operation, seen: Seen) -> Reply | None:
        if (refusal := api.problem_with(operation, seen.fields)) is not None:
            return refusal
        rule = self.faults.take(path)
        fault = FAULTS[rule["name"]] if rule else None
        charge: dict[str, Any] | None = None
        if rule is None or fault is None or rule.get("charge", fault.charges):
            price = api.price_of(operation, seen.fields)
            # Before the work: the service bills what it has begun, also for a client that has gone away.
            charge = self.ledger.charge(seen.key, path, price)
            if charge is None:
                left = self.ledger.credits
                text = "not enough credits"
                return api.error(
                    402, "PARTNER_API_BUDGET_EXHAUSTED", text, requested_amount=price, available_amount=left
                )
        if self.latency_s:
            connection.pause(self.latency_s)
        paid = charge or {"request_id": "rsid-standin-free", "credits": 0, "left": self.ledger.credits}

        def reply() -> Reply:
            return self._picture(connection, operation, seen.fields, paid)

        return reply() if rule is None or fault is None else fault.play(Call(connection, rule, reply))

    def _picture(
        self, connection: Connection, operation: api.Operation, fields: dict[str, Any], charge: dict[str, Any]
    ) -> Reply:
        png, layout = self._artist.picture(fields)
        version = fields.get("version", "latest")
        version = operation.version_start + "standin" if version == "latest" else version
        body = api.created(png, layout if operation.has_layout else None, charge, version)
        accept = connection.headers.get("Accept", "")
        for mime in ("image/png", "image/jpeg", "image/webp"):
            if mime in accept:
                data = png if mime == "image/png" else converted(png, mime)
                return Reply(200, data, api.headers_of(body), mime)
        return Reply(200, body, api.headers_of(body))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _nothing() -> Reply:
    return Reply(200, {})
