"""
Which providers are set up here: those of the settings, and those of the providers' file.

An entry of the file whose name the settings have already filled in changes that one; every other adds one. What is wrong in
either is told with the entry's name, and never with a value: somebody may have put a key there.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

log = logging.getLogger(__name__)

SETTINGS = "the settings"
_MB = 1024 * 1024
_FIELDS = frozenset(ProviderConfig.model_fields) - {"key", "options"}
_SECRETS = frozenset(("key", "api_key", "token", "secret", "password", "authorization", "proxy_authorization"))
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")  # capitals, so that a key itself is hardly ever taken for a name
_WORDS = {
    "name": "a name has small letters, digits, - and _, begins with a letter and is no longer than 31",
    "models": 'models are a list of names, or of tables with an id, such as models = ["one", "two"]',
}


@dataclass(frozen=True, slots=True)
class SetUp:
    """
    One provider and where it is set up: ``source`` is the settings, the file, or both, in words. ``secrets`` are its key and
    others, by field, each with the environment variable that it comes from, whether or not that is set.
    """

    config: ProviderConfig
    source: str
    secrets: Mapping[str, tuple[str, SecretStr | None]] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(variable for variable, _ in self.secrets.values())

    @property
    def has_secret(self) -> bool:
        return any(secret is not None for _, secret in self.secrets.values())


@dataclass(frozen=True, slots=True)
class LineUp:
    """The providers by name, the limits of each, and which is offered first (whether or not it is among them)."""

    providers: dict[str, Provider]
    limits: dict[str, Limits]
    default: str


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
    found = set_up(settings)
    for each in found:
        config = each.config
        providers[config.name], kind = _made(each, house)
        limits[config.name] = _limits(config, kind)
        if not each.source.startswith(SETTINGS) and any(secret is None for _, secret in each.secrets.values()):
            log.warning(
                "The provider “%s” lacks a key: a variable that the providers' file names is not set.", config.name
            )
    return LineUp(providers, limits, _default(settings, found))


def configs(settings: Settings) -> list[ProviderConfig]:
    """What is set up, the sketch first. Raises ConfigurationError."""
    return [each.config for each in set_up(settings)]


def set_up(settings: Settings) -> list[SetUp]:
    """The same with where each comes from. Raises ConfigurationError."""
    found = {each.config.name: each for each in _of_settings(settings)}
    if settings.providers_file is not None:
        path = settings.providers_file
        named: set[str] = set()
        for number, entry in enumerate(_entries(path), 1):
            each = _merged(entry, found, path.name, number)
            name = each.config.name
            if name in named:
                raise ConfigurationError(
                    f"The providers' file {path.name} has two entries named “{name}”. Give each a name of its own."
                )
            named.add(name)
            found[name] = each
    return list(found.values())


def _default(settings: Settings, found: list[SetUp]) -> str:
    """As the settings say; where they say nothing the first of the file, for somebody has written that for a reason."""
    if settings.provider or settings.default_provider != "sketch":
        return settings.default_provider
    of_file = (each.config for each in found if each.source != SETTINGS)
    return next((config.name for config in of_file if config.kind != "sketch"), "sketch")


def limits_of(settings: Settings) -> dict[str, Limits]:
    """By name; no provider is made for it. Raises ConfigurationError."""
    return {each.config.name: _limits(each.config, kind_named(each.config.kind)) for each in set_up(settings)}


def _made(each: SetUp, house: House) -> tuple[Provider, Kind]:
    """Raises ConfigurationError that names the entry."""
    config = each.config
    try:
        kind = kind_named(config.kind)
        provider = kind.make(config, house)
    except ConfigurationError as exc:
        told = str(exc)
        raise ConfigurationError(
            told
            if f"“{config.name}”" in told
            else f"The provider “{config.name}” of {each.source} cannot be used. {told}"
        ) from None
    except Exception as exc:  # a stranger's code: whatever is wrong with it, it is this one that is named
        raise ConfigurationError(
            f"The provider “{config.name}” of {each.source} could not be made: {type(exc).__name__}. "
            f"Take it out, or mend what brings the kind “{config.kind}”."
        ) from exc
    if getattr(provider, "name", None) != config.name:
        raise ConfigurationError(
            f"The kind “{config.kind}” made a provider that does not bear the name “{config.name}” it was given."
        )
    return provider, kind


def _of_settings(settings: Settings) -> list[SetUp]:
    found = [
        SetUp(
            ProviderConfig(
                kind="sketch",
                name="sketch",
                concurrency=settings.sketch_concurrency,
                options={"delay_s": settings.sketch_delay_s},
            ),
            "the app itself",
        )
    ]
    # Reve is offered where there is any sign that somebody means to use it: a key, another address, or its name.
    official = Settings.model_fields["api_url"].default
    meant = bool(settings.api_key or settings.api_url != official or settings.provider == "reve")
    if meant or (settings.mode == "public" and settings.own_keys):
        config = ProviderConfig(
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
        secrets = {"key": ("REVE_API_KEY", settings.api_key)}
        if settings.api_proxy_authorization is not None:
            secrets["proxy_authorization"] = ("REVE_API_PROXY_AUTHORIZATION", settings.api_proxy_authorization)
        found.append(SetUp(config, SETTINGS, secrets))
    if settings.fal_key is not None or settings.provider == "fal":
        config = ProviderConfig(kind="fal", name="fal", key=settings.fal_key, models=settings.fal_models)
        found.append(SetUp(config, SETTINGS, {"key": ("REVE_FAL_KEY", settings.fal_key)}))
    if settings.openai_url or settings.openai_key is not None or settings.provider == "openai":
        config = ProviderConfig(
            kind="openai",
            name="openai",
            key=settings.openai_key,
            models=settings.openai_models,
            options={"base_url": settings.openai_url} if settings.openai_url else {},
        )
        found.append(SetUp(config, SETTINGS, {"key": ("REVE_OPENAI_KEY", settings.openai_key)}))
    if settings.diffusers_model or settings.provider == "diffusers":
        models = (settings.diffusers_model,) if settings.diffusers_model else ()
        found.append(SetUp(ProviderConfig(kind="diffusers", name="diffusers", models=models), SETTINGS))
    return found


def _merged(entry: Mapping[str, Any], found: Mapping[str, SetUp], file: str, number: int) -> SetUp:
    kind = entry.get("kind")
    if not isinstance(kind, str) or not kind:
        raise ConfigurationError(
            f'Entry {number} of the providers\' file {file} says no kind. Give it one, such as kind = "openai".'
        )
    name = entry.get("name", kind)
    known = found.get(name) if isinstance(name, str) else None
    before = known.config if known is not None else None
    if before is not None and before.kind != kind:
        raise ConfigurationError(
            f"The providers' file {file} uses the name “{before.name}” for the kind “{kind[:40]}”, and it belongs to a "
            f"provider of the kind “{before.kind}”. Give it another name."
        )
    given = {each: value for each, value in entry.items() if each in _FIELDS}
    options, secrets = _options(entry, f"“{str(name)[:40]}” of the providers' file {file}")
    values: dict[str, Any] = dict(before) if before is not None else {}
    values |= {"name": name, **given}
    if "key" in options:
        values["key"] = options.pop("key")
    values["options"] = {**(before.options if before is not None else {}), **options}
    try:
        config = ProviderConfig.model_validate(values)
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        words = _WORDS.get(str(wrong["loc"][0]), wrong["msg"])
        raise ConfigurationError(
            f"The provider “{str(name)[:40]}” of {file} cannot be used: {where}: {words}."
        ) from None
    if known is None:
        return SetUp(config, file, secrets)
    return replace(known, config=config, source=f"{known.source} and {file}", secrets={**known.secrets, **secrets})


def _options(entry: Mapping[str, Any], whose: str) -> tuple[dict[str, Any], dict[str, tuple[str, SecretStr | None]]]:
    """
    What is said of it besides, and the secrets that were looked up: ``key_env = "NAME"`` becomes ``key``, and so for every
    secret. Raises ConfigurationError.
    """
    options: dict[str, Any] = {}
    secrets: dict[str, tuple[str, SecretStr | None]] = {}
    for said, value in entry.items():
        secret = said.removesuffix("_env")
        if said in _SECRETS:
            raise ConfigurationError(
                f"The entry {whose} holds a secret ({said}). Put it into a variable, and name that: "
                f'{said}_env = "MY_KEY". Whoever could read this file may have read it: get a new one.'
            )
        if said.endswith("_env") and secret in _SECRETS:
            if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
                raise ConfigurationError(
                    f"{said} of {whose} has to be the name of a variable in capitals, such as MY_KEY, not the key itself."
                )
            options[secret] = _secret(value)
            secrets[secret] = (value, options[secret])
        elif said not in _FIELDS:
            options[said] = value
    return options, secrets


def _secret(variable: str) -> SecretStr | None:
    value = os.environ.get(variable) or secrets_file().get(variable)
    return SecretStr(value.strip()) if isinstance(value, str) and value.strip() else None


def _entries(path: Path) -> list[Mapping[str, Any]]:
    place = path.expanduser().absolute()
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except OSError as exc:
        raise ConfigurationError(
            f"The providers' file {place} cannot be read: {exc.strerror or type(exc).__name__}. Mend it, or unset REVE_PROVIDERS_FILE."
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        # Of the parser's own words only where: they may quote a line, and somebody may have put a key there.
        at = re.search(r"\(at (line \d+, column \d+|end of document)\)$", str(exc))
        raise ConfigurationError(
            f"The providers' file {path.name} is not TOML{f', see {at[1]}' if at else ''}. Mend it, or unset REVE_PROVIDERS_FILE."
        ) from None
    entries = found.get("provider", [])
    if (
        set(found) - {"provider"}
        or not isinstance(entries, list)
        or not all(isinstance(each, dict) for each in entries)
    ):
        raise ConfigurationError(
            f"The providers' file {path.name} holds something else than [[provider]] tables. Begin each provider with a "
            "line [[provider]], in double brackets."
        )
    return entries


def _limits(config: ProviderConfig, kind: Kind) -> Limits:
    per_minute = kind.per_minute if config.per_minute is None else config.per_minute
    return Limits(
        concurrency=config.concurrency or kind.concurrency,
        per_minute=per_minute or None,
        daily_credits=in_credits(0, config.daily_usd) if config.daily_usd else None,
        timeout_s=config.timeout_s or kind.timeout_s,
    )
