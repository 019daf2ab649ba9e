"""Which host names are answered to: a page of another site must not be able to call itself by this computer's address."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from reve_core import bootstrap
from reve_core.settings import Settings
from reve_core.web.shield.hosts import is_for_us
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import PAGE, front, refusal

PERSONAL = Site(own_names_only=True)
LOOPBACK, NETWORK = "127.0.0.1", "192.168.1.5"
OWN = ["localhost", "127.0.0.1:8501", "[::1]:8501", "192.168.1.5:8501", "LOCALHOST.", "mybox", "mybox:8501", "my-box.local",
       "studio.localhost:8501", "studio.test", "host.docker.internal"]  # fmt: skip
FOREIGN = ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "localhost.evil.example", "rebind.evil.example.",
           "", "a b", "localhost@evil.example", "evil.example\\localhost", "127.0.0.1,evil.example"]  # fmt: skip


def answered(host: str | None, site: Site, *, arrived: str = LOOPBACK, twice: str = "") -> bool:
    names = [name for name in (host, twice or None) if name is not None]
    headers = [(b"host", name.encode()) for name in names]
    return is_for_us({"type": "http", "headers": headers, "server": (arrived, 8501)}, site)


@pytest.mark.parametrize("host", OWN)
def test_names_that_nobody_else_can_own_reach_a_personal_app_over_loopback(host: str) -> None:
    assert answered(host, PERSONAL)
    assert answered(host, PERSONAL, arrived="::1")
    assert answered(host, PERSONAL, arrived="::ffff:127.0.0.1")


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_somebody_can_point_at_this_computer_does_not(host: str) -> None:
    for arrived in (LOOPBACK, "127.0.1.1", "::1", "::ffff:127.0.0.1"):
        assert not answered(host, PERSONAL, arrived=arrived)


def test_neither_no_name_nor_two_reach_it() -> None:
    assert not answered(None, PERSONAL)
    assert not answered("localhost", PERSONAL, twice="evil.example")


def test_what_comes_over_the_network_may_use_any_name_as_hosts_and_telephones_do() -> None:
    assert answered("app.host.example", PERSONAL, arrived=NETWORK)
    assert answered("192.168.1.5:8501", PERSONAL, arrived=NETWORK)


def test_the_operator_has_the_last_word() -> None:
    assert answered("studio.example", Site(own_names_only=True, public_url="https://studio.example"))
    assert not answered("evil.example", Site(own_names_only=True, public_url="https://studio.example"))
    listed = Site(own_names_only=True, allowed_hosts=("studio.example",))
    assert answered("studio.example", listed)
    assert not answered("localhost", listed)
    assert answered("evil.example", Site(own_names_only=True, allowed_hosts=("*",)))
    assert answered("evil.example", Site(public=True))


def test_only_a_personal_app_looks_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.make_site(Settings(mode="personal")).own_names_only
    assert not bootstrap.make_site(Settings(mode="public")).own_names_only


def test_a_page_that_points_its_name_at_this_computer_gets_neither_pages_nor_pictures_nor_a_socket(
    tmp_path: Path,
) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    app = front(studio, PERSONAL)

    async def ask(path: str, host: str, method: str = "GET") -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers={"Host": host})

    for path in ("/", "/api/live", "/generate", "/images/x", "/_stcore/host-config"):
        body = refusal(asyncio.run(ask(path, "evil.example")), 400, "unknown_host")
        assert "REVE_ALLOWED_HOSTS" in body["detail"]
    assert asyncio.run(ask("/", "127.0.0.1:8501")).text == PAGE
    assert asyncio.run(ask("/_stcore/health", "evil.example")).text == PAGE  # a watchman asks by any name
    studio.stop(0)
