"""All providers asked how they are, at the same time and without spending; or looked at without asking anybody."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from reve_core.catalogue import ProviderView
from reve_core.lineup import line_up
from reve_core.ports import Health
from reve_core.service import Studio
from reve_core.settings import Settings

CHECKS_S = 20.0  # for all of them together


def asked(check: Callable[[str], Health], names: Sequence[str]) -> dict[str, Health]:
    """All of them at once; one that does not answer in time holds up nobody."""
    answers: queue.SimpleQueue[tuple[str, Health]] = queue.SimpleQueue()

    def ask(name: str) -> None:
        try:
            answers.put((name, check(name)))
        except Exception as exc:  # a stranger's code
            answers.put((name, Health(ok=False, text=f"Its check failed: {type(exc).__name__}.")))

    for name in names:
        threading.Thread(target=ask, args=(name,), name=f"check-{name}", daemon=True).start()
    found: dict[str, Health] = {}
    end = time.monotonic() + CHECKS_S
    while len(found) < len(names):
        try:
            name, health = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        found[name] = health
    late = Health(ok=False, text=f"It gave no answer within {CHECKS_S:g} seconds.")
    return {name: found.get(name, late) for name in names}


def views(studio: Studio, settings: Settings, *, offline: bool) -> list[ProviderView]:
    """All that are configured, the default one first. ``offline``: a server's own list of models is not asked for."""
    if not offline:
        return studio.catalogue.providers()
    lined_up = line_up(settings)
    for provider in lined_up.providers.values():
        provider.close()  # one that is closed asks nobody
    states = studio.catalogue.states()
    ordered = sorted(lined_up.providers.values(), key=lambda provider: provider.name != lined_up.default)
    return [
        ProviderView(each.name, each.title, each.label, tuple(each.models), states.get(each.name)) for each in ordered
    ]
