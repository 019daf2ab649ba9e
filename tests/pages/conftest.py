"""
A real service with a fake provider behind the pages: SQLite and pictures in ``tmp_path``, threads and all.

``studio`` is that service, already in the pages' hands. ``open_page`` runs the real main script; Streamlit's own test
runner has no browser in it, so what Components v2 pieces send is put into their mouths by ``send``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from reve_core import bootstrap
from reve_core.service import Studio
from tests.building import build_studio
from tests.fakes import FakeProvider

ROOT = Path(__file__).resolve().parents[2]
SHELL = ROOT / "pages" / "_shell.py"


@pytest.fixture(autouse=True)
def main_stays_main() -> Iterator[None]:
    """A script run puts the page in the place of ``__main__``, which processes started later would then be copies of."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def provider() -> FakeProvider:
    """Override it in a test module for a provider that waits, refuses or has other capabilities."""
    return FakeProvider()


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider) -> Iterator[Studio]:
    service = build_studio(tmp_path, provider, concurrency=2)
    service.start()
    bootstrap.use(service)
    yield service
    bootstrap.use(None)
    service.stop(5)


@pytest.fixture
def open_page(studio: Studio) -> Callable[..., AppTest]:
    """``open_page("gallery.py", image="…")`` runs that page once, with those query parameters."""

    def run(page: str = "create.py", **params: str) -> AppTest:
        at = AppTest.from_file(str(SHELL), default_timeout=20)
        for name, value in params.items():
            at.query_params[name] = value
        at.run()
        return at if page == "create.py" else at.switch_page(page).run()

    return run


def piece(at: AppTest, name: str) -> Any:
    """The message of a Components v2 piece on the page, by the name it was registered under."""
    for node in at.get("bidi_component"):
        if node.proto.component_name == name:
            return node.proto
    raise AssertionError(f"There is no piece “{name}” on the page.")


def data_of(at: AppTest, name: str) -> Any:
    """What Python handed to a piece."""
    proto = piece(at, name)
    return json.loads(proto.json or proto.mixed.json)


def send(at: AppTest, name: str, event: str, value: Any) -> AppTest:
    """Run the page as though the piece's script had called ``setTriggerValue(event, value)``."""
    proto = piece(at, name)
    states = at._tree.get_widget_states()
    # One hidden widget per piece carries all of its triggers; see streamlit.components.v2.bidi_component.
    trigger = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{proto.id}__events")
    trigger.json_trigger_value = json.dumps([{"event": event, "value": value}])
    states.widgets.append(trigger)
    return at._run(states)


def settle(studio: Studio, timeout: float = 10) -> None:
    """Wait until nothing is under way."""
    until = time.monotonic() + timeout
    while studio.board.feed().pending:
        assert time.monotonic() < until, "The jobs did not finish."
        time.sleep(0.01)
