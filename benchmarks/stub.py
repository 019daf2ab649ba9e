"""
A provider on this machine for the measurements: no work, no rules, every byte made beforehand.

    python -m benchmarks.stub --port 8700 [--latency 2] [--side 1024]

It answers the way the tutorial's service asks (``POST /pictures`` → ``{"image_url": …}``, then the file) and the way the Reve
API does (``POST /v2/image/create`` → JSON with the picture in base64). ``GET /replies`` tells when each prompt was answered.
"""

import argparse
import asyncio
import base64
import io
import json
import time

import numpy as np
import uvloop
from PIL import Image


def picture(side: int, seed: int = 7) -> bytes:
    """A PNG of ``side`` by ``side`` pixels that packs about as badly as a painted one: 1.2 bytes a pixel."""
    noise = np.random.default_rng(seed).integers(-2, 3, (side, side, 3))
    across = np.linspace(0, 255, side)
    soft = np.stack(
        [np.add.outer(across, across) / 2, np.add.outer(across, -across) / 2 + 128, np.tile(across, (side, 1))], 2
    )
    buffer = io.BytesIO()
    Image.fromarray(np.clip(soft + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(content_type: str, body: bytes, *more: str) -> bytes:
    """A whole answer as it goes over the wire."""
    head = ["HTTP/1.1 200 OK", f"content-type: {content_type}", f"content-length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Stub:
    def __init__(self, port: int, latency_s: float, side: int) -> None:
        png = picture(side)
        self.latency_s = latency_s
        self.replies: dict[str, float] = {}
        self.file = packed("image/png", png)
        self.link = packed(
            "application/json", json.dumps({"image_url": f"http://127.0.0.1:{port}/picture.png"}).encode()
        )
        told = {"version": "reve-v2-create@stub", "content_violation": False, "request_id": "rsid-stub"}
        told |= {"credits_used": 150, "credits_remaining": 1_000_000}
        reve = json.dumps({"image": base64.b64encode(png).decode(), **told}).encode()
        self.reve = packed("application/json", reve, "x-reve-request-id: rsid-stub", "x-reve-credits-used: 150")


class Connection(asyncio.Protocol):
    """Reads one request after the other; knows just enough HTTP for the clients that are measured."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._got = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        if len(rest) < length:
            return
        self._got = rest[length:]
        self._answer(head.split(b" ", 2)[1].decode(), rest[:length])

    def _answer(self, path: str, body: bytes) -> None:
        stub = self._stub
        match path.partition("?")[0]:
            case "/picture.png":
                self._send(stub.file)
            case "/replies":
                self._send(packed("application/json", json.dumps(stub.replies).encode()))
            case "/pictures":
                self._later(stub.link, body)
            case "/v1/image/create" | "/v2/image/create":
                self._later(stub.reve, body)
            case _:
                self._send(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def _later(self, answer: bytes, body: bytes) -> None:
        prompt = json.loads(body)["prompt"]

        def reply() -> None:
            self._stub.replies[prompt] = time.time()
            self._send(answer)

        asyncio.get_running_loop().call_later(self._stub.latency_s, reply)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def serve(port: int, latency_s: float, side: int) -> None:
    stub = Stub(port, latency_s, side)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(stub), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A provider for the measurements.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a picture takes")
    parser.add_argument("--side", type=int, default=1024, help="pixels on each side of the picture")
    chosen = parser.parse_args()
    uvloop.run(serve(chosen.port, chosen.latency, chosen.side))


if __name__ == "__main__":
    main()
