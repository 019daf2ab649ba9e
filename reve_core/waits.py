"""How long a picture usually takes here, and how long one in line will. Seconds throughout."""

import math
from collections.abc import Sequence

ENOUGH = 3  # finished pictures before our own history says more than the provider's word


def usual(durations: Sequence[float], declared: tuple[float, float]) -> tuple[float, float]:
    """The range in which most pictures of a model came: the 15th to the 85th part in a hundred of its history."""
    if len(durations) < ENOUGH:
        return declared
    ordered = sorted(durations)
    return _part(ordered, 0.15), max(_part(ordered, 0.85), _part(ordered, 0.15))


def in_line(
    position: int, concurrency: int, one: tuple[float, float], *, mine: int = 0, at_once: int | None = None
) -> tuple[float, float]:
    """
    From now to the picture, for the job at ``position`` (from 1) when ``concurrency`` are made at once. ``mine``: its place
    among those of the same visitor, running ones too, of whom no more than ``at_once`` are being made.
    """
    rounds = math.ceil(max(position, 1) / max(concurrency, 1))
    if at_once:
        rounds = max(rounds, math.ceil(mine / at_once))
    return one[0] * rounds, one[1] * rounds


def in_words(low_s: float, high_s: float) -> str:
    """Such as ``"about 2 s"``, ``"40–80 s"``, ``"2–3 min"``."""
    if high_s < 1:
        return "under 1 s"
    if high_s < 90:
        low, high, unit = max(1, round(low_s)), max(1, round(high_s)), "s"
    elif high_s < 90 * 60:
        low, high, unit = max(1, round(low_s / 60)), max(1, round(high_s / 60)), "min"
    else:
        low, high, unit = max(1, round(low_s / 3600)), max(1, round(high_s / 3600)), "h"
    return f"about {high} {unit}" if low >= high else f"{low}–{high} {unit}"


def _part(ordered: Sequence[float], fraction: float) -> float:
    at = fraction * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
