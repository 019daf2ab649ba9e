"""The fake obeys the contract too: what tests learn from it is true of the others."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from reve_core.ports import Provider
from reve_core.testing.provider import ProviderContract
from tests.fakes import FakeProvider


class TestFake(ProviderContract):
    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with closing(FakeProvider()) as provider:
            yield provider
