"""What cookies and links are signed with: from the settings, or kept in the data folder of a single person."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from reve_core.errors import ConfigurationError, UnsafeConfiguration
from reve_core.settings import Settings

_SECRET_LENGTH = 32
_DIFFERENT = 10  # letters; a secret drawn at random has twice as many
_HOW_TO_MAKE_ONE = 'Make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"` and keep it.'


def signing_secrets(settings: Settings, folder: Path, read_only: str | None) -> list[str]:
    """What signs cookies and links. Raises UnsafeConfiguration."""
    given = settings.secret.get_secret_value().replace(",", " ").split() if settings.secret else []
    if any(len(secret) < _SECRET_LENGTH or len(set(secret)) < _DIFFERENT for secret in given):
        raise UnsafeConfiguration(f"REVE_SECRET is too short, or too even, to be safe. {_HOW_TO_MAKE_ONE}")
    if given:
        return given
    if settings.mode == "public":
        raise UnsafeConfiguration(f"In public mode REVE_SECRET must be set. {_HOW_TO_MAKE_ONE}")
    kept = folder / "secret"
    if read_only is not None and not kept.exists():
        return [secrets.token_urlsafe(48)]  # until the app stops: nothing can be made in such a folder, shares neither
    return [_kept_secret(kept)]


def _kept_secret(path: Path) -> str:
    """The secret of this data folder, made by whoever comes first."""
    try:
        if not path.exists():
            # Linked into place whole: another process never reads half of it, and the first one wins.
            draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
    except OSError as exc:
        raise ConfigurationError(f"The file {path} cannot be written ({type(exc).__name__}).") from exc
    found = path.read_text().strip()
    if len(found) < _SECRET_LENGTH:
        raise ConfigurationError(f"The file {path} is damaged. Remove it: old share links then cannot be shown again.")
    return found
