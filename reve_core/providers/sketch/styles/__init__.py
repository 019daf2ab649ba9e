"""The styles: filters over the whole picture, which make drawing and scenery one thing. Plain image processing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from reve_core.providers.sketch.styles import (
    comic,
    ink,
    lowpoly,
    neon,
    noir,
    oil,
    photo,
    pixel,
    plain,
    poster,
    watercolor,
)

Filter = Callable[[Image.Image, np.random.Generator], Image.Image]


@dataclass(frozen=True, slots=True)
class Style:
    """``detail`` is the share of the full side length at which the picture is painted: costly filters work smaller."""

    apply: Filter
    doing: str
    detail: float = 1.0


PLAIN = Style(plain.apply, "Finishing touches")
STYLES = {
    "watercolor": Style(watercolor.apply, "Letting the watercolor run", 0.75),
    "oil": Style(oil.apply, "Laying on the oil paint", 0.75),
    "pixel": Style(pixel.apply, "Placing the pixels"),
    "ink": Style(ink.apply, "Inking the lines"),
    "noir": Style(noir.apply, "Turning down the lights"),
    "poster": Style(poster.apply, "Printing the poster", 0.8),
    "neon": Style(neon.apply, "Switching on the neon"),
    "comic": Style(comic.apply, "Inking the comic", 0.8),
    "lowpoly": Style(lowpoly.apply, "Folding the triangles"),
    "photo": Style(photo.apply, "Developing the photograph"),
}


def chain(names: tuple[str, ...]) -> list[Style]:
    """The styles to apply, in order. Neon first, and only as coloured light where another style gives the texture."""
    known = [name for name in names if name in STYLES]
    rest = [STYLES[name] for name in known if name != "neon"]
    if "neon" in known:
        tint = Style(neon.tint, STYLES["neon"].doing) if rest else STYLES["neon"]
        return [tint, *rest]
    return rest or [PLAIN]


def detail(names: tuple[str, ...]) -> float:
    return min(style.detail for style in chain(names))
