"""What the Reve provider sends, and what it refuses to send."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from reve_core.errors import CallCancelled, ConfigurationError, KeyRefused, NotCharged, RequestRejected
from reve_core.providers.reve import ReveProvider
from tests.providers.reve_helpers import DRAFT, FOX, context, provider_for
from tests.standin import StandIn


def test_reve_2_gets_exactly_the_documented_fields(reve: StandIn, provider: ReveProvider) -> None:
    provider.generate(FOX, context(key="job-7-2"))
    [sent] = reve.requests
    assert (sent.method, sent.path, sent.key) == ("POST", "/v2/image/create", "job-7-2")
    assert sent.fields == {"prompt": "a red fox", "aspect_ratio": "3:2", "version": "latest"}


def test_the_draft_model_posts_to_v1(reve: StandIn, provider: ReveProvider) -> None:
    provider.generate(DRAFT, context())
    [sent] = reve.requests
    assert sent.path == "/v1/image/create"
    assert sent.fields == {"prompt": "a red fox", "aspect_ratio": "3:2", "version": "latest"}


def test_the_answer_is_asked_for_as_plain_json(reve: StandIn, provider: ReveProvider) -> None:
    provider.generate(FOX, context())
    headers = {name.lower(): value for name, value in reve.requests[0].headers.items()}
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-type"] == "application/json"
    assert "proxy-authorization" not in headers


def test_a_gateways_own_authorization_travels_beside_the_key(reve: StandIn) -> None:
    provider = provider_for(reve, proxy_authorization=SecretStr("Basic dGVzdDpub3QtYS1wYXNzd29yZA=="))
    provider.generate(FOX, context())
    assert reve.requests[0].headers["Proxy-Authorization"] == "Basic dGVzdDpub3QtYS1wYXNzd29yZA=="
    assert reve.requests[0].headers["Authorization"] == f"Bearer {reve.key}"


def test_a_longest_side_becomes_a_fit_image_step(reve: StandIn) -> None:
    provider_for(reve, max_dim=2048).generate(FOX, context())
    assert reve.requests[0].fields["postprocessing"] == [{"process": "fit_image", "max_dim": 2048}]


@pytest.mark.parametrize(
    ("setting", "to_v2", "to_v1"),
    [
        ("latest", "latest", "latest"),
        ("reve-v2-create@260601", "reve-v2-create@260601", "latest"),
        ("reve-create@20250915", "latest", "reve-create@20250915"),
    ],
)
def test_a_version_pinned_for_one_model_is_not_sent_to_the_other(
    reve: StandIn, setting: str, to_v2: str, to_v1: str
) -> None:
    provider = provider_for(reve, version=setting)
    provider.generate(FOX, context())
    provider.generate(DRAFT, context())
    assert [sent.fields["version"] for sent in reve.requests] == [to_v2, to_v1]


def test_a_slash_at_the_end_of_the_base_url_does_no_harm(reve: StandIn) -> None:
    provider_for(reve, base_url=reve.url + "/").generate(FOX, context())
    assert reve.requests[0].path == "/v2/image/create"


def test_a_seed_is_not_sent_and_the_receipt_says_so(reve: StandIn, provider: ReveProvider) -> None:
    picture = provider.generate(FOX.model_copy(update={"seed": 3}), context())
    assert "seed" not in reve.requests[0].fields
    assert any("no seed" in note for note in picture.receipt.notes)


def test_prompt_limits_differ_by_model_and_count_code_points(reve: StandIn, provider: ReveProvider) -> None:
    long = FOX.model_copy(update={"prompt": "🦊" * 2561})
    provider.generate(long, context())
    with pytest.raises(RequestRejected, match="2,561 characters; Reve 1 draft takes 2,560"):
        provider.generate(long.model_copy(update={"model": "reve-v1"}), context())
    assert len(reve.requests) == 1


@pytest.mark.parametrize("prompt", ["", " \n "])
def test_an_empty_prompt_is_not_paid_for(reve: StandIn, provider: ReveProvider, prompt: str) -> None:
    with pytest.raises(RequestRejected, match="no prompt"):
        provider.generate(FOX.model_copy(update={"prompt": prompt}), context())
    assert reve.requests == []


def test_without_a_key_the_official_host_is_not_even_asked() -> None:
    with pytest.raises(KeyRefused, match="No key is set"):
        ReveProvider().generate(FOX, context())


def test_a_gateway_may_need_no_key() -> None:
    with StandIn(key=None) as gateway:
        provider_for(gateway, api_key=None).generate(FOX, context())
        assert "Authorization" not in gateway.requests[0].headers


@pytest.mark.parametrize("key", ["papi.täst", "papi.te\nst", "papi.\x7ftest"])
def test_a_key_that_fits_no_header_is_refused_without_being_quoted(reve: StandIn, key: str) -> None:
    provider = provider_for(reve, api_key=SecretStr(key))
    with pytest.raises(KeyRefused) as caught:
        provider.generate(FOX, context())
    assert key not in str(caught.value)
    assert not provider.check().ok
    assert reve.requests == []


def test_blanks_around_a_key_are_not_part_of_it(reve: StandIn) -> None:
    provider_for(reve, api_key=SecretStr(f" {reve.key}\n")).generate(FOX, context())


@pytest.mark.parametrize("address", ["https://me:secret@api.reve.com", "https://api.reve.com:99999"])
def test_an_address_that_cannot_be_used_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ReveProvider(base_url=address)
    assert "secret" not in str(caught.value)


def test_a_job_cancelled_in_time_sends_nothing(reve: StandIn, provider: ReveProvider) -> None:
    with pytest.raises(CallCancelled):
        provider.generate(FOX, replace(context(), is_cancelled=lambda: True))
    assert reve.requests == []


def test_no_time_left_or_closed_means_nothing_is_sent(reve: StandIn, provider: ReveProvider) -> None:
    with pytest.raises(NotCharged):
        provider.generate(FOX, context(timeout_s=0))
    provider.close()
    with pytest.raises(NotCharged):
        provider.generate(FOX, context())
    assert reve.requests == []
