"""What the providers' tests share."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.providers.reve import ReveProvider
from tests.providers.reve_helpers import provider_for
from tests.standin import StandIn


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's proxy settings are honoured by the client, but loopback traffic must not leave by them."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def reve() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def provider(reve: StandIn) -> Iterator[ReveProvider]:
    with closing(provider_for(reve)) as provider:
        yield provider
