"""
The word list: which phrase means which drawing, scene, time, weather, style or relation.

Built once from the two reviewed data files in ``assets`` and the names in the art file.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from reve_core.providers.sketch.assets import FOLDER

LONGEST_PHRASE = 5  # tokens

IRREGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "wolves": "wolf",
    "children": "child",
    "kids": "child",
    "men": "man",
    "women": "woman",
    "people": "person",
    "knives": "knife",
    "leaves": "leaf",
    "loaves": "loaf",
    "elves": "elf",
    "oxen": "ox",
    "octopi": "octopus",
    "cacti": "cactus",
    "buses": "bus",
}
UNCHANGING = frozenset(
    {"sheep", "fish", "deer", "moose", "bison", "salmon", "trout", "cattle", "shrimp", "koi", "squid"}
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    ``meanings`` maps a phrase to (kind, value) pairs; kind is ``subject``, ``scene``, ``time``, ``weather``, ``style``,
    ``extra``, ``group``, ``relation`` or ``misleading``. The other tables map single words.
    """

    meanings: dict[str, tuple[tuple[str, str], ...]]
    colors: dict[str, int]
    counts: dict[str, int]
    sizes: dict[str, float]
    quiet: frozenset[str]
    articled: frozenset[str]
    emblems: dict[str, str]  # scene phrase to drawing


@dataclass(frozen=True, slots=True)
class Traits:
    """What the drawings are like. Keys and members are names of drawings."""

    home: dict[str, str]
    scale: dict[str, float]
    light: dict[str, float]
    natural: dict[str, frozenset[str]]
    seats: dict[str, float]
    places: dict[str, frozenset[str]]
    roles: dict[str, frozenset[str]]


def normalise(phrase: str) -> str:
    """Lower case, hyphens as blanks: the form in which phrases are compared."""
    return re.sub(r"[\s\-_]+", " ", phrase.lower().replace("’", "'")).strip()


def singulars(word: str) -> tuple[str, ...]:
    """``word`` itself, then what it may be the plural of."""
    forms = [word]
    if word in IRREGULAR:
        forms.append(IRREGULAR[word])
    if word.endswith("ies") and len(word) > 4:
        forms.append(word[:-3] + "y")
    if word.endswith("es") and len(word) > 4:
        forms.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        forms.append(word[:-1])
    return tuple(forms)


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


@functools.cache
def traits() -> Traits:
    data = _load("traits.toml")
    by_value = {
        table: {name: key for key, names in data[table].items() for name in names.split()}
        for table in ("home", "scale", "light")
    }
    return Traits(
        home=by_value["home"],
        scale={name: float(value) for name, value in by_value["scale"].items()},
        light={name: float(value) for name, value in by_value["light"].items()},
        natural={name: frozenset(colors.split()) for name, colors in data["natural"].items()},
        seats={name: float(value) for name, value in data["seats"].items()},
        places={key: frozenset(names.split()) for key, names in data["places"].items()},
        roles={key: frozenset(names.split()) for key, names in data["roles"].items()},
    )


@functools.cache
def vocabulary() -> Vocabulary:
    from reve_core.providers.sketch.art import names  # the art file is large: open it only when words are needed

    data = _load("words.toml")
    meanings: dict[str, list[tuple[str, str]]] = {}

    def add(phrase: str, kind: str, value: str) -> None:
        meanings.setdefault(normalise(phrase), []).append((kind, value))

    for phrase in data["names"]["misleading"]:
        add(phrase, "misleading", phrase)
    silent = set(data["names"]["silent"].split())
    for name in names():
        if name not in silent:
            add(name, "subject", name)
    for name, phrases in data["subjects"].items():
        for phrase in phrases:
            # A reviewed word wins over the same words as another drawing's bare name.
            meanings.pop(normalise(phrase), None)
            add(phrase, "subject", name)
    tables = {"scenes": "scene", "times": "time", "weather": "weather", "styles": "style", "extras": "extra"}
    for table, kind in tables.items():
        for value, phrases in data[table].items():
            for phrase in phrases:
                add(phrase, kind, value)
    for value, phrases in data["groups"].items():
        for phrase in phrases:
            meanings.pop(normalise(phrase), None)
            add(phrase, "group", value)
    for value, phrases in data["relations"].items():
        for phrase in phrases:
            add(phrase, "relation", value)
    return Vocabulary(
        meanings={phrase: tuple(found) for phrase, found in meanings.items()},
        colors=data["colors"],
        counts=data["counts"],
        sizes=data["sizes"],
        quiet=frozenset(data["quiet"]["words"].split()),
        articled=frozenset(data["names"]["articled"]),
        emblems={normalise(phrase): name for name, phrases in data["emblems"].items() for phrase in phrases},
    )
