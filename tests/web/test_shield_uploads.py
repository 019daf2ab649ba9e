"""Streamlit's upload address in public mode: so many files and so much, however it is sent, and no more than memory has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reve_core.web.shield import uploads
from reve_core.web.shield.uploads import MB, WITHIN_S, Uploads, is_upload
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import asking, refusal

SITE = Site(public=True, trusted_hops=1)
PAGE, OTHER = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Upstairs:
    """Stands for Streamlit: reads the whole body and keeps it for the page."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page = scope["path"].split("/")[3]
        if request.method == "DELETE":
            self.held.pop(page, None)
        else:
            size = 0
            async for chunk in request.stream():
                self.read += len(chunk)
                size += len(chunk)
            self.held[page] = self.held.get(page, 0) + size
        await Response(status_code=204)(scope, receive, send)


class World:
    def __init__(self) -> None:
        self.clock, self.upstairs = Clock(), Upstairs()
        self.shield = Uploads(self.upstairs, lambda: self.upstairs.held, self.clock)

    def put(
        self, size: int, page: str = PAGE, address: str = "192.0.2.1", *, chunked: bool = False, method: str = "PUT"
    ) -> httpx.Response:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self.shield(scope, receive, send, SITE)

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, size, 65536):
                yield b"x" * min(65536, size - start)

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
                return await client.request(
                    method,
                    f"/_stcore/upload_file/{page}/a",
                    content=pieces() if chunked else b"x" * size,
                    headers={"X-Forwarded-For": address},
                )

        return asyncio.run(ask())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The same limits, in kilobytes instead of megabytes."""
    for name in ("BYTES_OF_ADDRESS", "BYTES_OF_PAGE", "BYTES_HELD_BY_PAGE", "BYTES_HELD"):
        monkeypatch.setattr(uploads, name, getattr(uploads, name) // 64)
    return World()


def refused(response: httpx.Response) -> int:
    refusal(response, 429, "rate_uploads")
    return int(response.headers["retry-after"])


def test_a_page_may_send_twenty_files_at_once_and_one_more_every_half_minute(world: World) -> None:
    assert [world.put(10).status_code for _ in range(20)] == [204] * 20
    assert refused(world.put(10)) == WITHIN_S / 20
    world.clock.now += WITHIN_S / 20
    assert world.put(10).status_code == 204


def test_many_pages_of_one_address_share_what_it_may_send(world: World) -> None:
    pages = [f"page-{n}" for n in range(50)]
    assert [world.put(10, page).status_code for page in pages] == [204] * 40 + [429] * 10
    assert world.put(10, "page-x", "192.0.2.2").status_code == 204
    assert world.put(10, "page-y", "6.6.6.6, 192.0.2.1").status_code == 429


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in pieces"])
def test_more_bytes_than_a_page_may_send_are_refused_and_read_no_further(world: World, chunked: bool) -> None:
    most = 80 * MB // 64
    assert world.put(most // 2, chunked=chunked).status_code == 204
    assert refused(world.put(most, chunked=chunked)) > 0
    assert world.upstairs.read <= most + 65536
    assert world.put(10, OTHER, "192.0.2.9").status_code == 204


def test_what_all_pages_hold_has_a_limit_and_what_one_takes_away_makes_room(world: World) -> None:
    each = 64 * MB // 64
    assert [world.put(each, f"page-{n}", f"192.0.2.{n}").status_code for n in range(5)] == [204] * 4 + [429]
    assert world.put(each // 2, "page-4", "192.0.2.9", chunked=True).status_code == 429
    assert world.put(0, "page-0", method="DELETE").status_code == 204
    assert world.put(each, "page-4", "192.0.2.9").status_code == 204


@pytest.mark.parametrize("page", ["", "a/b", "../x", "x" * 65, "%0a", "é"])
def test_what_is_no_page_has_no_files(world: World, page: str) -> None:
    assert world.put(10, page).status_code == 404
    assert world.upstairs.read == 0


@pytest.mark.parametrize(
    ("method", "path", "counts"),
    [
        ("PUT", "/_stcore/upload_file/a/b", True),
        ("POST", "/_stcore/upload_file/a/b", True),
        ("PUT", "/_stcore/upload_file", True),
        ("DELETE", "/_stcore/upload_file/a/b", False),
        ("OPTIONS", "/_stcore/upload_file/a/b", False),
        ("PUT", "/gallery", False),
    ],
)
def test_only_what_brings_a_file_counts(method: str, path: str, counts: bool) -> None:
    assert is_upload({"method": method, "path": path}) is counts


def test_comparisons_that_programs_bring_in_are_held_to_the_same(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider(), public=True)
    bearer = {
        "Authorization": f"Bearer {studio.visitors.make_token('a script')[1]}",
        "Content-Type": "application/json",
    }

    def bring(client: httpx.Client, address: str) -> httpx.Response:
        headers = bearer | {"X-Forwarded-For": address}
        return client.post("/api/v1/comparisons/import", content=b"{}", headers=headers)

    with asking(studio, SITE) as client:
        tries = [bring(client, f"6.6.6.{n}, 192.0.2.1") for n in range(22)]
        assert [answer.status_code for answer in tries] == [422] * 20 + [429] * 2
        assert refused(tries[-1]) > 0
        assert bring(client, "192.0.2.2").status_code == 422
    studio.stop(0)
