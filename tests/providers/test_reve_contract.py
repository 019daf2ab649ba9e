"""The provider contract, held by both of Reve's models against the stand-in."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from pydantic import SecretStr

from reve_core.models import ModelInfo
from reve_core.ports import Provider
from reve_core.providers.reve import ReveProvider
from tests.contracts.provider import ProviderContract
from tests.standin import KEY, StandIn


class ReveContract(ProviderContract):
    @pytest.fixture
    def provider(self, reve: StandIn) -> Iterator[ReveProvider]:
        with closing(ReveProvider(base_url=reve.url, api_key=SecretStr(KEY), connect_timeout_s=5)) as provider:
            yield provider


class TestReve2(ReveContract):
    pass


class TestReve1Draft(ReveContract):
    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[1]
