"""The adapter on the page about adapters, built as a package from what stands there and used as somebody would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from reve_core.ports import ENTRY_POINTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as pip would have left it, the providers' file and the tests of its author."""
    folder = tmp_path_factory.mktemp("swatch")
    module, tests = blocks("python")
    project, entry = blocks("toml")
    said = tomllib.loads(project)["project"]
    # With two modules in the folder setuptools does not guess which is meant, and pip gives up.
    assert tomllib.loads(project)["tool"]["setuptools"]["py-modules"] == ["swatch"]
    (folder / "swatch.py").write_text(module)
    (folder / "test_swatch.py").write_text(tests)
    (folder / "providers.toml").write_text(entry)
    info = folder / f"reve_swatch-{said['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n")
    points = said["entry-points"][ENTRY_POINTS]
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{lines}")
    return folder


def run(place: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("REVE_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=place,
        env={**clean, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}", "REVE_DATA_DIR": str(place / "data"), **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_entry_of_its_kind_makes_a_picture(place: Path) -> None:
    asked = ("generate", "sea green", "--provider", "walls", "--ratio", "3:2", "--seed", "7")
    ran = run(place, "-m", "reve_core", *asked, REVE_PROVIDERS_FILE="providers.toml")
    assert ran.returncode == 0, ran.stderr
    picture = Path(ran.stdout.strip()).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")) == (256, 171)


def test_its_author_runs_the_contract_suite_over_it(place: Path) -> None:
    ran = run(place, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(place), "test_swatch.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None
    assert int(passed[1]) > 20


def test_a_misspelled_option_of_it_is_named(place: Path) -> None:
    wrong = place / "wrong.toml"
    wrong.write_text((place / "providers.toml").read_text().replace("side", "sides"))
    ran = run(place, "-m", "reve_core", "jobs", REVE_PROVIDERS_FILE=str(wrong))
    assert ran.returncode == 1
    assert "no option sides. There are side." in ran.stderr


def test_every_program_of_the_page_is_run_here() -> None:
    assert len(re.findall(r"```\w+\n", PAGE)) == len(blocks("python")) + len(blocks("toml")) + 1 == 5
    [command] = blocks("bash")
    assert command.startswith("PYTHONPATH="), (
        "Its tests are run as above: from its own folder, told where the studio lies."
    )
    assert command.endswith("-m pytest test_swatch.py\n")
