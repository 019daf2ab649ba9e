"""
Settings: the environment first, then ``.streamlit/secrets.toml``, then the defaults here.

Read once, in ``bootstrap``; everybody else is handed values. ``docs/settings.md`` lists them all, and a test compares.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from reve_core.errors import ConfigurationError

Names = Annotated[tuple[str, ...], NoDecode]  # several values in one variable, between commas or blanks
ROOT = Path(__file__).resolve().parent.parent
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
SECRETS_FILE = ROOT / ".streamlit" / "secrets.toml"


class Settings(BaseSettings):
    """Each field is the environment variable of the same name in capitals, after ``REVE_``."""

    model_config = SettingsConfigDict(env_prefix="REVE_", env_ignore_empty=True, extra="ignore")

    # Who may use it, and from where
    mode: Literal["personal", "public"] = Field(
        "personal",
        description="`personal`: one user, who sees everything. `public`: a link for everybody, each visitor with a private gallery and queue.",
    )
    secret: SecretStr | None = Field(
        None,
        description="Signs visitors' cookies and share links; at least 32 characters, needed in public mode. Several, between commas: the first signs, the others are still read. In personal mode one is made and kept in the data folder.",
    )
    public_url: str = Field(
        "",
        description="The address that people open, such as `https://pictures.example`. Used in share links and preview cards; empty: the address of the request.",
    )
    allowed_hosts: Names = Field(
        (),
        description="Host names this app answers to, such as `pictures.example`; `*.example` stands for sub-domains. Empty: any; in personal mode, over loopback, only addresses and names that nobody else can own.",
    )
    trusted_hops: int = Field(
        0,
        ge=0,
        le=10,
        description="Proxies of your own in front of the app: the visitor's address, host and scheme are taken from that many hops back. 0: no proxy.",
    )
    embed_origins: Names = Field(
        (),
        description="Sites that may show the app in a frame, such as `https://blog.example`. Needs https: visitors' cookies are then partitioned by site.",
    )
    cors_origins: Names = Field(
        (), description="Sites whose scripts may call the HTTP API from a browser, with an API token. Empty: none."
    )
    webhook_hosts: Names = Field(
        (),
        description="Where a job's `callback_url` may lead, such as `https://hooks.example`. Without a scheme https is meant. Empty: webhooks are off.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Signs webhooks (Standard Webhooks): `whsec_` and base64 of 24 to 64 bytes. Needed with `REVE_WEBHOOK_HOSTS`. Several, between commas: each signs, so that it can be changed without a gap.",
    )

    # Which provider, and where
    provider: str = Field(
        "",
        description="The provider that is offered first, by its name. Empty: the first of `reve`, `fal`, `openai` and `diffusers` that is set up with a key, an address or a model of its own, then the first of the providers' file, else `sketch`.",
    )
    api_key: SecretStr | None = Field(
        None, description="Key for the Reve API (or a gateway that speaks it). Never shown or logged."
    )
    api_url: str = Field(
        "https://api.reve.com", description="Base URL of the Reve API, a gateway, or the stand-in server."
    )
    api_proxy_authorization: SecretStr | None = Field(
        None, description="Value of a `proxy-authorization` header for a gateway in front of the API."
    )
    api_version: str = Field(
        "latest", description="Model version sent with each Reve request: `latest` or a pinned one."
    )
    api_max_dim: int = Field(
        0,
        ge=0,
        le=4096,
        description="Ask Reve to shrink pictures to this many pixels on the long side. 0: full size (about 16 megapixels).",
    )
    api_concurrency: int = Field(3, ge=1, le=64, description="Reve calls at once.")
    api_per_minute: int = Field(10, ge=0, le=10_000, description="Reve calls begun in any 60 seconds. 0: no limit.")
    fal_key: SecretStr | None = Field(
        None, description="Key for fal.ai, which sells Reve 2.1 and many others. Never shown or logged."
    )
    fal_models: Names = Field(
        ("reve/2.1/text-to-image",), description="Models at fal.ai, by their ids there; the first is the default."
    )
    openai_url: str = Field(
        "",
        description="Base URL of a server with `/images/generations`, such as `http://localhost:8080/v1`. Empty: OpenAI's own where there is a key for it.",
    )
    openai_key: SecretStr | None = Field(None, description="Its key, where it needs one. Never shown or logged.")
    openai_models: Names = Field((), description="Its models, by their names there. Empty: those that it lists itself.")
    diffusers_model: str = Field(
        "",
        description="Folder, or repo id in the local cache, of a diffusion model to run on this machine; needs `requirements-diffusers.txt`.",
    )
    providers_file: Path | None = Field(
        None,
        description="Further providers, and all else that can be said of each (TOML); see `docs/models.md`. Empty: none.",
    )
    prices_file: Path | None = Field(
        None, description="Prices of your own (TOML), which go before those that come along. Empty: none."
    )
    connect_timeout_s: float = Field(
        10.0, gt=0, le=120, description="Seconds to reach the provider before giving up; nothing is charged then."
    )
    call_timeout_s: float = Field(
        300.0, gt=0, le=3600, description="Seconds for a whole provider call, first byte to last."
    )
    sketch_delay_s: float = Field(
        0.0,
        ge=0,
        le=120,
        description="Seconds that the built-in sketch pretends to think, so that a demo shows its queue.",
    )
    sketch_concurrency: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=64,
        description="Sketches drawn at once. Default: the number of cores.",
    )

    # Where things are kept
    data_dir: Path = Field(
        ROOT / "data", description="Folder for the database and the pictures. A local disk, never a network share."
    )
    min_free_mb: int = Field(
        100, ge=0, description="Stop starting jobs while the disk has less room than this, in megabytes."
    )
    trash_days: float = Field(7.0, gt=0, description="Days that a deleted picture stays in the trash.")
    db_timeout_s: float = Field(
        10.0, gt=0, le=120, description="Seconds to wait for a database that another process has locked."
    )

    # The job manager
    workers: int = Field(
        8,
        ge=1,
        le=256,
        description="Threads that wait for providers: jobs on their way at once, all providers together.",
    )
    cpu_workers: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=64,
        description="Pictures decoded and thumbnailed at once. Default: the number of cores.",
    )
    lease_s: float = Field(
        60.0, gt=0.5, le=3600, description="Seconds a worker may be silent before its job is taken from it."
    )
    sweep_s: float = Field(5.0, gt=0.05, le=300, description="Seconds between two rounds of the repair sweep.")
    max_attempts: int = Field(
        3, ge=1, le=20, description="Automatic tries of a job whose failures provably cost nothing."
    )
    drain_s: float = Field(30.0, ge=0, le=3600, description="Seconds that a stopping app waits for running jobs.")

    # Limits of a public link. 0: no such limit
    visitor_per_minute: int = Field(
        6,
        ge=0,
        le=10_000,
        description="Public mode: submissions of one visitor in a minute, also all at once. 0: no limit.",
    )
    address_per_minute: int = Field(
        20,
        ge=0,
        le=10_000,
        description="Public mode: submissions from one address (IPv6: one /64 network) in a minute. 0: no limit.",
    )
    link_per_minute: int = Field(
        60, ge=0, le=100_000, description="Public mode: submissions of everybody together in a minute. 0: no limit."
    )
    visitor_queue: int = Field(
        24,
        ge=0,
        le=10_000,
        description="Public mode: pictures one visitor may have waiting or being made. 0: no limit.",
    )
    address_queue: int = Field(
        72, ge=0, le=100_000, description="Public mode: pictures that may wait or be made for one address. 0: no limit."
    )
    link_queue: int = Field(
        200, ge=0, le=100_000, description="Public mode: pictures that may wait or be made for everybody. 0: no limit."
    )
    visitor_at_once: int = Field(
        2, ge=0, le=256, description="Public mode: pictures of one visitor being made at the same time. 0: no limit."
    )
    visitor_daily_credits: int = Field(
        600, ge=0, description="Public mode: credits one visitor may spend in a day (UTC). 0: no limit."
    )
    address_daily_credits: int = Field(
        2_400, ge=0, description="Public mode: credits that may be spent from one address in a day. 0: no limit."
    )
    daily_credits: int = Field(
        6_000, ge=0, description="Public mode: credits that everybody together may spend in a day. 0: no limit."
    )
    credits_floor: int = Field(
        150,
        ge=0,
        description="Public mode: begin nothing that would leave less than this at the provider. 0: no floor.",
    )
    own_keys: bool = Field(
        True,
        description="Public mode: visitors may use a provider key of their own. It is kept in memory for their session only.",
    )

    # Moderation
    moderation: Literal["", "on", "off"] = Field(
        "",
        description="Check prompts, titles and other text before anything is made of it. Empty: in public mode only.",
    )
    policy_file: Path | None = Field(
        None,
        description="A moderation policy of your own (TOML), read anew when it changes. Empty: the one that comes along.",
    )
    moderation_url: str = Field(
        "", description="Base URL of a service with `/v1/moderations`, asked before money is spent. Empty: none."
    )
    moderation_key: SecretStr | None = Field(None, description="Key for that service, where it needs one.")
    moderation_model: str = Field("omni-moderation-latest", description="Model named in each moderation request.")
    moderation_timeout_s: float = Field(1.5, gt=0, le=60, description="Seconds to wait for the moderation service.")

    # How long things are kept in public mode. 0: for ever
    failed_days: float = Field(
        1.0, ge=0, description="Public mode: days that failed and cancelled jobs are kept. 0: until they are deleted."
    )
    picture_days: float = Field(
        7.0, ge=0, description="Public mode: days that pictures and their prompts are kept. 0: until they are deleted."
    )
    comparison_days: float = Field(
        30.0,
        ge=0,
        description="Public mode: days that comparisons, and the pictures in them, are kept. 0: until deleted.",
    )
    event_days: float = Field(30.0, gt=0, description="Days that the moderation log is kept; it holds no text.")

    # Operator
    operator_token: SecretStr | None = Field(
        None,
        description="Opens the operator page, and the metrics as `Authorization: Bearer`; at least 24 characters. Empty: no sign-in by token.",
    )
    operator_emails: Names = Field(
        (),
        description="Who may open the operator page after signing in through OpenID Connect (`[auth]` in the secrets file).",
    )
    log_format: Literal["", "text", "json"] = Field(
        "", description="`json`: one JSON object a line. Empty: `json` in public mode, else `text`."
    )
    log_prompts: bool = Field(False, description="Write prompts into the log.")

    # Staying up
    sockets_per_address: int = Field(
        8, ge=0, le=10_000, description="Public mode: open pages from one address. 0: no limit."
    )
    frames_per_second: float = Field(
        8.0,
        ge=0,
        le=1000,
        description="Public mode: messages a second from one open page; three times as many from one address. 0: no limit.",
    )
    requests_per_second: float = Field(
        40.0,
        ge=0,
        le=10_000,
        description="Public mode: requests a second from one address to the HTTP API, pictures and shared pages, ten seconds' worth at once; what writes counts as 4 or more, a file that is made as 20. 0: no limit.",
    )

    # Marks
    c2pa_cert: Path | None = Field(
        None, description="Certificate chain (PEM) that signs pictures with C2PA; needs `requirements-c2pa.txt`."
    )
    c2pa_key: Path | None = Field(None, description="Its private key (PEM).")

    # Caps on pictures, the provider's and uploaded ones
    max_image_mb: int = Field(40, ge=1, le=1024, description="Largest picture file accepted, in megabytes.")
    max_image_megapixels: int = Field(40, ge=1, le=1000, description="Largest picture accepted, in million pixels.")

    @field_validator("provider")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.strip().lower()

    @field_validator("api_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @field_validator("moderation_url", "openai_url")
    @classmethod
    def _optional_base_url(cls, value: str) -> str:
        return cls._base_url(value) if value.strip() else ""

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if value and not _ORIGIN.fullmatch(value):
            raise ValueError("must be like https://pictures.example, without a path")
        return value

    @field_validator(
        "embed_origins",
        "cors_origins",
        "webhook_hosts",
        "allowed_hosts",
        "operator_emails",
        "fal_models",
        "openai_models",
        mode="before",
    )
    @classmethod
    def _several(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("embed_origins", "cors_origins")
    @classmethod
    def _origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        values = tuple(value.rstrip("/") for value in values)
        if not all(_ORIGIN.fullmatch(value) for value in values):
            raise ValueError("must be origins like https://blog.example, without a path")
        return values

    @field_validator(
        "api_key",
        "fal_key",
        "openai_key",
        "api_proxy_authorization",
        "secret",
        "webhook_secret",
        "operator_token",
        "moderation_key",
        mode="before",
    )
    @classmethod
    def _no_blank_secret(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @property
    def moderates(self) -> bool:
        return self.moderation == "on" or (self.moderation == "" and self.mode == "public")

    @property
    def default_provider(self) -> str:
        if self.provider:
            return self.provider
        set_up = {
            "reve": self.api_key,
            "fal": self.fal_key,
            "openai": self.openai_url or self.openai_key,
            "diffusers": self.diffusers_model,
        }
        return next((name for name, sign in set_up.items() if sign), "sketch")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretsToml(settings_cls)


class _SecretsToml(PydanticBaseSettingsSource):
    """``secrets.toml`` uses the environment's names (``REVE_API_KEY = "…"``), so that one table documents both."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        return secrets_file().get(f"REVE_{field_name.upper()}"), field_name, False

    def __call__(self) -> dict[str, object]:
        values = secrets_file()
        found = {name: values.get(f"REVE_{name.upper()}") for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}


def secrets_file() -> dict[str, object]:
    """What ``.streamlit/secrets.toml`` says, empty where there is none. Raises ConfigurationError."""
    if not SECRETS_FILE.is_file():
        return {}
    try:
        return tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as exc:
        # The parser's own message may quote a line of the file, and with it a key.
        raise ConfigurationError("The file .streamlit/secrets.toml cannot be read as TOML. Mend or remove it.") from exc
