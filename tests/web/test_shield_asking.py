"""What one address may ask of our own addresses in public mode, and that the next one notices nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from reve_core.visitors import COOKIE
from reve_core.web.shield.asking import AT_ONCE, AT_ONCE_ALL, BURST_S, LONG, WAITS, WRITE, Asking, price
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import asking, refusal

SITE = Site(public=True, trusted_hops=1, requests_per_second=8.0)
pytestmark = pytest.mark.anyio
EXPORT, STATUS = "/api/v1/comparisons/0/export.html", "/status/0"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class World:
    """``told`` are the paths that came through, with what each asked to wait for. What is gated stays there."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.gate = asyncio.Event()
        self.told: list[tuple[str, str]] = []
        self.asking = Asking(self.upstairs, lambda: self.now)

    async def upstairs(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        request = Request(scope, receive)
        self.told.append((scope["path"], request.headers.get("prefer", "")))
        if "gated" in request.query_params:
            await self.gate.wait()
        await PlainTextResponse("ok")(scope, receive, send)

    def client(self, address: str, site: Site = SITE) -> httpx.AsyncClient:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self.asking(scope, receive, send, site)

        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://x", headers={"X-Forwarded-For": address}
        )

    async def hold(self, client: httpx.AsyncClient, path: str, count: int, **headers: str) -> list[asyncio.Task[int]]:
        """So many requests that are under way, with the statuses that they will have had."""

        async def ask() -> int:
            return (await client.get(f"{path}?gated", headers=headers)).status_code

        before = len(self.told)
        tasks = [asyncio.create_task(ask()) for _ in range(count)]
        while len(self.told) < before + count and not any(task.done() for task in tasks):
            await asyncio.sleep(0)
        return tasks

    async def release(self, tasks: list[asyncio.Task[int]]) -> list[int]:
        self.gate.set()
        return await asyncio.gather(*tasks)


def scope(method: str, path: str, query: str = "", **headers: str) -> Scope:
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"method": method, "path": path, "query_string": query.encode(), "headers": listed}


@pytest.mark.parametrize(
    ("asked", "cost"),
    [
        (scope("GET", STATUS), 1),
        (scope("GET", "/c/abc"), WRITE),
        (scope("GET", "/c/abc/p/0"), 1),
        (scope("GET", "/api/v1/jobs", "words=fox"), 4),
        (scope("POST", "/api/v1/jobs", content_length="0"), WRITE),
        (scope("POST", "/api/v1/jobs", content_length="204800"), WRITE + 50),
        (scope("POST", "/api/v1/jobs", content_length="9" * 40), WRITE + 64),
        (scope("POST", "/api/v1/jobs", transfer_encoding="chunked"), WRITE + 64),
        (scope("DELETE", "/api/v1/jobs/0"), WRITE),
        (scope("GET", EXPORT), LONG),
        (scope("HEAD", EXPORT), 1),
        (scope("GET", "/api/v1/comparisons/0/contact.png"), LONG),
        (scope("GET", "/api/v1/comparisons/0/originals.zip"), LONG),
        (scope("GET", "/download/comparisons/0/export.json"), LONG),
        (scope("GET", "/exports/abc"), LONG),
        (scope("GET", "/api/v1/me/export"), LONG),
        (scope("POST", "/api/v1/comparisons/import", content_length="30000000"), LONG),
        (scope("POST", "/api/v1/comparisons/quote", content_length="100"), LONG),
        (scope("POST", "/api/v1/comparisons/0/rows", content_length="100"), LONG),
    ],
)
def test_a_request_takes_what_it_costs(asked: Scope, cost: float) -> None:
    assert price(asked) == cost


async def test_an_address_that_asks_too_often_is_told_when_to_come_back_and_others_are_answered() -> None:
    world = World()
    async with world.client("192.0.2.1") as hostile, world.client("192.0.2.2") as other:
        allowed = int(SITE.requests_per_second) * BURST_S
        statuses = [(await hostile.get(STATUS)).status_code for _ in range(allowed)]
        assert set(statuses) == {200}
        refused = await hostile.get(STATUS)
        assert refusal(refused, 429, "rate_requests")["detail"]
        assert refused.headers["retry-after"] == "1"
        assert (await other.get(STATUS)).status_code == 200
        world.now += 1
        assert [(await hostile.get(STATUS)).status_code for _ in range(9)] == [200] * 8 + [429]


async def test_all_addresses_of_one_ipv6_network_share_a_bucket() -> None:
    world = World()
    async with world.client("2001:db8::1") as one, world.client("2001:db8::ffff:2") as two:
        assert {(await one.get(EXPORT)).status_code for _ in range(4)} == {200}
        assert (await two.get(STATUS)).status_code == 429


async def test_an_address_has_few_files_made_at_the_same_time_and_leaves_threads_to_others() -> None:
    world = World()
    async with world.client("192.0.2.1") as hostile, world.client("192.0.2.2") as other:
        held = await world.hold(hostile, EXPORT, AT_ONCE)
        world.now += 60
        refused = await hostile.get(EXPORT)
        refusal(refused, 429, "rate_requests")
        assert refused.headers["retry-after"] == "5"
        assert (await hostile.get(STATUS)).status_code == 200
        assert (await other.get(EXPORT)).status_code == 200
        assert set(await world.release(held)) == {200}
        world.now += 60
        assert (await hostile.get(EXPORT)).status_code == 200


async def test_many_addresses_together_leave_threads_as_well() -> None:
    world = World()
    held: list[asyncio.Task[int]] = []
    clients = [world.client(f"192.0.2.{number}") for number in range(AT_ONCE_ALL // AT_ONCE)]
    for client in clients:
        held += await world.hold(client, EXPORT, AT_ONCE)
    async with world.client("198.51.100.1") as other:
        assert (await other.get(EXPORT)).status_code == 429
        assert (await other.get(STATUS)).status_code == 200
    await world.release(held)
    for client in clients:
        await client.aclose()


async def test_who_holds_back_many_answers_gets_further_ones_at_once() -> None:
    world = World()
    async with world.client("192.0.2.1") as hostile:
        held = await world.hold(hostile, STATUS, WAITS, Prefer="wait=60")
        await hostile.get("/status/further", headers={"Prefer": "wait=60"})
        assert world.told[-1] == ("/status/further", "")
        await world.release(held)
        await hostile.get("/status/later", headers={"Prefer": "wait=60"})
        assert world.told[-1] == ("/status/later", "wait=60")


@pytest.mark.parametrize(
    "site",
    [
        Site(public=False, requests_per_second=10.0, trusted_hops=1),
        Site(public=True, requests_per_second=0.0, trusted_hops=1),
    ],
)
async def test_a_personal_app_and_one_without_the_limit_hold_nobody_up(site: Site) -> None:
    world = World()
    async with world.client("192.0.2.1", site) as client:
        assert {(await client.get(EXPORT)).status_code for _ in range(200)} == {200}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    studio = build_studio(tmp_path, FakeProvider(), public=True)
    with asking(studio, SITE) as client:
        client.headers["X-Forwarded-For"] = "192.0.2.1"
        client.cookies.set(COOKIE, studio.visitors.cookie("v-anna"))
        yield client


def test_the_front_door_counts_what_is_ours_and_never_the_watchman(client: httpx.Client) -> None:
    answers = [client.get("/api/v1/me/export").status_code for _ in range(12)]
    assert answers[:4] == [200] * 4
    assert answers[-1] == 429
    answers = [client.get("/api/live").status_code for _ in range(200)]
    assert 429 in answers
    assert {client.get("/healthz").status_code for _ in range(200)} == {200}
    assert client.get("/api/live", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 200
