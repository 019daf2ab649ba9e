"""How the API says no: every operation, whoever asks and whatever is broken, in one form."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from reve_core import errors
from reve_core.errors import ReveError
from reve_core.service import Studio
from reve_core.web.front import Front
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import SEALS, asking, ended, filled, made, operations, page, refusal
from tests.web.servers import serving

ALL = operations()
READS = [name for name, each in ALL.items() if each.method == "GET"]
SECRET = "sk-very-secret-0123456789"


def ask(client: httpx.Client, operation: str, **more: object) -> httpx.Response:
    """The operation with its own example for a body."""
    method, path = operation.split(" ")
    if ALL[operation].body is not None:
        more = {"json": dict(ALL[operation].example), **more}
    return client.request(method, filled(path), **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- methods


UNKNOWN = [
    (method, path)
    for path in sorted({each.path for each in ALL.values()})
    for method in ("PUT", "PATCH", "TRACE", "PROPFIND")
    if f"{method} {path}" not in ALL
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
def test_a_method_that_an_address_does_not_know_is_a_405_that_names_the_others(
    client: httpx.Client, method: str, path: str
) -> None:
    answer = client.request(method, filled(path))
    refusal(answer, 405, "method_not_allowed")
    known = {each.method for each in ALL.values() if each.path == path}
    assert set(answer.headers["allow"].split(", ")) == known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())


@pytest.mark.parametrize("path", sorted({each.path for each in ALL.values()}))
def test_options_says_what_can_be_done_and_opens_nothing_to_other_sites(client: httpx.Client, path: str) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = client.options(filled(path), headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"] or "DELETE" in answer.headers["allow"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert SEALS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("operation", READS)
def test_head_answers_as_get_does_without_the_body(studio: Studio, client: httpx.Client, operation: str) -> None:
    path = filled(ALL[operation].path, ended(studio, client, "heron"))
    whole, head = client.get(path), client.head(path)
    assert head.status_code == whole.status_code
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "cache-control", *SEALS):
        assert head.headers.get(name) == whole.headers.get(name), name


# ---------------------------------------------------------------- who asks


@pytest.mark.parametrize("operation", ALL)
@pytest.mark.parametrize("token", ["", "x", "reve_" + "a" * 43, "a" * 3000, "\xfc"])
def test_a_token_that_is_not_valid_is_a_401_even_where_none_is_needed(
    client: httpx.Client, operation: str, token: str
) -> None:
    answer = ask(client, operation, headers=[(b"Authorization", (b"Bearer " + token.encode("latin-1")).strip())])
    refusal(answer, 401, "not_allowed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="reve-studio"'
    assert len(token) < 2 or token not in answer.text


def test_a_revoked_token_opens_nothing_from_then_on(studio: Studio, client: httpx.Client) -> None:
    about, token = studio.visitors.make_token("a script")
    headers = {"Authorization": f"bearer   {token}"}
    assert client.get("/api/v1/jobs", headers=headers).status_code == 200
    assert studio.visitors.revoke_token(about.id)
    refusal(client.get("/api/v1/jobs", headers=headers), 401, "not_allowed")


# ---------------------------------------------------------------- what is broken


@pytest.mark.parametrize("operation", ALL)
def test_an_app_whose_settings_are_wrong_says_so_on_every_address(operation: str) -> None:
    def broken() -> NoReturn:
        raise errors.ConfigurationError("REVE_SECRET is too short to be safe.")

    app = Front(page, get_studio=broken, get_site=broken)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answer = ask(client, operation)
    assert refusal(answer, 503, "configuration")["detail"] == "REVE_SECRET is too short to be safe."
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.StoreBusy("The database is busy."), 503),
        (errors.StoreFull("The disk is full."), 503),
        (errors.StoreDamaged("The database is damaged.", "/a/path"), 503),
        (errors.BlobMissing("a key"), 404),
        (errors.WrongState("Too late."), 409),
        (errors.JobGone(), 410),
        (errors.BadInput("Not like this.", "prompt"), 422),
        (errors.BlobError("The disk answers nonsense."), 500),
    ],
)
def test_each_error_has_its_status_and_its_own_words(
    studio: Studio, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, error: ReveError, status: int
) -> None:
    def fail(*args: object, **options: object) -> NoReturn:
        raise error

    monkeypatch.setattr(studio, "get", fail)
    answer = client.get(f"/api/v1/jobs/{'0' * 32}")
    assert refusal(answer, status, error.code)["detail"] == str(error)
    assert ("retry-after" in answer.headers) is (status == 503)
    assert "/a/path" not in answer.text


@pytest.mark.parametrize("address", ["/api/v1/jobs/x", "/status/x", "/api/live"])
def test_a_bug_is_a_500_that_tells_nothing_and_one_line_in_the_log_that_tells_where(
    studio: Studio,
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    def fail(*args: object, **options: object) -> NoReturn:
        raise ZeroDivisionError(SECRET)

    for whose, name in ((studio, "get"), (studio, "peek"), (studio.board, "feed")):
        monkeypatch.setattr(whose, name, fail)
    with caplog.at_level(logging.INFO):
        answer = client.get(address)
    problem = refusal(answer, 500, "internal")
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text + str(answer.headers)
    assert "try again" in problem["detail"]
    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "ZeroDivisionError" in record.getMessage()
    assert "test_api_errors.py" in record.getMessage()
    assert SECRET not in record.getMessage()


def test_a_folder_that_cannot_be_written_can_still_be_looked_at(tmp_path: Path) -> None:
    build_studio(tmp_path, FakeProvider()).stop(0)
    studio = build_studio(tmp_path, FakeProvider(), read_only="The data folder cannot be written.")
    with asking(studio) as client:
        assert client.get("/api/v1/jobs").status_code == 200
        for path in ("/api/v1/jobs", "/generate"):
            answer = client.post(path, json={"prompt": "heron"})
            assert refusal(answer, 503, "configuration")["detail"] == "The data folder cannot be written."
    studio.stop(0)


def test_a_client_that_hangs_up_in_the_middle_of_its_body_is_no_fault_of_ours(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    with asking(studio) as client, caplog.at_level(logging.INFO):
        port = client.base_url.port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head + b'{"prompt":')
        made(client.post("/api/v1/jobs", json={"prompt": "heron"}))
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_a_host_that_the_operator_does_not_list_is_answered_with_a_problem(studio: Studio) -> None:
    with asking(studio, Site(allowed_hosts=("studio.example",))) as client:
        refusal(client.get("/api/v1/jobs"), 400, "unknown_host")
        assert client.get("/api/v1/jobs", headers={"Host": "studio.example"}).status_code == 200
