"""The limits of the link, changed while it runs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from reve_core.allowance import Allowance
from reve_core.errors import BadInput, WrongState
from reve_core.operating.tools import Tools

_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """
    ``name`` is the field of ``Allowance``. 0: no such limit. ``is_changed``: it is not what the settings say, ``as_set``.
    """

    name: str
    title: str
    unit: str
    now: float
    as_set: float
    is_changed: bool


# In the order of the page: title and unit of each.
_ABOUT = {
    "link_credits": ("Everybody together, a day", "credits"),
    "address_credits": ("One address, a day", "credits"),
    "visitor_credits": ("One visitor, a day", "credits"),
    "floor": ("Left untouched at the provider", "credits"),
    "link_per_minute": ("Everybody together", "submissions a minute"),
    "address_per_minute": ("One address", "submissions a minute"),
    "visitor_per_minute": ("One visitor", "submissions a minute"),
    "link_queue": ("Everybody together, waiting or being made", "pictures"),
    "address_queue": ("One address, waiting or being made", "pictures"),
    "visitor_queue": ("One visitor, waiting or being made", "pictures"),
    "at_once": ("One visitor, being made at once", "pictures"),
}


class Tuning:
    def __init__(self, tools: Tools, who: str) -> None:
        self._tools = tools
        self._who = who

    def limits(self) -> list[Limit]:
        """Empty where nobody is limited."""
        as_set, now = self._tools.admission.as_set(), self._tools.admission.allowance()
        if as_set is None or now is None:
            return []
        changed = self._tools.guard.overrides()
        return [
            Limit(name, title, unit, getattr(now, name), getattr(as_set, name), name in changed)
            for name, (title, unit) in _ABOUT.items()
        ]

    def change(self, name: str, value: float) -> None:
        """In force within a second, in every process. Raises BadInput, WrongState."""
        was = self._of(name)
        if not 0 <= value <= _MOST or value != int(value):
            raise BadInput(f"Type a whole number from 0 to {_MOST:,}; 0 means no such limit.", name)
        self._tools.must_write()
        self._tools.guard.override(name, str(int(value)))
        self._tools.admission.forget_cached()
        self._tools.audit(self._who, "limit", f"{name}: {was:g} to {value:g}")

    def reset(self, name: str) -> None:
        """What the settings say."""
        was = self._of(name)
        self._tools.must_write()
        self._tools.guard.override(name, None)
        self._tools.admission.forget_cached()
        self._tools.audit(self._who, "limit", f"{name}: {was:g} to {self._of(name):g}, as set")

    def _of(self, name: str) -> float:
        if name not in {each.name for each in dataclasses.fields(Allowance)}:
            raise BadInput("There is no such limit.", name)
        allowance = self._tools.admission.allowance()
        if allowance is None:
            raise WrongState("Nobody is limited here: the app serves a single person.")
        return float(getattr(allowance, name))
