"""The command line as somebody types it, in a process of its own."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reve_core.cli import main
from reve_core.engines.presence import FilePresence
from reve_core.models import JobFilter, JobStatus
from reve_core.store.sqlite import SqliteStore
from tests.app.process import ROOT
from tests.building import place

PNG = b"\x89PNG\r\n\x1a\n"


def reve(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REVE_")}
    return subprocess.run(
        [sys.executable, "-m", "reve_core", *arguments],
        cwd=ROOT,
        env={**clean, "REVE_DATA_DIR": str(data), **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_generate_makes_the_pictures_and_prints_their_files(tmp_path: Path) -> None:
    ran = reve(tmp_path, "generate", "a red fox in snow", "--ratio", "16:9", "-n", "2")
    assert ran.returncode == 0, ran.stderr
    files = [Path(line) for line in ran.stdout.splitlines()]
    assert len(files) == 2
    assert all(file.read_bytes().startswith(PNG) for file in files)
    listed = reve(tmp_path, "jobs")
    assert listed.stdout.count("a red fox in snow") == 2
    assert "done" in listed.stdout


def test_the_same_seed_gives_the_same_picture_on_the_command_line_too(tmp_path: Path) -> None:
    ran = [reve(tmp_path, "generate", "a lighthouse", "--seed", "7").stdout.strip() for _ in range(2)]
    one, two = (Path(line).read_bytes() for line in ran)
    assert ran[0] != ran[1]
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        pytest.param(["generate", ""], {}, "The prompt is empty", id="an empty prompt"),
        pytest.param(["generate", "x" * 5000], {}, "Shorten it by 1,000", id="an over-long prompt"),
        pytest.param(["generate", "x", "--ratio", "7:7"], {}, "Choose one of", id="an unknown ratio"),
        pytest.param(["generate", "x", "--ratio", "wide"], {}, "Choose one of", id="a ratio that is none"),
        pytest.param(["generate", "x", "-n", "0"], {}, "1 to 16 pictures", id="no pictures"),
        pytest.param(["generate", "x", "--seed", "-1"], {}, "The seed must be", id="a negative seed"),
        pytest.param(["generate", "x", "--provider", "dream"], {}, "no provider called", id="an unknown provider"),
        pytest.param(["jobs"], {"REVE_PROVIDER": "dream"}, "Choose one of sketch", id="an unknown default provider"),
        pytest.param(["jobs"], {"REVE_LEASE_S": "soon"}, "REVE_LEASE_S", id="a setting that is no number"),
        pytest.param(["jobs"], {"REVE_API_URL": "api.reve.com"}, "http", id="an address without a scheme"),
        pytest.param(["restore"], {}, "no sound backup", id="nothing to restore"),
        pytest.param(
            ["generate", "x"],
            {"REVE_PROVIDER": "reve", "REVE_API_URL": "https://api.reve.com"},
            "key",
            id="reve without a key",
        ),
    ],
)
def test_a_mistake_is_one_clear_sentence(
    tmp_path: Path,
    arguments: list[str],
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"REVE_DATA_DIR": str(tmp_path), **settings}.items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 1
    [sentence] = [line for line in capsys.readouterr().err.splitlines() if words in line]
    assert sentence.endswith((".", ")"))


def test_a_mistake_in_a_process_of_its_own_shows_no_traceback(tmp_path: Path) -> None:
    ran = reve(tmp_path, "generate", " ")
    assert ran.returncode == 1
    assert ran.stderr == "The prompt is empty. Describe the picture you would like.\n"


def test_doctor_says_that_all_is_well_and_what_is_set(tmp_path: Path) -> None:
    ran = reve(tmp_path, "doctor", REVE_WORKERS="3")
    assert ran.returncode == 0, ran.stdout
    assert "✗" not in ran.stdout
    assert "REVE_API_KEY                  not set" in ran.stdout
    [line] = [line for line in ran.stdout.splitlines() if "REVE_WORKERS" in line]
    assert line.split() == ["REVE_WORKERS", "3", "environment"]


def doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path, **settings: str
) -> tuple[int, str]:
    for name, value in {"REVE_DATA_DIR": str(data), **settings}.items():
        monkeypatch.setenv(name, value)
    status = main(["doctor", "--offline"])
    return status, capsys.readouterr().out


def test_doctor_says_who_may_use_it_and_that_webhooks_are_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = doctor(monkeypatch, capsys, tmp_path)
    assert status == 0
    assert "Mode personal: one user, who sees everything." in out
    assert "no REVE_SECRET; one kept in the data folder signs." in out
    assert "Webhooks are off" in out


def test_doctor_says_where_webhooks_may_go_and_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = base64.b64encode(b"canary" * 5).decode()
    secret = "canary-of-forty-letters-that-are-not-alike"
    status, out = doctor(
        monkeypatch,
        capsys,
        tmp_path,
        REVE_MODE="public",
        REVE_SECRET=secret,
        REVE_WEBHOOK_HOSTS="hooks.example, http://localhost:9000",
        REVE_WEBHOOK_SECRET=f"whsec_{canary},whsec_{canary}",
    )
    assert status == 0
    assert "Mode public: each visitor has a gallery of their own. Cookies and share links: REVE_SECRET signs." in out
    assert "Webhooks may go to http://localhost:9000, https://hooks.example, signed with 2 secrets." in out
    assert canary not in out
    assert "canary" not in out


def test_doctor_names_a_wrong_webhook_secret_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = doctor(
        monkeypatch, capsys, tmp_path, REVE_WEBHOOK_HOSTS="hooks.example", REVE_WEBHOOK_SECRET="whsec_canary"
    )
    assert status == 1
    assert "✗ REVE_WEBHOOK_SECRET must be whsec_" in out
    assert "canary" not in out


def test_doctor_points_at_a_misspelled_setting(tmp_path: Path) -> None:
    ran = reve(tmp_path, "doctor", "--offline", REVE_API_CONCURENCY="3")
    assert ran.returncode == 1
    assert "✗ REVE_API_CONCURENCY is no setting of this app." in ran.stdout


def test_doctor_names_a_damaged_database_and_restore_mends_it(tmp_path: Path) -> None:
    assert reve(tmp_path, "generate", "fox").returncode == 0
    assert list((tmp_path / "backups").glob("*.db"))  # made when the command ended
    (tmp_path / "reve.db").write_bytes(b"x" * 4096)
    ill = reve(tmp_path, "doctor")
    assert ill.returncode == 1
    assert "is damaged" in ill.stdout
    running = FilePresence(tmp_path / "workers")
    running.announce("1-a")
    refused = reve(tmp_path, "restore")
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr
    running.leave("1-a")
    mended = reve(tmp_path, "restore")
    assert mended.returncode == 0, mended.stderr
    assert "which holds 1 job." in mended.stdout
    assert "nothing to restore" in reve(tmp_path, "restore").stderr
    assert reve(tmp_path, "doctor").returncode == 0
    store = SqliteStore(tmp_path / "reve.db")
    assert [job.status for job in store.page(JobFilter(owner="me")).jobs] == [JobStatus.DONE]
    store.close()


def test_a_prompt_cannot_steer_the_terminal(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    from reve_core.models import JobRequest

    place(store, JobRequest(prompt="\x1b[2Jgone\r\nnew line\u202e", provider="sketch", model="sketch-1"))
    store.close()
    printed = reve(tmp_path, "jobs").stdout
    assert "gone" in printed
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert len(printed.splitlines()) == 1
