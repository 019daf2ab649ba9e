"""One connection: reads requests, sends answers in one piece, and can do what a well-behaved server never does."""

from __future__ import annotations

import json
import socket
import struct
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.standin.api import Reply

if TYPE_CHECKING:
    from tests.standin.serving import Serving

_LONGEST_BODY = 150 * 1024 * 1024


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standin: Serving  # set on a subclass made for each server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
        body = self.rfile.read(length) if length else b""
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        reply = self.standin.handle(self, url.path, query, body)
        if reply is not None:
            self.send(self.packed(reply))

    def packed(self, reply: Reply) -> bytes:
        """The whole answer as it goes over the wire."""
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('Status', ''))[0]}"]
        headers = {"Content-Type": reply.content_type, "Content-Length": str(len(body)), **reply.headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def drip(self, data: bytes, interval: float) -> None:
        """A byte now and then, until the other side has had enough."""
        self.close_connection = True
        for byte in data:
            try:
                self.send(bytes([byte]))
            except OSError:
                return
            if self.pause(interval):
                return

    def pause(self, seconds: float) -> bool:
        """Wait; True when the server is stopping."""
        return self.standin.stopping.wait(seconds)

    def reset(self) -> None:
        """RST instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.standin.abrupt.add(self.connection)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return None
