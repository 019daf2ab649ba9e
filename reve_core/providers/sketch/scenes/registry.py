"""The scenes, one painter each, by the name the word list gives them."""

from __future__ import annotations

from collections.abc import Callable

from reve_core.providers.sketch.canvas import Canvas
from reve_core.providers.sketch.scenes.abstract import paint as paint_abstract
from reve_core.providers.sketch.scenes.backdrop import paint as paint_backdrop
from reve_core.providers.sketch.scenes.card import paint as paint_card
from reve_core.providers.sketch.scenes.city import paint as paint_city
from reve_core.providers.sketch.scenes.desert import paint_dunes, paint_mars, paint_moon
from reve_core.providers.sketch.scenes.forest import paint as paint_forest
from reve_core.providers.sketch.scenes.heavens import paint_clouds, paint_space
from reve_core.providers.sketch.scenes.island import paint as paint_island
from reve_core.providers.sketch.scenes.logo import paint as paint_logo
from reve_core.providers.sketch.scenes.meadow import paint as paint_meadow
from reve_core.providers.sketch.scenes.mountains import paint as paint_mountains
from reve_core.providers.sketch.scenes.room import paint as paint_room
from reve_core.providers.sketch.scenes.studio import paint as paint_studio
from reve_core.providers.sketch.scenes.underwater import paint as paint_underwater
from reve_core.providers.sketch.scenes.waterside import paint_beach, paint_sea

Painter = Callable[[Canvas], None]

SCENES: dict[str, Painter] = {
    "forest": paint_forest,
    "mountains": paint_mountains,
    "beach": paint_beach,
    "sea": paint_sea,
    "underwater": paint_underwater,
    "city": paint_city,
    "desert": paint_dunes,
    "mars": paint_mars,
    "moon": paint_moon,
    "space": paint_space,
    "clouds": paint_clouds,
    "meadow": paint_meadow,
    "room": paint_room,
    "studio": paint_studio,
    "island": paint_island,
    "logo": paint_logo,
    "card": paint_card,
    "backdrop": paint_backdrop,
    "abstract": paint_abstract,
}
