"""
How a provider comes to be: its configuration, what the house gives it, and what a package registers.

A package registers a kind under the entry point group ``reve_studio.providers``; see ``docs/adapters.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from reve_core.errors import ConfigurationError
from reve_core.models import Price
from reve_core.ports.provider import Provider

ENTRY_POINTS = "reve_studio.providers"

Options = TypeVar("Options", bound=BaseModel)


class ProviderConfig(BaseModel):
    """
    One provider as the operator set it up. ``name`` is stored with every job and unique, ``title`` empty for the kind's own.

    ``models`` are ids, or tables with an ``id`` and what the kind knows besides; empty: the kind's own. ``options`` is all
    else that was said; a kind refuses what it does not know, with a ConfigurationError. Secrets among them are SecretStr.
    ``concurrency``, ``per_minute`` (0: no limit) and ``timeout_s`` None: the kind's own. ``daily_usd`` None or 0: no budget.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    title: str = Field(default="", max_length=60)
    key: SecretStr | None = None
    models: tuple[str | Mapping[str, Any], ...] = ()
    concurrency: int | None = Field(default=None, ge=1, le=64)
    per_minute: int | None = Field(default=None, ge=0, le=10_000)
    daily_usd: float | None = Field(default=None, ge=0)
    timeout_s: float | None = Field(default=None, gt=0, le=7200)
    options: Mapping[str, Any] = Field(default_factory=dict)

    def options_as(self, model: type[Options]) -> Options:
        """The options as the kind's own values. Raises ConfigurationError that names the option, never its value."""
        try:
            return model.model_validate(dict(self.options))
        except ValidationError as exc:
            wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        if wrong["type"] == "extra_forbidden" and len(wrong["loc"]) == 1:
            known = ", ".join(sorted(field.alias or name for name, field in model.model_fields.items()))
            told = f"there is no option {where[:40]}. There are {known}."
            raise ConfigurationError(f"The provider “{self.name}” cannot be used: {told}")
        raise ConfigurationError(f"The provider “{self.name}” cannot be used: {where}: {wrong['msg']}.")


class ListPrice(BaseModel):
    """
    One line of the price table: what a model costs by its maker's list, read at ``as_of`` in ``source``.

    ``usd`` per picture or per million pixels; where a service counts tokens, ``usd`` is a usual picture and the other two
    turn its count into what it did cost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    model: str
    usd: float = Field(ge=0)
    per: Literal["picture", "megapixel"] = "picture"
    input_usd_per_million: float = Field(default=0.0, ge=0)
    output_usd_per_million: float = Field(default=0.0, ge=0)
    as_of: date
    source: str = Field(min_length=1, max_length=200)


# A paid model that no line of the table knows. Budgets, caps and forecasts count it with the price of the dearest models
# there usually are: a model that seemed to be free would be bound by none of them.
GUESSED = Price(usd=0.25, source="a careful guess, for the price table does not know it; see REVE_PRICES_FILE")


class Prices(Protocol):
    def find(self, model: str, *providers: str) -> ListPrice | None:
        """The line for that model of the first of these names (a provider's, then its kind's) that has one."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """
    What every adapter is given. ``max_bytes`` and ``max_pixels`` cap a picture; ``own_keys``: visitors may bring keys of
    their own here.
    """

    prices: Prices
    connect_timeout_s: float
    max_bytes: int
    max_pixels: int
    own_keys: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What an adapter registers. ``make`` raises ConfigurationError for options it cannot use; it connects to nothing.

    The rest holds where the operator says nothing: calls at once, calls begun in a minute (None: no limit), and seconds for
    a whole call (None: the house's own).
    """

    make: Callable[[ProviderConfig, House], Provider]
    concurrency: int = 2
    per_minute: int | None = None
    timeout_s: float | None = None
