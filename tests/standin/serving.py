"""What every stand-in is: a server on loopback whose every thread and socket ends with its ``with`` block."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from socketserver import TCPServer
from typing import Any, Self

from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.rules import Faults


@dataclass(frozen=True)
class Seen:
    """One request as it arrived (the switches' own are not kept). ``key`` is what names the attempt, where it does."""

    method: str
    path: str
    key: str
    fields: Any
    headers: dict[str, str] = field(repr=False)


class Serving:
    """A subclass says what is answered: ``handle``. ``faults`` are its ways to misbehave, ``requests`` what it was asked."""

    def __init__(
        self, faults: Faults, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.faults = faults
        self.requests: list[Seen] = []
        self.stopping = threading.Event()
        self.released = threading.Event()
        self.abrupt: set[socket.socket] = set()
        self.changed = threading.Condition()
        self._server = _Server((host, port), self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def __enter__(self) -> Self:
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
        """As new: no faults, no requests."""
        self.faults.clear()
        self.released.clear()
        with self.changed:
            self.requests.clear()

    def note(self, seen: Seen) -> None:
        with self.changed:
            self.requests.append(seen)
            self.changed.notify_all()

    def posts(self) -> list[Seen]:
        """The paid calls that arrived, refused ones too."""
        with self.changed:
            return [seen for seen in self.requests if seen.method == "POST"]

    def wait_for_posts(self, count: int, timeout: float = 5) -> bool:
        with self.changed:
            return self.changed.wait_for(
                lambda: sum(1 for seen in self.requests if seen.method == "POST") >= count, timeout
            )

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        """The answer, or None where the fault has dealt with the connection itself."""
        raise NotImplementedError


class _Server(TCPServer):
    """A thread for each connection. Stopping ends them all, wherever they wait."""

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], standin: Serving, tls: ssl.SSLContext | None) -> None:
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
