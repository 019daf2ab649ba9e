"""What a prompt was understood to ask for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Subject:
    """
    One thing to draw: ``art`` is a drawing's name, ``words`` what the prompt called it.

    ``relation`` ties it to the subject before it: ``on``, ``over``, ``under``, ``in``, ``wear``, ``hold`` or None.
    ``is_aloft`` puts it into the sky. ``size`` multiplies its natural height.
    """

    art: str
    words: str
    color: str | None = None
    count: int = 1
    size: float = 1.0
    relation: str | None = None
    is_aloft: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything about a picture that is not a thing in it. ``extras`` are touches such as ``flowers`` or ``aurora``."""

    scene: str
    time: str = "day"
    weather: str | None = None
    styles: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Brief:
    """
    A parsed prompt. ``unknown`` are the words asked for that cannot be drawn, in the order they were written.

    ``is_scene_named`` tells a scene the prompt asked for from a default. ``is_portrait`` means: large and close.
    """

    prompt: str
    setting: Setting
    subjects: tuple[Subject, ...] = ()
    texts: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    is_scene_named: bool = False
    is_portrait: bool = False
    spare: tuple[str, ...] = field(default=())  # understood, but more than one picture holds
