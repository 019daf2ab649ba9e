"""Painting a plan, step by step: scenery, drawings, weather, style, lettering."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from reve_core.layout import Layout
from reve_core.providers.sketch import art, lettering, plan, styles
from reve_core.providers.sketch.canvas import Canvas, generator, to_array
from reve_core.providers.sketch.figures import Ground, paint_figure
from reve_core.providers.sketch.scenes.registry import SCENES
from reve_core.providers.sketch.weather import bloom, paint_weather

Step = Callable[[float, str], None]

_DOING = {
    "forest": "Growing the forest",
    "mountains": "Raising the mountains",
    "beach": "Raking the sand",
    "sea": "Filling the sea",
    "underwater": "Going under water",
    "city": "Building the city",
    "desert": "Shaping the dunes",
    "mars": "Landing on Mars",
    "moon": "Landing on the Moon",
    "space": "Scattering the stars",
    "clouds": "Stacking the clouds",
    "meadow": "Painting the meadow",
    "room": "Furnishing the room",
    "studio": "Setting the table",
    "island": "Building the island",
    "logo": "Cutting the badge",
    "card": "Folding the card",
    "backdrop": "Priming the canvas",
    "abstract": "Cutting the paper",
}
_FLOATING = frozenset({"clouds", "space", "underwater", "logo", "card", "backdrop"})


def _no_step(fraction: float, text: str) -> None:
    return None


def render(layout: Layout, seed: int = 0, *, step: Step = _no_step) -> Image.Image:
    """
    Paint a layout: one of ours, an edited one, or one from elsewhere. Returns an RGB image of the layout's size.

    A layout without a size is painted 1024 x 1024. ``step(fraction, text)`` is called before each part of the work, and
    may raise to stop it. The same layout and seed give the same picture.
    """
    width, height = layout.width or 1024, layout.height or 1024
    step(0.0, "Reading the layout")
    wanted = plan.read(layout, seed, width, height)
    detail = styles.detail(wanted.setting.styles)
    if detail < 1:
        width, height = max(16, round(width * detail)), max(16, round(height * detail))
        wanted = plan.read(layout, seed, width, height)
    image = _apply_styles(_paint(wanted, step), wanted, step)
    size = (layout.width or 1024, layout.height or 1024)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    step(0.95, "Setting the letters" if wanted.letterings else "Framing the picture")
    full = plan.read(layout, seed, *size) if wanted.letterings else wanted
    for words in full.letterings:
        image = lettering.paint_lettering(image, words, full.setting, full.key)
    return image


def _paint(wanted: plan.Plan, step: Step) -> Canvas:
    setting = wanted.setting
    canvas = Canvas(wanted.width, wanted.height, setting, wanted.horizon, wanted.key)
    canvas.is_walked_on = any(figure.box[3] > canvas.horizon for figure in wanted.figures)
    step(0.05, _DOING.get(setting.scene, "Painting the sky"))
    SCENES[setting.scene if setting.scene in SCENES else "meadow"](canvas)
    if ("photo" in setting.styles or wanted.is_portrait) and setting.scene not in ("logo", "island", "card"):
        # A short depth of field: the scenery a little out of focus, the drawings sharp.
        radius = canvas.unit * (0.012 if wanted.is_portrait else 0.005)
        canvas.pixels = to_array(canvas.image().filter(ImageFilter.GaussianBlur(radius))).copy()
    front = max((figure.box[3] for figure in wanted.figures), default=0.0)
    _paint_props(canvas, [prop for prop in canvas.props if prop[0] <= front])
    for index, figure in enumerate(wanted.figures):
        step(0.35 + 0.3 * index / len(wanted.figures), f"Drawing: {figure.art.replace('-', ' ')}")
        _paint_figure(canvas, wanted, figure)
    _paint_props(canvas, [prop for prop in canvas.props if prop[0] > front])
    step(0.66, "Adding the weather")
    _paint_foreground(canvas, wanted)
    paint_weather(canvas)
    bloom(canvas)
    return canvas


def _paint_figure(canvas: Canvas, wanted: plan.Plan, figure: plan.Figure) -> None:
    flip = figure.flip
    if (
        flip is None
    ):  # animals look to the left as drawn: those on the left side turn, so that everybody faces the middle
        middle = (figure.box[0] + figure.box[2]) / 2
        flip = art.kind(figure.art) == "animal" and middle < wanted.width * 0.47
    look = art.Look(figure.art, figure.pose, figure.skin, figure.hue, flip)
    paint_figure(canvas, look, figure.box, _ground_under(canvas, wanted, figure))


def _ground_under(canvas: Canvas, wanted: plan.Plan, figure: plan.Figure) -> Ground:
    left, _, right, bottom = figure.box
    scene = wanted.setting.scene
    if scene in _FLOATING and not (scene == "underwater" and bottom > wanted.height * 0.9):
        return "air"
    if figure.pose in ("bust", "ride") or bottom < canvas.horizon * 0.98:
        return "air"
    middle = (left + right) / 2
    for other in wanted.figures:  # seated on another, or held by one: no shadow on the ground of its own
        if other is not figure and other.box[0] < middle < other.box[2] and other.box[1] < bottom < other.box[3] - 2:
            return "air"
    if scene == "sea":
        return "water"
    return "shadow"


def _paint_props(canvas: Canvas, props: list[tuple[float, float, float, str]]) -> None:
    for bottom, middle, height, name in props:
        width = height * art.aspect(name)
        box = (middle - width / 2, bottom - height, middle + width / 2, bottom)
        flip = art.kind(name) == "animal" and middle < canvas.width / 2
        paint_figure(
            canvas, art.Look(name, is_flipped=flip), box, "shadow" if canvas.setting.scene == "island" else "air"
        )


def _paint_foreground(canvas: Canvas, wanted: plan.Plan) -> None:
    """Grass before the feet of those who stand in it."""
    from reve_core.providers.sketch.nature import paint_grass

    scene = wanted.setting.scene
    if not wanted.figures or wanted.is_portrait or canvas.is_snowy or scene not in ("meadow", "forest", "mountains"):
        return
    green = "#35702f" if scene == "meadow" else "#1f3f24"
    paint_grass(canvas, "#7a4a20" if "autumn" in wanted.setting.extras else green, 60, 0.045, 0.985)


def _apply_styles(canvas: Canvas, wanted: plan.Plan, step: Step) -> Image.Image:
    image = canvas.image()
    canvas.pixels = np.zeros((1, 1, 3), np.float32)  # the filters need the memory more than the finished canvas does
    rng = generator("style", wanted.key, wanted.width, wanted.height)
    chain = styles.chain(wanted.setting.styles)
    for index, style in enumerate(chain):
        step(0.72 + 0.2 * index / len(chain), style.doing)
        image = style.apply(image, rng)
    return image
