"""
Which providers are set up here: those of the settings, and those of the providers' file.

An entry of the file whose name the settings have already filled in changes that one; every other adds one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from reve_core.allowance import in_credits
from reve_core.errors import ConfigurationError
from reve_core.models import Limits
from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.prices import PriceTable
from reve_core.providers.registry import kind_named
from reve_core.settings import Settings, secrets_file

_MB = 1024 * 1024
_FIELDS = frozenset(ProviderConfig.model_fields) - {"key", "options"}


@dataclass(frozen=True, slots=True)
class LineUp:
    """The providers by name, and the limits of each."""

    providers: dict[str, Provider]
    limits: dict[str, Limits]


def line_up(settings: Settings) -> LineUp:
    """Connects to nothing. Raises ConfigurationError."""
    house = House(
        prices=PriceTable.read(settings.prices_file),
        connect_timeout_s=settings.connect_timeout_s,
        max_bytes=settings.max_image_mb * _MB,
        max_pixels=settings.max_image_megapixels * 1_000_000,
        own_keys=settings.mode == "public" and settings.own_keys,
    )
    providers: dict[str, Provider] = {}
    limits: dict[str, Limits] = {}
    for config in configs(settings):
        kind = kind_named(config.kind)
        providers[config.name] = kind.make(config, house)
        limits[config.name] = _limits(config, kind)
    return LineUp(providers, limits)


def configs(settings: Settings) -> list[ProviderConfig]:
    """What is set up, the sketch first. Raises ConfigurationError."""
    found = {config.name: config for config in _of_settings(settings)}
    for entry in _entries(settings.providers_file) if settings.providers_file is not None else ():
        config = _merged(entry, found)
        found[config.name] = config
    return list(found.values())


def _of_settings(settings: Settings) -> list[ProviderConfig]:
    found = [
        ProviderConfig(
            kind="sketch",
            name="sketch",
            concurrency=settings.sketch_concurrency,
            options={"delay_s": settings.sketch_delay_s},
        )
    ]
    # Reve is offered where there is any sign that somebody means to use it: a key, another address, or its name.
    official = Settings.model_fields["api_url"].default
    meant = bool(settings.api_key or settings.api_url != official or settings.provider == "reve")
    if meant or (settings.mode == "public" and settings.own_keys):
        found.append(
            ProviderConfig(
                kind="reve",
                name="reve",
                key=settings.api_key,
                concurrency=settings.api_concurrency,
                per_minute=settings.api_per_minute,
                options={
                    "base_url": settings.api_url,
                    "proxy_authorization": settings.api_proxy_authorization,
                    "version": settings.api_version,
                    "max_dim": settings.api_max_dim,
                },
            )
        )
    if settings.fal_key is not None or settings.provider == "fal":
        found.append(ProviderConfig(kind="fal", name="fal", key=settings.fal_key, models=settings.fal_models))
    if settings.openai_url or settings.openai_key is not None or settings.provider == "openai":
        options = {"base_url": settings.openai_url} if settings.openai_url else {}
        found.append(
            ProviderConfig(
                kind="openai",
                name="openai",
                key=settings.openai_key,
                models=settings.openai_models,
                options=options,
            )
        )
    if settings.diffusers_model or settings.provider == "diffusers":
        models = (settings.diffusers_model,) if settings.diffusers_model else ()
        found.append(ProviderConfig(kind="diffusers", name="diffusers", models=models))
    return found


def _merged(entry: Mapping[str, Any], found: Mapping[str, ProviderConfig]) -> ProviderConfig:
    kind = entry.get("kind")
    if not isinstance(kind, str) or not kind:
        raise ConfigurationError('Each [[provider]] of the providers\' file needs a kind, such as kind = "openai".')
    name = entry.get("name", kind)
    before = found.get(name) if isinstance(name, str) else None
    if before is not None and before.kind != kind:
        raise ConfigurationError(f"The providers' file has the name “{before.name}” for two kinds. Give each its own.")
    given = {key: value for key, value in entry.items() if key in _FIELDS}
    options = {key: value for key, value in entry.items() if key not in _FIELDS and key != "key_env"}
    if "key" in options:
        raise ConfigurationError(
            f'The providers\' file holds a key, for “{name}”. Put it into a variable, and name that: key_env = "MY_KEY".'
        )
    values: dict[str, Any] = dict(before) if before is not None else {}
    values |= {"name": name, **given}
    values["options"] = {**(before.options if before is not None else {}), **options}
    if "key_env" in entry:
        values["key"] = _key(str(name), entry["key_env"])
    try:
        return ProviderConfig.model_validate(values)
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise ConfigurationError(
            f"The provider “{str(name)[:40]}” of the providers' file cannot be used: {where}: {wrong['msg']}."
        ) from None


def _key(name: str, variable: object) -> SecretStr | None:
    if not isinstance(variable, str) or not variable.isidentifier():
        raise ConfigurationError(f"key_env of “{name}” has to be the name of a variable, not the key itself.")
    value = os.environ.get(variable) or secrets_file().get(variable)
    return SecretStr(value) if isinstance(value, str) and value.strip() else None


def _entries(path: Path) -> list[Mapping[str, Any]]:
    try:
        found = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        # Not the parser's own words: they may quote a line, and somebody may have put a key there.
        raise ConfigurationError(
            f"The providers' file {path.name} cannot be read: {type(exc).__name__}. Mend it, or unset REVE_PROVIDERS_FILE."
        ) from None
    entries = found.get("provider", [])
    if set(found) - {"provider"} or not isinstance(entries, list):
        raise ConfigurationError(f"The providers' file {path.name} holds something else than [[provider]] tables.")
    return entries


def _limits(config: ProviderConfig, kind: Kind) -> Limits:
    per_minute = kind.per_minute if config.per_minute is None else config.per_minute
    return Limits(
        concurrency=config.concurrency or kind.concurrency,
        per_minute=per_minute or None,
        daily_credits=in_credits(0, config.daily_usd) if config.daily_usd else None,
        timeout_s=config.timeout_s or kind.timeout_s,
    )
