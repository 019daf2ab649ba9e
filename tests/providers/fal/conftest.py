"""What the tests of the fal provider share."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.providers.fal import FalProvider
from tests.providers.fal.helpers import provider_for
from tests.standin.fal import FalStandIn


@pytest.fixture
def fal() -> Iterator[FalStandIn]:
    with FalStandIn() as standin:
        yield standin


@pytest.fixture
def provider(fal: FalStandIn) -> Iterator[FalProvider]:
    with closing(provider_for(fal)) as provider:
        yield provider
