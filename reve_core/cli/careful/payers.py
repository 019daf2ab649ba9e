"""Who takes money for a picture, on the account of whoever runs the link."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from reve_core.errors import ConfigurationError
from reve_core.lineup import SetUp, line_up, set_up
from reve_core.models import Limits, ModelInfo
from reve_core.ports import GUESSED
from reve_core.settings import Settings

# Where a kind calls unless it is told otherwise, and cannot be called without a key.
_ASKS_FOR_A_KEY = {
    "reve": str(Settings.model_fields["api_url"].default),
    "openai": "https://api.openai.com/v1",
    "fal": "",
}


@dataclass(frozen=True, slots=True)
class Payer:
    """A provider that visitors can spend the link's money at."""

    set_up: SetUp
    title: str
    models: tuple[ModelInfo, ...]
    limits: Limits

    @property
    def name(self) -> str:
        return self.set_up.config.name

    @property
    def unpriced(self) -> list[str]:
        """Models whose price nobody has said, so that budgets count them with nothing or with a guess."""
        prices = [(model.id, model.capabilities.price) for model in self.models]
        return [model for model, price in prices if price == GUESSED or not (price.credits or price.usd)]


def payers(settings: Settings) -> list[Payer]:
    """Connects to nothing. Raises ConfigurationError."""
    found = []
    lined_up = line_up(settings)
    for each in set_up(settings):
        provider = lined_up.providers[each.config.name]
        provider.close()  # one that is closed asks nobody for its models
        models = tuple(provider.models)
        able = [model.capabilities for model in models if model.capabilities.own_key != "must"]
        has_price = any(can.price.credits or can.price.usd for can in able)
        # A server of one's own may have a key as well: nothing that may be repeated at will costs anything.
        if able and _can_be_called(each) and (has_price or (each.has_secret and not provider.idempotent)):
            found.append(Payer(each, provider.title, models, lined_up.limits[provider.name]))
    return found


def payers_or_none(settings: Settings) -> list[Payer]:
    """The same, and nobody where the providers cannot be lined up, which is told elsewhere."""
    with suppress(ConfigurationError):
        return payers(settings)
    return []


def _can_be_called(each: SetUp) -> bool:
    usual = _ASKS_FOR_A_KEY.get(each.config.kind)
    return each.has_secret or usual is None or each.config.options.get("base_url", usual) != usual
