"""The provider contract, held by the built-in sketch."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from operator import truediv as divide

import pytest

from reve_core.models import ModelInfo, ratio_of
from reve_core.ports import Provider
from reve_core.providers.sketch import SketchProvider
from reve_core.testing.provider import ProviderContract


class TestSketch(ProviderContract):
    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with closing(SketchProvider()) as provider:
            yield provider

    @pytest.fixture
    def ratios(self, model: ModelInfo) -> Sequence[str]:
        by_shape = sorted(model.capabilities.aspect_ratios, key=lambda ratio: divide(*ratio_of(ratio)))
        return by_shape[0], by_shape[-1]
