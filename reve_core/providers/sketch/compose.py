"""
``Brief`` to ``Layout``: where everything stands.

The layout has the shape of a Reve v2 one. What only the sketch needs (which drawing, which style) travels in each region's
side field ``sketch``, so that labels and prompts stay words that a person can read and edit.
"""

from __future__ import annotations

import zlib
from typing import Any

from reve_core.layout import BBox, Layout, Region
from reve_core.providers.sketch.brief import Brief, Setting
from reve_core.providers.sketch.placing import Box, Placed, Placer

# Where the ground begins, from the top; 1: there is no horizon.
HORIZON = {
    "forest": 0.66,
    "mountains": 0.7,
    "beach": 0.52,
    "sea": 0.56,
    "underwater": 0.84,
    "city": 0.74,
    "desert": 0.62,
    "mars": 0.64,
    "moon": 0.66,
    "meadow": 0.62,
    "room": 0.68,
    "studio": 0.64,
}
SKYLESS = frozenset(
    {"underwater", "room", "studio", "island", "logo", "card", "backdrop", "abstract", "space", "clouds"}
)


def compose(brief: Brief, seed: int, width: int, height: int) -> Layout:
    """The layout of a picture of ``width`` x ``height`` pixels. The same arguments always give the same layout."""
    horizon = HORIZON.get(brief.setting.scene, 1.0)
    regions = _Regions()
    if brief.setting.scene not in SKYLESS:
        sky = f"{brief.setting.time} sky"
        regions.add("sky", sky, Box(0, 0, 1, horizon), {"part": "sky"})
    words = setting_words(brief.setting)
    label = brief.setting.scene if brief.setting.scene != "backdrop" else "background"
    key = scenery_key(brief, seed)
    regions.add(label, words, Box(0, 0, 1, 1), _setting_fields(brief.setting, key))
    placed = Placer(brief, seed, width / height, horizon).place()
    for item in sorted(placed, key=lambda item: item.depth):
        fields: dict[str, Any] = {"art": item.subject.art, "pose": item.pose, "color": item.subject.color}
        if item.flip is not None:
            fields["flip"] = item.flip
        regions.add(item.subject.words, item.subject.words, item.box, fields)
    for text, box in _text_boxes(brief, placed):
        regions.add(f'text "{text}"', text, box, {}, kind="text")
    return Layout(regions=tuple(regions.made), prompt=brief.prompt, width=width, height=height)


def scenery_key(brief: Brief, seed: int) -> str:
    """
    What the random choices of the scenery hang on: the seed and what is in the picture, not its style or lettering.

    So a style comparison at one seed shows the same hills, and a gallery of unseeded pictures is not one beach.
    """
    setting = brief.setting
    what = [setting.scene, setting.time, setting.weather, sorted(setting.extras), [s.art for s in brief.subjects]]
    if setting.scene == "abstract":
        what.append(brief.prompt)
    return f"{zlib.crc32(repr((seed, what)).encode()):08x}"


def setting_words(setting: Setting) -> str:
    """The setting in words that ``parse`` reads back as the same setting."""
    scene = {"island": "isometric island", "backdrop": "portrait", "moon": "moon surface"}.get(
        setting.scene, setting.scene
    )
    adjective = {"rain": "rainy", "snow": "snowy", "storm": "stormy", "fog": "foggy"}.get(setting.weather or "", "")
    words = " ".join(filter(None, [*setting.colors, adjective, scene]))
    if setting.time == "overcast":
        words += " on an overcast day"
    elif setting.time != "storm":
        words += f" at {setting.time}" if setting.time != "day" else " by day"
    styles = {
        "lowpoly": "low poly",
        "pixel": "pixel art",
        "oil": "oil painting",
        "ink": "ink drawing",
        "comic": "comic book",
    }
    return ", ".join([words, *sorted(setting.extras), *(styles.get(style, style) for style in setting.styles)])


def _setting_fields(setting: Setting, key: str) -> dict[str, Any]:
    return {
        "scene": setting.scene,
        "time": setting.time,
        "weather": setting.weather,
        "styles": list(setting.styles),
        "colors": list(setting.colors),
        "extras": sorted(setting.extras),
        "key": key,
    }


class _Regions:
    """Collects regions and keeps their labels unique."""

    def __init__(self) -> None:
        self.made: list[Region] = []
        self._labels: dict[str, int] = {}

    def add(self, label: str, prompt: str, box: Box, fields: dict[str, Any], kind: str = "coarse_detail") -> None:
        known = self._labels[label] = self._labels.get(label, 0) + 1
        corners = (round(float(value), 4) for value in (box.x0, box.y0, box.x1, box.y1))
        x0, y0, x1, y1 = corners
        side = {"words": prompt, **fields} if fields else {}
        extra: dict[str, Any] = {"sketch": side} if side else {}
        self.made.append(
            Region(
                label=label if known == 1 else f"{label} {known}",
                prompt=prompt,
                bbox=BBox(x0=x0, y0=y0, x1=x1, y1=y1),
                region_type=kind,
                **extra,
            )
        )


def _text_boxes(brief: Brief, placed: list[Placed]) -> list[tuple[str, Box]]:
    """Lettering above the picture's heroes; below the badge of a logo; across the middle where nothing else is."""
    boxes: list[tuple[str, Box]] = []
    for index, text in enumerate(brief.texts):
        drop = index * 0.17
        if brief.setting.scene == "logo":
            box = Box(0.12, 0.76 + drop * 0.5, 0.88, 0.88 + drop * 0.5)
        elif brief.setting.scene == "card":
            box = Box(0.13, 0.14 + drop, 0.87, 0.36 + drop) if placed else Box(0.12, 0.3 + drop, 0.88, 0.6 + drop)
        elif placed:
            box = Box(0.08, 0.06 + drop, 0.92, 0.22 + drop)
        else:
            box = Box(0.08, 0.34 + drop, 0.92, 0.58 + drop)
        boxes.append((text, box))
    return boxes
