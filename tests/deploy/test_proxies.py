"""
The app behind the very nginx.conf and Caddyfile that are recommended, over TLS on the loopback: the page loads, the websocket
connects, and a visitor is known by the address they come from, whatever they say it is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from reve_core.settings import ROOT
from tests.app.process import App, free_port
from tests.app.websocket import rerun
from tests.building import until
from tests.standin import certs

HOST = "pictures.example"
SETTINGS = {
    "REVE_MODE": "public",
    "REVE_SECRET": "not-a-secret-since-it-stands-in-a-test-of-this-project",
    "REVE_PUBLIC_URL": f"https://{HOST}",
    "REVE_ALLOWED_HOSTS": HOST,
    "REVE_TRUSTED_HOPS": "1",
    "REVE_SOCKETS_PER_ADDRESS": "2",
}

pytestmark = pytest.mark.skipif(not certs.is_possible(), reason="no openssl here")


class Proxy:
    """``kind`` with its recommended file, of which only ports and certificate are changed."""

    def __init__(self, kind: str, app_port: int, folder: Path) -> None:
        self.port, self._plain = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self._folder = folder
        self._certificates = certs.Certificates.make(folder)
        self.trust = self._certificates.client()
        text = (ROOT / "deploy" / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[kind]).read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:8501", f"127.0.0.1:{app_port}")
        self._file = folder / "proxy.conf"
        self._file.write_text(self._nginx(text) if kind == "nginx" else self._caddy(text), encoding="utf-8")
        program = shutil.which(kind, path="/usr/sbin:/usr/bin:/usr/local/bin:" + os.environ.get("PATH", ""))
        assert program is not None
        options = (
            ["-p", folder, "-c", self._file] if kind == "nginx" else ["--config", self._file, "--adapter", "caddyfile"]
        )
        self.check = [program, "-t", *options] if kind == "nginx" else [program, "validate", *options]
        self._command = [program, "-e", "stderr", *options] if kind == "nginx" else [program, "run", *options]

    def _nginx(self, text: str) -> str:
        certificate = f"{self._folder}/good"
        for was, becomes in (
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl http2;", ""),
            ("listen 80;", f"listen 127.0.0.1:{self._plain};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", f"{certificate}.pem"),
            (f"/etc/letsencrypt/live/{HOST}/privkey.pem", f"{certificate}.key"),
        ):
            assert was in text
            text = text.replace(was, becomes)
        folders = "".join(
            f"{name}_temp_path {self._folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        return f"{user} daemon off; pid {self._folder}/pid; events {{}} http {{ {folders}\n{text}\n}}"

    def _caddy(self, text: str) -> str:
        site = f"https://{HOST}:{self.port}, https://127.0.0.1:{self.port} {{\n\tbind 127.0.0.1\n\ttls {self._folder}/good.pem {self._folder}/good.key"
        text = text.replace(f"{HOST} {{", site)
        return f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {self._folder}\n}}\n{text}"

    def __enter__(self) -> Proxy:
        with (self._folder / "proxy.log").open("w") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until(self._answers, within_s=30, what=lambda: (self._folder / "proxy.log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "proxy.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def get(self, path: str, **headers: str) -> httpx.Response:
        with httpx.Client(verify=self.trust, timeout=30) as client:
            return client.get(self.url + path, headers={"host": HOST, **headers})

    def open_socket(self, *, come_from: str = "127.0.0.1", **headers: str) -> ClientConnection | int:
        """A page's websocket as a browser opens it; or the status that it was refused with."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(come_from, 0))
        try:
            made = connect(
                f"wss://{HOST}/_stcore/stream",
                sock=line,
                ssl=self.trust,
                server_hostname="127.0.0.1",
                origin=f"https://{HOST}",  # type: ignore[arg-type]
                additional_headers=headers,
                subprotocols=["streamlit"],  # type: ignore[list-item]
                compression=None,
                open_timeout=60,
                close_timeout=1,
                proxy=None,
            )
            return made.__enter__()  # whoever asked for it closes it
        except InvalidStatus as refused:
            line.close()
            return refused.response.status_code


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(tmp_path_factory.mktemp("app") / "data", settings=SETTINGS) as app:
        yield app


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, app: App, tmp_path: Path) -> Iterator[Proxy]:
    if shutil.which(request.param, path="/usr/sbin:/usr/bin:/usr/local/bin:" + os.environ.get("PATH", "")) is None:
        pytest.skip(f"no {request.param} here")
    with Proxy(request.param, app.port, tmp_path) as proxy:
        yield proxy


def test_the_recommended_proxy_serves_pages_websockets_and_true_addresses(proxy: Proxy) -> None:
    checked = subprocess.run(proxy.check, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr

    page = proxy.get("/")
    assert page.status_code == 200
    [visitor] = [each for each in page.headers.get_list("set-cookie") if "reve_visitor" in each]
    assert visitor.startswith("__Host-reve_visitor=")
    assert "Secure" in visitor
    assert "strict-transport-security" in page.headers
    assert "<script" in page.text
    assert "<script" not in proxy.get("/", host="evil.example").text
    assert proxy.get("/_stcore/metrics").status_code == 404

    # Whoever says to be somebody else each time is still one address, and gets no more than that: two.
    sockets = [proxy.open_socket(**{"X-Forwarded-For": f"203.0.113.{number}"}) for number in (1, 2)]
    assert all(isinstance(each, ClientConnection) for each in sockets)
    assert proxy.open_socket(**{"X-Forwarded-For": "203.0.113.3, 203.0.113.4"}) == 403
    other = proxy.open_socket(come_from="127.0.0.2")
    assert isinstance(other, ClientConnection)  # the limit is each address's own: it is not the proxy's that counts
    other.send(rerun())
    assert isinstance(other.recv(timeout=60), bytes)
    for each in (*sockets, other):
        assert isinstance(each, ClientConnection)
        each.close()


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True)
def test_nginx_turns_a_larger_file_away_before_it_is_sent_on(proxy: Proxy) -> None:
    announced = f"POST /api/v1/jobs HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {43 * 1024 * 1024}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as line,
        proxy.trust.wrap_socket(line, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(announced.encode())
        assert secured.recv(64).startswith(b"HTTP/1.1 413 ")
