"""The provider contract, held by Reve 2.1, Reve 1 and a model of the FLUX family against the stand-in."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.models import ModelInfo
from reve_core.ports import Provider
from reve_core.providers.fal import FalProvider
from reve_core.testing.provider import ProviderContract
from tests.providers.fal.helpers import provider_for
from tests.standin.fal import FalStandIn


class FalContract(ProviderContract):
    @pytest.fixture
    def provider(self, fal: FalStandIn) -> Iterator[FalProvider]:
        with closing(provider_for(fal)) as provider:
            yield provider


class TestReve21(FalContract):
    pass


class TestReve1(FalContract):
    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[1]


class TestFlux(FalContract):
    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[2]
