"""Bodies that nobody with good intentions sends: too large, too deep, of another kind, or no JSON at all."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import anyio
import httpx
import pytest

from reve_core.service import Studio
from reve_core.web.bodies import MAX_BYTES
from tests.web.door import front, made, named, operations, refusal
from tests.web.servers import exchange

MB = 1024 * 1024
WRITES = ["/api/v1/jobs", "/generate"]
WITH_BODY = sorted(name for name, each in operations().items() if each.body is not None)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def port(client: httpx.Client) -> int:
    assert client.base_url.port is not None
    return client.base_url.port


@pytest.mark.parametrize("path", WRITES)
def test_5_mb_that_are_announced_are_refused_before_any_of_them_comes(port: int, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {5 * MB}\r\n"
    answer = exchange(port, (head + "Connection: close\r\n\r\n").encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer


@pytest.mark.parametrize("path", WRITES)
def test_5_mb_in_pieces_are_read_no_further_than_the_limit(studio: Studio, path: str) -> None:
    piece, read, sent = b" " * 65536, [0], []

    async def receive() -> MutableMapping[str, Any]:
        read[0] += len(piece)
        return {"type": "http.request", "body": piece, "more_body": read[0] < 5 * MB}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
    }
    anyio.run(front(studio), scope, receive, send)
    assert sent[0]["status"] == 413
    assert read[0] <= MAX_BYTES + len(piece)


@pytest.mark.parametrize("operation", WITH_BODY)
def test_5_mb_over_the_wire_are_a_413_however_they_come(
    client: httpx.Client, things: dict[str, str], operation: str
) -> None:
    method, path = named(operation, things)

    def pieces() -> Iterator[bytes]:
        yield from [b"[" * 65536] * 80

    for content in (b"x" * (5 * MB), pieces()):
        try:
            answer = client.request(method, path, content=content, headers=JSON)
        except httpx.TransportError:  # the server may hang up on whoever goes on sending
            continue
        refusal(answer, 413, "body_too_large")


@pytest.mark.parametrize("announced", ["-1", "+5", "5x", "9" * 400, "٣", "1, 2", ""])
def test_a_length_that_is_no_number_does_no_harm(port: int, announced: str) -> None:
    head = f"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n"
    answer = exchange(port, (head + "Connection: close\r\n\r\n").encode())
    assert answer.split(b" ")[1] in (b"400", b"413")


def deep(opening: str, closing: str) -> bytes:
    return f'{{"prompt": {opening * 16_000}{closing * 16_000}}}'.encode()


@pytest.mark.parametrize("operation", WITH_BODY)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"[" * 16_000, 400, "not_json", id="16,000 brackets"),
        pytest.param(b'{"a":' * 16_000, 400, "not_json", id="16,000 braces"),
        pytest.param(deep("[", "]"), 400, "not_json", id="16,000 brackets that are closed again"),
        pytest.param(b"", 400, "not_json", id="nothing"),
        pytest.param(b"prompt=heron", 400, "not_json", id="a form"),
        pytest.param(b'{"prompt": "heron"', 400, "not_json", id="half of it"),
        pytest.param(b'{"prompt": "\xff"}', 400, "not_json", id="bytes that are no text"),
        pytest.param(b'{"prompt": "\\ud800"}', 400, "not_json", id="half a character"),
        pytest.param(b'{"prompt": "\xed\xa0\x80"}', 400, "not_json", id="half a character as bytes"),
        pytest.param(b'\xef\xbb\xbf{"prompt": "a"}', 400, "not_json", id="a byte order mark"),
        pytest.param("{}".encode("utf-16"), 400, "not_json", id="UTF-16"),
        pytest.param(b"\x00" * 1000, 400, "not_json", id="zeros"),
        pytest.param(b'"heron"', 422, "invalid", id="only text"),
        pytest.param(b"[]", 422, "invalid", id="a list"),
        pytest.param(b"null", 422, "invalid", id="null"),
        pytest.param(b"7", 422, "invalid", id="a number"),
        pytest.param(b'{"prompt": {"$gt": ""}, "how": []}', 422, "invalid", id="an object for text"),
        pytest.param(b'{"prompt": 7, "how": 7, "lasts_s": "x"}', 422, "invalid", id="a number for text"),
    ],
)
def test_a_body_that_is_none_is_refused(
    client: httpx.Client, things: dict[str, str], operation: str, body: bytes, status: int, code: str
) -> None:
    method, path = named(operation, things)
    refusal(client.request(method, path, content=body, headers=JSON), status, code)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "numbers",
    [
        '"seed": 9' + "9" * 4000,
        '"seed": -1',
        '"seed": NaN',
        '"seed": 1e400',
        '"seed": 1.5',
        '"seed": 4294967296',
        '"n": 1e9',
        '"n": -0.5',
        '"n": 99999999999999999999',
        '"n": "many"',
        '"n": []',
    ],
)
def test_a_number_that_is_too_much_is_refused(client: httpx.Client, path: str, numbers: str) -> None:
    answer = client.post(path, content=f'{{"prompt": "heron", {numbers}}}', headers=JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


def test_of_a_field_that_is_there_twice_the_last_one_counts(client: httpx.Client) -> None:
    answer = client.post("/api/v1/jobs", content='{"prompt": "fox", "prompt": "heron"}', headers=JSON)
    made(answer)
    assert answer.json()["jobs"][0]["prompt"] == "heron"


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x07", "\x7f", "\x85"])
def test_a_prompt_with_a_control_character_is_refused(client: httpx.Client, char: str) -> None:
    for path in WRITES:
        refusal(client.post(path, json={"prompt": f"heron{char}"}), 422, "bad_input")


def test_a_body_with_thousands_of_mistakes_gets_a_short_answer(client: httpx.Client) -> None:
    for body in ({f"{n:x}": 1 for n in range(20_000)}, {"prompt": "heron", "k" * 200_000: 1}, {"jobs": [{}] * 100}):
        answer = client.post("/api/v1/jobs", json=body)
        assert len(refusal(answer, 422, "invalid")["errors"]) <= 20
        assert len(answer.content) < 10_000


@pytest.mark.parametrize("operation", WITH_BODY)
@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonp",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/vnd.api+json",
    ],
)
def test_what_is_not_said_to_be_json_is_a_415(
    client: httpx.Client, things: dict[str, str], operation: str, kind: str | None
) -> None:
    method, path = named(operation, things)
    headers = {} if kind is None else {"Content-Type": kind}
    refusal(
        client.request(method, path, content=b'{"prompt": "heron"}', headers=headers), 415, "unsupported_media_type"
    )
