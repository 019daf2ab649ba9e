"""
The built-in sketch: pictures drawn by code, with no key, no network and no model.

``SketchProvider`` is the provider. ``plan_layout`` and ``render`` are its two halves, for drawing from an edited layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.sketch.provider import SketchProvider

if TYPE_CHECKING:
    from PIL import Image

    from reve_core.layout import Layout

__all__ = ["KIND", "SketchProvider", "plan_layout", "render"]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    delay_s: float = Field(default=0.0, ge=0, le=120)


def _make(config: ProviderConfig, house: House) -> Provider:
    return SketchProvider(delay_s=config.options_as(_Options).delay_s)


KIND = Kind(_make)


def plan_layout(prompt: str, seed: int = 0, aspect_ratio: str = "1:1") -> Layout:
    """The layout that the sketch would draw for a prompt. Raises ``ValueError`` for an aspect ratio that is not one."""
    from reve_core.providers.sketch.compose import compose
    from reve_core.providers.sketch.parse import parse
    from reve_core.providers.sketch.sizes import size_for

    return compose(parse(prompt), seed, *size_for(aspect_ratio))


def render(layout: Layout, seed: int = 0) -> Image.Image:
    """
    Draw a layout: one from ``plan_layout``, an edited one, or another provider's.

    A region is drawn by its words alone where nothing else says what it is. Returns an RGB image of the layout's size.
    """
    from reve_core.providers.sketch.draw import render as draw

    return draw(layout, seed)
