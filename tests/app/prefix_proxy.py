"""
A host that lets only Streamlit through: the app lies below a path, in a frame; cookies that are not Streamlit's are dropped,
and any other address than Streamlit's own is answered 404. Websockets are passed on like everything else, byte for byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import TracebackType
from urllib.parse import urlsplit

from tests.app.process import free_port

STREAMLITS_COOKIES = ("_streamlit_xsrf", "_streamlit_session", "_streamlit_user")
STREAMLITS_ROUTES = ("_stcore/", "media/", "static/", "component/", "favicon.png")
PAGES = ("", "gallery", "compare", "queue", "shares")
_OUTER = '<!doctype html><title>A host</title><style>body{{margin:0}}iframe{{border:0;width:100vw;height:100vh}}</style><iframe src="{src}" allow="clipboard-write"></iframe>'


class PrefixProxy:
    """``with PrefixProxy(app.port, root="/~/+/") as host:`` serves ``host.url``; ``host.asked`` are paths as the app sees them."""

    def __init__(self, app_port: int, *, root: str = "/~/+/") -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.cookies: set[str] = set()
        self._app_port = app_port
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="prefix-proxy", daemon=True)

    def __enter__(self) -> PrefixProxy:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _close(self) -> None:
        self._server.close()
        # Again until none is left: a window that loses its websocket knocks once more.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)  # asyncio itself holds on to none of them
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        method, target, version = first.split(" ")
        path = urlsplit(target).path
        if self.root != "/" and not path.startswith(self.root):
            outer = _OUTER.format(src=self.root + target.removeprefix("/")).encode()
            found = path.removeprefix("/") in (*PAGES, "favicon.ico")
            await _say(writer, 200 if found else 404, outer if found else b"")
            if not found:
                self.refused.append(path)
            return
        inner = path.removeprefix(self.root.rstrip("/"))
        if inner.removeprefix("/") not in PAGES and not inner.removeprefix("/").startswith(STREAMLITS_ROUTES):
            self.refused.append(inner)
            await _say(writer, 404, b"Not here.")
            return
        self.asked.append(inner)
        there, to_app = await asyncio.open_connection("127.0.0.1", self._app_port)
        ways: list[asyncio.Task[None]] = []
        try:
            head = [f"{method} {target.removeprefix(self.root.rstrip('/'))} {version}", *self._passed_on(lines)]
            to_app.write("\r\n".join([*head, "", ""]).encode("latin-1"))
            # Whichever side ends first ends both: without keep-alive a connection carries one request.
            ways = [asyncio.create_task(_pipe(reader, to_app)), asyncio.create_task(_pipe(there, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_app.close()

    def _passed_on(self, lines: list[str]) -> list[str]:
        passed, upgrades = [], any(line.lower().startswith("upgrade:") for line in lines)
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() == "cookie":
                ours = [each for each in value.split(";") if each.strip().startswith(STREAMLITS_COOKIES)]
                self.cookies.update(each.split("=")[0].strip() for each in ours)
                if ours:
                    passed.append(f"Cookie: {'; '.join(each.strip() for each in ours)}")
            elif upgrades or name.lower() not in ("connection", "keep-alive"):
                passed.append(line)
        return passed if upgrades else [*passed, "Connection: close"]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _say(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
