"""The secret, and the public mode of the real process: it starts safe or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import httpx
import pytest

from tests.app.process import LAUNCHERS, App

SECRET = "not a secret since it stands in a test of this project"
MUST_BE_SET = "In public mode REVE_SECRET must be set."
TOO_WEAK = "REVE_SECRET is too short, or too even, to be safe."


def refused(folder: Path, launcher: str, **settings: str) -> tuple[int, str]:
    """How the app ended that was started like this, and what it left in its log."""
    app = App(folder, launcher=launcher, settings=settings)
    try:
        with pytest.raises(AssertionError):  # it is never up
            app.start()
        return app.process.wait(timeout=30), app.log()
    finally:
        app.close()


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_public_app_without_a_secret_does_not_start_however_it_is_started(tmp_path: Path, launcher: str) -> None:
    code, log = refused(tmp_path / "data", launcher, REVE_MODE="public")
    assert code != 0
    assert MUST_BE_SET in log
    assert not (tmp_path / "data" / "secret").exists()


@pytest.mark.parametrize(
    ("mode", "secret"),
    [("public", "x" * 64), ("public", f"{SECRET.replace(' ', '-')},guess-me"), ("personal", "guess-me")],
    ids=["public", "one of several", "personal"],
)
def test_a_secret_that_could_be_guessed_does_not_start(tmp_path: Path, mode: str, secret: str) -> None:
    code, log = refused(tmp_path / "data", "streamlit run app.py", REVE_MODE=mode, REVE_SECRET=secret)
    assert code != 0
    assert TOO_WEAK in log
    assert "guess-me" not in log
    assert "xxxx" not in log


def test_the_personal_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    kept = set()
    for _ in range(2):
        with App(tmp_path / "data") as app:
            kept.add(path.read_text())
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            page = httpx.get(app.url)
            assert not any("reve_visitor" in line for line in page.headers.get_list("set-cookie"))
            assert app.stop() == 0
            assert path.read_text() not in app.log()
    assert len(kept) == 1
    assert len(kept.pop()) >= 43


def test_a_public_app_makes_visitors_of_those_who_open_a_page(tmp_path: Path) -> None:
    settings = {
        "REVE_MODE": "public",
        "REVE_SECRET": SECRET.replace(" ", "-"),
        "REVE_ALLOWED_HOSTS": "127.0.0.1 pictures.example",
        "REVE_TRUSTED_HOPS": "1",
        "REVE_EMBED_ORIGINS": "https://blog.example",
    }
    with App(tmp_path / "data", settings=settings) as app:
        for path in ("/", "/gallery", "/queue"):
            [made] = [
                line for line in httpx.get(app.url + path).headers.get_list("set-cookie") if "reve_visitor" in line
            ]
            assert made.startswith("reve_visitor=")
        page = httpx.get(app.url, headers={"x-forwarded-proto": "https", "host": "pictures.example"})
        [made] = [line for line in page.headers.get_list("set-cookie") if "reve_visitor" in line]
        assert made.startswith("__Host-reve_visitor=")
        assert made.endswith("; Path=/; HttpOnly; Secure; SameSite=None; Partitioned")
        script = page.text.partition('src="./')[2].partition('"')[0]
        asset = httpx.get(f"{app.url}/{script}")
        assert (asset.status_code, "set-cookie" in asset.headers) == (200, False)
        for path in ("/", "/api/live", "/_stcore/host-config"):
            assert httpx.get(app.url + path, headers={"host": "evil.example"}).status_code == 400
        assert httpx.get(app.url + "/_stcore/health", headers={"host": "evil.example"}).status_code == 200
        health = httpx.get(app.url + "/_stcore/health", headers={"x-forwarded-proto": "https"})
        [xsrf] = [line for line in health.headers.get_list("set-cookie") if line.startswith("_streamlit_xsrf=")]
        assert "Secure" in xsrf
        assert not (tmp_path / "data" / "secret").exists()
        assert app.stop() == 0


def test_what_is_careless_about_a_public_app_stands_in_its_log_and_its_data_is_nobody_elses(tmp_path: Path) -> None:
    public = {"REVE_MODE": "public", "REVE_SECRET": SECRET.replace(" ", "-"), "REVE_DATA_DIR": str(tmp_path / "new")}
    with App(tmp_path / "data", settings=public) as app:
        assert "Careless for a public link: REVE_ALLOWED_HOSTS" in app.log()
        assert public["REVE_SECRET"] not in app.log()
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    with App(tmp_path / "personal") as app:
        assert "Careless" not in app.log()
