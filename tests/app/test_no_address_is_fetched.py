"""
No address that a visitor names is ever fetched: the app asks its provider and whoever the operator lists, and nobody else.

Every field, query parameter and header that a visitor can fill names a listener on this computer. It must hear nothing.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image, PngImagePlugin
from websockets.sync.client import ClientConnection

from tests.app.process import ROOT, App
from tests.app.websocket import heard, open_socket, rerun
from tests.building import until
from tests.standin import StandIn
from tests.standin.fal import FalStandIn
from tests.standin.openai import ImagesServer
from tests.web.people import EXPORTED

CALLER = re.compile(
    r"^\s*(?:import|from) (?:httpx|requests|urllib3|urllib\.request|http\.client|aiohttp|socket|websockets|ftplib|smtplib)\b",
    re.MULTILINE,
)
KEY = "papi.not-a-real-key"
# What somebody could take for the name of an address to fetch, beside the fields that there are.
MADE_UP = ("url", "image", "image_url", "reference", "references", "webhook", "src", "href")

PROVIDERS = """
[[provider]]
kind = "openai"
name = "gateway"
base_url = "{images}"
dialect = "gateway"
response_format = "url"
models = ["flux-pro"]
key_env = "REVE_API_KEY"

[[provider]]
kind = "fal"
name = "queue"
base_url = "{fal}"
file_hosts = ["{files}"]
poll_s = [0.05, 0.05, 0.05]
key_env = "REVE_API_KEY"
"""


class Trap:
    """Listens on loopback and counts who knocks. ``spellings`` are the ways in which it is named."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]")
        self.spellings = [f"http://{host}:{self.port}/x.png" for host in hosts]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                with contextlib.suppress(OSError):
                    self.heard.append(connection.recv(200))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, trap: Trap) -> Iterator[App]:
    """
    A public app with a provider that draws, two that say their pictures lie at the listener, and with webhooks to a host
    that nobody here names.
    """
    rates = ("VISITOR_PER_MINUTE", "ADDRESS_PER_MINUTE", "LINK_PER_MINUTE", "API_PER_MINUTE", "REQUESTS_PER_SECOND")
    queues = ("VISITOR_QUEUE", "ADDRESS_QUEUE", "LINK_QUEUE", "VISITOR_DAILY_CREDITS", "ADDRESS_DAILY_CREDITS")
    folder = tmp_path_factory.mktemp("public")
    elsewhere = f"http://127.0.0.1:{trap.port}"
    with (
        StandIn(key=KEY) as reve,
        ImagesServer(dialect="gateway", key=KEY, files_on=elsewhere) as images,
        FalStandIn(key=KEY) as fal,
    ):
        fal.faults.add("file_at", path="result", url=f"{elsewhere}/x.png", times=100)
        (folder / "providers.toml").write_text(PROVIDERS.format(images=images.base, fal=fal.url, files=fal.files.url))
        settings = {
            "REVE_MODE": "public",
            "REVE_SECRET": "not-a-secret-since-it-stands-in-a-test-of-this-project",
            "REVE_API_KEY": KEY,
            "REVE_API_URL": reve.url,
            "REVE_PROVIDERS_FILE": str(folder / "providers.toml"),
            "REVE_WEBHOOK_HOSTS": "https://hooks.example",
            "REVE_WEBHOOK_SECRET": "whsec_" + base64.b64encode(b"only for the tests, 32 bytes long").decode(),
            **{f"REVE_{name}": "0" for name in (*rates, *queues)},
        }
        with App(folder / "data", settings=settings) as app:
            yield app
            assert app.stop() == 0


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, timeout=60) as client:
        client.get("/")  # its cookie makes a visitor of us
        yield client


def bodies(document: dict[str, Any], operation: dict[str, Any], names: list[str]) -> Iterator[dict[str, Any]]:
    """The operation's own example with an address in one field after the other, and with one in all of them at once."""
    content = operation["requestBody"]["content"]["application/json"]
    example = content["example"]
    fields = dict.fromkeys([*properties(document, content["schema"]), *MADE_UP])
    for number, name in enumerate(fields):
        url = names[number % len(names)]
        for value in (url, [url], {"url": url}):
            yield {**example, name: value}
    yield dict.fromkeys(fields, names[0])


def properties(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from properties(document, each)
    yield from schema.get("properties", ())


def headers(url: str) -> dict[str, str]:
    """Every header that names an address somewhere, but for those that say who is asking."""
    return {
        "Referer": url,
        "Link": f"<{url}>; rel=preload",
        "X-Forwarded-Host": url.split("/")[2],
        "X-Original-URL": url,
        "X-Callback-URL": url,
        "Forwarded": f'host="{url.split("/")[2]}"',
        "Location": url,
        "From": url,
    }


def test_pictures_and_pages_that_name_an_address_are_read_without_asking_it(client: httpx.Client, trap: Trap) -> None:
    url = trap.spellings[0]
    note = PngImagePlugin.PngInfo()
    for name in ("parameters", "XML:com.adobe.xmp", "Software", "ai_generated"):
        note.add_itxt(name, f'<x xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{url}"/> {url}')
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(out, "PNG", pnginfo=note)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'
    xml = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]><x>&e;</x>'
    [cell] = EXPORTED["cells"]
    held = {"mime": "image/png", "width": 8, "height": 8}
    statuses = []
    for data in (out.getvalue(), svg.encode(), xml.encode(), url.encode()):
        picture = {**held, "data": base64.b64encode(data).decode(), "url": url, "href": url}
        file = {**EXPORTED, "cells": [{**cell, "state": "done", "picture": picture, "url": url}]}
        page = f'<img src="{url}"><link rel=stylesheet href="{url}">' + json.dumps(file)
        statuses.append(client.post("/api/v1/comparisons/import", json=file).status_code)
        kind = {"Content-Type": "text/html"}
        assert client.post("/api/v1/comparisons/import", content=page, headers=kind).status_code < 500
    assert statuses == [201, 422, 422, 422]
    assert trap.heard == []


def test_every_field_of_the_api_may_name_an_address_and_none_is_asked(client: httpx.Client, trap: Trap) -> None:
    document = client.get("/api/v1/openapi.json").json()
    first = client.post("/api/v1/jobs", json={"prompt": f"a postcard of {trap.spellings[0]}"}).json()["jobs"][0]["id"]
    until(lambda: client.get(f"/api/v1/jobs/{first}").json()["status"] == "done", within_s=60)
    two = ["a fox", f"![x]({trap.spellings[1]})"]
    compared = client.post("/api/v1/comparisons", json={"prompts": two}).json()["id"]
    things = {"job_id": first, "comparison_id": compared, "row_id": "r1", "share_id": "0" * 32}
    taken, refused = [first], 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "delete" or path.endswith("/import"):  # for files, see above
                continue
            query = {each["name"]: trap.spellings[0] for each in operation["parameters"] if each["in"] == "query"}
            query |= dict.fromkeys(MADE_UP, trap.spellings[1])
            named = bodies(document, operation, trap.spellings) if "requestBody" in operation else [None]
            for body in named:
                answer = client.request(
                    method, path.format(**things), json=body, params=query, headers=headers(trap.spellings[0])
                )
                assert answer.status_code < 500, (path, body, answer.text)
                refused += answer.status_code == 422
                if path == "/api/v1/jobs" and answer.status_code == 201:
                    taken += [job["id"] for job in answer.json()["jobs"]]
    assert len(taken) > 1  # its prompt is only text, and is drawn
    assert refused > 50
    for job in taken:
        until(lambda job=job: client.get(f"/api/v1/jobs/{job}").json()["status"] in ("done", "failed"), within_s=60)
    assert trap.heard == []


def test_an_address_to_call_back_is_refused_unless_the_operator_lists_its_host(
    client: httpx.Client, trap: Trap
) -> None:
    for url in (
        *trap.spellings,
        f"https://hooks.example@127.0.0.1:{trap.port}/",
        "https://hooks.example.evil.example/",
    ):
        answer = client.post("/api/v1/jobs", json={"prompt": "a fox", "callback_url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_input"), url
    assert trap.heard == []


@pytest.mark.parametrize("provider", ["gateway", "queue"])
def test_a_providers_answer_may_name_any_address_and_only_listed_hosts_are_asked(
    client: httpx.Client, trap: Trap, provider: str
) -> None:
    """What a service says is as little believed as what a visitor says."""
    job = client.post("/api/v1/jobs", json={"prompt": "a fox", "provider": provider}).json()["jobs"][0]["id"]
    told: dict[str, Any] = {}

    def ended() -> bool:
        told.update(client.get(f"/api/v1/jobs/{job}").json())
        return told["status"] not in ("queued", "running")

    until(ended, within_s=60, what=lambda: str(told))
    assert told["status"] == "unknown", told  # paid, and no picture
    assert trap.heard == []


def test_shares_and_pages_do_not_ask_it_either(app: App, client: httpx.Client, trap: Trap) -> None:
    job = client.get("/api/v1/jobs?status=done").json()["jobs"][0]["id"]
    share = client.post(f"/api/v1/jobs/{job}/shares", json={"show_prompt": True}).json()["url"]
    token = share.rpartition("/")[2]
    for path in (f"/s/{token}", f"/s/{token}/picture", f"/s/{token}/card.jpg", f"/s/{token}/embed"):
        assert client.get(path, params={"url": trap.spellings[0]}, headers=headers(trap.spellings[0])).is_success
    for url in (*trap.spellings, f"{trap.spellings[0]}?/s/{token}", f"http://127.0.0.1:{trap.port}/s/{token}"):
        assert client.get("/oembed", params={"url": url}).status_code < 500
    for page in ("", "gallery", "compare", "queue", "shares", "my_data"):
        made = open_socket(app, {**headers(trap.spellings[0]), "Cookie": f"x={trap.spellings[0]}"})
        assert isinstance(made, ClientConnection)
        made.send(rerun(page, "&".join(f"{name}={trap.spellings[0]}" for name in ("job", "c", "tab", *MADE_UP))))
        assert any(message.WhichOneof("type") == "script_finished" for message in heard(made))
        made.close()
    assert trap.heard == []
    # And it would have been heard: this is what the app would have had to do.
    assert httpx.get(trap.spellings[0]).status_code == 200
    assert len(trap.heard) == 1


def test_nothing_that_is_kept_names_what_was_not_fetched(app: App) -> None:
    """The app's log has no failed attempt either."""
    said = app.log()
    for failure in ("ConnectError", "Connection refused", "Traceback"):
        assert failure not in said, said[-3000:]


def test_only_these_files_can_ask_another_machine_for_anything() -> None:
    """Providers, webhooks and the moderation service: each has tests of whom it asks, and of redirects."""
    found = {
        str(path.relative_to(ROOT))
        for folder in ("reve_core", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if CALLER.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "reve_core/providers/wire/exchange.py",
        "reve_core/providers/wire/files.py",
        "reve_core/providers/fal/queue.py",  # reads addresses; what is sent goes through the wire
        "reve_core/providers/openai/downloads.py",  # the same
        "reve_core/jobs/messenger.py",
        "reve_core/jobs/posting.py",
        "reve_core/guard/moderation/remote.py",
        "reve_core/guard/callbacks.py",  # reads addresses, and calls nobody
        "reve_core/web/nodelay.py",  # sets an option of sockets that are there
    }
