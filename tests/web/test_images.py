from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from reve_core.blobs.local import LocalBlobs
from reve_core.errors import BlobMissing, ConfigurationError, JobNotFound, PictureDamaged, WrongState
from reve_core.ports import Blobs
from reve_core.web.images import download_routes, image_routes
from tests.contracts.blobs import JOB, KEY, THUMB
from tests.fakes_blobs import MemoryBlobs
from tests.pictures.samples import encoded, image
from tests.web.servers import exchange, serving

PNG = encoded("PNG", image(300, 200))
WEBP = encoded("WEBP")
DOORS = ["/images/", "/app/static/images/"]
SEALS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Saved:
    filename: str
    mime: str
    data: bytes


@dataclass
class Studio:
    """The two things that these doors ask of the service."""

    asked: list[tuple[str, str | None]] = field(default_factory=list)
    refusal: Exception | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def download(self, job_id: str, owner: str | None, *, with_prompt: bool = True) -> Saved:
        self.asked.append((job_id, owner))
        if self.refusal:
            raise self.refusal
        return Saved("朝の heron.png", "image/png", PNG)

    def export(self, token: str, owner: str | None) -> Iterator[bytes]:
        if token == "endless-token":
            return self._endless()
        if token != "good-token":
            raise JobNotFound(token)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("0001_0123abcd.png", PNG)
        data = buffer.getvalue()
        return iter([data[:100], data[100:]])

    def _endless(self) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
        finally:
            self.closed.set()


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, studio: Studio) -> Iterator[int]:
    root = tmp_path_factory.mktemp("data")
    blobs = LocalBlobs(root / "pictures")
    blobs.put(KEY, PNG)
    blobs.put(THUMB, WEBP)
    (root / "secret.png").write_bytes(b"the secret")
    (root / "pictures" / "secret.png").write_bytes(b"the secret")
    with serving(application(blobs, studio)) as number:
        yield number


def anybody(request: Request, name: str) -> bool:
    return True


def application(blobs: Blobs, studio: Studio) -> Starlette:
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse("the page for unknown paths")

    return Starlette(
        routes=[
            *image_routes(lambda: blobs, anybody),
            *download_routes(lambda: studio, lambda request, name: request.headers.get("x-visitor")),
            Route("/{path:path}", page, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )


@pytest.fixture(scope="module")
def client(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client


def is_problem(response: httpx.Response, status: int) -> bool:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["status"] == response.status_code
    assert SEALS.items() <= dict(response.headers).items()
    return response.status_code == status


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("name", "mime", "data"), [(KEY, "image/png", PNG), (THUMB, "image/webp", WEBP)])
def test_a_picture_is_served_whole_sealed_and_for_good(
    client: httpx.Client, door: str, name: str, mime: str, data: bytes
) -> None:
    response = client.get(door + name)
    assert response.status_code == 200
    assert response.content == data
    assert response.headers["content-type"] == mime
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert response.headers["content-disposition"] == f'inline; filename="{name}"'
    assert response.headers["content-length"] == str(len(data))
    assert SEALS.items() <= dict(response.headers).items()


@pytest.mark.parametrize("door", DOORS)
def test_head_answers_as_get_does_without_the_picture(client: httpx.Client, door: str) -> None:
    get, head = client.get(door + KEY), client.head(door + KEY)
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_a_browser_that_has_the_picture_gets_it_only_once(client: httpx.Client) -> None:
    tag = client.get(f"/images/{KEY}").headers["etag"]
    for asked in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(f"/images/{KEY}", headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (304, b"")
        assert SEALS.items() <= dict(again.headers).items()
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"].startswith("private")
    assert client.get(f"/images/{KEY}", headers={"if-none-match": '"other"'}).content == PNG


def test_a_part_can_be_asked_for(client: httpx.Client) -> None:
    part = client.get(f"/images/{KEY}", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, PNG[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(PNG)}"
    assert SEALS.items() <= dict(part.headers).items()
    beyond = client.get(f"/images/{KEY}", headers={"range": f"bytes={len(PNG)}-"})
    assert beyond.status_code == 416
    assert SEALS.items() <= dict(beyond.headers).items()


@pytest.mark.parametrize("asked", ["bytes=-5", "Bytes=0-4 , 8-9", "bytes=4-", "bytes=0-99999999"])
def test_every_way_to_ask_for_parts_is_understood(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/images/{KEY}", headers={"range": asked}).status_code == 206


@pytest.mark.parametrize("asked", ["bytes=abc", "bytes=9-3", "items=0-1", "bytes", "bytes=", "bytes=0-1,x", "bytes=-"])
def test_a_range_that_says_nothing_is_passed_over(client: httpx.Client, asked: str) -> None:
    whole = client.get(f"/images/{KEY}", headers={"range": asked})
    assert (whole.status_code, whole.content) == (200, PNG)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_any_other_method_is_refused_by_the_door_itself(client: httpx.Client, door: str, method: str) -> None:
    response = client.request(method, door + KEY)
    assert is_problem(response, 405)
    assert response.headers["allow"] == "GET, HEAD"


TRAVERSALS = {
    "encoded slash": f"..%2f{KEY}",
    "encoded slash, capitals": "..%2F..%2Fsecret.png",
    "encoded twice": "..%252fsecret.png",
    "encoded dots": "%2e%2e/secret.png",
    "plain dots": "../secret.png",
    "dots in the middle": f"01/../{KEY}",
    "backslash": "..%5csecret.png",
    "a server of Windows": "%5c%5chost%5cshare%5csecret.png",
    "a drive": "c:%5csecret.png",
    "an absolute path": "%2fetc%2fpasswd",
    "two slashes": f"/{KEY}",
    "a null byte": f"{KEY}%00",
    "a null byte before a suffix": "secret.png%00.png",
    "a line break behind": f"{KEY}%0a",
    "a line break before": f"%0a{KEY}",
    "a line break inside": f"a%0d%0ab/{KEY}",
    "fullwidth dots": "%ef%bc%8e%ef%bc%8e/secret.png",
    "a fullwidth slash": "..%ef%bc%8fsecret.png",
    "an overlong slash": "..%c0%afsecret.png",
    "digits of another script": f"{JOB}-%d9%a1.png",
    "no UTF-8": "%ff%fe.png",
    "a semicolon": f"{KEY};.html",
    "another suffix": f"{JOB}-1.html",
    "a suffix too many": f"{KEY}.svg",
    "no name": "",
    "a temporary file": "0123456789abcdef.tmp",
    "a file beside the pictures": "secret.png",
    "a folder of the pictures": f"01/{KEY}",
    "capitals": KEY.upper(),
    "a picture that is not there": f"{'f' * 32}-1.png",
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("path", TRAVERSALS.values(), ids=TRAVERSALS.keys())
def test_a_wrong_name_meets_a_404_in_json_and_nothing_else(port: int, door: str, path: str) -> None:
    answer = exchange(port, f"GET {door}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["status"] == 404
    assert b"secret" not in body
    assert b"page for unknown" not in body


@pytest.mark.parametrize("path", [f"//images/{KEY}", f"/images//{KEY}", f"/x/../images/{KEY}", f"/images%2f..%2f{KEY}"])
def test_a_strange_way_to_the_door_never_leads_to_a_file(port: int, path: str) -> None:
    answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert PNG[:100] not in answer


def test_a_picture_deleted_meanwhile_is_gone(tmp_path: Path, studio: Studio) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.put(KEY, PNG)
    with serving(application(blobs, studio)) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get(f"/images/{KEY}").status_code == 200
        blobs.delete(KEY)
        assert is_problem(client.get(f"/images/{KEY}"), 404)


def test_pictures_of_a_store_without_files_are_served_the_same(studio: Studio) -> None:
    blobs = MemoryBlobs()
    blobs.put(KEY, PNG)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(application(blobs, studio))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            first = await client.get(f"/images/{KEY}")
            again = await client.get(f"/images/{KEY}", headers={"if-none-match": first.headers["etag"]})
            return [first, again, await client.get(f"/images/{THUMB}")]

    first, again, missing = asyncio.run(ask())
    assert (first.content, first.headers["content-type"]) == (PNG, "image/png")
    assert SEALS.items() <= dict(first.headers).items()
    assert again.status_code == 304
    assert is_problem(missing, 404)


def test_a_store_that_cannot_be_opened_is_a_problem_in_json() -> None:
    def broken() -> Blobs:
        raise ConfigurationError("The folder for pictures cannot be written to.")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=image_routes(broken, anybody)))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            return await client.get(f"/images/{KEY}")

    assert is_problem(asyncio.run(ask()), 503)


def test_a_slow_disk_does_not_hold_up_the_event_loop() -> None:
    """The lookup waits for a gate that only another request, on the same loop, opens."""
    gate = threading.Event()

    class Slow(MemoryBlobs):
        def path(self, key: str) -> str | None:
            assert gate.wait(10)
            return None

    async def open_gate(request: Request) -> HTMLResponse:
        gate.set()
        return HTMLResponse("open")

    blobs = Slow()
    blobs.put(KEY, PNG)
    app = Starlette(routes=[*image_routes(lambda: blobs, anybody), Route("/gate", open_gate)])

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
            return list(await asyncio.gather(client.get(f"/images/{KEY}"), client.get("/gate")))

    assert [response.status_code for response in asyncio.run(ask())] == [200, 200]


# ---------------------------------------------------------------- downloads and exports


def test_a_download_is_an_attachment_under_its_own_name(client: httpx.Client, studio: Studio) -> None:
    response = client.get(f"/download/{JOB}", headers={"x-visitor": "ada"})
    assert response.content == PNG
    assert response.headers["content-type"] == "image/png"
    assert (
        response.headers["content-disposition"]
        == "attachment; filename=\"heron.png\"; filename*=UTF-8''%E6%9C%9D%E3%81%AE%20heron.png"
    )
    assert response.headers["cache-control"] == "no-store"
    assert SEALS.items() <= dict(response.headers).items()
    assert studio.asked[-1] == (JOB, "ada")


@pytest.mark.parametrize("path", ["", "x", "..%2f" + JOB, JOB + "%0a", JOB + "/", JOB.upper(), JOB + "%00"])
def test_a_wrong_id_never_reaches_the_service(port: int, studio: Studio, path: str) -> None:
    before = len(studio.asked)
    answer = exchange(port, f"GET /download/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'"code": "job_not_found"' in answer
    assert len(studio.asked) == before


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (JobNotFound(JOB), 404),
        (BlobMissing(KEY), 404),
        (WrongState("The picture is not ready yet."), 409),
        (PictureDamaged("The picture's file is damaged."), 500),
    ],
)
def test_a_refusal_of_the_service_is_told_in_its_own_words(
    client: httpx.Client, studio: Studio, monkeypatch: pytest.MonkeyPatch, refusal: Exception, status: int
) -> None:
    monkeypatch.setattr(studio, "refusal", refusal)
    response = client.get(f"/download/{JOB}")
    assert is_problem(response, status)
    assert response.json()["detail"] == str(refusal)


def test_an_export_arrives_as_a_zip_file_in_pieces(client: httpx.Client) -> None:
    response = client.get("/exports/good-token")
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="reve-studio.zip"'
    assert "content-length" not in response.headers
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.read("0001_0123abcd.png") == PNG


@pytest.mark.parametrize("token", ["unknown-token", "", "..%2f..%2fx", "a" * 200])
def test_an_unknown_export_is_a_404_before_the_first_piece(port: int, token: str) -> None:
    answer = exchange(port, f"GET /exports/{token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in answer


def test_downloads_and_exports_refuse_other_methods(client: httpx.Client) -> None:
    for method, path in [
        ("POST", f"/download/{JOB}"),
        ("DELETE", "/exports/good-token"),
        ("HEAD", "/exports/good-token"),
    ]:
        assert client.request(method, path).status_code == 405


def test_an_export_nobody_reads_any_more_is_given_up(port: int, studio: Studio) -> None:
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        client.stream("GET", "/exports/endless-token") as r,
    ):
        assert next(r.iter_raw())
    assert studio.closed.wait(timeout=10)
