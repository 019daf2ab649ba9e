"""On whose account orders are let in, within which limits, and what is left of them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from reve_core.allowance import HERE, Allowance, Origin, Standing, Terms, Turn
from reve_core.errors import LimitReached
from reve_core.guard import admission as rules
from reve_core.guard.address import prefix_of
from reve_core.guard.admission import day_of
from reve_core.guard.signing import Signer
from reve_core.ports import GuardStore

_VISITOR, _ADDRESS = "spender", "network"
_FRESH_S = 1.0  # how old the operator's changes may be before they are read again


class Admission:
    """``allowance`` None: nobody is limited, as where the app serves a single person."""

    def __init__(
        self,
        *,
        guard: GuardStore,
        signer: Signer,
        allowance: Allowance | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._guard = guard
        self._signer = signer
        self._as_set = allowance
        self._clock = clock
        self._read: tuple[float, Allowance] | None = None

    def allowance(self) -> Allowance | None:
        """What holds now: the settings, and what the operator has changed since."""
        if self._as_set is None:
            return None
        if self._read is None or not 0 <= time.monotonic() - self._read[0] < _FRESH_S:
            self._read = (time.monotonic(), with_overrides(self._as_set, self._guard.overrides()))
        return self._read[1]

    def as_set(self) -> Allowance | None:
        """What the settings say."""
        return self._as_set

    def forget_cached(self) -> None:
        """The operator has just changed something."""
        self._read = None

    def terms(self, owner: str, origin: Origin) -> Terms | None:
        """None where nobody is limited."""
        allowance = self.allowance()
        if allowance is None:
            return None
        day = day_of(self._clock())
        network = prefix_of(origin.address) if origin.address else ""
        return Terms(
            visitor=self.spender(owner),
            address=self._signer.derive(_ADDRESS, f"{day}/{network}") if network else "",
            day=day,
            allowance=allowance,
            banned_as=self._ban_names(network, day),
        )

    def standing(self, owner: str, origin: Origin) -> Standing | None:
        """What is left for this visitor; None where nobody is limited."""
        terms = self.terms(owner, origin)
        return None if terms is None else self._guard.standing(owner, terms)

    def turn(self, owner: str, origin: Origin = HERE) -> Turn | None:
        """Where this visitor's next order would stand; None where nobody is limited: behind everybody."""
        terms = self.terms(owner, origin)
        if terms is None:
            return None
        waiting = self._guard.standing(owner, terms).waiting
        return Turn(self._guard.turn_name(terms), waiting, terms.allowance.at_once or None)

    def foresee(self, standing: Standing, pictures: int, credits: float) -> LimitReached | None:
        """What an order would run into as things stand, so that it can be said before it is sent."""
        allowance = self.allowance()
        if allowance is None:
            return None
        if standing.queue_left is not None and pictures > standing.queue_left:
            allowed = int(_of(allowance, standing.queue_of, "queue"))
            return rules.queue_full(standing.queue_of, allowed, allowed - standing.queue_left, pictures, rules.SOON_S)
        if standing.submissions_left == 0:
            per_minute = int(_of(allowance, standing.rate_of, "per_minute"))
            return rules.too_fast(standing.rate_of, standing.next_in_s, per_minute)
        if standing.credits_left is not None and 0 < credits > standing.credits_left + 1e-6:
            allowed_credits = _of(allowance, standing.scarcest, "credits")
            return rules.spent(standing.scarcest, allowed_credits, standing.credits_left, credits, self._clock())
        return None

    def at_once(self) -> int | None:
        """Pictures of one visitor that may be made at the same time."""
        allowance = self.allowance()
        return (allowance.at_once or None) if allowance is not None else None

    def spender(self, owner: str) -> str:
        """The name under which a visitor's spending is written down: it says nothing to who reads it alone."""
        return self._signer.derive(_VISITOR, owner)

    def ban_name(self, address: str) -> str:
        """Under which a network is banned for good, of an address as it was typed. Raises ValueError."""
        network = prefix_of(address)
        if not network:
            raise ValueError(address)
        return f"address:{self._signer.derive(_ADDRESS, network)}"

    def forget(self) -> int:
        """What no decision needs any more. Returns how many rows went."""
        now = self._clock()
        return self._guard.forget_limits(before_day=day_of(now - 40 * 86_400), now=now)

    def _ban_names(self, network: str, day: str) -> tuple[str, ...]:
        # With the day where the ban came from somebody's job, of which only that hash is kept.
        if not network:
            return ()
        names = [*self._signer.derived(_ADDRESS, network), self._signer.derive(_ADDRESS, f"{day}/{network}")]
        return tuple(f"address:{name}" for name in names)


def _of(allowance: Allowance, scope: str, what: str) -> float:
    return float(getattr(allowance, f"{scope}_{what}"))


def with_overrides(allowance: Allowance, overrides: dict[str, str]) -> Allowance:
    """Names that are none of its fields, and values that are no numbers, are passed over."""
    changed: dict[str, float] = {}
    for each in dataclasses.fields(allowance):
        text = overrides.get(each.name)
        if text is None:
            continue
        try:
            value = float(text)
        except ValueError:
            continue
        if 0 <= value < 1e12:
            changed[each.name] = value if each.name.endswith("_credits") or each.name == "floor" else int(value)
    return dataclasses.replace(allowance, **changed)  # type: ignore[arg-type]
