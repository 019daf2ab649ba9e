"""A receiver of webhooks on the loopback, in the standard library. It stops when its ``with`` block ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """
    ``status`` is what it answers, ``location`` a header of that name. ``before`` runs in each request and may wait; with
    ``body`` it goes on talking after the headers.
    """

    status: int = 200
    location: str | None = None
    body: bytes = b"ok"
    before: Callable[[], object] = lambda: None
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.heard.append(Heard(self.path, headers, body))
                receiver.before()
                try:
                    self.send_response(receiver.status)
                    if receiver.location is not None:
                        self.send_header("Location", receiver.location)
                    self.end_headers()
                    self.wfile.write(receiver.body)
                except OSError:
                    return  # nobody listens any more

            def do_GET(self) -> None:
                receiver.heard.append(Heard(self.path, {}, b"GET"))

            def log_message(self, *_: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"
