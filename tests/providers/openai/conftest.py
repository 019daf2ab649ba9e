"""What these tests share."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.providers.openai import OpenAIProvider
from tests.providers.openai.helpers import provider_for
from tests.standin.openai import ImagesServer


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    """Speaks as OpenAI does, paid."""
    with ImagesServer() as server:
        yield server


@pytest.fixture
def provider(server: ImagesServer) -> Iterator[OpenAIProvider]:
    with closing(provider_for(server)) as provider:
        yield provider


@pytest.fixture
def local() -> Iterator[ImagesServer]:
    """Speaks as LocalAI does, costs nothing."""
    with ImagesServer(dialect="localai") as server:
        yield server


@pytest.fixture
def free(local: ImagesServer) -> Iterator[OpenAIProvider]:
    with closing(provider_for(local)) as provider:
        yield provider


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries for a picture's file nobody waits here."""
    monkeypatch.setattr("reve_core.providers.openai.downloads._PAUSES_S", (0.01,))
