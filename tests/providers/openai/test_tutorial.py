"""The tutorial's stub of a provider: one path, and ``{"data": [{"url": …}]}`` with the address of a picture on itself."""

from __future__ import annotations

import json
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reve_core.models import JobRequest, JobStatus
from reve_core.ports import ProviderConfig
from reve_core.providers.openai import KIND
from tests.building import build_studio, running, settled
from tests.providers.openai.helpers import FOX, HOUSE, context


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 6, 4, 8, 2, 0, 0, 0)
    rows = (b"\x00" + b"\xc0\x60\x20" * 6) * 4
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = _png()


class Stub(BaseHTTPRequestHandler):
    """Knows nothing of keys, models, sizes or base64, as in the tutorial. Whatever else is asked for is not there."""

    prompts: list[str]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.prompts.append(asked["prompt"])
        self._answer(200, "application/json", json.dumps({"data": [{"url": self._url()}]}).encode())

    def do_GET(self) -> None:
        if self.path == "/pictures/1.png":
            self._answer(200, "image/png", PICTURE)
        else:
            self._answer(404, "text/html", b"<h1>Not found</h1>")

    def _url(self) -> str:
        return f"http://{self.headers['Host']}/pictures/1.png"

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def stub() -> Iterator[tuple[str, list[str]]]:
    """Its base URL, and the prompts that it was sent."""
    prompts: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("TutorialStub", (Stub,), {"prompts": prompts}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", prompts
    server.shutdown()
    thread.join(5)
    server.server_close()


def config(url: str) -> ProviderConfig:
    """Exactly what setting REVE_OPENAI_URL, and nothing else, makes of it."""
    return ProviderConfig(kind="openai", name="openai", options={"base_url": url})


def test_with_nothing_but_its_address_the_tutorials_stub_gives_a_picture(stub: tuple[str, list[str]]) -> None:
    url, prompts = stub
    provider = KIND.make(config(url), HOUSE)
    picture = provider.generate(FOX, context())
    assert picture.data == PICTURE
    assert picture.receipt.notes == ()
    assert prompts == ["a red fox"]
    assert provider.idempotent


def test_a_job_of_the_tutorials_stub_is_done(stub: tuple[str, list[str]], tmp_path: Path) -> None:
    url, prompts = stub
    with running(build_studio(tmp_path, KIND.make(config(url), HOUSE))) as studio:
        [job] = studio.submit(JobRequest(prompt="a heron", aspect_ratio="3:2"))
        [done] = settled(studio, job.id)
        assert done.status is JobStatus.DONE, done.error
        assert done.image is not None
        assert (done.image.width, done.image.height) == (6, 4)
    assert prompts == ["a heron"]
