"""The provider contract, held by both of Reve's models against the stand-in."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.models import ModelInfo
from reve_core.ports import Provider
from reve_core.providers.reve import ReveProvider
from reve_core.testing.provider import ProviderContract
from tests.providers.reve_helpers import provider_for
from tests.standin import StandIn


class ReveContract(ProviderContract):
    @pytest.fixture
    def provider(self, reve: StandIn) -> Iterator[ReveProvider]:
        with closing(provider_for(reve)) as provider:
            yield provider


class TestReve2(ReveContract):
    pass


class TestReve1Draft(ReveContract):
    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[1]
