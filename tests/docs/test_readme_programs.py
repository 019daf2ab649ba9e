"""The programs in the README, run as they stand there against a real app; only the address is another."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.process import App

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## From a program")[2].partition("\n## ")[0]
ADDRESS = "http://localhost:8501"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(tmp_path_factory.mktemp("data")) as running:
        yield running


def block(language: str, app: App, number: int = 0) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[number]
    assert ADDRESS in found
    return found.replace(ADDRESS, app.url)


def test_the_python_program_fetches_a_picture(app: App, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", block("python", app)], cwd=tmp_path, check=True, timeout=90)
    assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_the_curl_line_answers_with_a_finished_job_and_makes_it_only_once(app: App) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    answers = [
        json.loads(subprocess.run(["sh", "-c", block("sh", app)], capture_output=True, check=True, timeout=90).stdout)
        for _ in range(2)
    ]
    assert [job["status"] for job in answers[0]["jobs"]] == ["done"]
    assert answers[0]["jobs"][0]["id"] == answers[1]["jobs"][0]["id"]


def test_the_other_curl_line_answers_with_a_grid_of_four_pictures(app: App) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    ran = subprocess.run(["sh", "-c", block("sh", app, 1)], capture_output=True, check=True, timeout=90)
    grid = json.loads(ran.stdout)
    assert [row["prompt"] for row in grid["rows"]] == ["a red fox in snow", "a blue fox in snow"]
    assert [cell["state"] for cell in grid["cells"]] == ["done"] * 4


def test_every_program_of_the_section_is_run_here() -> None:
    assert re.findall(r"```(\w+)\n", SECTION) == ["sh", "python", "js", "sh"]


def test_the_javascript_program_prints_two_pictures(app: App, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed here")
    program = tmp_path / "order.mjs"
    program.write_text(block("js", app), encoding="utf-8")
    done = subprocess.run(["node", str(program)], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split()
    assert lines[::2] == ["done", "done"]
    assert all(url.startswith(f"{app.url}/images/") for url in lines[1::2])
