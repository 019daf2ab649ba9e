"""A client that costs little, so that it disturbs little: one keep-alive connection, one request at a time."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any


class Line:
    """``async with Line(port) as line:``; ``line.ask`` returns the status, the JSON and the milliseconds it took."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Line:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any, float]:
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        begun = time.perf_counter()
        self._writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        text = await self._reader.readexactly(length)
        return int(answer.split(" ", 2)[1]), json.loads(text), (time.perf_counter() - begun) * 1000


async def submit(line: Line, prompt: str) -> tuple[str, float]:
    """The new job's id, and the milliseconds that the answer took."""
    status, answer, ms = await line.ask("POST", "/generate", {"prompt": prompt, "width": 1024, "height": 1024})
    assert status == 200, (status, answer)
    return str(answer["job_id"]), ms


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
