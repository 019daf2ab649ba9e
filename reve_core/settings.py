"""
Settings: the environment first, then ``.streamlit/secrets.toml``, then the defaults here.

Read once, in ``bootstrap``; everybody else is handed values. ``docs/settings.md`` lists them all, and a test compares.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from reve_core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = ROOT / ".streamlit" / "secrets.toml"


class Settings(BaseSettings):
    """Each field is the environment variable of the same name in capitals, after ``REVE_``."""

    model_config = SettingsConfigDict(env_prefix="REVE_", env_ignore_empty=True, extra="ignore")

    # Which provider, and where
    provider: str = Field(
        "",
        description="The provider that is offered first: `sketch` or `reve`. Empty: `reve` when a key is set, else `sketch`.",
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

    @field_validator("api_key", "api_proxy_authorization", mode="before")
    @classmethod
    def _no_blank_secret(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @property
    def default_provider(self) -> str:
        return self.provider or ("reve" if self.api_key else "sketch")

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
        return self._values().get(f"REVE_{field_name.upper()}"), field_name, False

    def __call__(self) -> dict[str, object]:
        values = self._values()
        found = {name: values.get(f"REVE_{name.upper()}") for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}

    @staticmethod
    def _values() -> dict[str, object]:
        if not SECRETS_FILE.is_file():
            return {}
        try:
            return tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as exc:
            # The parser's own message may quote a line of the file, and with it a key.
            raise ConfigurationError(
                "The file .streamlit/secrets.toml cannot be read as TOML. Mend or remove it."
            ) from exc
