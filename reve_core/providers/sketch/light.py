"""One palette per time of day, applied to everything in the picture: that is what holds it together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Hex colours: four ``sky`` stops from the top down, direct ``light``, ``ambient`` tint, and ``fog`` of distance."""

    sky: tuple[str, str, str, str]
    light: str
    ambient: str
    fog: str


PALETTES = {
    "day": Palette(("#2f7fd0", "#6fb4ea", "#b5def3", "#eef6ee"), "#fff3d6", "#ffffff", "#cfe6f2"),
    "dawn": Palette(("#6f86c4", "#b9a5cf", "#f6c3b4", "#ffe6c0"), "#ffdcae", "#fbe6dc", "#f3d6cb"),
    "sunset": Palette(("#2f2a63", "#8b3f77", "#f0694e", "#ffc56a"), "#ffb45f", "#f5cdb0", "#ee9a72"),
    "dusk": Palette(("#141a44", "#3c3a7c", "#8d5c98", "#eba08e"), "#ffb9a0", "#b3a6cf", "#8b6f9f"),
    "night": Palette(("#081030", "#122458", "#274585", "#4a72b0"), "#c9dcff", "#93a2d2", "#35548f"),
    "storm": Palette(("#141a25", "#2b3644", "#4c5965", "#848f94"), "#cfdbe6", "#a3afbc", "#66737e"),
    "overcast": Palette(("#8fa3b3", "#b3c1ca", "#d3dade", "#e9ecec"), "#ffffff", "#e4e9ee", "#d4dbe0"),
}
MARS = Palette(("#7a3f2c", "#b96f49", "#e0a273", "#f3d2a6"), "#ffe2b8", "#fbdcc4", "#dd9c70")

# How far down the sun or moon stands, as a fraction of the sky.
SUN_HEIGHT = {"day": 0.16, "night": 0.17, "overcast": 0.2, "storm": 0.2}
LOW_SUN = 0.8
# How much of the daylight reaches the ground.
EXPOSURE = {"night": 0.62, "dusk": 0.74, "storm": 0.82}


def palette_for(time: str, scene: str) -> Palette:
    return MARS if scene == "mars" and time == "day" else PALETTES[time]
