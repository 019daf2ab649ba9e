"""Bodies that come too slowly: whoever dawdles holds up nobody else, and is sent away in the end."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator

import httpx
import pytest

from reve_core.web import bodies
from tests.web.polling import Booth, Person, polling

MORE_THAN_THREADS = 60  # the pool that slow work runs in has 40


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    with polling(tmp_path_factory.mktemp("slow")) as booth:
        yield booth


def half_a_vote(booth: Booth, path: str, cookie: str, stack: contextlib.ExitStack) -> socket.socket:
    """A vote's form of which two bytes come, and no more."""
    connection = stack.enter_context(
        socket.create_connection(("127.0.0.1", httpx.URL(booth.url).port or 0), timeout=20)
    )
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: 100\r\n"
    connection.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nb=".encode())
    return connection


def to_the_end(connection: socket.socket) -> bytes:
    """Whatever comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def voting(booth: Booth) -> tuple[Person, str, str]:
    """Somebody with a pair before them, the link's path, and their cookie."""
    link, person = booth.link(), booth.person()
    person.ballot(link)
    return person, f"/c/{link.token}", "; ".join(f"{name}={value}" for name, value in person.client.cookies.items())


def test_votes_that_are_never_sent_to_the_end_keep_no_thread_from_others(booth: Booth) -> None:
    person, path, cookie = voting(booth)
    with contextlib.ExitStack() as stack:
        for _ in range(MORE_THAN_THREADS):
            half_a_vote(booth, path, cookie, stack)
        assert person.client.get("/readyz", timeout=20).text == "ready\n"
        assert person.client.get(path, timeout=20).status_code == 200


def test_who_goes_away_in_the_middle_of_a_vote_is_no_fault_in_the_log(
    booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    person, path, cookie = voting(booth)
    with caplog.at_level(logging.INFO):
        with contextlib.ExitStack() as stack:
            half_a_vote(booth, path, cookie, stack)
        person.client.get(path)
    assert "failed" not in caplog.text


def test_a_body_that_does_not_come_is_waited_for_only_so_long(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_S", 0.05)
    _, path, cookie = voting(booth)
    with contextlib.ExitStack() as stack:
        connection = half_a_vote(booth, path, cookie, stack)
        answer = to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"That was not a vote" in answer


def test_a_program_is_told_that_its_body_did_not_come(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_S", 0.05)
    cookie = f"reve_visitor={booth.studio.visitors.cookie('v-anna')}"
    head = f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(booth.url).port or 0), timeout=20) as connection:
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        answer = to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"body_too_slow"' in answer
