"""The provider contract, held by every dialect against the stand-in."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.models import ModelInfo
from reve_core.ports import Provider
from reve_core.providers.openai import OpenAIProvider
from reve_core.testing.provider import ProviderContract
from tests.providers.openai.helpers import provider_for
from tests.standin.openai import ImagesServer


class Contract(ProviderContract):
    dialect = "openai"

    @pytest.fixture
    def provider(self) -> Iterator[OpenAIProvider]:
        with ImagesServer(dialect=self.dialect) as server, closing(provider_for(server)) as provider:
            yield provider


class TestOpenAI(Contract):
    pass


class TestOpenAIWithThreeSizes(Contract):
    @pytest.fixture
    def provider(self) -> Iterator[OpenAIProvider]:
        with (
            ImagesServer() as server,
            closing(provider_for(server, models=("gpt-image-2", "gpt-image-1.5"))) as provider,
        ):
            yield provider

    @pytest.fixture
    def model(self, provider: Provider) -> ModelInfo:
        return provider.models[1]


class TestVllm(Contract):
    dialect = "vllm"


class TestSglang(Contract):
    dialect = "sglang"


class TestSdcpp(Contract):
    dialect = "sdcpp"


class TestLocalAI(Contract):
    dialect = "localai"


class TestGateway(Contract):
    dialect = "gateway"


class TestNobodyNamedAModelOrADialect(Contract):
    @pytest.fixture
    def provider(self) -> Iterator[OpenAIProvider]:
        with (
            ImagesServer(dialect="localai") as server,
            closing(provider_for(server, models=(), dialect="")) as provider,
        ):
            yield provider
