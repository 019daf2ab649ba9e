"""The server itself. It stops, and closes every socket, when its ``with`` block ends."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from tests.standin import api, control
from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.drawing import Artist, Draw, converted
from tests.standin.faults import FAULTS, Call
from tests.standin.ledger import Ledger
from tests.standin.rules import Faults

KEY = "papi.test-not-a-key"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived (the switches' own are not kept)."""

    method: str
    path: str
    key: str
    fields: Any
    headers: dict[str, str] = field(repr=False)


class StandIn:
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
        self.key = key
        self.latency_s = latency_s
        self.ledger = Ledger(credits, ledger_file)
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.stopping = threading.Event()
        self.released = threading.Event()
        self.abrupt: set[socket.socket] = set()
        self.peak = 0  # most create calls at once
        self._artist = Artist(draw, size, weight)
        self._credits = credits
        self._busy = 0
        self._changed = threading.Condition()
        self._server = _Server((host, port), self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def __enter__(self) -> StandIn:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def release(self) -> None:
        """Let go of everything that the ``hold`` fault holds."""
        self.released.set()

    def clear(self) -> None:
        """As new: no faults, no requests, an empty till."""
        self.faults.clear()
        self.released.clear()
        with self._changed:
            self.requests.clear()
            self.peak = 0
        self.ledger.clear(self._credits)

    def posts(self) -> list[Seen]:
        """The create calls that arrived, refused ones too."""
        with self._changed:
            return [seen for seen in self.requests if seen.method == "POST"]

    def wait_for_posts(self, count: int, timeout: float = 5) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: sum(1 for seen in self.requests if seen.method == "POST") >= count, timeout
            )

    # ---------------------------------------------------------------- called by the connections

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        """The answer, or None where the fault has dealt with the connection itself."""
        if path.startswith(control.PREFIX):
            return control.handle(self, connection.command, path, body)
        fields = _parsed(body)
        seen = Seen(connection.command, path, query.get("breadcrumb", ""), fields, dict(connection.headers.items()))
        with self._changed:
            self.requests.append(seen)
            self._changed.notify_all()
        path = path.rstrip("/")  # older clients post to the form with a slash
        if self.key is not None and seen.headers.get("Authorization") != f"Bearer {self.key}":
            rule = self.faults.take(path)
            if rule is None or rule["name"] not in ("closed", "echo_key"):
                return api.error(401, "PARTNER_API_TOKEN_INVALID", "the token is not valid")
            return FAULTS[rule["name"]].play(Call(connection, rule, _nothing))
        operation = api.CREATE.get(path)
        if connection.command == "POST" and operation is not None:
            with self._changed:
                self._busy += 1
                self.peak = max(self.peak, self._busy)
            try:
                return self._create(connection, path, operation, seen)
            finally:
                with self._changed:
                    self._busy -= 1
        if (rule := self.faults.take(path)) is not None:
            reply = self._free(connection.command, path)
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: reply))
        return self._free(connection.command, path)

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


class _Server(TCPServer):
    """A thread for each connection. Stopping ends them all, wherever they wait."""

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], standin: StandIn, tls: ssl.SSLContext | None) -> None:
        super().__init__(address, type("StandInConnection", (Connection,), {"standin": standin}))
        self._standin = standin
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            # The handshake is left to the connection's thread: a client that breaks it off must not stop the others.
            sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return sock, address

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._work, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def _work(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client went away, which is its right
        finally:
            with self._lock:
                self._open.pop(request, None)
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        if request in self._standin.abrupt:  # without the polite FIN
            self._standin.abrupt.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            left = dict(self._open)
        for sock in left:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in left.values():
            thread.join(5)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _nothing() -> Reply:
    return Reply(200, {})
