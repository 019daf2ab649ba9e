"""
``Layout`` to what is painted. Layouts made by ``compose``, edited by a person, or come from elsewhere are all welcome.

A region's side field is believed only while the region's prompt still says the words it was made for.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

from reve_core.layout import BBox, Layout, Region
from reve_core.providers.sketch import art
from reve_core.providers.sketch.brief import Setting
from reve_core.providers.sketch.compose import HORIZON, scenery_key
from reve_core.providers.sketch.parse import parse
from reve_core.providers.sketch.vocabulary import vocabulary

MAX_FIGURES = 60
MAX_LETTERINGS = 12
MIN_PART = 0.004  # of a side: smaller boxes are not drawn


@dataclass(frozen=True, slots=True)
class Figure:
    """One drawing and its box in pixels: left, top, right, bottom. ``flip`` None: the painter chooses."""

    art: str
    pose: str
    hue: int | None
    flip: bool | None
    box: tuple[float, float, float, float]
    skin: int


@dataclass(frozen=True, slots=True)
class Lettering:
    text: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the painter needs. ``horizon`` is a fraction of the height, 1 where there is none."""

    width: int
    height: int
    setting: Setting
    horizon: float
    key: str
    figures: tuple[Figure, ...]
    letterings: tuple[Lettering, ...]
    is_portrait: bool = False


def read(layout: Layout, seed: int, width: int, height: int) -> Plan:
    """The plan of a picture of ``width`` x ``height`` pixels. Regions that mean nothing to the sketch are passed over."""
    ground = _background(layout)
    side = _side(ground) if ground is not None else {}
    whole = parse(layout.prompt or (ground.prompt if ground is not None else ""))
    if "scene" in side:
        setting, key = _setting(side), str(side.get("key", ""))
    else:
        brief = parse(ground.prompt) if ground is not None else whole
        # Somebody rewrote the background's words: another setting, but the same hills.
        setting, key = brief.setting, _old_key(ground) or scenery_key(brief, seed)
        if setting.scene == "backdrop" or (setting.scene == "abstract" and layout.regions and ground is None):
            setting = Setting(scene="meadow" if setting.scene == "abstract" else "backdrop", time=setting.time)
    horizon = HORIZON.get(setting.scene, 1.0)
    figures: list[Figure] = []
    letterings: list[Lettering] = []
    for region in layout.regions:
        if region is ground:
            continue
        if _is_sky(region):
            if horizon < 1 and 0.1 < region.bbox.y1 < 0.95:
                horizon = region.bbox.y1
            continue
        box = _pixels(region.bbox, width, height)
        if box is None:
            continue
        if region.region_type == "text":
            letterings.append(Lettering(region.prompt or region.label, box))
        else:
            figures.extend(_figures(region, box, key))
    is_portrait = any(figure.pose == "bust" for figure in figures)
    return Plan(
        width,
        height,
        setting,
        horizon,
        key,
        tuple(figures[:MAX_FIGURES]),
        tuple(letterings[:MAX_LETTERINGS]),
        is_portrait,
    )


def _side(region: Region) -> dict[str, Any]:
    side = (region.model_extra or {}).get("sketch")
    return side if isinstance(side, dict) and side.get("words") == region.prompt else {}


def _old_key(ground: Region | None) -> str:
    side = (ground.model_extra or {}).get("sketch") if ground is not None else None
    return str(side.get("key", "")) if isinstance(side, dict) else ""


def _is_sky(region: Region) -> bool:
    return _side(region).get("part") == "sky" or region.label.strip().lower() == "sky"


def _background(layout: Layout) -> Region | None:
    """Our own background region, or the largest one whose words name a scene and no thing to draw in it."""
    for region in layout.regions:
        if "scene" in _side(region) or "scene" in ((region.model_extra or {}).get("sketch") or {}):
            return region
    best: Region | None = None
    for region in layout.regions:
        if region.region_type == "text" or _is_sky(region):
            continue
        brief = parse(region.prompt or region.label)
        if brief.is_scene_named and not brief.subjects and (best is None or _area(region) > _area(best)):
            best = region
    return best


def _area(region: Region) -> float:
    return max(0.0, region.bbox.x1 - region.bbox.x0) * max(0.0, region.bbox.y1 - region.bbox.y0)


def _setting(side: dict[str, Any]) -> Setting:
    return Setting(
        scene=str(side["scene"]),
        time=str(side.get("time", "day")),
        weather=side.get("weather"),
        styles=tuple(str(style) for style in side.get("styles", ())),
        colors=tuple(str(color) for color in side.get("colors", ())),
        extras=frozenset(str(extra) for extra in side.get("extras", ())),
    )


def _pixels(box: BBox, width: int, height: int) -> tuple[float, float, float, float] | None:
    """The box in pixels, kept within reach of the picture; None where there is nothing to draw."""
    corners = (box.x0, box.y0, box.x1, box.y1)
    if not all(math.isfinite(value) for value in corners):
        return None
    x0, y0, x1, y1 = (min(1.5, max(-0.5, value)) for value in corners)
    if x1 - x0 < MIN_PART or y1 - y0 < MIN_PART or x1 <= 0 or y1 <= 0 or x0 >= 1 or y0 >= 1:
        return None
    return x0 * width, y0 * height, x1 * width, y1 * height


def _figures(region: Region, box: tuple[float, float, float, float], key: str) -> list[Figure]:
    side = _side(region)
    colors = vocabulary().colors
    name = side.get("art")
    skin = _skin(region.label, key)
    if isinstance(name, str) and art.is_drawing(name):
        flip = side.get("flip")
        pose = str(side.get("pose", "plain"))
        hue = colors.get(str(side.get("color")))
        return [Figure(name, pose, hue, flip if isinstance(flip, bool) else None, box, skin)]
    brief = parse(region.prompt)
    if not brief.subjects:
        brief = parse(region.label)
    if not brief.subjects:
        return []
    subject = brief.subjects[0]
    hue = colors.get(subject.color or "")
    count = subject.count
    x0, y0, x1, y1 = box
    step = (x1 - x0) / count
    figures = []
    for index in range(count):
        part = _fitted((x0 + step * index, y0, x0 + step * (index + 1), y1), art.aspect(subject.art))
        figures.append(Figure(subject.art, "plain", hue, None, part, skin))
    return figures


def _fitted(box: tuple[float, float, float, float], aspect: float) -> tuple[float, float, float, float]:
    """The largest upright drawing of this shape in the box, standing on its bottom edge."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    if width / height > aspect:
        width = height * aspect
    else:
        height = width / aspect
    middle = (x0 + x1) / 2
    return middle - width / 2, y1 - height, middle + width / 2, y1


def _skin(label: str, key: str) -> int:
    """Everybody gets a skin of their own: by the picture's key, not by the order of the regions."""
    return zlib.crc32(f"{key}/{label}".encode()) % len(art.SKINS)
