"""What every page has in common."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from reve_core import bootstrap
from reve_core.errors import ConfigurationError
from reve_core.service import Studio
from tests.pages.conftest import SHELL


def words(at: AppTest) -> str:
    return "\n".join(node.proto.body for node in at.get("html"))


def test_the_app_opens_on_create(open_page: Callable[..., AppTest]) -> None:
    at = open_page()
    assert not at.exception
    assert ">Create</h1>" in words(at)


@pytest.mark.parametrize("page", ["gallery.py", "queue.py"])
def test_every_page_opens_on_an_empty_studio(open_page: Callable[..., AppTest], page: str) -> None:
    assert not open_page(page).exception


def test_a_paused_provider_is_announced_as_plain_text(open_page: Callable[..., AppTest], studio: Studio) -> None:
    studio.pause("fake", "Out of credits. <b>Top up</b> first.")
    assert "Fake is paused: Out of credits. &lt;b&gt;Top up&lt;/b&gt; first." in words(open_page())


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def get() -> Studio:
        raise ConfigurationError("The folder <data> cannot be written.")

    monkeypatch.setattr(bootstrap, "get", get)


@pytest.mark.usefixtures("broken")
def test_a_studio_that_cannot_start_says_why_and_shows_no_traceback() -> None:
    at = AppTest.from_file(str(SHELL), default_timeout=20).run()
    assert not at.exception
    assert "The folder &lt;data&gt; cannot be written." in words(at)
    assert "Mend the setting" in words(at)
    assert at.button[0].label == "Try again"
