"""
The two create calls that we offer, and what each may be asked for.

Sources: reve-ai/reve-sdk, python/reve/v1/image.py and python/reve/v2/image.py (paths, fields, ratios);
api.reve.com/llms.txt (v1 prompt limit). Prices and waits are those that clients recorded in July 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from reve_core.models import Capabilities, ModelInfo, Price

OFFICIAL_HOST = "api.reve.com"

BALANCE_PATH = "/api/misc/balance"


@dataclass(frozen=True, slots=True)
class Route:
    """One of our models and the call behind it. ``pins`` are the beginnings of version names made for it."""

    path: str
    pins: tuple[str, ...]
    info: ModelInfo


# The API also knows "auto". We never send it: a box must be reserved on screen before the picture is there.
_V2_RATIOS = (
    *("1:1", "4:1", "3:1", "21:9", "2:1", "17:9", "16:9", "3:2", "4:3", "5:4"),
    *("4:5", "3:4", "2:3", "9:16", "1:2", "1:3", "1:4"),
)
_V1_RATIOS = ("1:1", "16:9", "3:2", "4:3", "3:4", "2:3", "9:16")

ROUTES: tuple[Route, ...] = (
    Route(
        path="/v2/image/create",
        pins=("reve-v2",),
        info=ModelInfo(
            id="reve-v2",
            title="Reve 2",
            capabilities=Capabilities(
                aspect_ratios=_V2_RATIOS,
                default_ratio="1:1",
                max_prompt_chars=4000,
                layout=True,
                price=Price(credits=150, usd=0.20),
                typical_s=(40.0, 80.0),
            ),
        ),
    ),
    Route(
        path="/v1/image/create",
        pins=("reve-create",),
        info=ModelInfo(
            id="reve-v1",
            title="Reve 1 draft",
            capabilities=Capabilities(
                aspect_ratios=_V1_RATIOS,
                default_ratio="1:1",
                max_prompt_chars=2560,
                price=Price(credits=18, usd=0.024),
                typical_s=(6.0, 20.0),
            ),
        ),
    ),
)

_ALL_PINS = tuple(pin for route in ROUTES for pin in route.pins)


def version_for(route: Route, version: str) -> str:
    """
    The version to send on this route. A version pinned for the other route's model would be refused there, and there
    is one setting for both, so it becomes ``latest``.
    """
    if version.startswith(_ALL_PINS) and not version.startswith(route.pins):
        return "latest"
    return version
