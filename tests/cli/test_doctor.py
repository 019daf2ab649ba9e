"""What the doctor says of the providers, and the list of models: nothing is spent, and nobody holds up the others."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from reve_core import settings
from reve_core.cli import asking, main
from reve_core.ports import Health
from tests.standin import StandIn
from tests.standin.fal import FalStandIn
from tests.standin.openai import ImagesServer

CANARY = "papi.canary-77c0-not-a-real-key"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "SECRETS_FILE", tmp_path / "secrets.toml")
    monkeypatch.setenv("REVE_DATA_DIR", str(tmp_path / "data"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def lined_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    path = tmp_path / "providers.toml"
    path.write_text(text)
    monkeypatch.setenv("REVE_PROVIDERS_FILE", str(path))


def paragraph(out: str, title: str) -> list[str]:
    """The line of a provider and those that belong to it."""
    lines = out.partition("\nProviders")[2].splitlines()[1:]
    first = next(number for number, line in enumerate(lines) if line[4:].startswith(title))
    after = lines[first + 1 :]
    end = next((number for number, line in enumerate(after) if not line.startswith("      ")), len(after))
    return [lines[first], *after[:end]]


def test_each_provider_says_how_it_is_where_it_is_set_up_and_within_which_limits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with StandIn(key=CANARY) as reve:
        monkeypatch.setenv("EAST_KEY", CANARY)
        monkeypatch.setenv("REVE_PRICES_FILE", str(tmp_path / "prices.toml"))
        (tmp_path / "prices.toml").write_text(
            '[[price]]\nprovider = "lab"\nmodel = "*"\nusd = 0.04\nas_of = 2026-11-02\nsource = "our contract"\n'
        )
        lined_up(
            monkeypatch,
            tmp_path,
            f"""
            [[provider]]
            kind = "reve"
            name = "east"
            title = "East gateway"
            base_url = "{reve.url}"
            key_env = "EAST_KEY"
            concurrency = 2
            per_minute = 0
            daily_usd = 5
            timeout_s = 90
            [[provider]]
            kind = "openai"
            name = "lab"
            title = "Lab"
            base_url = "{reve.url}/nothing-here"
            key_env = "LAB_KEY"
            models = ["gpt-image-2"]
            paid = true
            """,
        )
        status = main(["doctor"])
        assert reve.posts() == []  # nothing was ordered
    out = capsys.readouterr().out
    assert status == 1  # the lab does not answer as it should
    east, lab, sketch = (paragraph(out, title) for title in ("East gateway", "Lab", "Sketch"))
    assert east[0].startswith("  ✓ East gateway: ")
    assert east[1].strip() == ("“east” of providers.toml; EAST_KEY set; 2 at once; $5.00 a day; 90 s for a picture")
    assert any("Reve 2 (reve-v2): 150 credits" in line for line in east)
    assert lab[0].startswith("  ✗ Lab: ")
    assert "LAB_KEY not set" in lab[1]
    assert "\n  ✗ LAB_KEY, which providers.toml names for “lab”, is not set.\n" in out
    assert any("gpt-image-2: $0.04. Price of 2 Nov 2026 (our contract)." in line for line in lab)
    assert sketch[0].startswith("  ✓ Sketch: ")
    assert "of the app itself" in sketch[1]
    assert CANARY not in out


def test_a_host_that_never_answers_holds_up_no_other_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        lined_up(
            monkeypatch,
            tmp_path,
            f'[[provider]]\nkind = "reve"\nname = "deaf"\ntitle = "Deaf"\nbase_url = "http://127.0.0.1:{deaf.getsockname()[1]}"',
        )
        monkeypatch.setattr(asking, "CHECKS_S", 2.0)
        status = main(["doctor"])
    out = capsys.readouterr().out
    assert status == 1
    assert paragraph(out, "Deaf")[0] == "  ✗ Deaf: It gave no answer within 2 seconds."
    assert paragraph(out, "Sketch")[0].startswith("  ✓ ")


def test_all_are_asked_at_the_same_time_and_a_fault_in_one_is_its_own() -> None:
    meeting = threading.Barrier(3)

    def check(name: str) -> Health:
        meeting.wait(timeout=15)  # nobody gets past who is asked alone
        if name == "odd":
            raise ZeroDivisionError
        return Health(ok=True, text=name)

    found = asking.asked(check, ["one", "two", "odd"])
    assert {name: (health.ok, health.text) for name, health in found.items()} == {
        "one": (True, "one"),
        "two": (True, "two"),
        "odd": (False, "Its check failed: ZeroDivisionError."),
    }


@pytest.mark.parametrize("command", ["doctor", "models"])
def test_offline_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    with StandIn() as reve, ImagesServer(dialect="vllm") as images:
        lined_up(
            monkeypatch,
            tmp_path,
            f'[[provider]]\nkind = "reve"\nname = "east"\nbase_url = "{reve.url}"\n'
            f'[[provider]]\nkind = "openai"\nbase_url = "{images.base}"\ndialect = "vllm"\n',
        )
        assert main([command, "--offline"]) == 0
        out = capsys.readouterr().out
        assert [thread.name for thread in threading.enumerate() if thread.name.endswith("-models")] == []
        assert reve.requests == images.requests == []
        assert main([command]) == 1 - (command == "models")  # it has no key for Reve
        told = capsys.readouterr().out
    if command == "doctor":
        assert paragraph(out, "Reve")[0] == "  · Reve"
    assert images.models[0] in told
    assert images.models[0] not in out


def test_the_list_of_models_has_a_line_for_each_with_price_wait_and_what_it_can(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lined_up(
        monkeypatch,
        tmp_path,
        '[[provider]]\nkind = "fal"\nmodels = ["reve/2.1/text-to-image"]\n'
        '[[provider]]\nkind = "reve"\nname = "east"\nbase_url = "http://127.0.0.1:9"',
    )
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model", "called", "price", "usually", "supports"]
    by_name = {line.split()[0]: line for line in lines[1:]}
    assert list(by_name) == ["fal/reve/2.1/text-to-image", "sketch/sketch-1", "east/reve-v2", "east/reve-v1"]
    assert "Free" in by_name["sketch/sketch-1"]
    assert "Seed" in by_name["sketch/sketch-1"]
    assert "$0.25" in by_name["fal/reve/2.1/text-to-image"]
    assert "150 credits" in by_name["east/reve-v2"]
    assert by_name["east/reve-v2"].endswith("(not ready, see doctor)")
    assert not by_name["sketch/sketch-1"].endswith(")")


@pytest.mark.parametrize("command", ["doctor", "models"])
def test_a_name_from_elsewhere_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    lined_up(
        monkeypatch,
        tmp_path,
        '[[provider]]\nkind = "openai"\nbase_url = "http://127.0.0.1:9"\ntitle = "La\\u001b[2Jb"\n'
        'models = [{id = "flux", title = "Fl\\u001b[2Jux\\u202e"}]\n',
    )
    main([command, "--offline"])
    out = capsys.readouterr().out
    assert "La" in out
    assert "ux" in out
    assert not {"\x1b", "\u202e"} & set(out)


def test_several_providers_make_one_comparison_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a red fox\n")
    with StandIn() as east, StandIn() as west:
        lined_up(
            monkeypatch,
            tmp_path,
            "".join(
                f'[[provider]]\nkind = "reve"\nname = "{name}"\nbase_url = "{each.url}"\nkey_env = "SHARED_KEY"\n'
                for name, each in (("east", east), ("west", west))
            ),
        )
        monkeypatch.setenv("SHARED_KEY", east.key or "")
        command = ["compare", str(prompts), "--model", "sketch", "--model", "east/reve-v1", "--model", "west", "--yes"]
        status = main(command)
        told = capsys.readouterr().err
        assert (status, len(east.posts()), len(west.posts())) == (0, 1, 1), told
    assert "3 done" in told


def test_a_picture_of_any_providers_model_can_be_made_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with FalStandIn(steps=("IN_PROGRESS",)) as fal:
        lined_up(
            monkeypatch,
            tmp_path,
            f'[[provider]]\nkind = "fal"\nname = "queue"\nbase_url = "{fal.url}"\nfile_hosts = ["{fal.files.url}"]\n'
            'poll_s = [0.02, 0.02, 0.02]\nkey_env = "QUEUE_KEY"\n',
        )
        monkeypatch.setenv("QUEUE_KEY", fal.key or "")
        status = main(["generate", "a red fox", "--provider", "queue", "--model", "reve/2.1/text-to-image"])
    told = capsys.readouterr()
    assert status == 0, told.err
    assert told.err.startswith("about $0.25, ")
    assert Path(told.out.strip()).read_bytes().startswith(b"\x89PNG")


def test_a_provider_that_visitors_keys_alone_pay_for_is_nothing_to_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REVE_MODE", "public")
    monkeypatch.setenv("REVE_SECRET", "n0t-a-s3cret-but-l0ng-en0ugh-t0-be-0ne!")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert paragraph(out, "Reve")[0] == "  · Reve: visitors pay with keys of their own; this link has none for it."
    assert "✗" not in out
