"""Pictures that come as an address: from listed places only, without the key, and again while there is time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import CallCancelled, NotCharged, OutcomeUnknown, ProviderError, RequestRejected
from reve_core.providers.openai import OpenAIProvider
from tests.providers.openai.helpers import FOX, context, provider_for
from tests.standin.openai import ImagesServer

BY_URL = {"response_format": "url"}


@pytest.fixture
def gateway() -> Iterator[ImagesServer]:
    """Paid, and delivers by address where it is asked to."""
    with ImagesServer(dialect="gateway") as server:
        yield server


@pytest.fixture
def store() -> Iterator[ImagesServer]:
    """Another origin, where the pictures lie."""
    with ImagesServer(dialect="gateway") as store:
        yield store


def lost(provider: OpenAIProvider, kind: type[ProviderError], **changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, context(**changes))
    assert type(caught.value) is kind, caught.value
    return caught.value


def test_a_relative_address_lies_on_the_servers_own_origin_and_gets_no_key(gateway: ImagesServer) -> None:
    picture = provider_for(gateway, **BY_URL).generate(FOX, context())
    assert picture.data.startswith(b"\x89PNG")
    [fetched] = gateway.fetches()
    assert fetched.path.startswith("/generated-images/")
    assert "Authorization" not in fetched.headers
    assert "picture_at" not in picture.receipt.raw


def test_an_address_on_the_servers_own_origin_is_fetched(gateway: ImagesServer) -> None:
    gateway.files_on = gateway.url
    assert provider_for(gateway, **BY_URL).generate(FOX, context()).data
    assert len(gateway.fetches()) == 1


def test_the_key_goes_to_the_same_origin_where_the_operator_says_so_and_nowhere_else(
    gateway: ImagesServer, store: ImagesServer
) -> None:
    provider = provider_for(gateway, files_with_key=True, file_hosts=[store.url], **BY_URL)
    provider.generate(FOX, context())
    assert gateway.fetches()[0].headers["Authorization"] == f"Bearer {gateway.key}"
    gateway.files_on = store.url
    store.files = gateway.files
    provider.generate(FOX, context())
    assert "Authorization" not in store.fetches()[0].headers


def test_another_origin_is_asked_only_where_it_is_listed(gateway: ImagesServer, store: ImagesServer) -> None:
    gateway.files_on, store.files = store.url, gateway.files
    error = lost(provider_for(gateway, **BY_URL), OutcomeUnknown)
    assert "is not on the list (127.0.0.1). It may have been charged" in str(error)
    assert "add it to file_hosts of “openai”" in str(error)
    assert store.requests == []
    assert provider_for(gateway, file_hosts=[store.url], **BY_URL).generate(FOX, context()).data
    assert len(store.fetches()) == 1
    assert len(gateway.ledger) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://localhost/x.png",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x.png",
        "https://user@127.0.0.1/x.png",
        "//elsewhere.example/x.png",
        "http://[::1/x.png",
        "javascript:alert(1)",
        "http://127.0.0.1:1/x.png",
    ],
)
def test_a_strange_address_is_never_asked_and_final(gateway: ImagesServer, url: str) -> None:
    gateway.faults.add("address", url=url, times=2)
    lost(provider_for(gateway), OutcomeUnknown)
    assert "charged" not in str(lost(provider_for(gateway, paid=False), RequestRejected)).replace(
        "Nothing was charged", ""
    )
    assert gateway.fetches() == []


def test_a_file_that_is_not_there_yet_is_asked_for_again_and_the_picture_is_not_bought_again(
    gateway: ImagesServer,
) -> None:
    path = _path_of(gateway)
    gateway.faults.add("answer", path=path, status=404, body="not yet", times=2)
    assert provider_for(gateway, **BY_URL).generate(FOX, context()).data
    assert len(gateway.fetches()) == 3 + 1  # one to learn its path
    assert len(gateway.ledger) == 2


@pytest.mark.parametrize("fault", ["reset", "short_body"])
def test_a_broken_download_is_tried_again(gateway: ImagesServer, fault: str) -> None:
    gateway.faults.add(fault, path=_path_of(gateway), times=4)
    assert provider_for(gateway, **BY_URL).generate(FOX, context()).data


def test_a_file_that_is_gone_is_unknown_and_paid(gateway: ImagesServer) -> None:
    gateway.expire = 0
    error = lost(provider_for(gateway, **BY_URL), OutcomeUnknown)
    assert "drew the picture, but it could not be fetched: status 403. It has been charged." in str(error)
    assert len(gateway.fetches()) == 3
    assert "charged" not in str(lost(provider_for(gateway, paid=False, **BY_URL), NotCharged))


def test_a_download_that_never_ends_is_given_up_in_time(gateway: ImagesServer) -> None:
    gateway.faults.add("reset", path=_path_of(gateway), times=0)
    lost(provider_for(gateway, **BY_URL), OutcomeUnknown, timeout_s=1.0)
    assert len(gateway.posts()) == 2


def test_whoever_stops_or_leaves_meanwhile_is_not_kept_waiting(gateway: ImagesServer) -> None:
    path = _path_of(gateway)
    gateway.faults.add("reset", path=path, times=0)
    provider = provider_for(gateway, **BY_URL)
    lost(provider, OutcomeUnknown, is_leaving=lambda: True)
    stopped = lost(provider, CallCancelled, is_cancelled=lambda: len(gateway.posts()) > 2)
    assert isinstance(stopped, CallCancelled)
    assert stopped.may_cost


def test_a_page_in_the_place_of_the_picture_is_no_picture(gateway: ImagesServer) -> None:
    gateway.faults.add("html", path=_path_of(gateway), times=0)
    assert "neither PNG, JPEG nor WebP" in str(lost(provider_for(gateway, **BY_URL), OutcomeUnknown))


def test_what_is_secret_in_an_address_is_told_to_nobody(
    gateway: ImagesServer, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.faults.add("address", url="https://cdn.example/a/b.png?sig=not-for-everybody")
    error = lost(provider_for(gateway), OutcomeUnknown)
    assert error.receipt is not None
    assert error.receipt.raw["picture_at"] == "https://cdn.example/a/b.png"
    assert "not-for-everybody" not in str(error) + error.receipt.model_dump_json() + caplog.text


def test_a_visitors_own_key_never_goes_to_the_files(gateway: ImagesServer) -> None:
    own = SecretStr("sk-test-of-a-visitor")
    gateway.key = own.get_secret_value()
    provider_for(gateway, key=None, **BY_URL).generate(FOX, context(own_key=own))
    assert all("Authorization" not in seen.headers for seen in gateway.fetches())


def _path_of(server: ImagesServer) -> str:
    """Where the fox will lie: the same request is drawn alike, so it is drawn once beforehand."""
    with closing(provider_for(server, **BY_URL)) as provider:
        provider.generate(FOX, context())
    return next(iter(server.files))
