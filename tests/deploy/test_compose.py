"""docker-compose.yml: one service that owns little, is watched, and is given the time to stop."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from reve_core.settings import ROOT, Settings
from tests.deploy.image import stages

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
IMAGE = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]


def seconds(text: str) -> int:
    """``"11m"`` or ``"1h30s"``."""
    units = {"h": 3600, "m": 60, "s": 1}
    parts = re.findall(r"(\d+)([hms])", text)
    assert "".join(number + unit for number, unit in parts) == text
    return sum(int(number) * units[unit] for number, unit in parts)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    compose = yaml.safe_load(TEXT)
    assert set(compose) == {"name", "services", "volumes"}
    [(name, found)] = compose["services"].items()
    assert name == "studio"
    assert found["volumes"] == [f"data:{IMAGE.environment['REVE_DATA_DIR']}"]
    assert set(compose["volumes"]) == {"data"}
    return dict(found)


def test_it_owns_nothing_but_its_data(service: dict[str, Any]) -> None:
    assert service["user"] == IMAGE.user
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert [each.partition(":")[0] for each in service["tmpfs"]] == ["/tmp"]
    assert service["mem_limit"] == service["memswap_limit"]
    assert service["pids_limit"] > Settings.model_fields["workers"].default * 4
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert "docker.sock" not in TEXT


def test_only_this_machine_reaches_its_port(service: dict[str, Any]) -> None:
    assert service["ports"] == [f"127.0.0.1:{IMAGE.ports[0]}:{IMAGE.ports[0]}"]


def test_it_is_watched_as_the_image_is(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"] == ["CMD", *IMAGE.health]
    assert json.dumps(IMAGE.health) in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_it_has_the_time_to_finish_what_is_paid_for(service: dict[str, Any]) -> None:
    settings = Settings.model_validate({})
    drain = float(service["environment"]["REVE_DRAIN_S"])
    assert drain > Settings.model_fields["call_timeout_s"].default
    grace = seconds(service["stop_grace_period"])
    assert grace > settings.call_timeout_s + drain
    assert grace > Settings.model_fields["call_timeout_s"].default + Settings.model_fields["drain_s"].default


def test_no_secret_stands_in_it(service: dict[str, Any]) -> None:
    assert service["env_file"] == ".env"
    assert set(service["environment"]) == {"REVE_DRAIN_S"}
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
