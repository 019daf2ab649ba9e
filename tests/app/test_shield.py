"""The real process as a hostile client meets it: sockets, frames, uploads, and what it says of itself."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.app.process import LAUNCHERS, App
from tests.app.websocket import closed_with, heard, open_socket, rerun

PUBLIC = {
    "REVE_MODE": "public",
    "REVE_SECRET": "not-a-secret-since-it-stands-in-a-test-of-this-project",
    "REVE_TRUSTED_HOPS": "1",
}
MB = 1024 * 1024


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(tmp_path_factory.mktemp("public") / "data", settings=PUBLIC) as app:
        yield app


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def opened(app: App, address: str) -> ClientConnection:
    made = open_socket(app, from_(address))
    assert isinstance(made, ClientConnection), made
    return made


@contextlib.contextmanager
def closing(*sockets: ClientConnection) -> Iterator[None]:
    try:
        yield
    finally:
        for each in sockets:
            each.close()


def test_of_200_sockets_from_one_address_eight_are_opened_and_the_others_get_a_403(app: App) -> None:
    tries = [open_socket(app, from_(f"6.6.6.{n}, 192.0.2.1")) for n in range(200)]
    held = [each for each in tries if isinstance(each, ClientConnection)]
    with closing(*held):
        assert len(held) == 8
        assert [each for each in tries if not isinstance(each, ClientConnection)] == [403] * 192
        with closing(opened(app, "192.0.2.2")):
            pass
        assert httpx.get(app.url).status_code == 200


@pytest.mark.parametrize("frames", [500, 3000])
def test_hundreds_of_tiny_frames_close_their_socket_and_nobody_elses(app: App, frames: int) -> None:
    hostile, other = opened(app, f"192.0.2.{frames % 200 + 10}"), opened(app, "192.0.2.9")
    with closing(hostile, other):
        with contextlib.suppress(ConnectionClosed):
            for _ in range(frames):
                hostile.send(rerun())
        assert closed_with(hostile) == 1008
        other.send(rerun())
        assert any(message.WhichOneof("type") == "script_finished" for message in heard(other))
        assert httpx.get(f"{app.url}/_stcore/health", timeout=30).status_code == 200


def test_a_frame_of_more_than_a_megabyte_closes_its_socket(app: App) -> None:
    made = opened(app, "192.0.2.50")
    with closing(made):
        made.send(b"\0" * (MB + 1))
        assert closed_with(made) == 1009


def test_a_frame_that_is_announced_as_20_mb_closes_its_socket_before_any_of_it_has_come(app: App) -> None:
    made = opened(app, "192.0.2.51")
    with closing(made):
        made.socket.sendall(b"\x82\xff" + (20 * MB).to_bytes(8) + b"mask")
        assert closed_with(made) == 1009


def test_the_script_of_a_page_is_told_the_address_that_the_proxy_saw(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import streamlit as st\nfrom pages.parts.me import address\nst.text(address() or 'nobody')\n"
    )
    (tmp_path / "probe_app.py").write_text(
        "from pathlib import Path\n"
        "import streamlit as st\n"
        "from starlette.middleware import Middleware\n"
        "from reve_core import bootstrap\n"
        "from reve_core.web.front import Front\n"
        "stack = [Middleware(Front, get_studio=bootstrap.get, get_site=bootstrap.site)]\n"
        "app = st.App(Path(__file__).parent / 'probe.py', middleware=stack)\n"
    )
    app = App(tmp_path / "data", launcher="uvicorn app:app", settings=PUBLIC)
    app._command = [part if part != "app:app" else "probe_app:app" for part in app._command]
    app._command += ["--app-dir", str(tmp_path), "--no-proxy-headers"]
    with app:
        forged = {"X-Reve-Address": "203.0.113.9"}
        assert told(app, {**forged, "X-Forwarded-For": "6.6.6.6, [2001:DB8::7]:443"}) == "2001:db8::7"
        assert told(app, {**forged, "X-Forwarded-For": "nonsense"}) == "127.0.0.1"
        assert told(app, forged) == "127.0.0.1"


def told(app: App, headers: dict[str, str]) -> str:
    """What the probe's script writes on its page."""
    made = open_socket(app, headers)
    assert isinstance(made, ClientConnection)
    with closing(made):
        made.send(rerun())
        [text] = [
            message.delta.new_element.text.body
            for message in heard(made)
            if message.delta.new_element.WhichOneof("type") == "text"
        ]
    return text


def test_a_page_may_upload_what_its_uploader_takes_and_no_more_however_it_is_sent(app: App) -> None:
    made = opened(app, "192.0.2.60")
    with closing(made), httpx.Client(base_url=app.url, headers=from_("192.0.2.60"), timeout=60) as client:
        made.send(rerun())
        page = next(m.new_session.initialize.session_id for m in heard(made) if m.WhichOneof("type") == "new_session")
        client.get("/_stcore/health")  # its answer brings the cookie that goes with uploads
        address, xsrf = f"/_stcore/upload_file/{page}/a", {"X-Xsrftoken": client.cookies["_streamlit_xsrf"]}

        def put(size: int, *, chunked: bool = False, headers: dict[str, str] = xsrf) -> int:
            head = b'--b\r\nContent-Disposition: form-data; name="a"; filename="a.json"\r\n\r\n'
            body = head + b"x" * size + b"\r\n--b--\r\n"
            pieces = (body[start : start + 65536] for start in range(0, len(body), 65536))
            kind = {"Content-Type": "multipart/form-data; boundary=b"}
            try:
                return client.put(address, content=pieces if chunked else body, headers=headers | kind).status_code
            except httpx.TransportError:  # hung up on, in the middle of it
                return 413

        assert put(1000) == 204
        assert put(1000, headers={}) == 403
        assert client.delete(address, headers=xsrf).status_code == 204
        assert [put(42 * MB), put(42 * MB, chunked=True)] == [413, 413]
        assert put(1000, chunked=True) == 204
        tries = [put(10) for _ in range(20)]
        assert tries[0] == 204
        assert tries[-1] == 429
        assert client.delete(address, headers=xsrf).status_code == 204
        assert httpx.get(f"{app.url}/readyz").status_code == 200


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_however_it_is_started_no_header_names_the_server_and_only_our_hops_are_believed(
    tmp_path: Path, launcher: str
) -> None:
    settings = {**PUBLIC, "FORWARDED_ALLOW_IPS": "*"}
    with App(tmp_path / "data", launcher=launcher, settings=settings) as app:
        for path in ("/", "/api/v1/jobs", "/_stcore/health"):
            assert "server" not in httpx.get(app.url + path).headers
        held = [open_socket(app, from_(f"6.6.6.{n}, 192.0.2.1")) for n in range(10)]
        with closing(*(each for each in held if isinstance(each, ClientConnection))):
            assert [each for each in held if not isinstance(each, ClientConnection)] == [403] * 2
        assert app.stop() == 0


RAW_PATHS = [
    "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//evil.example/x", "/%5c%5cevil.example/x",
    "/static/..%2f..%2fsecrets.toml", "/media/..%2f..%2fapp.py", "/_stcore/../app.py", "/%00", "/C:/windows/win.ini",
    "/_stcore/upload_file/../../x", "/component/..%5c..%5cx",
]  # fmt: skip


@pytest.mark.parametrize("path", RAW_PATHS)
def test_no_path_however_it_is_spelt_leads_to_a_file_of_the_machine(app: App, path: str) -> None:
    with socket.create_connection(("127.0.0.1", app.port), timeout=30) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] in (b"200", b"400", b"404"), head
    assert b"root:" not in body
    assert b"import streamlit" not in body
    assert b"REVE_" not in body
    assert not (b" 200 " in head.splitlines()[0] and b"text/html" not in head)
