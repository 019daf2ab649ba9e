"""Limits: what one visitor, one address and everybody together may spend, queue and hold open."""

from __future__ import annotations

from collections.abc import Iterator

from reve_core.allowance import CREDITS_PER_USD, Allowance
from reve_core.cli.careful.finding import Finding, warning
from reve_core.cli.careful.payers import Payer, payers, payers_or_none
from reve_core.errors import ConfigurationError
from reve_core.settings import Settings

_BUDGETS = {
    "link_credits": ("REVE_DAILY_CREDITS", "the link can spend all that the key has"),
    "visitor_credits": ("REVE_VISITOR_DAILY_CREDITS", "one visitor can spend the budget of all"),
    "address_credits": ("REVE_ADDRESS_DAILY_CREDITS", "one address can spend the budget of all under ever new cookies"),
}
_FLOWS = {
    "visitor_per_minute": ("REVE_VISITOR_PER_MINUTE", "one visitor can send orders without end"),
    "address_per_minute": ("REVE_ADDRESS_PER_MINUTE", "one address can send orders without end under ever new cookies"),
    "link_per_minute": ("REVE_LINK_PER_MINUTE", "all together can send orders without end"),
    "visitor_queue": ("REVE_VISITOR_QUEUE", "one visitor can queue without end"),
    "address_queue": ("REVE_ADDRESS_QUEUE", "one address can queue without end under ever new cookies"),
    "link_queue": ("REVE_LINK_QUEUE", "the queue can grow without end"),
    "at_once": ("REVE_VISITOR_AT_ONCE", "one visitor can take every worker"),
}
_MANY_A_MINUTE = 60
_MUCH_A_DAY = 75_000  # credits, 100 US dollars


def findings(settings: Settings, allowance: Allowance) -> Iterator[Finding]:
    """``allowance`` is what holds now: an operator may have changed what the settings say."""
    for name, (variable, harm) in _FLOWS.items():
        if getattr(allowance, name) == 0:
            yield Finding("flow", f"{variable} is 0, no limit: {harm}. {_mend(settings, variable)}")
    for variable, harm in (
        ("REVE_SOCKETS_PER_ADDRESS", "one address can hold every connection open"),
        ("REVE_FRAMES_PER_SECOND", "one open page can keep the server busy until nobody else is answered"),
        ("REVE_REQUESTS_PER_SECOND", "one address can keep every thread busy with exports"),
    ):
        if getattr(settings, _field(variable)) == 0:
            yield Finding("flow", f"{variable} is 0, no limit: {harm}. {_mend(settings, variable)}")
    try:
        paid = payers(settings)
    except ConfigurationError as exc:
        yield Finding("providers", str(exc))
        paid = []
    if paid:
        yield from _budgets(settings, allowance)
    for payer in paid:
        yield from _prices(payer)
    if allowance.visitor_per_minute > _MANY_A_MINUTE:
        yield warning(
            "flow",
            f"REVE_VISITOR_PER_MINUTE is {allowance.visitor_per_minute:,}: more than anybody can press a button. Set it to 6, say.",
        )
    if settings.min_free_mb == 0:
        yield warning("disk", "REVE_MIN_FREE_MB is 0: pictures may fill the disk to the last byte. Leave it some room.")


def is_paid_by_the_link(settings: Settings) -> bool:
    """Whether visitors can order from a provider that takes money for it, on the account of whoever runs the link."""
    return bool(payers_or_none(settings))


def worst(settings: Settings, allowance: Allowance) -> str:
    """The most that a day may cost, in a sentence."""
    paid = payers_or_none(settings)
    if not paid:
        return "No key of yours is used: nobody can spend your money."
    who = f"Paid with your money: {', '.join(payer.title for payer in paid)}."
    most, budgets = allowance.link_credits, [payer.limits.daily_credits for payer in paid]
    if all(budgets):
        together = sum(budget for budget in budgets if budget)
        most = min(most, together) if most else together
    if not most:
        return f"{who} A day may cost whatever the key has."
    each = "".join(
        f", at {payer.title} at most ${budget / CREDITS_PER_USD:,.2f}"
        for payer, budget in zip(paid, budgets, strict=True)
        if budget
    )
    return (
        f"{who} A day costs at most {most:,.0f} credits (about ${most / CREDITS_PER_USD:,.2f}), one address at most "
        f"{allowance.address_credits:,.0f}, one visitor at most {allowance.visitor_credits:,.0f}{each}."
    )


def _prices(payer: Payer) -> Iterator[Finding]:
    if missing := payer.unpriced:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        yield Finding(
            "price",
            f"Nobody knows what {missing[0]}{more} of the provider “{payer.name}” costs, so budgets can only guess. Write a line for it into the file that REVE_PRICES_FILE names.",
        )


def _budgets(settings: Settings, allowance: Allowance) -> Iterator[Finding]:
    for name, (variable, harm) in _BUDGETS.items():
        if getattr(allowance, name) == 0:
            yield Finding(
                "budget",
                f"{variable} is 0, no limit, and a paid provider is connected: {harm}. {_mend(settings, variable)}",
            )
    for name in ("visitor_credits", "address_credits"):
        if 0 < allowance.link_credits <= getattr(allowance, name):
            variable = _BUDGETS[name][0]
            yield warning(
                "share", f"{variable} is as much as everybody has together: one may spend it all. Set it lower."
            )
    if allowance.link_credits > _MUCH_A_DAY:
        usd = allowance.link_credits / CREDITS_PER_USD
        yield warning(
            "much", f"REVE_DAILY_CREDITS lets a day cost ${usd:,.0f}. Set it to what you would pay without a word."
        )
    if allowance.floor == 0:
        yield warning(
            "floor",
            "REVE_CREDITS_FLOOR is 0: orders go on until the provider has no credits left. Keep some back for yourself.",
        )


def _mend(settings: Settings, variable: str) -> str:
    field = _field(variable)
    usual = Settings.model_fields[field].default
    if getattr(settings, field) != 0:
        return f"It was changed on the operator page: set it there to {usual:g}, say."
    return f"Set it to {usual:g}, say."


def _field(variable: str) -> str:
    return variable.removeprefix("REVE_").lower()
