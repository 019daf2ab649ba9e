"""The files on the page about models can be used as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core.lineup import configs, line_up
from reve_core.ports import ENTRY_POINTS, Kind
from reve_core.providers.prices import PriceTable
from reve_core.providers.registry import OURS, kind_named
from reve_core.settings import Settings
from tests.standin.fal.server import KEY

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
PROVIDERS, PRICES, STANDIN = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("GATEWAY_KEY", "sk-only-for-the-tests")
    (tmp_path / "providers.toml").write_text(PROVIDERS)
    (tmp_path / "prices.toml").write_text(PRICES)
    return Settings(providers_file=tmp_path / "providers.toml", prices_file=tmp_path / "prices.toml")


def test_the_file_for_the_stand_in_of_fal_changes_where_fal_is(tmp_path: Path) -> None:
    (tmp_path / "standin.toml").write_text(STANDIN)
    settings = Settings(fal_key=SecretStr(KEY), providers_file=tmp_path / "standin.toml")
    [fal] = [config for config in configs(settings) if config.name == "fal"]
    assert f"REVE_FAL_KEY={KEY} " in STANDIN
    assert fal.key is not None
    assert fal.options["base_url"] == "http://127.0.0.1:8610"


def test_the_file_of_providers_sets_up_what_it_says(about: Settings) -> None:
    made = line_up(about)
    assert list(made.providers) == ["sketch", "fal", "workshop", "gateway", "klein"]
    fal, gateway = made.limits["fal"], made.limits["gateway"]
    assert (fal.daily_credits, gateway.per_minute, gateway.timeout_s) == (3750, 20, 600)
    assert made.limits["workshop"].concurrency == 1
    [named] = [config for config in configs(about) if config.name == "gateway"]
    assert named.key is not None
    for provider in made.providers.values():
        provider.close()
    assert made.providers["workshop"].idempotent
    assert not made.providers["gateway"].idempotent
    [model] = made.providers["gateway"].models
    assert (model.title, model.capabilities.price.usd) == ("GPT Image 2", 0.13)


def test_the_file_of_prices_is_one(about: Settings) -> None:
    found = PriceTable.read(about.prices_file).find("whatever", "gateway", "openai")
    assert found is not None
    assert (found.usd, found.source) == (0.05, "our contract")


@pytest.mark.parametrize("name", OURS)
def test_each_kind_has_a_section_and_its_limits_are_as_the_page_says(name: str) -> None:
    assert f"\n## {name}\n" in PAGE
    kind = kind_named(name, ())
    assert isinstance(kind, Kind)
    said = {"reve": (3, 10, None), "fal": (2, None, 900), "openai": (2, None, 600), "diffusers": (1, None, 900)}
    if name in said:
        assert (kind.concurrency, kind.per_minute, kind.timeout_s) == said[name]


def test_the_page_about_adapters_names_the_group_of_entry_points() -> None:
    assert ENTRY_POINTS in (Path(__file__).resolve().parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
