"""
Every address of ours that there is, found by following the links of every answer: what each says about itself.

The prompt is hostile to SQL, spreadsheets, archives and pages at once; so are the queries at the end.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.routing import Match, Route

from reve_core.models import JobFilter, JobRequest
from reve_core.operating import Entry
from reve_core.store.sqlite.tally import tally
from reve_core.web import routes
from reve_core.web.api.openapi import document
from reve_core.web.front import Front
from reve_core.web.site import Site
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.conftest import as_told
from tests.web.door import operations, page
from tests.web.people import NOBODIES, World
from tests.web.servers import serving

TOKEN = "not-a-real-operator-token-0123456789"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36"
HOSTILE = "=cmd|'/c calc'!A1'; DROP TABLE jobs; -- ../../evil <img src=x onerror=alert(1)>"
# What answers may be. HTML runs nowhere but where its own policy names its script and its style.
TYPES = {
    "application/json", "application/json+oembed", "application/problem+json", "application/zip", "image/png", "image/jpeg",
    "image/webp", "image/svg+xml", "image/x-icon", "text/csv", "text/html", "text/plain", "text/xml",
}  # fmt: skip
PAGES = ("/s/", "/c/", "/continue/", "/api/v1/docs")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("data")
    providers = FakeProvider(before=as_told), FakeProvider(name="paused")
    entry, site = Entry(token=SecretStr(TOKEN)), Site(public=True, operator_token=SecretStr(TOKEN))
    with running(build_studio(folder, *providers, public=True, operator_entry=entry)) as studio:
        studio.pause("paused")
        front = Front(
            page, get_studio=lambda: studio, get_site=lambda: site, get_tally=lambda: tally(folder / "reve.db")
        )
        with serving(front) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield World(studio, client)


@pytest.fixture(scope="module")
def starts(world: World) -> list[str]:
    """An address behind each door. Everything else is led to from there."""
    studio, owner = world.studio, world.owner
    jobs = [*studio.submit(JobRequest(prompt=HOSTILE), owner=owner), world.job("done"), world.job("failed")]
    until(lambda: not world.read(jobs[0].id).status.is_pending)
    first, other = (world.read(job.id) for job in jobs[:2])
    assert first.image is not None
    compared = studio.comparisons.of_pictures([first.id, other.id], owner=owner)
    studio.comparisons.describe(compared.id, owner=owner, title="=1+1", question="@which")
    vote = studio.comparison_shares.make(compared.id, owner=owner).token
    grid = studio.comparison_shares.make(compared.id, owner=owner, may_vote=False).token
    share = studio.shares.make(first.id, owner=owner, show_settings=True).token
    export = studio.shelf.prepare_export([first.id, other.id], owner=owner)
    desk = studio.operator.desk(studio.operator.sign_in(TOKEN, address="127.0.0.1"))
    things = {"job_id": first.id, "comparison_id": compared.id}
    gets = [path.format(**things) for method, path in map(str.split, operations()) if method == "GET"]
    return [
        *gets, "/api/v1/openapi.json", "/api/v1/docs", "/api/live", f"/api/live/comparison/{compared.id}",
        f"/images/{first.image.name}", f"/images/{first.image.thumbnail}", f"/app/static/images/{first.image.name}",
        f"/download/{first.id}", f"/exports/{export}", f"/exports/backup/{desk.copying.link()}", "/examples/fox.webp",
        *(f"/download/comparisons/{compared.id}/{name}" for name in
          ("export.html", "export.json", "cells.csv", "votes.csv", "contact.png", "originals.zip")),
        f"/s/{share}", f"/s/{share}/embed", f"/s/{share}/download", f"/c/{vote}", f"/c/{grid}",
        f"/oembed?url={world.client.base_url}/s/{share}", f"/continue/{studio.visitors.hand_over(owner)}",
        "/healthz", "/readyz", "/metrics", "/robots.txt", "/favicon.ico",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def answers(world: World, starts: list[str]) -> dict[str, httpx.Response]:
    """Every answer by its address, as Anna gets it, and what a voter is led to."""
    base, found, ahead = str(world.client.base_url), dict[str, httpx.Response](), list(starts)
    voter = httpx.Client(base_url=world.client.base_url, headers={"User-Agent": PHONE}, timeout=30)
    with voter:
        while ahead:
            address = ahead.pop(0)
            if address in found:
                continue
            if address.startswith("/c/"):
                answer = voter.get(address)
            else:
                sent = {"Authorization": f"Bearer {TOKEN}"} if address == "/metrics" else world.sent["her cookie"]
                answer = world.client.get(address, headers=sent)
            found[address] = answer
            if "attachment" not in answer.headers.get("content-disposition", ""):
                ahead += [each for each in led_to(answer, base) if each not in found]
            assert len(found) < 500
    return found


def led_to(answer: httpx.Response, base: str) -> set[str]:
    kind = _kind(answer)
    links = {answer.headers["location"]} if "location" in answer.headers else set()
    if kind == "text/html":
        links |= {
            html.unescape(each) for each in re.findall(r'(?:href|src|action|content)="([^"#][^"]*)"', answer.text)
        }
    elif kind == "application/json" and "/api/v1/openapi" not in str(answer.url):
        links |= set(re.findall(r'"((?:http://127\.0\.0\.1:\d+)?/[^"\s{}]+)"', json.dumps(answer.json())))
    whole = {urljoin(str(answer.url), link) for link in links if link.startswith(("/", "http", "."))}
    own = {link.removeprefix(base) for link in whole if link.startswith(f"{base}/")}
    return {link for link in own if urlsplit(link).path.count("/") > 1}


def _kind(answer: httpx.Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0]


def test_every_door_was_opened(world: World, starts: list[str], answers: dict[str, httpx.Response]) -> None:
    site = Site(public=True)
    opened, gets = set(), {path for method, path in map(str.split, operations()) if method == "GET"}
    doors = routes(lambda: world.studio, lambda: site, None)
    for address, answer in answers.items():
        scope = {"type": "http", "method": "GET", "path": urlsplit(address).path, "root_path": ""}
        door = next(each for each in doors if each.matches(scope)[0] is not Match.NONE)
        if answer.is_success:
            opened.add(door.path)
    written = {path for _, path in map(str.split, operations())}
    assert {door.path for door in doors if isinstance(door, Route)} - opened == (written - gets) | {
        "/s{rest:path}",
        "/c{rest:path}",
    }
    further = answers.keys() - set(starts)
    for below in ("/images/", "/s/", "/c/"):
        pictures = [each for each in further if each.startswith(below) and _kind(answers[each]).startswith("image/")]
        assert pictures, below


def test_every_answer_is_sealed(answers: dict[str, httpx.Response]) -> None:
    for address, answer in answers.items():
        said = answer.headers
        assert answer.status_code < 500, address
        assert said["x-content-type-options"] == "nosniff", address
        assert said["referrer-policy"] in ("same-origin", "no-referrer"), address
        assert ("access-control-allow-origin" in said) is address.startswith("/oembed"), address  # any page may embed
        if answer.content:
            kind = _kind(answer)
            assert kind in TYPES, address
            assert "default-src 'none'" in said["content-security-policy"], address
            assert "unsafe-eval" not in said["content-security-policy"], address
            if kind == "text/html" and not address.startswith(PAGES):
                assert said["content-disposition"].startswith("attachment; "), address
        for cookie in said.get_list("set-cookie"):
            assert "HttpOnly" in cookie, address
            assert "SameSite=Lax" in cookie, address


def test_files_are_named_by_us(answers: dict[str, httpx.Response]) -> None:
    named = [
        answer.headers["content-disposition"] for answer in answers.values() if "content-disposition" in answer.headers
    ]
    assert len(named) > 12
    for name in named:
        assert re.fullmatch(r"(?:inline|attachment); filename=\"?[\w.-]+\"?(?:; filename\*=UTF-8''[\w.%~-]+)?", name), (
            name
        )
        assert ".." not in name


def test_no_name_in_an_archive_leads_out_of_its_folder_and_no_cell_is_a_formula(
    answers: dict[str, httpx.Response],
) -> None:
    tables = [answer.text for answer in answers.values() if _kind(answer) == "text/csv"]
    archives = [answer for answer in answers.values() if _kind(answer) == "application/zip"]
    assert len(archives) >= 5
    for answer in archives:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                assert re.fullmatch(r"[\w-][\w./-]*", name), name
                assert ".." not in PurePosixPath(name).parts, name
                if name.endswith(".csv"):
                    tables.append(archive.read(name).decode("utf-8-sig"))
    assert len(tables) >= 4
    cells = [cell for table in tables for row in csv.reader(io.StringIO(table.removeprefix("\ufeff"))) for cell in row]
    assert f"'{HOSTILE}" in cells
    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
        assert not cell.startswith("-") or re.fullmatch(r"-?[\d.]+", cell), cell


NASTY = [
    "' OR '1'='1",
    "'; DROP TABLE jobs; --",
    "1 UNION SELECT token_hash FROM tokens",
    "%' ESCAPE '_",
    "0) OR (1=1",
    '"',
    "\\",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_query_is_more_than_a_value(world: World, starts: list[str], text: str) -> None:
    described = document(list(operations().values()), version="0")["paths"]
    before = world.studio.jobs(JobFilter(owner=world.owner)).jobs
    mine = {job.id for job in before}
    assert mine
    asked = 0
    for path, methods in described.items():
        for each in methods.get("get", {}).get("parameters", ()):
            if each["in"] == "path":
                continue
            fills = dict.fromkeys(re.findall(r"{(\w+)}", path), "0" * 32)
            for who in ("another visitor", "her cookie", *NOBODIES):
                where = "params" if each["in"] == "query" else "headers"
                sent = {"headers": dict(world.sent[who]), "params": {}}
                sent[where][each["name"]] = text
                answer = world.client.get(path.format(**fills), **sent)
                assert answer.status_code in (200, 304, 400, 401, 404, 422), (path, each["name"], answer.text)
                if who != "her cookie":
                    assert not mine & set(re.findall(r"\w{32}", answer.text)), (path, each["name"])
                asked += 1
    for place in ("/api/v1/jobs/{}", "/status/{}", "/images/{}", "/download/{}", "/s/{}", "/c/{}", "/exports/{}"):
        answer = world.client.get(place.format(httpx.URL("http://x").copy_with(path=f"/{text}").raw_path.decode()[1:]),
                                  headers=world.sent["her cookie"])  # fmt: skip
        assert answer.status_code in (404, 410), place
    assert asked > 50
    assert world.studio.jobs(JobFilter(owner=world.owner)).jobs == before
    assert world.client.get("/api/v1/jobs", headers=world.sent["her cookie"], params={"words": "DROP TABLE"}).json()[
        "jobs"
    ]
