"""A network of the test's own: names that lead where it says, and every connection, whatever its address, to one server, or none."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.drawing import png_of
from tests.standin.faults import FAULTS, Call
from tests.standin.rules import Faults
from tests.standin.serving import Seen, Serving

PNG = png_of(8, 8, b"\x78\x9c\x03\x00")


class Store(Serving):
    """
    Serves files. ``replies`` by path; every other path is a small PNG. ``sent_to`` are the names that TLS was asked for;
    ``play`` adds a fault for a path.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(Faults(is_paid=lambda path: False), tls=tls)
        self.replies: dict[str, Reply] = {}
        self.sent_to: list[str | None] = []
        if tls is not None:
            tls.sni_callback = lambda sock, name, context: self.sent_to.append(name)

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        self.note(Seen(connection.command, path, "", None, dict(connection.headers.items())))
        reply = self.replies.get(path, Reply(200, PNG, {}, "image/png"))
        if (rule := self.faults.take(path)) is not None:
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: reply))
        return reply

    def send_on(self, path: str, location: str, status: int = 302) -> None:
        self.replies[path] = Reply(status, b"", {"Location": location}, "text/plain")


@dataclass
class Network:
    """``names``: host to addresses. ``called``: the addresses that were connected to, in order. ``dead`` ones refuse."""

    names: dict[str, list[str]] = field(default_factory=dict)
    called: list[tuple[str, int]] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


@contextmanager
def network(
    monkeypatch: pytest.MonkeyPatch, server: Serving | None, names: Mapping[str, list[str]]
) -> Iterator[Network]:
    """No packet leaves the loopback interface: a connection to any other address is one to ``server``."""
    net = Network(dict(names))
    look_up = socket.getaddrinfo
    connect = asyncio.selector_events.BaseSelectorEventLoop.sock_connect

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in ("127.0.0.1", "::1"):
            return look_up(host, port, *args, **kwargs)
        net.asked.append(name)
        if name not in net.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (family[":" in address], socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in net.names[name]
        ]

    async def sock_connect(loop: Any, sock: socket.socket, address: Any) -> None:
        net.called.append(tuple(address[:2]))
        if address[0] in net.dead:
            raise ConnectionRefusedError("nothing listens there")
        if address[0] == "127.0.0.1":
            await connect(loop, sock, address)
            return
        if server is None or sock.family == socket.AF_INET6:
            raise ConnectionRefusedError("version 4 only")
        await connect(loop, sock, ("127.0.0.1", server.port))

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", sock_connect)
    yield net
