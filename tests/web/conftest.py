"""A service that ends each job as its prompt says, one that holds them all, and clients of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reve_core.errors import OutcomeUnknown, PromptRefused
from reve_core.models import PERSONAL, JobRequest, Picture
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.building import build_studio, running
from tests.fakes import FakeProvider, GatedProvider
from tests.web.door import asking, ended


def as_told(request: JobRequest, context: CallContext) -> Picture | None:
    """The prompt says how the call ends."""
    if request.prompt == "refuse":
        raise PromptRefused("The provider refused this prompt.")
    if request.prompt == "lose":
        raise OutcomeUnknown("The answer never came.")
    return None


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running(build_studio(tmp_path_factory.mktemp("data"), FakeProvider(before=as_told))) as studio:
        yield studio


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[httpx.Client]:
    with asking(studio) as client:
        yield client


@pytest.fixture(scope="module")
def done(studio: Studio, client: httpx.Client) -> str:
    """The id of a job with a picture."""
    return ended(studio, client, "heron")


@pytest.fixture(scope="module")
def compared(studio: Studio, client: httpx.Client, done: str) -> str:
    """The id of a comparison of two pictures."""
    return studio.comparisons.of_pictures([done, ended(studio, client, "wren")], owner=PERSONAL).id


@pytest.fixture(scope="module")
def things(done: str, compared: str) -> dict[str, str]:
    """What can be named in the path of an operation."""
    return {"job_id": done, "comparison_id": compared, "row_id": "r1", "share_id": "0" * 32}


@pytest.fixture
def gated() -> Iterator[GatedProvider]:
    """The provider of ``held``. Its gate opens at the end at the latest."""
    provider = GatedProvider(idempotent=True)
    yield provider
    provider.gate.set()


@pytest.fixture
def held(tmp_path: Path, gated: GatedProvider) -> Iterator[httpx.Client]:
    """A client of a service with one worker, whose calls wait at the gate."""
    with running(build_studio(tmp_path, gated, workers=1)) as studio, asking(studio) as client:
        yield client
        gated.gate.set()
