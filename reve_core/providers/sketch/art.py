"""
The drawings: names, kinds and shapes from the art file, and sprites of any size through resvg.

A drawing has poses: ``plain`` (animals and people drawn as heads get a body), ``ride`` and ``bust``.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reve_core.providers.sketch import bodies, drawings
from reve_core.providers.sketch.assets import FOLDER

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 2048  # pixels; a wider sprite is drawn at this size and stretched by nobody: boxes never ask for more
MIN_SIDE = 4

# The yellows that the emoji set uses for skin, for its shade, and for ears.
_YELLOW_BASE = ("#ffca26", "#ffca27", "#ffca28", "#ffcb29", "#fec925", "#fec926")
_YELLOW_SHADE = (
    *("#e59600", "#e59502", "#e59700", "#e69601", "#e89d05", "#e89d07", "#e3970a", "#eda600"),
    *("#f09e00", "#f09f04", "#f0a007", "#f5a813", "#f8ab16", "#f8ab17", "#f8ab19", "#f8ad1e"),
)
_YELLOW_EAR = ("#ffb300",)
# Emoji yellow is nobody's skin: light to dark (skin, shade, ear). The seed picks one.
SKINS = (
    ("#f9ddbd", "#dba689", "#ffd29c"),
    ("#e0bb95", "#c48e6a", "#cca47a"),
    ("#ba8d68", "#99674f", "#a47b62"),
    ("#a56c43", "#875334", "#8d5738"),
    ("#70534a", "#4a352d", "#5c4037"),
)

_CROWNED = {"princess": 50, "prince": 50, "person-with-crown": 50}  # how far down the crown reaches, of 128

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Look:
    """How one drawing appears. ``skin`` indexes ``SKINS``; ``hue`` is a colour word's value in words.toml, or None."""

    art: str
    pose: str = "plain"
    skin: int = 1
    hue: int | None = None
    is_flipped: bool = False


@functools.cache
def _read() -> dict[str, dict[str, Any]]:
    art: dict[str, dict[str, Any]] = json.loads(gzip.decompress((FOLDER / "art.json.gz").read_bytes()))
    return art


def _art() -> dict[str, dict[str, Any]]:
    # Several workers may ask first at the same moment; the file is 4 MB of text and is read once.
    with _lock:
        return _read()


@functools.cache
def names() -> tuple[str, ...]:
    """All drawings, the file's and our own."""
    return (*_art(), *drawings.OWN)


def is_drawing(name: str) -> bool:
    return name in drawings.OWN or name in _art()


def kind(name: str) -> str:
    """``animal``, ``place``, ``food``, ``play``, ``object``, ``face`` or ``person``."""
    return drawings.OWN[name][0] if name in drawings.OWN else str(_art()[name]["kind"])


def has_body(name: str) -> bool:
    """Whether it can sit on a mount: drawn with our own standing body."""
    return name in bodies.CLOTHES


def is_upright(name: str) -> bool:
    """Whether it is drawn with our own body, whose head is in the middle and at the top."""
    return name in bodies.CLOTHES or name in bodies.COATS


def is_person(name: str) -> bool:
    return kind(name) == "person" or name in bodies.CLOTHES


@functools.lru_cache(512)
def figure(name: str, pose: str, skin: int) -> drawings.Drawing:
    """Inner SVG and ink box of a drawing in a pose."""
    if name in drawings.OWN:
        return drawings.OWN[name][1]()
    entry = _art()[name]
    body: str = entry["body"]
    if entry["kind"] == "person":
        gold = body
        body = _with_skin(body, skin)
        if name in _CROWNED:  # the crown has the skin's yellow, and keeps it
            clip = f'<clipPath id="crown-{name}"><path d="M0 0H128V{_CROWNED[name]}H0Z"/></clipPath>'
            body += f'{clip}<g clip-path="url(#crown-{name})">{gold}</g>'
    tone = SKINS[skin][0]
    if pose == "bust" and (name in bodies.CLOTHES or name in bodies.COATS):
        return bodies.bust(name, body, tone)
    if name in bodies.CLOTHES:
        return bodies.standing(name, body, tone, riding=pose == "ride")
    if name in bodies.COATS:
        return bodies.sitting(body, bodies.COATS[name])
    x0, y0, x1, y1 = entry["box"]
    return body, (x0, y0, x1, y1)


def _with_skin(body: str, skin: int) -> str:
    base, shade, ear = SKINS[skin]
    for yellows, tone in ((_YELLOW_BASE, base), (_YELLOW_SHADE, shade), (_YELLOW_EAR, ear)):
        for yellow in yellows:
            body = body.replace(yellow, tone)
    return body


def aspect(name: str, pose: str = "plain") -> float:
    """Width over height of the ink."""
    x0, y0, x1, y1 = figure(name, pose, 1)[1]
    return (x1 - x0) / (y1 - y0)


@functools.lru_cache(128)
def crown_of_head(name: str, pose: str = "plain") -> tuple[float, float]:
    """Where a hat goes: the middle of the ink in the top eighth, and its width, as fractions of the drawing's width."""
    side = 96
    alpha = sprite(Look(name, pose), side, side).getchannel("A").point(lambda level: 255 if level > 60 else 0)
    box = alpha.crop((0, 0, side, side // 8)).getbbox()
    if box is None:
        return 0.5, 0.5
    return (box[0] + box[2]) / 2 / side, (box[2] - box[0]) / side


# One picture repeats few drawings; a larger cache would hold hundreds of megabytes of pixels.
@functools.lru_cache(16)
def sprite(look: Look, width: int, height: int) -> Image.Image:
    """The drawing as RGBA, filling ``width`` x ``height`` pixels. Callers must not change it: it is shared."""
    import resvg_py
    from PIL import Image, ImageOps

    body, (x0, y0, x1, y1) = figure(look.art, look.pose, look.skin)
    width, height = (max(MIN_SIDE, min(MAX_SIDE, side)) for side in (width, height))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x0} {y0} {x1 - x0} {y1 - y0}" '
        f'width="{width}" height="{height}" preserveAspectRatio="none">{body}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True))
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    if look.hue is not None:
        image = _tinted(image, look.hue)
    return ImageOps.mirror(image) if look.is_flipped else image


def _tinted(image: Image.Image, hue: int) -> Image.Image:
    """Turn the coloured parts to ``hue`` degrees, or the whole to white (-1), black (-2) or grey (-3)."""
    from PIL import Image

    alpha = image.getchannel("A")
    hues, saturation, value = image.convert("RGB").convert("HSV").split()
    if hue >= 0:
        colored = saturation.point(lambda level: 255 if level > 50 else 0)
        hues.paste(int(hue / 360 * 255), (0, 0, *hues.size), colored)
        saturation = Image.composite(saturation.point(lambda level: min(255, level + 30)), saturation, colored)
    else:
        saturation = saturation.point(lambda level: int(level * 0.12))
        value = value.point(
            {
                -1: lambda level: int(238 - (255 - level) * 0.5),
                -2: lambda level: int(level * 0.36),
                -3: lambda level: int(70 + level * 0.55),
            }[hue]
        )
    tinted = Image.merge("HSV", (hues, saturation, value)).convert("RGB")
    tinted.putalpha(alpha)
    return tinted
