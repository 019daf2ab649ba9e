"""The scenes, one painter each, by the name the word list gives them."""

from __future__ import annotations

from collections.abc import Callable

from reve_core.providers.sketch.canvas import Canvas
from reve_core.providers.sketch.scenes import (
    abstract,
    backdrop,
    card,
    city,
    desert,
    forest,
    heavens,
    island,
    logo,
    meadow,
    mountains,
    room,
    studio,
    underwater,
    waterside,
)

Painter = Callable[[Canvas], None]

SCENES: dict[str, Painter] = {
    "forest": forest.paint,
    "mountains": mountains.paint,
    "beach": waterside.paint_beach,
    "sea": waterside.paint_sea,
    "underwater": underwater.paint,
    "city": city.paint,
    "desert": desert.paint_dunes,
    "mars": desert.paint_mars,
    "moon": desert.paint_moon,
    "space": heavens.paint_space,
    "clouds": heavens.paint_clouds,
    "meadow": meadow.paint,
    "room": room.paint,
    "studio": studio.paint,
    "island": island.paint,
    "logo": logo.paint,
    "card": card.paint,
    "backdrop": backdrop.paint,
    "abstract": abstract.paint,
}
