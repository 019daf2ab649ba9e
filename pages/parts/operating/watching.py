"""Money, the line, the providers, and what went wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.parts.operating import entering, frame
from reve_core import bootstrap, views, waits
from reve_core.allowance import in_usd
from reve_core.operating import DAYS, Desk, Maker, Money, short

_CHECKED = "operator_checked"
_EVERY_S = 5.0
_MOST_VISITORS = 10
_COLOURS = ("#d2603a", "#7d8a94", "#b59b4a", "#5f8f7a", "#94719c")  # seen on light and on dark
# What a code of an error means, where the code alone does not say it.
_REASONS = {
    "blocked": "Blocked by the moderation",
    "refused": "Refused by the provider",
    "rate_limited": "The provider was busy",
    "no_credits": "No credits at the provider",
    "key_refused": "The provider refused the key",
    "not_charged": "The provider did not answer",
    "request_rejected": "The provider rejected the request",
    "service_closed": "The provider closed the service",
    "picture_damaged": "The picture was damaged",
    "unknown": "Nobody knows whether it was charged",
    "disk_full": "The disk was full",
}


def draw(desk: Desk) -> None:
    _money(desk.watching.money())
    _work()
    _failures(desk)


def _money(money: Money) -> None:
    frame.title(
        "Credits", f"What the link's own accounts spent in {DAYS} days (UTC). Visitors' own keys are not in it."
    )
    told = [("Spent today", frame.count(money.today)), (f"Spent in {DAYS} days", frame.count(money.total))]
    if money.budget is not None:
        told.append(
            (
                "Left of today's budget",
                f"{frame.count(max(0, money.budget - money.charged))} of {frame.count(money.budget)}",
            )
        )
    if money.reserved:
        told.append(("Reserved", frame.count(money.reserved)))
    frame.facts(told)
    if money.total:
        _chart_of_days(money)
    elif unsaid := sum(each.unsaid for each in money.by_day):
        frame.note(
            f"Nothing is known to be spent. Calls that told no price: {frame.count(unsaid)}. They count with the expected one."
        )
    else:
        frame.note("Nothing was spent yet.")
    if money.by_visitor:
        _chart_of_visitors(money)


def _chart_of_days(money: Money) -> None:
    titles = _titles()
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    spent = {(each.day, each.provider): each.credits for each in money.by_day if each.credits}
    makers = sorted({provider for _, provider in spent})
    named = {maker: titles.get(maker, maker.capitalize()) for maker in makers}
    st.bar_chart(
        {"Day": days} | {named[maker]: [spent.get((day.isoformat(), maker), 0.0) for day in days] for maker in makers},
        x="Day",
        y=list(named.values()),
        color=[_COLOURS[number % len(_COLOURS)] for number in range(len(makers))],
        height=220,
        x_label="",
        y_label="Credits",
        alt=f"Credits a day by provider: {frame.count(money.total)} in {DAYS} days, {frame.count(money.today)} today.",
    )
    frame.table(
        ["Provider", "Credits", "Calls", "Cost unknown"],
        [
            [
                titles.get(maker, maker.capitalize()),
                frame.count(sum(each.credits for each in money.by_day if each.provider == maker)),
                frame.count(sum(each.calls for each in money.by_day if each.provider == maker)),
                frame.count(sum(each.unsaid for each in money.by_day if each.provider == maker)),
            ]
            for maker in sorted({each.provider for each in money.by_day})
        ],
        about=f"Spent in {DAYS} days by provider",
        numbers=(1, 2, 3),
    )


def _titles() -> dict[str, str]:
    """What people read, by provider."""
    return {view.name: view.title for view in bootstrap.get().catalogue.providers()}


def _chart_of_visitors(money: Money) -> None:
    frame.title(
        "By visitor",
        "Charged to today's and earlier budgets, what is reserved included. Names are keyed: nobody's address.",
    )
    most = money.by_visitor[:_MOST_VISITORS]
    st.bar_chart(
        {"Visitor": [short(each.visitor) for each in most], "Credits": [each.total for each in most]},
        x="Visitor",
        y="Credits",
        horizontal=True,
        sort="-Credits",
        color=_COLOURS[0],
        height=60 + 26 * len(most),
        y_label="",
        alt="Credits by visitor, the same numbers as in the table below.",
    )
    frame.table(
        ["Visitor", "Today", f"{DAYS} days"],
        [[short(each.visitor), frame.count(each.today), frame.count(each.total)] for each in money.by_visitor],
        about="Credits by visitor",
        numbers=(1, 2),
    )


@st.fragment(run_every=_EVERY_S)
def _work() -> None:
    """The line as it moves. A fragment runs by itself, so it looks for itself whether the session still holds."""
    desk = entering.desk(bootstrap.get().operator)
    if desk is None:
        st.rerun()
    frame.title("Queue and workers")
    line, hands, titles = desk.watching.line(), desk.watching.hands(), _titles()
    if line:
        frame.table(
            ["Provider", "Waiting", "For review", "Visitors", "Oldest waits"],
            [
                [
                    titles.get(each.provider, each.provider),
                    frame.count(each.jobs),
                    frame.count(each.held),
                    frame.count(each.owners),
                    frame.ago(each.oldest_at),
                ]
                for each in line
            ],
            about="What waits, by provider",
            numbers=(1, 2, 3),
        )
    if hands:
        frame.table(
            ["Worker", "Visitor", "Provider", "Does", "For"],
            [
                [
                    each.worker,
                    each.visitor,
                    titles.get(each.provider, each.provider),
                    "does not report" if each.is_late else each.stage,
                    frame.lasting(each.for_s),
                ]
                for each in hands
            ],
            about="What workers do, the longest first",
        )
    if not line and not hands:
        frame.note("Nothing waits and nothing is being made.")
    _makers(desk)


def _makers(desk: Desk) -> None:
    frame.title("Providers")
    checked: dict[str, str] = st.session_state.setdefault(_CHECKED, {})
    makers = desk.watching.makers()
    frame.table(
        ["Provider", "State", "Why", "Credits left", "Last check"],
        [
            [
                maker.title,
                _state(maker),
                maker.reason,
                "" if maker.credits_left is None else frame.count(maker.credits_left),
                checked.get(maker.name, ""),
            ]
            for maker in makers
        ],
        about="Providers as they stand",
    )
    frame.table(
        ["Provider", "Calls today", "Spent today", "At once", "A picture takes"],
        [
            [maker.title, frame.count(maker.calls), _spent(maker), _at_once(maker), waits.in_words(*maker.usual_s)]
            for maker in makers
        ],
        about="Providers today (UTC)",
        numbers=(1,),
    )
    with st.container(horizontal=True):
        for maker in makers:
            if st.button(f"Check {maker.title}", key=f"operator_check_{maker.name}"):
                with st.spinner("Asking, without spending"):
                    health = desk.watching.check(maker.name)
                left = "" if health.credits_left is None else f" {frame.count(health.credits_left)} credits left."
                checked[maker.name] = f"{'Well' if health.ok else 'Not well'}: {health.text}{left}"
                st.rerun(scope="fragment")
            if maker.is_paused:
                if st.button(f"Resume {maker.title}", key=f"operator_resume_{maker.name}"):
                    frame.act(_resumed, desk, maker.name, maker.title)
            elif st.button(f"Pause {maker.title}", key=f"operator_pause_{maker.name}"):
                frame.act(_paused, desk, maker.name, maker.title)


def _spent(maker: Maker) -> str:
    """Of the budget, where it has one: "$1.50 of $5.00", "300 credits"."""
    amounts = [maker.spent] if maker.limits.daily_credits is None else [maker.spent, maker.limits.daily_credits]
    if maker.dollars or maker.limits.daily_credits is not None:  # a budget is set in dollars
        return " of ".join(f"${in_usd(amount, 0):,.2f}" for amount in amounts)
    return views.credit_words(maker.spent) if maker.spent else ""


def _at_once(maker: Maker) -> str:
    per_minute = maker.limits.per_minute
    return f"{maker.limits.concurrency:,}" + (f", {per_minute:,} a minute" if per_minute is not None else "")


def _state(maker: Maker) -> str:
    if not maker.is_paused:
        return "In use"
    return "Paused" if maker.until is None else f"Paused until {frame.when(maker.until)}"


def _paused(desk: Desk, name: str, title: str) -> str:
    desk.watching.pause(name)
    return f"{title} is paused. What is being made now is finished; the rest waits."


def _resumed(desk: Desk, name: str, title: str) -> str:
    desk.watching.resume(name)
    return f"{title} goes on."


def _failures(desk: Desk) -> None:
    frame.title("What went wrong")
    failures, titles = desk.watching.failures(), _titles()
    if not failures:
        frame.note("Nothing failed in the last seven days.")
        return
    frame.table(
        ["Reason", "Code", "Provider", "24 hours", "7 days"],
        [
            [
                _REASONS.get(each.code, ""),
                each.code,
                titles.get(each.provider, each.provider),
                frame.count(each.last_day),
                frame.count(each.last_week),
            ]
            for each in failures
        ],
        about="Failures by reason",
        numbers=(3, 4),
    )
