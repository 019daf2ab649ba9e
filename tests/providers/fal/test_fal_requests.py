"""What is sent to fal, exactly; what is refused before anything is sent; and what the operator may declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import CallCancelled, ConfigurationError, KeyRefused, NotCharged, RequestRejected
from reve_core.models import JobRequest
from reve_core.ports import GUESSED, House, ProviderConfig, Resumable
from reve_core.providers.fal import KIND, FalProvider
from reve_core.providers.fal.catalogue import app_path, size_for
from reve_core.providers.prices import PriceTable
from tests.providers.fal.helpers import FLUX, FOX, OWN, PRICES, REVE, REVE_1, Told, provider_for
from tests.standin.fal import KEY, FalStandIn

HOUSE = House(prices=PRICES, connect_timeout_s=5, max_bytes=1_000_000, max_pixels=10_000_000)


def config(**changes: Any) -> ProviderConfig:
    return ProviderConfig(**{"kind": "fal", "name": "fal", "key": SecretStr(KEY), **changes})


def test_a_picture_is_one_submit_then_status_then_result_then_a_file(fal: FalStandIn, provider: FalProvider) -> None:
    told = Told()
    provider.generate(FOX, told.context)
    assert [step for step, _ in fal.asked] == ["submit", *["status"] * 4, "result"]
    number = told.ticket.request_id
    [submit, status, *_, result] = fal.requests
    assert (submit.method, submit.path) == ("POST", f"/{REVE}")
    assert submit.fields == {"prompt": "a red fox", "aspect_ratio": "3:2", "num_images": 1}
    assert (status.method, status.path) == ("GET", f"/reve/2.1/requests/{number}/status?logs=1")
    assert (result.method, result.path) == ("GET", f"/reve/2.1/requests/{number}")
    assert [seen.path for seen in fal.files.requests] == [f"/files/b/{number}.png"]


def test_the_submit_carries_the_key_and_our_wishes_and_nothing_that_costs_us_the_way_back(
    fal: FalStandIn, provider: FalProvider
) -> None:
    provider.generate(FOX, Told(900).context)
    headers = {name.lower(): value for name, value in fal.requests[0].headers.items()}
    assert headers["authorization"] == f"Key {KEY}"
    assert headers["x-fal-request-start-timeout"] == "300"
    assert json.loads(headers["x-fal-object-lifecycle-preference"]) == {"expiration_duration_seconds": 86400}
    assert headers["content-type"] == "application/json"
    assert {name for name in headers if name.startswith("x-")} == {
        "x-fal-request-start-timeout",
        "x-fal-object-lifecycle-preference",
    }


def test_a_request_may_not_wait_longer_for_a_machine_than_we_wait_for_it(
    fal: FalStandIn, provider: FalProvider
) -> None:
    provider.generate(FOX, Told(100).context)
    assert fal.requests[0].headers["X-Fal-Request-Start-Timeout"] == "60"


def test_fals_own_retries_can_be_switched_off(fal: FalStandIn) -> None:
    provider_for(fal, no_retry=True).generate(FOX, Told().context)
    assert fal.requests[0].headers["X-Fal-No-Retry"] == "1"


def test_flux_is_asked_for_a_size_in_pixels_and_takes_a_seed(fal: FalStandIn, provider: FalProvider) -> None:
    picture = provider.generate(FOX.model_copy(update={"model": FLUX, "seed": 41}), Told().context)
    assert fal.requests[0].fields == {
        "prompt": "a red fox",
        "image_size": {"width": 1248, "height": 832},
        "seed": 41,
        "num_images": 1,
    }
    assert fal.requests[1].path.startswith("/fal-ai/flux/requests/")
    assert picture.receipt.notes == ()
    assert picture.receipt.raw["seed"] == 41


def test_reve_takes_no_seed_and_the_receipt_says_so(fal: FalStandIn, provider: FalProvider) -> None:
    picture = provider.generate(FOX.model_copy(update={"seed": 41}), Told().context)
    assert "seed" not in fal.requests[0].fields
    assert picture.receipt.notes == ("Reve 2.1 takes no seed, so it had none.",)


def test_reve_offers_what_fal_sells_of_it(provider: FalProvider) -> None:
    [reve, reve_1, flux] = provider.models
    assert (reve.title, reve_1.title, flux.title) == ("Reve 2.1", "Reve 1", "FLUX schnell")
    assert len(reve.capabilities.aspect_ratios) == 17
    assert "auto" not in reve.capabilities.aspect_ratios
    assert (reve.capabilities.max_prompt_chars, reve_1.capabilities.max_prompt_chars) == (4000, 2560)
    assert len(reve_1.capabilities.aspect_ratios) == 7
    for model in provider.models:
        can = model.capabilities
        assert can.stops
        assert can.resumes
        assert can.progress
        assert not can.layout
    assert not reve.capabilities.seed
    assert flux.capabilities.seed
    assert isinstance(provider, Resumable)


def test_prices_come_from_the_table_and_by_the_pixel_for_the_largest_that_is_asked_for(provider: FalProvider) -> None:
    [reve, reve_1, flux] = (model.capabilities.price for model in provider.models)
    assert (reve.usd, reve_1.usd) == (0.25, 0.04)
    assert (reve.as_of, reve.source) == ("2026-09-30", "fal.ai model page")
    largest = max(w * h for w, h in (size_for(ratio) for ratio in provider.models[2].capabilities.aspect_ratios))
    assert flux.usd == pytest.approx(0.003 * largest / 1e6, abs=1e-6)
    assert FalProvider(prices=PriceTable()).models[0].capabilities.price == GUESSED


@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "3:2", "21:9", "5:4"])
def test_sizes_are_about_a_megapixel_in_steps_of_sixteen(ratio: str) -> None:
    width, height = size_for(ratio)
    across, down = map(int, ratio.split(":"))
    assert width % 16 == height % 16 == 0
    assert 950_000 < width * height < 1_100_000
    assert width / height == pytest.approx(across / down, rel=0.02)


def test_a_model_that_nobody_knows_is_asked_as_most_are(fal: FalStandIn) -> None:
    provider = provider_for(fal, models=(OWN,))
    provider.generate(JobRequest(prompt="a fox", aspect_ratio="1:1", seed=3), Told().context)
    assert fal.requests[0].fields == {"prompt": "a fox", "image_size": {"width": 1024, "height": 1024}}
    assert provider.models[0].title == "Somebody own model"


def test_a_model_can_be_declared_with_all_that_it_takes(fal: FalStandIn) -> None:
    declared = {
        "id": OWN,
        "title": "Our own",
        "ratios": ["16:9", "1:1"],
        "default_ratio": "1:1",
        "sizes": {"16:9": [1920, 1080]},
        "seed": True,
        "max_prompt_chars": 50,
        "input": {"num_inference_steps": 8, "output_format": "png"},
        "typical_s": [2, 4],
        "note": "For internal use.",
    }
    provider = provider_for(fal, models=(declared,))
    can = provider.models[0].capabilities
    assert (can.default_ratio, can.max_prompt_chars, can.seed, can.typical_s) == ("1:1", 50, True, (2, 4))
    assert can.note == "For internal use."
    provider.generate(JobRequest(prompt="a fox", aspect_ratio="16:9", seed=3), Told().context)
    assert fal.requests[0].fields == {
        "prompt": "a fox",
        "image_size": {"width": 1920, "height": 1080},
        "seed": 3,
        "num_inference_steps": 8,
        "output_format": "png",
    }


@pytest.mark.parametrize(("shape", "sent"), [("aspect_ratio", {"aspect_ratio": "1:1"}), ("none", {})])
def test_how_a_model_is_told_the_shape_can_be_declared(fal: FalStandIn, shape: str, sent: dict[str, str]) -> None:
    provider = provider_for(fal, models=({"id": OWN, "shape": shape},))
    provider.generate(JobRequest(prompt="a fox"), Told().context)
    assert fal.requests[0].fields == {"prompt": "a fox", **sent}


@pytest.mark.parametrize(
    ("id", "path"),
    [
        ("reve/2.1/text-to-image", "/reve/2.1"),
        ("fal-ai/reve/text-to-image", "/fal-ai/reve"),
        ("fal-ai/flux/dev", "/fal-ai/flux"),
        ("workflows/me/mine/x", "/workflows/me/mine"),
        ("comfy/me/mine", "/comfy/me/mine"),
    ],
)
def test_requests_are_asked_about_at_the_owner_and_app(id: str, path: str) -> None:
    assert app_path(id) == path


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("one-segment", "reads like"),
        ("fal-ai/../x", "reads like"),
        ("https://fal.run/x", "reads like"),
        ({"id": OWN, "input": {"num_images": 4}}, "num_images is set by the app"),
        ({"id": OWN, "input": {"sync_mode": True}}, "sync_mode is set by the app"),
        ({"id": OWN, "input": {"prompt": "x"}}, "prompt is set by the app"),
        ({"id": OWN, "ratios": ["auto"]}, "3:2"),
        ({"id": OWN, "default_ratio": "3:1"}, "default_ratio"),
        ({"id": OWN, "sizes": {"1:1": [1, 1]}}, "pixels"),
        ({"id": OWN, "layout": True}, "models.layout"),
        ({"title": "no id"}, "models.id"),
    ],
)
def test_a_model_that_cannot_be_is_told_in_words(entry: str | Mapping[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        KIND.make(config(models=(entry,)), HOUSE)


def test_the_same_model_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        KIND.make(config(models=(REVE, {"id": REVE})), HOUSE)


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "queue.fal.run"},
        {"base_url": "ftp://queue.fal.run"},
        {"base_url": "https://me:secret@queue.fal.run"},
        {"backup_url": "nowhere"},
        {"file_hosts": ["https://fal.media/x"]},
        {"file_hosts": ["*"]},
        {"start_timeout_s": 0},
        {"poll_s": [1]},
        {"poll_s": [0, 1, 2]},
        {"no_such_option": 1},
    ],
)
def test_options_that_cannot_be_used_are_refused_without_quoting_them(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KIND.make(config(options=options), HOUSE)
    assert "secret" not in str(caught.value)


def test_the_kind_makes_the_provider_with_its_options(fal: FalStandIn) -> None:
    made = KIND.make(
        config(
            name="fal-two",
            title="Fal two",
            models=(REVE, FLUX),
            options={"base_url": fal.url + "/", "file_hosts": [fal.files.url], "poll_s": [0.01, 0.01, 0.01]},
        ),
        HOUSE,
    )
    assert (made.name, made.title, made.sends_to, made.idempotent) == ("fal-two", "Fal two", "127.0.0.1", False)
    assert (KIND.concurrency, KIND.timeout_s) == (2, 900)
    assert made.generate(FOX, Told().context).data.startswith(b"\x89PNG")
    official = KIND.make(config(), HOUSE)
    assert [model.id for model in official.models] == [REVE]
    assert official.sends_to == "queue.fal.run"


@pytest.mark.parametrize(("key", "own_keys", "word"), [(KEY, True, "may"), (None, True, "must"), (KEY, False, "no")])
def test_a_visitors_own_key_may_or_must_pay(key: str | None, own_keys: bool, word: str) -> None:
    house = House(prices=PRICES, connect_timeout_s=5, max_bytes=1, max_pixels=1, own_keys=own_keys)
    made = KIND.make(config(key=SecretStr(key) if key else None), house)
    assert made.models[0].capabilities.own_key == word


def test_a_visitors_own_key_is_the_one_that_travels(fal: FalStandIn) -> None:
    provider = provider_for(fal, api_key=SecretStr("the-links:own-key-that-stays"))
    provider.generate(FOX, Told(own_key=SecretStr(KEY)).context)
    assert {seen.headers["Authorization"] for seen in fal.requests} == {f"Key {KEY}"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": " \n"}, "no prompt"),
        ({"prompt": "x" * 4001}, "4,001 characters; Reve 2.1 takes 4,000"),
        ({"aspect_ratio": "7:5"}, "does not draw 7:5"),
        ({"model": REVE_1, "aspect_ratio": "21:9"}, "Reve 1 does not draw 21:9"),
        ({"model": "fal-ai/other"}, "no such model"),
        ({"prompt": "half \ud83e"}, "half a character"),
    ],
)
def test_what_can_be_refused_here_is_refused_before_anything_is_sent(
    fal: FalStandIn, provider: FalProvider, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(RequestRejected, match=words):
        provider.generate(FOX.model_copy(update=changes), Told().context)
    assert fal.requests == []


def test_without_a_key_or_time_or_when_stopped_before_nothing_is_sent(fal: FalStandIn) -> None:
    with pytest.raises(KeyRefused, match="REVE_FAL_KEY"):
        FalProvider(prices=PRICES).generate(FOX, Told().context)
    with pytest.raises(KeyRefused, match="characters"):
        provider_for(fal, api_key=SecretStr("k\ney")).generate(FOX, Told().context)
    with pytest.raises(KeyRefused, match="characters"):
        provider_for(fal).generate(FOX, Told(own_key=SecretStr("k\u00e9y")).context)
    with pytest.raises(NotCharged):
        provider_for(fal).generate(FOX, Told(0).context)
    told = Told()
    told.cancelled = lambda: True
    with pytest.raises(CallCancelled):
        provider_for(fal).generate(FOX, told.context)
    assert fal.requests == []


def test_a_key_that_was_copied_with_the_word_before_it_is_sent_once(fal: FalStandIn) -> None:
    provider_for(fal, api_key=SecretStr(f" Key {KEY}\n")).generate(FOX, Told().context)
    assert fal.requests[0].headers["Authorization"] == f"Key {KEY}"


def test_the_backup_host_is_asked_only_where_nothing_has_left_for_the_first(fal: FalStandIn) -> None:
    told = Told()
    provider = provider_for(fal, base_url="http://127.0.0.1:1", backup_url=fal.url)
    provider.generate(FOX, told.context)
    assert fal.count("submit") == 1
    with FalStandIn() as first:
        first.add("reset")
        with pytest.raises(Exception, match="broke"):
            provider_for(first, backup_url=fal.url, file_hosts=(fal.files.url,)).generate(FOX, Told().context)
    assert fal.count("submit") == 1
