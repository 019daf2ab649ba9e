"""What the command line says while jobs wait."""

from pathlib import Path

import pytest

from reve_core import bootstrap
from reve_core.cli.printing import held_up
from reve_core.models import JobRequest


def test_only_a_pause_of_their_own_provider_holds_jobs_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REVE_OPENAI_URL", "http://127.0.0.1:9/v1")
    studio = bootstrap.build(bootstrap.load_settings())
    try:
        drawn = studio.submit(JobRequest(prompt="a fox", provider="sketch"))
        sent = studio.submit(JobRequest(prompt="a fox", provider="openai", model="default"))
        studio.pause("openai", "No such server.")
        assert held_up(studio, drawn) == ""
        assert held_up(studio, [*drawn, *sent]) == ""
        assert held_up(studio, sent) == "127.0.0.1 is paused: No such server. Resume it on the Queue page."
    finally:
        studio.stop(0)
