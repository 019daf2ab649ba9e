"""
The real app as people start it, in a process of its own, and a real Chromium in front of it.

``app`` is a running server that can be killed and started again on the same data; ``page`` is a fresh browser window that
fails the test when it asks any machine but this one for anything, when a script of the page breaks, or when a policy of ours
keeps something of our own out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app.process import App

expect.set_options(timeout=30_000)  # a safety net for a busy machine, not a wait
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def app_in(folder: Path, **settings: str) -> App:
    """The app with its data in that folder; a stop waits for no job."""
    return App(folder, settings={"REVE_DRAIN_S": "0", **settings})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole session: Playwright keeps an event loop running in this thread, in which no other test could
    # start one of its own.
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium was found, and in CI these tests must run.")
        pytest.skip("No Chromium was found on this machine.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """``start_app(REVE_SKETCH_DELAY_S="3")`` starts an app with those settings; it is stopped after the test."""
    started: list[App] = []

    def start(**settings: str) -> App:
        app = app_in(tmp_path, **settings)
        app.start()
        started.append(app)
        return app

    yield start
    for app in started:
        app.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app for all tests of a module that do not mind each other's pictures."""
    running = app_in(tmp_path_factory.mktemp("app"), REVE_SKETCH_DELAY_S="0.5")
    running.start()
    yield running
    running.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_window(color_scheme="dark", viewport={...})``: a new visitor."""
    contexts, trouble = [], []

    def open_one(**options: object) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: trouble.append(f"A script broke: {error}"))
        page.on("request", lambda request: _stays_here(request.url, trouble))
        page.on("console", lambda message: _is_let_in(message.text, trouble))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert trouble == []


def _stays_here(url: str, trouble: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("blob", "data", "file") and parts.hostname not in ("127.0.0.1", "localhost"):
        trouble.append(f"A request left this machine: {url}")


def _is_let_in(text: str, trouble: list[str]) -> None:
    if "Content Security Policy" in text:
        trouble.append(f"A policy kept something out: {text}")


@pytest.fixture
def page(open_window: Callable[..., Page]) -> Page:
    return open_window()
