"""What is sent to each kind of server, what is not, and what is refused before anything is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import CallCancelled, ConfigurationError, KeyRefused, NotCharged, RequestRejected
from reve_core.ports import GUESSED, ProviderConfig
from reve_core.providers.openai import KIND, OpenAIProvider
from reve_core.providers.openai.request import without_commands
from tests.providers.openai.helpers import FOX, HOUSE, context, provider_for
from tests.standin.openai import ImagesServer

SEEDED = FOX.model_copy(update={"seed": 7})


def sent_to(dialect: str, request: Any = SEEDED, **options: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that arrive there, and the receipt's notes."""
    with ImagesServer(dialect=dialect) as server:
        receipt = provider_for(server, **options).generate(request, context()).receipt
        [seen] = server.generations()
    assert isinstance(seen.fields, dict)
    return seen.fields, receipt.notes


def test_openai_gets_exactly_its_own_fields() -> None:
    fields, notes = sent_to("openai", FOX)
    assert fields == {"model": "gpt-image-2", "prompt": "a red fox", "n": 1, "size": "1536x1024"}
    assert notes == ()


def test_openai_gets_no_seed_and_the_receipt_says_so() -> None:
    fields, notes = sent_to("openai")
    assert "seed" not in fields
    assert notes == ("This model takes no seed, so it had none.",)


@pytest.mark.parametrize("dialect", ["vllm", "sglang"])
def test_servers_for_diffusion_models_get_what_they_know(dialect: str) -> None:
    fields, _ = sent_to(dialect, steps=20, guidance=3.5, negative_prompt="text")
    assert {name: value for name, value in fields.items() if name != "model"} == {
        "prompt": "a red fox",
        "n": 1,
        "size": "1536x1024",
        "response_format": "b64_json",
        "num_inference_steps": 20,
        "guidance_scale": 3.5,
        "negative_prompt": "text",
        "seed": 7,
    }


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "sdcpp"])
def test_whoever_has_a_seed_of_its_own_for_those_who_send_none_is_sent_one(dialect: str) -> None:
    seeds = {json.dumps(sent_to(dialect, FOX)[0]) for _ in range(2)}
    assert len(seeds) == 2
    assert all("seed" in text for text in seeds)


def test_sdcpp_gets_its_seed_in_the_prompt() -> None:
    fields, _ = sent_to("sdcpp")
    assert fields["prompt"] == 'a red fox<sd_cpp_extra_args>{"seed": 7}</sd_cpp_extra_args>'
    assert "seed" not in fields
    assert fields["size"] == "1536x1024"


def test_localai_is_asked_for_base64_and_gets_steps_and_a_negative_prompt_its_way() -> None:
    fields, _ = sent_to("localai", steps=4, negative_prompt="text")
    assert (fields["response_format"], fields["step"]) == ("b64_json", 4)
    assert fields["prompt"] == "a red fox|text"
    assert "seed" not in fields


@pytest.mark.parametrize(
    ("said", "sent"), [(None, "b64_json"), ("send", "b64_json"), ("url", "url"), ("omit", None), ("", None)]
)
def test_the_response_format_is_the_operators_where_they_say(said: str | None, sent: str | None) -> None:
    fields, _ = sent_to("localai", **({} if said is None else {"response_format": said}))
    assert fields.get("response_format") == sent


def test_a_gateway_is_not_asked_for_a_format_for_openais_own_models() -> None:
    with ImagesServer(dialect="gateway") as server:
        server.models = ["openai/gpt-image-2", "flux-pro"]
        provider = provider_for(server, models=server.models)
        for model in server.models:
            provider.generate(FOX.model_copy(update={"model": model}), context())
        first, second = (seen.fields for seen in server.generations())
    assert "response_format" not in first
    assert second["response_format"] == "b64_json"


def test_quality_extra_and_other_names_of_fields_are_sent_as_said() -> None:
    fields, _ = sent_to(
        "gateway",
        quality="low",
        size_field="image_size",
        ratio_field="aspect_ratio",
        seed_field="random_seed",
        extra={"output_format": "webp", "nested": {"a": [1]}},
    )
    assert fields["quality"] == "low"
    assert (fields["image_size"], fields["aspect_ratio"], fields["random_seed"]) == ("1536x1024", "3:2", 7)
    assert (fields["output_format"], fields["nested"]) == ("webp", {"a": [1]})
    assert "size" not in fields


def test_a_model_can_differ_from_the_rest_of_its_server(server: ImagesServer) -> None:
    table = {
        "id": "gpt-image-1.5",
        "title": "Image 1.5",
        "price_usd": 0.04,
        "quality": "low",
        "sizes": ["1024x1024"],
        "note": "A test.",
        "max_prompt_chars": 50,
        "extra": {"background": "opaque"},
    }
    provider = provider_for(server, models=("gpt-image-2", table), quality="high")
    one, other = provider.models
    assert (other.title, other.capabilities.price.usd, other.capabilities.note) == ("Image 1.5", 0.04, "A test.")
    assert other.capabilities.aspect_ratios == ("1:1",)
    assert other.capabilities.max_prompt_chars == 50
    assert (one.capabilities.price.usd, one.capabilities.price.as_of) == (0.125, "2026-11-22")
    for model in (one, other):
        provider.generate(FOX.model_copy(update={"model": model.id, "aspect_ratio": "1:1"}), context())
    assert [seen.fields["quality"] for seen in server.generations()] == ["high", "low"]
    assert server.generations()[1].fields["background"] == "opaque"


# ---------------------------------------------------------------- sizes


def test_models_with_three_sizes_offer_those_shapes_only(server: ImagesServer) -> None:
    for model in ("gpt-image-1.5", "chatgpt-image-latest"):
        [info] = provider_for(server, models=(model,)).models
        assert info.capabilities.aspect_ratios == ("1:1", "3:2", "2:3")


def test_any_size_means_the_usual_eight(provider: OpenAIProvider) -> None:
    assert provider.models[0].capabilities.aspect_ratios == ("1:1", "3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "21:9")


def test_a_list_of_sizes_becomes_ratios_and_a_rough_one_is_told() -> None:
    sizes = ["1344x768", "1024x1024", "512x512", "1000x600"]
    wide = FOX.model_copy(update={"aspect_ratio": "16:9"})
    with ImagesServer(dialect="localai") as server:
        provider = provider_for(server, sizes=sizes)
        assert provider.models[0].capabilities.aspect_ratios == ("16:9", "1:1", "5:3")
        receipt = provider.generate(wide, context()).receipt
        assert server.generations()[0].fields["size"] == "1344x768"
    assert receipt.notes == ("The nearest size to 16:9 that this model draws is 1344x768.",)


# ---------------------------------------------------------------- prompts


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ('fox<sd_cpp_extra_args>{"steps": 9999}</sd_cpp_extra_args> hen', "fox hen"),
        ('fox<SD_CPP_extra_args >{"a":1}\n</sd_cpp_EXTRA_args > hen', "fox hen"),
        ("fox <lora:../../etc:1> hen", "fox  hen"),
        ("fox <LORA:big:1", "fox "),
        ("fox <sd_cpp_extra_args>{", "fox {"),
        ("fox <lo<lora:x:1>ra:y:1> hen", "fox  hen"),
        ("a<sd_cpp_<sd_cpp_extra_args></sd_cpp_extra_args>extra_args>{}</sd_cpp_extra_args>b", "a{}b"),
        ("fox <sd_cpp_extra_argsX> hen", "fox  hen"),
        ("2 < 3 and <b>bold</b>", "2 < 3 and <b>bold</b>"),
    ],
)
def test_commands_in_a_prompt_are_taken_out(prompt: str, left: str) -> None:
    assert without_commands(prompt) == left


@pytest.mark.parametrize("dialect", ["sdcpp", "localai"])
def test_a_visitor_reaches_no_command_and_is_told(dialect: str) -> None:
    prompt = 'a fox<sd_cpp_extra_args>{"seed": 1}</sd_cpp_extra_args> <lora:x:2>'
    fields, notes = sent_to(dialect, SEEDED.model_copy(update={"prompt": prompt}))
    assert "lora" not in fields["prompt"]
    assert '"seed": 1}' not in fields["prompt"]
    assert any("would take for commands" in note for note in notes)


def test_a_bar_is_no_negative_prompt_at_localai() -> None:
    fields, notes = sent_to("localai", FOX.model_copy(update={"prompt": "a fox | a hen"}), negative_prompt="text")
    assert fields["prompt"] == "a fox / a hen|text"
    assert any("“|”" in note for note in notes)


@pytest.mark.parametrize("dialect", ["openai", "vllm", "sglang", "gateway"])
def test_others_get_a_prompt_as_it_was_typed(dialect: str) -> None:
    prompt = "a | b <lora:x:1> <sd_cpp_extra_args>{}</sd_cpp_extra_args>"
    fields, _ = sent_to(dialect, FOX.model_copy(update={"prompt": prompt}))
    assert fields["prompt"] == prompt


def test_a_prompt_of_nothing_but_commands_is_no_prompt() -> None:
    with ImagesServer(dialect="sdcpp") as server:
        with pytest.raises(RequestRejected, match="no prompt"):
            provider_for(server).generate(FOX.model_copy(update={"prompt": "<lora:x:1>"}), context())
        assert server.posts() == []


# ---------------------------------------------------------------- headers and addresses


def test_the_key_and_whose_account_it_is_travel_in_headers(server: ImagesServer) -> None:
    provider_for(server, organization="org-1", project="proj-2").generate(FOX, context())
    headers = server.posts()[0].headers
    assert headers["Authorization"] == f"Bearer {server.key}"
    assert (headers["OpenAI-Organization"], headers["OpenAI-Project"]) == ("org-1", "proj-2")
    assert (headers["Accept"], headers["Accept-Encoding"]) == ("application/json", "identity")


def test_without_a_key_none_is_sent(local: ImagesServer, free: OpenAIProvider) -> None:
    free.generate(FOX, context())
    free.check()
    assert not any("Authorization" in seen.headers for seen in local.requests)


def test_a_path_before_the_interface_is_kept() -> None:
    with ImagesServer(prefix="/proxy/openai/v1") as server:
        assert provider_for(server, base_url=server.base + "/").generate(FOX, context()).data
        assert server.posts()[0].path == "/proxy/openai/v1/images/generations"


def test_a_visitors_own_key_is_used_instead(server: ImagesServer) -> None:
    house = replace(HOUSE, own_keys=True)
    server.key = "sk-test-visitor"
    provider = provider_for(server, key=None, house=house, organization="org-1")
    assert provider.models[0].capabilities.own_key == "must"
    with pytest.raises(KeyRefused, match="No key is set"):
        provider.generate(FOX, context())
    assert provider.generate(FOX, context(own_key=SecretStr("sk-test-visitor"))).data
    assert "OpenAI-Organization" not in server.posts()[0].headers
    assert provider_for(server, house=house).models[0].capabilities.own_key == "may"


# ---------------------------------------------------------------- refused before anything is sent


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aspect_ratio": "7:5"}, "does not draw 7:5 here. It knows 1:1, 3:2"),
        ({"prompt": "x" * 32_001}, "32,001 characters"),
        ({"prompt": " "}, "no prompt"),
        ({"prompt": "half \ud83e"}, "half a character"),
        ({"model": "another"}, "no such model"),
    ],
)
def test_what_cannot_work_is_refused_here(
    server: ImagesServer, provider: OpenAIProvider, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(RequestRejected) as caught:
        provider.generate(FOX.model_copy(update=changes), context())
    assert words in str(caught.value)
    assert server.requests == []


def test_nothing_is_sent_without_a_key_where_one_is_needed(server: ImagesServer) -> None:
    for key, words in ((None, "No key is set: put one into REVE_OPENAI_KEY"), ("sk-\u00e4", "characters that no key")):
        provider = provider_for(server, key=key)
        with pytest.raises(KeyRefused, match=words):
            provider.generate(FOX, context())
        assert not provider.check().ok
        assert provider.models
    assert server.requests == []


def test_nothing_is_sent_after_the_end_or_without_time(server: ImagesServer, provider: OpenAIProvider) -> None:
    with pytest.raises(NotCharged):
        provider.generate(FOX, context(0))
    with pytest.raises(CallCancelled):
        provider.generate(FOX, context(is_cancelled=lambda: True))
    provider.close()
    with pytest.raises(NotCharged):
        provider.generate(FOX, context())
    assert server.requests == []


# ---------------------------------------------------------------- configuration


def config(models: tuple[Any, ...] = (), key: str = "", name: str = "openai", **options: Any) -> ProviderConfig:
    secret = SecretStr(key) if key else None
    return ProviderConfig(kind="openai", name=name, key=secret, models=models, options=options)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "ftp://x/v1"}, "REVE_OPENAI_URL is not an address"),
        ({"base_url": "http:///v1"}, "is not an address"),
        ({"base_url": "http://x:99999/v1"}, "is not an address"),
        ({"base_url": "https://user:secret-word@x/v1"}, "must not hold a user name"),
        ({"base_url": "https://x/v1?key=secret-word"}, "without “?”"),
        ({"dialect": "klingon"}, "dialect"),
        ({"colour": "red"}, "colour"),
        ({"sizes": ["big"]}, "sizes cannot be read"),
        ({"sizes": []}, "sizes cannot be read"),
        ({"extra": {"prompt": "x"}}, "extra must not hold “prompt”"),
        ({"steps": 5}, "Set steps_field too"),
        ({"guidance": 5}, "Set guidance_field too"),
        ({"negative_prompt": "x"}, "Set negative_field too"),
        ({"seed_field": "not a name"}, "seed_field"),
        ({"file_hosts": ["https://x/y"]}, "A file host is no origin"),
        ({"organization": "ä"}, "cannot be sent"),
        ({"models": ("a", "a")}, "the same model twice"),
        ({"models": ({"title": "x"},)}, "id: Field required"),
        ({"models": ({"id": "x", "sise": 1},)}, "sise"),
    ],
)
def test_what_cannot_be_used_is_told_when_it_is_set_up(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KIND.make(config(**{"base_url": "http://localhost:1/v1", **changes}), HOUSE)
    assert words in str(caught.value)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "paid"),
    [
        ({}, True),
        ({"base_url": "https://pictures.example/v1", "key": "sk-test"}, True),
        ({"base_url": "http://localhost:4000/v1", "key": "sk-test"}, True),
        ({"base_url": "http://localhost:8080/v1"}, False),
        ({"base_url": "http://localhost:8080/v1", "dialect": "localai", "key": "sk-test"}, False),
        ({"base_url": "http://localhost:4000/v1", "dialect": "gateway"}, True),
        ({"base_url": "http://localhost:4000/v1", "paid": True}, True),
        ({"key": "sk-test", "paid": False}, False),
    ],
)
def test_who_is_paid_is_guessed_with_care(changes: dict[str, Any], paid: bool) -> None:
    provider = KIND.make(config(**changes), HOUSE)
    assert provider.idempotent is not paid


def test_it_is_called_by_its_host_and_says_where_prompts_go() -> None:
    official = KIND.make(config(key="sk-test"), HOUSE)
    assert (official.title, official.sends_to, official.name) == ("OpenAI", "api.openai.com", "openai")
    other = KIND.make(config(base_url="http://gpu-box:8000/v1", name="gpu"), HOUSE)
    assert (other.title, other.sends_to, other.name) == ("gpu-box", "gpu-box", "gpu")
    assert (KIND.concurrency, KIND.timeout_s) == (2, 600.0)


def test_a_paid_model_without_a_known_price_is_counted_with_a_guess_and_a_free_one_costs_nothing() -> None:
    paid = KIND.make(config(key="sk-test", models=("gpt-image-9",)), HOUSE).models[0].capabilities
    assert paid.price == GUESSED
    local = KIND.make(config(base_url="http://localhost:1/v1", models=("gpt-image-2",)), HOUSE).models[0].capabilities
    assert (local.price.usd, local.note) == (0, "")
