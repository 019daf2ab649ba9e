"""The image: what goes into it, and that what is in it starts, answers and stops as a user who owns nothing but the data."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core.settings import ROOT
from tests.app.process import free_port
from tests.building import until
from tests.deploy.image import Ignored, Stage, copy_into, stages

NOBODY = 65534
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = Ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))


def image() -> Stage:
    return stages(DOCKERFILE)[-1]


def test_the_image_is_small_fixed_and_not_roots() -> None:
    made = stages(DOCKERFILE)
    assert all(re.fullmatch(r"python:3\.1[1-9]-slim-\w+", stage.base) for stage in made)
    last = made[-1]
    user, _, group = last.user.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f"--uid {user}" in " ".join(last.runs)
    [volume] = last.volumes
    assert last.environment["REVE_DATA_DIR"] == volume
    assert re.search(rf"install -d -o {user} -g {group} -m 700 {volume}\b", " ".join(last.runs))
    assert last.environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert (last.ports, last.stop_signal) == ([8501], "SIGTERM")


def test_the_command_is_the_process_itself_and_listens_where_the_image_says() -> None:
    last = image()
    assert last.command[0] == "streamlit"  # no shell between the engine's signal and the app
    assert f"--server.port={last.ports[0]}" in last.command
    assert f"127.0.0.1:{last.ports[0]}/healthz" in " ".join(last.health)


def test_what_is_installed_is_what_the_app_runs_on() -> None:
    first = stages(DOCKERFILE)[0]
    assert "requirements-dev" not in DOCKERFILE
    assert [copy.sources for copy in first.copies] == [("requirements.txt", "requirements-c2pa.txt")]


@pytest.mark.parametrize(
    "path",
    [
        "data/reve.db",
        "data/secret",
        ".env",
        ".streamlit/secrets.toml",
        "pages/.env",
        "reve_core/secrets.toml",
        ".git/config",
        "tests/building.py",
        "reve_core/__pycache__/errors.cpython-311.pyc",
        ".venv/bin/python",
        "requirements-dev.txt",
        "something-new.key",
    ],
)
def test_no_data_no_secret_and_no_history_goes_into_the_image(path: str) -> None:
    assert path in IGNORED


def test_every_file_that_is_copied_is_one_that_git_keeps(tmp_path: Path) -> None:
    kept = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if kept.returncode:
        pytest.skip("no git here")
    new = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    known = {*kept.stdout.split("\0"), *new.stdout.split("\0")}
    went = copy_into(image(), ROOT, IGNORED, tmp_path)
    assert set(went) <= known
    for wanted in (
        "app.py",
        ".streamlit/config.toml",
        "pages/_shell.py",
        "reve_core/guard/moderation/policy.toml",
        "NOTICE",
    ):
        assert wanted in went


def test_what_lies_about_in_a_working_tree_stays_out(tmp_path: Path) -> None:
    context = tmp_path / "context"
    for name in ("pages/x.py", "reve_core/x.py", ".streamlit/config.toml", "app.py", "LICENSE", "NOTICE"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text("")
    wanted = sorted(copy_into(image(), context, IGNORED, tmp_path / "one"))
    for name in (".streamlit/secrets.toml", "reve_core/__pycache__/x.pyc", "pages/.env", ".env", "data/reve.db"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text("canary")
    assert sorted(copy_into(image(), context, IGNORED, tmp_path / "two")) == wanted
    (context / "app.py").unlink()
    with pytest.raises(FileNotFoundError):
        copy_into(image(), context, IGNORED, tmp_path / "three")


def test_an_instruction_that_these_tests_do_not_understand_is_an_error() -> None:
    with pytest.raises(ValueError, match="ADD"):
        stages("FROM scratch\nADD https://files.example/x /x")


@pytest.mark.skipif(shutil.which("hadolint", path=str(Path(sys.executable).parent)) is None, reason="no hadolint here")
def test_a_linter_of_dockerfiles_has_nothing_against_it() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    ran = subprocess.run([linter, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "")


class Container:
    """The image's tree, which nobody may write to, and a data folder, which only the app's user may open."""

    def __init__(self, folder: Path) -> None:
        self.stage = image()
        self.root = folder / "root"
        self.work = self.root / self.stage.folder.lstrip("/")
        self.data = folder / "data"
        self.port = free_port()
        copy_into(self.stage, ROOT, IGNORED, self.root)
        self.data.mkdir(mode=0o700)
        self.user: dict[str, object] = {}
        if os.geteuid() == 0 and self._may_run_python(NOBODY):
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.data, NOBODY, NOBODY)
        for path in (self.root, *self.root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

    @staticmethod
    def _may_run_python(user: int) -> bool:
        try:
            return (
                subprocess.run([sys.executable, "-c", "import streamlit"], user=user, group=user, cwd="/").returncode
                == 0
            )
        except OSError:
            return False

    def environment(self, **settings: str) -> dict[str, str]:
        made = {**self.stage.environment, "HOME": str(self.root), "REVE_DATA_DIR": str(self.data), **settings}
        return {**made, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    def start(self, command: list[str], **settings: str) -> subprocess.Popen[str]:
        command = [part.replace("8501", str(self.port)) for part in command]
        return subprocess.Popen(
            command,
            cwd=self.work,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self.user,  # type: ignore[call-overload]
        )

    def run(self, command: list[str], **settings: str) -> tuple[int, str]:
        with self.start(command, **settings) as process:
            out, _ = process.communicate(timeout=120)
            return process.returncode, out

    def is_healthy(self) -> bool:
        return self.run(self.stage.health)[0] == 0

    def files(self) -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in self.root.rglob("*")}


@pytest.fixture
def container() -> Iterator[Container]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders let nobody else in
    folder.chmod(0o755)
    yield Container(folder)
    for path in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        path.chmod(0o755)
    shutil.rmtree(folder)


def filled_in() -> dict[str, str]:
    """deploy/studio.env.example with secrets of its own."""
    text = (ROOT / "deploy" / "studio.env.example").read_text(encoding="utf-8")
    found = dict(re.findall(r"^(REVE_\w+)=(.*)$", text, re.MULTILINE))
    return found | {name: secrets.token_urlsafe(48) for name in ("REVE_SECRET", "REVE_OPERATOR_TOKEN")}


def test_the_image_starts_answers_and_stops_and_writes_nothing_but_data(container: Container) -> None:
    before = container.files()
    assert not container.is_healthy()
    app = container.start(container.stage.command, **filled_in())
    try:
        until(lambda: app.poll() is not None or container.is_healthy(), within_s=120)
        assert app.poll() is None, app.communicate(timeout=10)[0]
        app.send_signal(signal.Signals[container.stage.stop_signal])
        out, _ = app.communicate(timeout=60)
    finally:
        app.kill()
        app.wait(timeout=30)
    assert app.returncode == 0, out
    assert "Traceback" not in out
    assert container.files() == before
    assert (container.data / "reve.db").exists()
    if container.user:
        assert (container.data / "reve.db").stat().st_uid == NOBODY


def test_the_ready_settings_pass_the_doctor_in_the_image_once_they_have_secrets_of_their_own(
    container: Container,
) -> None:
    ready = filled_in()
    listening = {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    doctor = ["python", "-m", "reve_core", "doctor", "--public", "--offline"]
    status, out = container.run(doctor, **ready, **listening)
    assert (status, "✗" in out) == (0, False), out
    text = (ROOT / "deploy" / "studio.env.example").read_text(encoding="utf-8")
    untouched = dict(re.findall(r"^(REVE_\w+)=(.*)$", text, re.MULTILINE))
    status, out = container.run(doctor, **untouched, **listening)
    assert status == 1
    assert out.count("an example that everybody can read") == 2
    assert stat.S_IMODE(container.data.stat().st_mode) == 0o700
