"""A look at the server: free, quick, and in words for each way it can go. And which models it is then known to have."""

from __future__ import annotations

from typing import Any

import pytest

from reve_core.errors import NotCharged, RequestRejected
from reve_core.providers.openai import OpenAIProvider
from tests.building import until
from tests.providers.openai.helpers import FOX, context, provider_for
from tests.standin.openai import ImagesServer

MODELS = "/v1/models"


def test_a_good_key_and_a_known_model_are_told_and_nothing_is_spent(
    server: ImagesServer, provider: OpenAIProvider
) -> None:
    health = provider.check()
    assert health.ok
    assert health.text == "127.0.0.1 accepts the key and has gpt-image-2."
    assert [(seen.method, seen.path) for seen in server.requests] == [("GET", MODELS)]
    assert len(server.ledger) == 0


def test_a_wrong_key_is_told(server: ImagesServer) -> None:
    health = provider_for(server, key="sk-test-another").check()
    assert (health.ok, health.text) == (False, "127.0.0.1 does not accept the key. Check REVE_OPENAI_KEY.")
    health = provider_for(server, key=None, dialect="generic").check()
    assert (health.ok, health.text) == (False, "127.0.0.1 asks for a key. Check REVE_OPENAI_KEY.")


def test_an_unknown_model_is_told_with_those_there_are(server: ImagesServer) -> None:
    health = provider_for(server, models=("gpt-image-9",)).check()
    assert not health.ok
    assert health.text == (
        "127.0.0.1 accepts the key, but has no model “gpt-image-9”. "
        "It has gpt-image-2, gpt-image-1.5, chatgpt-image-latest. Check REVE_OPENAI_MODELS."
    )
    server.models = [f"flux-{number}" for number in range(9)]
    assert "It has flux-0, flux-1, flux-2, flux-3 and 5 more." in provider_for(server, dialect="generic").check().text


def test_a_model_that_the_server_does_not_look_at_is_no_mistake() -> None:
    with ImagesServer(dialect="vllm") as server:
        assert provider_for(server, models=("anything",)).check().ok


def test_a_gateway_with_a_wildcard_may_have_any_model() -> None:
    with ImagesServer(dialect="gateway") as server:
        server.models = ["openai/*"]
        assert provider_for(server, models=("openai/gpt-image-2",)).check().ok


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("html", {}, "does not speak like an images server (status 200)"),
        ("answer", {"status": 404, "body": "<h1>Not found</h1>"}, "it usually ends in /v1"),
        ("answer", {"status": 200, "body": {"hello": 1}}, "does not speak like an images server"),
        ("answer", {"status": 400, "body": {"error": "wrong door"}}, "It said: wrong door"),
        ("answer", {"status": 403, "body": {"error": "no"}}, "does not allow this key"),
        ("rate_limited", {}, "asks for a pause"),
        ("status", {"status": 503}, "trouble of its own just now (status 503)"),
        ("redirect", {}, "does not speak like an images server (status 307)"),
        ("reset", {}, "could not be reached: the connection broke"),
        ("gzip_bomb", {}, "does not speak like an images server"),
    ],
)
def test_each_trouble_has_its_words(
    server: ImagesServer, provider: OpenAIProvider, fault: str, options: dict[str, Any], words: str
) -> None:
    server.faults.add(fault, path=MODELS, **options)
    health = provider.check()
    assert not health.ok
    assert words in health.text
    assert len(server.requests) == 1


def test_a_server_without_a_list_is_well(server: ImagesServer, provider: OpenAIProvider) -> None:
    server.faults.add("answer", path=MODELS, status=404, body={"error": "no such route"})
    health = provider.check()
    assert health.ok
    assert "could be tried" in health.text


def test_a_forgotten_v1_is_found(server: ImagesServer) -> None:
    health = provider_for(server, base_url=server.url, key=server.key).check()
    assert (health.ok, health.text) == (
        False,
        f"The address in REVE_OPENAI_URL lacks its end. Write {server.url}/v1.",
    )


def test_an_unreachable_server_is_told() -> None:
    with ImagesServer() as server:
        provider = provider_for(server)
    health = provider.check()
    assert health.text == (
        "127.0.0.1 could not be reached: nothing listens there. Check REVE_OPENAI_URL and the network."
    )


def test_settings_of_a_provider_in_the_file_are_called_by_their_names_there(server: ImagesServer) -> None:
    from reve_core.ports import ProviderConfig
    from tests.providers.openai.helpers import HOUSE

    config = ProviderConfig(kind="openai", name="lab", options={"base_url": server.base})
    health = OpenAIProvider(config, HOUSE).check()
    assert health.text == "127.0.0.1 asks for a key. Check the key of “lab” in the providers' file."


# ---------------------------------------------------------------- models that nobody named


def names(provider: OpenAIProvider) -> list[str]:
    return [model.id for model in provider.models]


def test_nothing_is_asked_when_it_is_made(local: ImagesServer) -> None:
    provider_for(local, models=())
    assert local.requests == []


def test_until_its_list_is_there_a_server_has_one_model_by_its_hosts_name(local: ImagesServer) -> None:
    provider = provider_for(local, models=())
    [first] = provider.models
    assert (first.id, first.title) == ("default", "127.0.0.1")
    until(lambda: names(provider) == ["stablediffusion", "flux.1-dev-ggml"])
    assert len(local.requests) == 1  # asked once, however often somebody looks


def test_a_check_learns_the_models_too(local: ImagesServer) -> None:
    provider = provider_for(local, models=())
    assert provider.check().text == "127.0.0.1 answers and has stablediffusion, flux.1-dev-ggml."
    assert names(provider) == ["stablediffusion", "flux.1-dev-ggml"]


def test_at_openai_the_usual_model_comes_first_and_what_only_talks_is_left_out(server: ImagesServer) -> None:
    provider = provider_for(server, models=())
    provider.check()
    assert names(provider) == ["gpt-image-2", "gpt-image-1.5", "chatgpt-image-latest"]
    assert len(provider.models[1].capabilities.aspect_ratios) == 3


def test_where_no_name_tells_what_draws_all_are_offered(local: ImagesServer) -> None:
    local.models = ["alpha", "beta"]
    provider = provider_for(local, models=())
    provider.check()
    assert names(provider) == ["alpha", "beta"]


def test_a_model_from_before_a_restart_is_looked_up_before_the_first_picture(local: ImagesServer) -> None:
    provider = provider_for(local, models=())
    provider.generate(FOX.model_copy(update={"model": "flux.1-dev-ggml"}), context())
    assert [seen.path for seen in local.requests] == [MODELS, "/v1/images/generations"]
    assert local.posts()[0].fields["model"] == "flux.1-dev-ggml"
    with pytest.raises(RequestRejected):
        provider.generate(FOX.model_copy(update={"model": "never-heard-of"}), context())
    provider.generate(FOX.model_copy(update={"model": "default"}), context())  # from before the list was there
    assert local.posts()[1].fields["model"] == "stablediffusion"


def test_a_server_that_lists_nothing_is_sent_no_model_and_is_asked_once(local: ImagesServer) -> None:
    local.faults.add("answer", path=MODELS, status=404, body={}, times=0)
    provider = provider_for(local, models=())
    for _ in range(2):
        provider.generate(FOX, context())
    assert all("model" not in seen.fields for seen in local.posts())
    assert [seen.path for seen in local.requests].count(MODELS) == 1


def test_a_gateway_that_lists_nothing_has_to_be_told_its_model() -> None:
    with ImagesServer(dialect="gateway") as server:
        server.models = []
        provider = provider_for(server, models=())
        with pytest.raises(RequestRejected, match="Name one in REVE_OPENAI_MODELS"):
            provider.generate(FOX, context())
        assert "lists no model that draws" in provider.check().text
        assert server.posts() == []


def test_a_server_that_is_away_is_asked_again_later(local: ImagesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reve_core.providers.openai.provider._ASK_AGAIN_S", 0.0)
    local.faults.add("reset", path=MODELS, times=1)
    provider = provider_for(local, models=())
    until(lambda: len(names(provider)) == 2)


def test_an_unreachable_server_without_a_list_costs_nothing() -> None:
    with ImagesServer(dialect="localai") as server:
        provider = provider_for(server, models=())
    with pytest.raises(NotCharged):
        provider.generate(FOX, context())


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"url": "/x.png"}]},
        {"data": [7, None, {"id": 9}, {"id": ""}, {"id": "a\nb"}, {"id": "x" * 300}]},
        {"models": []},
    ],
)
def test_a_strange_list_is_a_list_of_nothing(local: ImagesServer, body: Any) -> None:
    local.faults.add("answer", path=MODELS, body=body)
    provider = provider_for(local, models=())
    assert provider.check().text == "127.0.0.1 answers. It lists no model, so its own is used."
    assert names(provider) == ["default"]
