"""Websockets of a public link: how many, how fast, how large; and whose address they carry to the page's script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest
from starlette.types import Message, Receive, Scope, Send

from reve_core.web import counters
from reve_core.web.shield import sockets
from reve_core.web.shield.buckets import Buckets
from reve_core.web.shield.sockets import ADDRESS_HEADER, BURST, MAX_FRAME, MAX_SOCKETS, Sockets
from reve_core.web.site import Site

PUBLIC = Site(public=True, sockets_per_address=8, frames_per_second=8.0, trusted_hops=1)
FRAME = {"type": "websocket.receive", "bytes": b"x", "text": None}
CONNECT: Message = {"type": "websocket.connect"}
GONE: Message = {"type": "websocket.disconnect", "code": 1001}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Script:
    """Stands for Streamlit: accepts, reads until the end, and says something after it, as its sender does."""

    def __init__(self) -> None:
        self.read: list[Message] = []
        self.headers: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.read.append(message)
        await send({"type": "websocket.send", "bytes": b"late"})


class Visitor:
    """One websocket: ``await open()``, then ``await say(frame)``; ``sent`` is what it got to hear."""

    def __init__(self, shield: Sockets, address: str | None, site: Site = PUBLIC, **more: str) -> None:
        self.sent: list[Message] = []
        self._shield, self._site = shield, site
        self._says: asyncio.Queue[Message] = asyncio.Queue()
        headers = [("x-forwarded-for", address)] if address else []
        self._scope: Scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "client": None,
            "headers": [(name.encode(), value.encode()) for name, value in [*headers, *more.items()]],
        }

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    async def open(self) -> bool:
        await self._says.put(CONNECT)
        self._task = asyncio.create_task(self._shield(self._scope, self._says.get, self._send, self._site))
        await settled()
        return self.sent[0]["type"] == "websocket.accept"

    async def say(self, *messages: Message) -> None:
        for message in messages:
            await self._says.put(message)
        await settled()

    async def leave(self) -> None:
        if not self._task.done():
            await self.say(GONE)
        await self._task

    @property
    def closed_with(self) -> int | None:
        codes = [message["code"] for message in self.sent if message["type"] == "websocket.close"]
        return codes[0] if codes else None


async def settled() -> None:
    """Everybody has read what there is to read: nothing here waits for a clock."""
    for _ in range(200):
        await asyncio.sleep(0)


def play(scene: Callable[[Sockets, Script, Clock], Awaitable[None]]) -> None:
    script, clock = Script(), Clock()
    asyncio.run(scene(Sockets(script, clock), script, clock))  # type: ignore[arg-type]


async def opened(shield: Sockets, addresses: Iterable[str | None], site: Site = PUBLIC) -> list[tuple[Visitor, bool]]:
    visitors = [Visitor(shield, address, site) for address in addresses]
    return [(visitor, await visitor.open()) for visitor in visitors]


def test_one_address_holds_so_many_sockets_and_each_that_closes_makes_room() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        first = await opened(shield, ["192.0.2.1"] * 30)
        assert [ok for _, ok in first] == [True] * 8 + [False] * 22
        assert first[-1][0].sent == [{"type": "websocket.close", "code": 1008}]  # never accepted: a 403
        assert [ok for _, ok in await opened(shield, ["192.0.2.2"])] == [True]
        await first[0][0].leave()
        assert [ok for _, ok in await opened(shield, ["192.0.2.1"] * 2)] == [True, False]

    play(scene)


def test_a_network_at_home_is_one_address_and_the_forms_of_an_address_are_one() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        home = [f"2001:db8:0:7:{n:x}::1" for n in range(8)]
        assert all(ok for _, ok in await opened(shield, home))
        more = ["2001:db8:0:7:ffff::1", "[2001:DB8:0:7::9]:443", "2001:db8:0:8::1"]
        assert [ok for _, ok in await opened(shield, more)] == [False, False, True]
        assert all(ok for _, ok in await opened(shield, ["192.0.2.1"] * 8))
        assert [ok for _, ok in await opened(shield, ["::ffff:192.0.2.1", "192.0.2.1:99"])] == [False, False]

    play(scene)


@pytest.mark.parametrize(
    "forwarded",
    [
        pytest.param("6.6.6.{n}, 192.0.2.1", id="made up addresses before the proxy's"),
        pytest.param("6.6.6.{n},,, 192.0.2.1", id="empty ones between"),
        pytest.param("<script>{n}, 192.0.2.1", id="garbage before it"),
    ],
)
def test_no_header_of_the_visitors_own_makes_another_address_of_them(forwarded: str) -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        tries = await opened(shield, [forwarded.format(n=n) for n in range(20)])
        assert [ok for _, ok in tries] == [True] * 8 + [False] * 12
        assert {told[ADDRESS_HEADER] for told in script.headers} == {"192.0.2.1"}

    play(scene)


def test_where_nobody_can_say_whose_it_is_only_the_limit_of_all_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_SOCKETS", 30)

    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        tries = await opened(shield, [None, "nonsense"] * 20)
        assert [ok for _, ok in tries] == [True] * 30 + [False] * 10
        assert [ok for _, ok in await opened(shield, ["192.0.2.9"])] == [False]

    assert MAX_SOCKETS >= 200
    play(scene)


def test_opening_and_closing_over_and_over_is_limited_too() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        accepted = 0
        for _ in range(100):
            [(visitor, ok)] = await opened(shield, ["192.0.2.1"])
            accepted += ok
            await visitor.leave()
        assert accepted == 8 * 4
        clock.now += 60
        assert [ok for _, ok in await opened(shield, ["192.0.2.1"])] == [True]

    play(scene)


def test_a_socket_that_sends_too_much_at_once_is_closed_and_the_page_behind_it_sees_no_more() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        [(visitor, _)] = await opened(shield, ["192.0.2.1"])
        before = counters.counted().get(("frames_refused", (("why", "socket"),)), 0)
        await visitor.say(*[FRAME] * 500)
        assert len(script.read) == BURST
        assert visitor.closed_with == 1008
        assert {"type": "websocket.send", "bytes": b"late"} not in visitor.sent
        assert counters.counted()[("frames_refused", (("why", "socket"),))] == before + 1
        assert [ok for _, ok in await opened(shield, ["192.0.2.1"] * 8)] == [True] * 8  # its place is free again

    play(scene)


def test_a_busy_visitor_is_never_closed() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        [(visitor, _)] = await opened(shield, ["192.0.2.1"])
        for _ in range(60):
            clock.now += 1
            await visitor.say(*[FRAME] * 8)
        assert (len(script.read), visitor.closed_with) == (480, None)

    play(scene)


def test_all_sockets_of_one_address_together_may_send_three_times_as_much_and_others_lose_nothing() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        hostile = [visitor for visitor, _ in await opened(shield, ["192.0.2.1"] * 8)]
        [(other, _)] = await opened(shield, ["192.0.2.2"])
        for visitor in hostile:
            await visitor.say(*[FRAME] * (BURST - 2))
        assert len(script.read) == 3 * BURST
        assert [visitor.closed_with for visitor in hostile] == [None] * 3 + [1008] * 5
        await other.say(*[FRAME] * BURST)
        assert (len(script.read), other.closed_with) == (4 * BURST, None)

    play(scene)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param({**FRAME, "bytes": b"x" * (MAX_FRAME + 1)}, 1009, id="larger than any of ours"),
        pytest.param({**FRAME, "bytes": None, "text": "hello"}, 1003, id="text"),
    ],
)
def test_a_frame_that_no_page_of_ours_sends_closes_the_socket(frame: Message, code: int) -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        [(visitor, _)] = await opened(shield, ["192.0.2.1"])
        await visitor.say(frame)
        assert (script.read, visitor.closed_with) == ([], code)

    play(scene)


def test_in_personal_mode_nothing_is_limited() -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        tries = await opened(shield, ["192.0.2.1"] * 50, Site(trusted_hops=1))
        assert all(ok for _, ok in tries)
        await tries[0][0].say(*[FRAME] * 500)
        assert len(script.read) == 500

    play(scene)


@pytest.mark.parametrize("site", [PUBLIC, Site(trusted_hops=1)], ids=["public", "personal"])
def test_the_script_is_told_the_address_that_our_proxy_saw_and_never_what_the_visitor_wrote(site: Site) -> None:
    async def scene(shield: Sockets, script: Script, clock: Clock) -> None:
        for name in ("x-reve-address", "X-Reve-Address"):
            await Visitor(shield, "6.6.6.6, [2001:db8::1]:99", site, **{name: "203.0.113.99"}).open()
        await Visitor(shield, None, site, **{"x-reve-address": "203.0.113.99"}).open()
        assert [told.get(ADDRESS_HEADER) for told in script.headers] == ["2001:db8::1", "2001:db8::1", None]
        assert not any("203.0.113.99" in told.values() for told in script.headers)

    play(scene)


def test_as_many_addresses_as_there_are_cost_no_more_memory_than_was_set_aside() -> None:
    clock = Clock()
    buckets = Buckets(1.0, 2, most=100, clock=clock)
    assert [buckets.take(f"192.0.2.{n}") for n in range(1000)] == [0.0] * 1000
    assert len(buckets) == 100
    assert [buckets.take("192.0.2.999") for _ in range(2)] == [0.0, 1.0]
    clock.now += 1
    assert buckets.take("192.0.2.999") == 0.0
    assert buckets.take("192.0.2.999", 3) == float("inf")
