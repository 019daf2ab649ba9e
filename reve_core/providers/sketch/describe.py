"""What a picture shows and what it leaves out, in one or two short sentences."""

from __future__ import annotations

from reve_core.providers.sketch.brief import Brief, Setting

MAX_LEFT_OUT = 8

_SCENES = {
    "island": "isometric island",
    "backdrop": "plain backdrop",
    "studio": "table top",
    "card": "greeting card",
    "abstract": "an abstract composition",
    "clouds": "sky above the clouds",
    "moon": "surface of the Moon",
    "mars": "Mars",
    "underwater": "under water",
}
_STYLES = {
    "oil": "oil paint",
    "pixel": "pixel art",
    "ink": "pen and ink",
    "lowpoly": "low poly",
    "photo": "photo grading",
    "neon": "neon light",
    "comic": "comic",
}
_WEATHER = {"snow": "snowy", "rain": "rainy", "storm": "stormy", "fog": "foggy"}


def notes(brief: Brief) -> tuple[str, ...]:
    """Such as ``("Drew: fox, snowy forest, dawn, watercolor.", "Not drawn: fisherman.")``."""
    drew = [_counted(subject.words, subject.count) for subject in brief.subjects]
    drew += _setting_words(brief.setting)
    drew += [f'"{text}"' for text in brief.texts if _is_latin(text)]
    lines = [f"Drew: {', '.join(drew)}."]
    left_out = [*brief.unknown, *brief.spare, *(f'"{text}"' for text in brief.texts if not _is_latin(text))]
    if left_out:
        more = len(left_out) - MAX_LEFT_OUT
        shown = ", ".join(left_out[:MAX_LEFT_OUT])
        lines.append(f"Not drawn: {shown}{f' and {more} more' if more > 0 else ''}.")
    return tuple(lines)


def _is_latin(text: str) -> bool:
    from reve_core.providers.sketch.lettering import is_drawable

    return is_drawable(text)


def _counted(words: str, count: int) -> str:
    return words if count == 1 else f"{words} ({count})"


def _setting_words(setting: Setting) -> list[str]:
    scene = _SCENES.get(setting.scene, setting.scene)
    is_outdoors = setting.scene == "clouds" or setting.scene not in {*_SCENES, "room", "logo", "space"}
    if is_outdoors and setting.weather:
        scene = f"{_WEATHER[setting.weather]} {scene}"
    words = [scene]
    if is_outdoors and setting.time not in ("storm", "overcast"):
        words.append(setting.time)
    words += sorted(setting.extras - {"moon", "flowers", "tropical"}) if is_outdoors or setting.scene == "card" else []
    if "flowers" in setting.extras and setting.scene in ("meadow",):
        words.append("flowers")
    words += [_STYLES.get(style, style) for style in setting.styles]
    return words
