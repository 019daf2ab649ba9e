"""The libraries are as good as installed: nothing here imports them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.providers.diffusers import DiffusersProvider
from tests.providers.diffusers.helpers import fake, folder


@pytest.fixture(scope="module")
def installed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reve_core.providers.diffusers.provider.LIBRARIES", ("json",))
        yield


@pytest.fixture
def local(installed: None, tmp_path: Path) -> Iterator[DiffusersProvider]:
    with closing(fake(folder(tmp_path / "my-model"), size=512)) as provider:
        yield provider


@pytest.fixture(scope="module")
def lasting(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiffusersProvider]:
    """For tests that leave its process as they found it."""
    with closing(fake(folder(tmp_path_factory.mktemp("models") / "my-model"), size=512)) as provider:
        yield provider
