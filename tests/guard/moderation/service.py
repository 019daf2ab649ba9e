"""A moderation service on the loopback address that answers as a test tells it to."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


class Service:
    """``answer`` writes one answer; ``asked`` are the bodies that came, ``headers`` the headers of each."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answer: Answer = result({})
        self.released = threading.Event()
        self.url = ""

    def hold(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers nothing until the test is over."""
        self.released.wait(timeout=30)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """A byte now and then, each well within a read timeout."""
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            while not self.released.wait(timeout=0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            pass  # the client has gone, as it should


def send(body: bytes, status: int = 200, **headers: str) -> Answer:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with contextlib.suppress(OSError):  # cut off: it was too much
            handler.wfile.write(body)

    return write


def result(scores: dict[str, float], *, flagged: bool = False, **categories: bool) -> Answer:
    found = {"flagged": flagged, "categories": categories, "category_scores": scores}
    return send(json.dumps({"id": "modr-1", "model": "m", "results": [found]}).encode())


@contextmanager
def running() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            service.asked.append(json.loads(self.rfile.read(length)))
            service.headers.append({name.lower(): value for name, value in self.headers.items()})
            service.paths.append(self.path)
            service.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
