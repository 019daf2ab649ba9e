"""The systemd unit and fly.toml: the same promises as the image's."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from reve_core.settings import ROOT, Settings
from tests.deploy.image import stages

UNIT = (ROOT / "deploy" / "reve-studio.service").read_text(encoding="utf-8")
IMAGE = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
CALL_S = Settings.model_fields["call_timeout_s"].default
FLYS_LONGEST_S = 300


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_the_unit_gives_the_app_the_time_to_stop_and_one_signal() -> None:
    unit = directives()
    [drain] = [float(value.partition("=")[2]) for value in unit["Environment"] if value.startswith("REVE_DRAIN_S=")]
    assert drain > CALL_S
    assert int(unit["TimeoutStopSec"][0]) > CALL_S + drain
    assert (unit["KillSignal"], unit["KillMode"]) == (["SIGTERM"], ["mixed"])


def test_the_unit_runs_the_app_for_the_proxy_alone_and_as_nobody_in_particular() -> None:
    unit = directives()
    assert unit["User"] == ["reve-studio"]
    assert unit["StateDirectoryMode"] == ["0700"]
    assert unit["NoNewPrivileges"] == ["yes"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert "STREAMLIT_SERVER_ADDRESS=127.0.0.1" in " ".join(unit["Environment"])
    assert f"REVE_DATA_DIR=/var/lib/{unit['StateDirectory'][0]}" in " ".join(unit["Environment"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "reve-studio.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT), encoding="utf-8")
    ran = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert [line for line in ran.stderr.splitlines() if "reve-studio" in line] == []


def test_fly_runs_one_machine_with_a_volume_and_time_to_stop() -> None:
    fly = tomllib.loads((ROOT / "deploy" / "fly.toml").read_text(encoding="utf-8"))
    settings = Settings(**{name.removeprefix("REVE_").lower(): value for name, value in fly["env"].items()})
    assert set(fly["env"]) <= {f"REVE_{name.upper()}" for name in Settings.model_fields}
    grace = int(fly["kill_timeout"].removesuffix("s"))
    assert settings.call_timeout_s < settings.drain_s < grace <= FLYS_LONGEST_S
    service = fly["http_service"]
    assert (service["internal_port"], service["force_https"]) == (IMAGE.ports[0], True)
    assert (service["auto_stop_machines"], service["min_machines_running"]) == ("off", 1)
    [mount] = fly["mounts"]
    assert settings.data_dir.is_relative_to(mount["destination"])
    assert [check["path"] for check in service["checks"]] == ["/healthz"]
    assert settings.public_url.removeprefix("https://") in settings.allowed_hosts
    # The visitor's address and the app's own: the second from the right is the visitor.
    assert settings.trusted_hops == 2
