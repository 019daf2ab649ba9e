"""Comparing on the command line."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from reve_core.cli import main
from reve_core.models import PERSONAL
from reve_core.store.sqlite import SqliteStore
from tests.app.process import ROOT
from tests.cli.test_cli import reve

PAID = {"REVE_PROVIDER": "reve", "REVE_API_KEY": "papi.test-not-a-key", "REVE_API_URL": "http://127.0.0.1:9"}


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_text("a red fox in snow\n\na blue fox in snow\n", encoding="utf-8")
    return path


def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path, *arguments: str, **settings: str
) -> tuple[int, str, str]:
    for name, value in {"REVE_DATA_DIR": str(data), **settings}.items():
        monkeypatch.setenv(name, value)
    status = main(["compare", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def kept(data: Path) -> int:
    """How many comparisons there are."""
    store = SqliteStore(data / "reve.db")
    try:
        return len(store.comparisons(PERSONAL))
    finally:
        store.close()


def test_it_says_the_price_makes_the_pictures_and_says_where_to_look(tmp_path: Path, prompts: Path) -> None:
    ran = reve(tmp_path / "data", "compare", str(prompts), "--samples", "2", "--ratio", "3:2", "--title", "Foxes")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("4 pictures: free, ")
    assert lines[-2] == "Foxes: 4 done."
    [made] = ran.stdout.split()
    assert lines[-1] == f"Look at it: Compare in the app, comparison {made}"
    again = reve(tmp_path / "data", "compare", str(prompts), "--samples", "2", "--ratio", "3:2")
    assert again.stderr.splitlines()[0] == "4 pictures: you have them all already, nothing to pay"


def test_a_template_a_page_and_json(tmp_path: Path) -> None:
    page = tmp_path / "foxes.html"
    ran = subprocess.run(
        [sys.executable, "-m", "reve_core", "compare", "-", "--template", "--json", "--html", str(page), "--seed", "7"],
        input="a {red|blue} fox",
        cwd=ROOT,
        env={**os.environ, "REVE_DATA_DIR": str(tmp_path / "data"), "REVE_PUBLIC_URL": "https://pictures.example"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["cells"], told["spent_usd"], told["html"]) == ({"done": 2}, 0.0, str(page))
    assert told["url"].startswith("https://pictures.example/compare?")
    assert page.read_text(encoding="utf-8").count('"full":"data:image/webp;base64,UklGR') == 2


def test_variants_are_taken_as_they_stand_unless_asked_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = tmp_path / "typed.txt"
    typed.write_text("a {red|blue} fox\na heron", encoding="utf-8")
    status, _, err = in_process(monkeypatch, capsys, tmp_path / "data", str(typed), "--no-wait", "--json")
    assert status == 0, err
    assert "Add --template" in err
    assert "2 pictures" in err


def test_without_waiting_the_pictures_are_queued_for_the_app(
    tmp_path: Path, prompts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "data", str(prompts), "--no-wait", "--json")
    assert status == 0, err
    assert json.loads(out)["cells"] == {"queued": 2}


def test_what_costs_money_is_not_ordered_where_nobody_can_be_asked(
    tmp_path: Path, prompts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "data", str(prompts), "--no-wait", **PAID)
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == (
        "This costs money, and nobody is there to be asked. Say --yes to go on, or --cap to limit it."
    )
    assert "credits / $" in err.splitlines()[0]
    assert kept(tmp_path / "data") == 0


@pytest.mark.parametrize(("answer", "status", "made"), [("n", 1, 0), ("", 1, 0), ("y", 0, 1)])
def test_at_a_terminal_it_asks_before_it_spends(
    tmp_path: Path, prompts: Path, answer: str, status: int, made: int
) -> None:
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REVE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "reve_core", "compare", str(prompts), "--no-wait"],
        cwd=ROOT,
        env={**clean, "REVE_DATA_DIR": str(tmp_path / "data"), **PAID},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as ran:
        os.write(ours, f"{answer}\n".encode())
        _, err = ran.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "Go on? [y/N]" in err
    assert (ran.returncode, kept(tmp_path / "data")) == (status, made), err


def test_a_cap_holds_back_what_does_not_fit(
    tmp_path: Path, prompts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (str(prompts), "--no-wait", "--yes", "--json", "--samples", "3", "--cap", "0.45")
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "data", *asked, **PAID)
    assert status == 0, err
    cells = json.loads(out)["cells"]
    assert cells["queued"] + cells["held"] == 6
    assert cells["held"] > 0
    assert f"{cells['held']} held back" in err


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        pytest.param("a fox", [], "needs two things", id="one prompt only"),
        pytest.param("", [], "needs two things", id="no prompt"),
        pytest.param("{a|b}{c|d}{e|f}{g|h}", ["--template"], "makes 16 prompts", id="too many variants"),
        pytest.param("\n".join(f"fox {n}" for n in range(13)), [], "13 prompts", id="too many prompts"),
        pytest.param("a\nb", ["--cap", "0"], "more than 0", id="a cap of 0"),
        pytest.param("a\nb", ["--cap", "nan"], "more than 0", id="a cap that is no number"),
        pytest.param("a\nb", ["--samples", "0"], "1 to 8 pictures", id="no samples"),
        pytest.param("a\nb", ["--samples", "9"], "1 to 8 pictures", id="too many samples"),
        pytest.param("a\nb", ["--ratio", "7:7"], "Choose one of", id="an unknown ratio"),
        pytest.param("a\nb", ["--model", "dream"], "no provider called", id="an unknown provider"),
        pytest.param("a\nb", ["--model", "sketch/dream"], "no model", id="an unknown model"),
        pytest.param("a\nb", ["--seed", "-1"], "A seed is", id="a negative seed"),
        pytest.param("a\nb", ["--no-wait", "--html", "x.html"], "needs the pictures", id="a page without pictures"),
        pytest.param("a\nb", ["--title", "x" * 121], "120 are enough", id="a long title"),
    ],
)
def test_a_mistake_is_one_clear_sentence_and_orders_nothing(
    tmp_path: Path,
    text: str,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text(text, encoding="utf-8")
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "data", str(path), *arguments)
    assert (status, out) == (1, "")
    [sentence] = [line for line in err.splitlines() if words in line]
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"\xff\xfe\x00", "not text in UTF-8", id="another encoding"),
        pytest.param(b"x" * 300_000, "larger than 256 kB", id="a large file"),
        pytest.param(None, "No such file", id="no file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_sentence(
    tmp_path: Path,
    data: bytes | None,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "prompts.txt"
    if data is not None:
        path.write_bytes(data)
    status, _, err = in_process(monkeypatch, capsys, tmp_path / "data", str(path))
    assert status == 1
    assert words in err
    assert len(err.splitlines()) == 1
