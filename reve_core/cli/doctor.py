"""Look at settings, key, data folder, database and providers, without spending."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from reve_core import bootstrap, marks, webhooks
from reve_core.allowance import CREDITS_PER_USD, Allowance
from reve_core.board import how_to_resume
from reve_core.cli import careful
from reve_core.cli.asking import asked, views
from reve_core.cli.printing import printable
from reve_core.errors import ReveError, UnsafeConfiguration
from reve_core.lineup import SETTINGS, limits_of, set_up
from reve_core.models import Limits
from reve_core.service import Studio
from reve_core.settings import SECRETS_FILE, Settings
from reve_core.views import price_source, price_words


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="do not ask the providers")
    parser.add_argument(
        "--public",
        action="store_true",
        help="refuse a set-up that would be careless to post in public, with the reasons",
    )


def run(options: argparse.Namespace) -> int:
    settings = bootstrap.load_settings()
    allowance = bootstrap.allowance(settings)
    wrong: ReveError | None = None
    try:
        well, allowance = _checks(settings, allowance, offline=options.offline)
    except ReveError as exc:
        well, wrong = False, exc
    found = list(careful.findings(settings, allowance, careful.Surroundings.here())) if options.public else []
    if wrong is not None and not _is_told(wrong, found):
        _line(False, str(wrong))
    if options.public:
        well = _told(found, settings, allowance, well=well) and well
    return 0 if well else 1


def _is_told(wrong: ReveError, found: Sequence[careful.Finding]) -> bool:
    """Whether what kept the service from being built is among the findings, with what to do about it."""
    if isinstance(wrong, UnsafeConfiguration):
        return any(each.code in careful.KEYS for each in found)
    return any(str(wrong) in each.text for each in found)


def _checks(settings: Settings, allowance: Allowance, *, offline: bool) -> tuple[bool, Allowance]:
    """Whether all is well, and the limits as an operator may have changed them. Raises ReveError."""
    print("Settings (environment, then .streamlit/secrets.toml, then defaults)")
    for name, source in _seen(settings):
        value = getattr(settings, name)
        print(f"  REVE_{name.upper():24} {_shown(value):32} {source}")
    print("Checks")
    strays = sorted(
        name for name in os.environ if name.startswith("REVE_") and name[5:].lower() not in Settings.model_fields
    )
    for name in strays:
        _line(False, f"{name} is no setting of this app. Is it misspelled?")
    well = not strays
    print(f"  · {_about_visitors(settings)}")
    print(f"  · {_about_webhooks(settings)}")
    print(f"  · {marks.about(settings)}")
    studio = bootstrap.build(settings)
    try:
        folder = Path(settings.data_dir).expanduser().absolute()
        well &= _line(studio.read_only is None, studio.read_only or f"The data folder {folder} can be written.")
        free = studio.blobs.free_bytes()
        if free is not None:
            enough = free >= settings.min_free_mb * 1024 * 1024
            well &= _line(enough, f"{free / 1e9:.1f} GB of room on its disk.")
        if studio.read_only is None:
            counts = ", ".join(f"{count:,} {status.value}" for status, count in studio.counts().items() if count)
            well &= _line(True, f"The database is healthy: {counts or 'no jobs yet'}.")
        print("Providers (asked without spending)" if not offline else "Providers (not asked)")
        well &= _providers(studio, settings, offline=offline)
        return well, studio.admission.allowance() or allowance
    finally:
        studio.stop(0)


def _providers(studio: Studio, settings: Settings, *, offline: bool) -> bool:
    """Whether all of them are well."""
    each_of = {each.config.name: each for each in set_up(settings)}
    checks = {} if offline else asked(studio.catalogue.check, list(each_of))
    limits = limits_of(settings)
    well = True
    for view in views(studio, settings, offline=offline):
        each = each_of[view.name]
        # There is nothing to be tried here: that this link has no key for it is meant.
        is_theirs = not each.has_secret and all(model.capabilities.own_key == "must" for model in view.models)
        health = None if is_theirs else checks.get(view.name)
        if view.paused and view.state is not None:
            well &= _line(False, f"{view.title} is paused: {view.state.reason}{how_to_resume(view)}")
        if health is not None:
            well &= _line(health.ok, f"{view.title}: {health.text}")
        elif is_theirs:
            print(f"  · {printable(view.title)}: visitors pay with keys of their own; this link has none for it.")
        elif not view.paused:
            print(f"  · {printable(view.title)}")
        keys = [f"{variable} {'set' if secret else 'not set'}" for variable, secret in each.secrets.values()]
        facts = [f"“{view.name}” of {each.source}", *keys, *_limits(limits[view.name])]
        print(f"      {'; '.join(facts)}")
        for model in view.models:
            able = model.capabilities
            told = price_words(able.price.credits, able.price.usd)
            title = f"{model.title} ({model.id})" if model.title != model.id else model.title
            # The kind's own price needs no source, and a free one no price list.
            line = f"{title}: {told[:1].lower() + told[1:]}. {price_source(able.price)}"
            print(f"      {printable(line).rstrip()}")
        if not each.source.startswith(SETTINGS):
            for variable in [variable for variable, secret in each.secrets.values() if secret is None]:
                well &= _line(False, f"{variable}, which {each.source} names for “{view.name}”, is not set.")
    return well


def _limits(limits: Limits) -> list[str]:
    found = [f"{limits.concurrency} at once"]
    if limits.per_minute:
        found.append(f"{limits.per_minute} a minute")
    if limits.daily_credits:
        found.append(f"${limits.daily_credits / CREDITS_PER_USD:,.2f} a day")
    if limits.timeout_s:
        found.append(f"{limits.timeout_s:g} s for a picture")
    return found


def _told(found: Sequence[careful.Finding], settings: Settings, allowance: Allowance, *, well: bool) -> bool:
    """Whether nothing is careless. ``well``: the checks above found nothing wrong."""
    print("A link for everybody")
    print(f"  · {careful.spending.worst(settings, allowance)}")
    refusals = [each for each in found if each.refuses]
    for each in refusals:
        print(f"  ✗ {each.text}")
    thoughts = [each for each in found if not each.refuses]
    for each in thoughts:
        print(f"  ! {each.text}")
    if refusals:
        print(f"Do not post this link yet: {len(refusals)} to mend (✗), {len(thoughts)} to think about (!).")
    elif not well:
        print("Do not post this link yet: something above is wrong.")
    else:
        print(f"  ✓ Nothing careless{f', and {len(thoughts)} to think about (!)' if thoughts else ''}.")
    return not refusals


def _line(ok: bool, text: str) -> bool:
    print(f"  {'✓' if ok else '✗'} {printable(text)}")
    return ok


def _seen(settings: Settings) -> list[tuple[str, str]]:
    """Every setting with where its value came from."""
    file = SECRETS_FILE.read_text(encoding="utf-8") if SECRETS_FILE.is_file() else ""
    seen = []
    for name in Settings.model_fields:
        variable = f"REVE_{name.upper()}"
        if os.environ.get(variable):
            seen.append((name, "environment"))
        elif name in settings.model_fields_set and variable in file:
            seen.append((name, "secrets.toml"))
        else:
            seen.append((name, "default"))
    return seen


def _about_visitors(settings: Settings) -> str:
    mode = "each visitor has a gallery of their own" if settings.mode == "public" else "one user, who sees everything"
    secret = "REVE_SECRET signs" if settings.secret else "no REVE_SECRET; one kept in the data folder signs"
    if settings.mode == "public" and not settings.secret:
        secret = "no REVE_SECRET"
    return f"Mode {settings.mode}: {mode}. Cookies and share links: {secret}."


def _about_webhooks(settings: Settings) -> str:
    """Raises ConfigurationError."""
    receivers, signer = webhooks.check(settings)
    if signer is None or not receivers.origins:
        return "Webhooks are off: REVE_WEBHOOK_HOSTS lists no host."
    secrets = "1 secret" if len(signer) == 1 else f"{len(signer)} secrets"
    return f"Webhooks may go to {', '.join(sorted(receivers.origins))}, signed with {secrets}."


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, tuple):
        return ", ".join(value) or "not set"
    return "not set" if value is None or value == "" else str(value)
