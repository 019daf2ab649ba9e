"""Secrets: whether they are set, could be guessed, stand somewhere for all to read, or serve two purposes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from reve_core.cli.careful.finding import Finding, warning
from reve_core.cli.careful.surroundings import Surroundings, has_sign_in
from reve_core.errors import ConfigurationError
from reve_core.lineup import set_up
from reve_core.settings import Settings

_SECRET_LENGTH, _TOKEN_LENGTH, _DIFFERENT = 32, 24, 10
# No value drawn at random holds one of these in a thousand years; every placeholder of ours does.
_PLACEHOLDERS = (
    *(
        "example",
        "change-me",
        "changeme",
        "change_me",
        "replace",
        "placeholder",
        "not-a-",
        "your-secret",
        "your_secret",
    ),
    *("password", "123456", "abcdef", "qwerty"),
)
_EXAMPLES = ("*.md", "docs/**/*.md", "deploy/*.example", ".streamlit/*.example", "docker-compose.yml")
_MAKE_ONE = 'Make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`.'


def findings(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    signing = _several(settings.secret)
    token = _plain(settings.operator_token)
    examples = _examples(around.root)
    if not signing:
        yield Finding("secret", f"REVE_SECRET is not set, so anybody could sign in as anybody. {_MAKE_ONE}")
    for secret in signing:
        if len(secret) < _SECRET_LENGTH or len(set(secret)) < _DIFFERENT:
            yield Finding(
                "secret", f"REVE_SECRET is shorter than 32 characters, or too even: it can be guessed. {_MAKE_ONE}"
            )
        elif is_example(secret, examples):
            yield Finding("secret", f"REVE_SECRET is an example that everybody can read, not a secret. {_MAKE_ONE}")
    if token is None:
        if not (settings.operator_emails and has_sign_in(around)):
            yield Finding(
                "operator",
                f"Nobody can open the operator page, and so stop the spending or look at what waits for a decision. Set REVE_OPERATOR_TOKEN. {_MAKE_ONE}",
            )
    elif len(token) < _TOKEN_LENGTH or len(set(token)) < _DIFFERENT:
        yield Finding("operator", f"REVE_OPERATOR_TOKEN is shorter than 24 characters, or too even. {_MAKE_ONE}")
    elif is_example(token, examples):
        yield Finding("operator", f"REVE_OPERATOR_TOKEN is an example that everybody can read. {_MAKE_ONE}")
    for variable, key in _provider_keys(settings).items():
        if is_example(key, ""):
            yield Finding(
                "key",
                f"{variable} is a placeholder. Put your provider's key there, or remove it: the sketch needs none.",
            )
    if settings.operator_emails and not has_sign_in(around):
        yield warning(
            "sign-in",
            "REVE_OPERATOR_EMAILS lets nobody in: [auth] in .streamlit/secrets.toml does not say where people sign in.",
        )
    yield from _twice(settings)


def is_example(secret: str, examples: str) -> bool:
    """Whether it is a placeholder, or stands in the pages that come with the app."""
    return any(word in secret.lower() for word in _PLACEHOLDERS) or secret in examples


def _provider_keys(settings: Settings) -> dict[str, str]:
    """What providers are paid with, by the variable that it comes from."""
    with suppress(ConfigurationError):  # told elsewhere
        return {
            variable: value
            for each in set_up(settings)
            for variable, secret in each.secrets.values()
            if (value := _plain(secret))
        }
    return {}


def _twice(settings: Settings) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    own = ("secret", "webhook_secret", "operator_token", "moderation_key")
    found = [
        (f"REVE_{name.upper()}", value) for name in own for value in dict.fromkeys(_several(getattr(settings, name)))
    ]
    for variable, value in found:
        if value in seen:
            yield _same(variable, seen[value])
        seen.setdefault(value, variable)
    # Two providers may well be one account.
    yield from (_same(variable, seen[value]) for variable, value in _provider_keys(settings).items() if value in seen)


def _same(one: str, other: str) -> Finding:
    return Finding(
        "same", f"{one} and {other} have the same value, so whoever is told one has both. Give each its own."
    )


def _examples(root: Path) -> str:
    texts = []
    for pattern in _EXAMPLES:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(texts)


def _several(secret: SecretStr | None) -> list[str]:
    return secret.get_secret_value().replace(",", " ").split() if secret else []


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value().strip() if secret else None
