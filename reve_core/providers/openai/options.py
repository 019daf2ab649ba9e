"""What an operator can say of one server, and what follows from it together with its profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from reve_core.errors import ConfigurationError
from reve_core.ports import ProviderConfig
from reve_core.providers.openai import sizes
from reve_core.providers.openai.profiles import OFFICIAL_HOST, OFFICIAL_URL, PROFILES, Dialect, Profile, Size
from reve_core.providers.wire.files import Hosts
from reve_core.providers.wire.plain import is_header_safe

_OURS = frozenset({"model", "prompt", "n", "size", "stream", "response_format"})  # not to be had by ``extra``
_Sizes = Literal["free"] | tuple[str, ...]
_Field = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$|^$")]


class Options(BaseModel):
    """
    None, and an empty ``dialect``: as the profile has it. ``response_format`` is ``send``, ``omit`` or its value. The
    names of fields may be empty: not sent then. ``ratio_field`` is for servers that want ``"3:2"`` beside or in place of a
    size. ``file_hosts`` are further places that a picture's address may lead to, as in ``wire.files.Hosts``;
    ``files_with_key``: those on the base's own origin are asked for with the key. ``read_timeout_s``: the longest that an
    answer may take. ``extra`` is sent along as it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = OFFICIAL_URL
    dialect: Literal["", "openai", "vllm", "sglang", "sdcpp", "localai", "gateway", "generic"] = ""
    paid: bool | None = None
    sizes: _Sizes | None = None
    quality: str = Field(default="", max_length=40)
    response_format: str | None = Field(default=None, max_length=40)
    size_field: _Field = "size"
    ratio_field: _Field = ""
    seed_field: _Field | None = None
    steps_field: _Field | None = None
    steps: int | None = Field(default=None, ge=1, le=1000)
    guidance_field: _Field | None = None
    guidance: float | None = Field(default=None, ge=0, le=100)
    negative_prompt: str = Field(default="", max_length=4000)
    negative_field: _Field | None = None
    file_hosts: tuple[str, ...] = ()
    files_with_key: bool = False
    organization: str = Field(default="", max_length=200)
    project: str = Field(default="", max_length=200)
    extra: Mapping[str, Any] = Field(default_factory=dict)
    max_prompt_chars: int | None = Field(default=None, ge=1, le=1_000_000)
    read_timeout_s: float | None = Field(default=None, gt=0, le=7200)


class ModelEntry(BaseModel):
    """One configured model. What is None is as for the whole server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    title: str = Field(default="", max_length=60)
    price_usd: float | None = Field(default=None, ge=0)
    sizes: _Sizes | None = None
    quality: str | None = Field(default=None, max_length=40)
    steps: int | None = Field(default=None, ge=1, le=1000)
    guidance: float | None = Field(default=None, ge=0, le=100)
    negative_prompt: str | None = Field(default=None, max_length=4000)
    max_prompt_chars: int | None = Field(default=None, ge=1, le=1_000_000)
    note: str = Field(default="", max_length=200)
    extra: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """What the settings are called, for the sentences that send somebody to them."""

    url: str
    key: str
    models: str

    @classmethod
    def of(cls, name: str) -> Words:
        if name == "openai":
            return cls("REVE_OPENAI_URL", "REVE_OPENAI_KEY", "REVE_OPENAI_MODELS")
        where = f"of “{name}” in the providers' file"
        return cls(f"base_url {where}", f"the key {where}", f"models {where}")


@dataclass(frozen=True, slots=True)
class Server:
    """One server as it will be spoken to. ``base_url`` has no slash at its end, ``host`` is what is told to visitors."""

    name: str
    title: str
    base_url: str
    host: str
    dialect: Dialect
    profile: Profile
    paid: bool
    key: SecretStr | None = field(repr=False)
    options: Options
    entries: tuple[ModelEntry, ...]
    hosts: Hosts
    words: Words

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


def server_of(config: ProviderConfig) -> Server:
    """Raises ConfigurationError."""
    options = config.options_as(Options)
    words = Words.of(config.name)
    base_url, host = _address(options.base_url, words)
    dialect: Dialect = options.dialect or ("openai" if host == OFFICIAL_HOST else "generic")
    profile = PROFILES[dialect]
    key = config.key if config.key is not None and config.key.get_secret_value().strip() else None
    paid = options.paid if options.paid is not None else profile.paid
    entries = tuple(_entry(entry, config.name) for entry in config.models)
    _check(config.name, options, profile, entries)
    return Server(
        name=config.name,
        title=config.title or ("OpenAI" if host == OFFICIAL_HOST else host),
        base_url=base_url,
        host=host,
        dialect=dialect,
        profile=profile,
        paid=paid if paid is not None else key is not None,
        key=key,
        options=options,
        entries=entries,
        hosts=Hosts.listed([*options.file_hosts, _origin(base_url)]),
        words=words,
    )


def sizes_of(said: Literal["free"] | tuple[str, ...]) -> tuple[Size, ...]:
    """Checked before: each of them can be read."""
    return () if said == "free" else tuple(size for text in said if (size := sizes.parsed(text)) is not None)


def _address(url: str, words: Words) -> tuple[str, str]:
    wrong = ConfigurationError(f"{words.url} is not an address. Write it like http://localhost:8080/v1.")
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(char.isspace() for char in parts.path):
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{words.url} must not hold a user name or a password. Use {words.key}.")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{words.url} must end with its path, without “?” or “#” behind it.")
    return url.strip().rstrip("/"), parts.hostname


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _entry(said: str | Mapping[str, Any], name: str) -> ModelEntry:
    try:
        return ModelEntry.model_validate({"id": said.strip()} if isinstance(said, str) else dict(said))
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
    raise ConfigurationError(f"A model of the provider “{name}” cannot be used: {where}: {wrong['msg']}.")


def _check(name: str, options: Options, profile: Profile, entries: tuple[ModelEntry, ...]) -> None:
    def refuse(what: str) -> ConfigurationError:
        return ConfigurationError(f"The provider “{name}” cannot be used: {what}")

    ids = [entry.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise refuse("it has the same model twice.")
    for said in (options.sizes, *(entry.sizes for entry in entries)):
        if said is not None and said != "free" and not (said and all(sizes.parsed(text) for text in said)):
            raise refuse('its sizes cannot be read. Write sizes = "free", or sizes = ["1024x1024", "1536x1024"].')
    for extra in (options.extra, *(entry.extra for entry in entries)):
        if taken := sorted(_OURS & set(extra)):
            raise refuse(f"extra must not hold “{taken[0]}”.")
        try:
            json.dumps(dict(extra))
        except (TypeError, ValueError):
            raise refuse("extra holds something that JSON has no word for.") from None
    for what, said_field, known, values in (
        ("steps", options.steps_field, profile.steps, [options.steps, *(entry.steps for entry in entries)]),
        ("guidance", options.guidance_field, profile.guidance, [options.guidance, *(e.guidance for e in entries)]),
        (
            "negative_prompt",
            options.negative_field,
            profile.negative,
            [options.negative_prompt or None, *(entry.negative_prompt for entry in entries)],
        ),
    ):
        named = said_field if said_field is not None else known
        if not named and any(value is not None for value in values):
            field_name = "negative_field" if what == "negative_prompt" else f"{what}_field"
            raise refuse(f"it has {what}, but nothing says in which field they go. Set {field_name} too.")
    for value in (options.organization, options.project):
        if not is_header_safe(SecretStr(value)):
            raise refuse("its organization or project holds characters that cannot be sent.")
