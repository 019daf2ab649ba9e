"""What may be asked for, and how long what people typed is kept."""

from __future__ import annotations

from collections.abc import Iterator

from reve_core.cli.careful.finding import Finding, warning
from reve_core.errors import ConfigurationError
from reve_core.guard.moderation import Moderator
from reve_core.settings import Settings

_NEEDED = "sexual_minors"
_KEPT = {
    "failed_days": "failed jobs and their prompts",
    "picture_days": "pictures and their prompts",
    "comparison_days": "comparisons and their pictures",
}


def findings(settings: Settings) -> Iterator[Finding]:
    if settings.moderation == "off":
        yield Finding(
            "moderation",
            "REVE_MODERATION is off: whatever is typed is sent to the provider. Remove the setting, or set it to on.",
        )
    else:
        yield from _policy(settings)
    for field, what in _KEPT.items():
        if getattr(settings, field) == 0:
            yield warning("kept", f"REVE_{field.upper()} is 0: {what} are kept for ever. Say for how many days.")
    if settings.log_prompts:
        yield warning("log", "REVE_LOG_PROMPTS writes what visitors type into the log. Turn it off, or say so to them.")


def _policy(settings: Settings) -> Iterator[Finding]:
    try:
        rules = Moderator(settings.policy_file).policy().rules
    except ConfigurationError as exc:
        mend = "Mend REVE_POLICY_FILE, or remove it to use the policy that comes along." if settings.policy_file else ""
        yield Finding("policy", f"{exc} {mend}".strip())
        return
    if not any(rule.blocks and rule.category == _NEEDED for rule in rules):
        yield Finding(
            "policy",
            f"The policy in REVE_POLICY_FILE has no rule that blocks {_NEEDED}. Take those of the policy that comes along.",
        )
