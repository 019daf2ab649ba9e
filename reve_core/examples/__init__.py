"""Prompts to begin with. Their pictures lie beside this file and were drawn by the built-in sketch (see scripts/)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9\-]{1,60}\.webp")


@dataclass(frozen=True, slots=True)
class Example:
    """``picture`` is the file's name and the last part of its address."""

    name: str
    prompt: str
    ratio: str
    seed: int

    @property
    def picture(self) -> str:
        return f"{self.name}.webp"


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "examples.toml").read_text(encoding="utf-8"))


@cache
def examples() -> tuple[Example, ...]:
    return tuple(Example(**entry) for entry in _read()["example"])


@cache
def surprises() -> tuple[str, ...]:
    """Prompts for those who want to be surprised."""
    return tuple(_read()["surprises"])


def picture_path(name: str) -> Path | None:
    """The file behind an example's address, None for anything that is not exactly such a name."""
    path = FOLDER / name
    return path if _NAME.fullmatch(name) and path.is_file() else None
