"""The provider contract, held by the diffusion provider with a worker that only pretends to draw."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.ports import Provider
from reve_core.testing.provider import ProviderContract
from tests.providers.diffusers.helpers import fake, folder


class TestDiffusers(ProviderContract):
    @pytest.fixture
    def provider(self, lasting: Provider, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Provider]:
        if "closing" not in request.node.name:
            yield lasting
            return
        with closing(fake(folder(tmp_path / "my-model"))) as provider:
            yield provider
