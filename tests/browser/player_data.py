"""Comparisons for the player's tests: the data a host gives it, with small pictures drawn here."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

from PIL import Image, ImageDraw

HOSTILE = "</script><img src=x onerror=\"document.title='broken into'\"> <b>bold</b> \u2028 end"


def picture(colour: str, size: tuple[int, int] = (96, 64), mark: tuple[int, int] | None = None) -> str:
    """A plain picture as a ``data:`` URL, with a white square at ``mark`` where one is asked for."""
    image = Image.new("RGB", size, colour)
    if mark is not None:
        ImageDraw.Draw(image).rectangle((*mark, mark[0] + 9, mark[1] + 9), fill="white")
    held = io.BytesIO()
    image.save(held, "PNG")
    return "data:image/png;base64," + b64encode(held.getvalue()).decode()


def cell(row: str, column: str, **more: Any) -> dict[str, Any]:
    """A finished cell; name what is otherwise."""
    made: dict[str, Any] = {
        "key": f"{row}-{column}",
        "row": row,
        "column": column,
        "state": "done",
        "says": "",
        "src": "",
        "full": "",
        "width": 96,
        "height": 64,
        "alt": f"Picture {row} {column}",
        "label": "AI-generated",
        "can": [],
        "layout": False,
    }
    return made | more


def row(number: int, prompt: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": f"r{number}", "name": chr(64 + number), "prompt": prompt, "twin_of": None}
    return made | {"hidden": False} | more


def two_by_two(**more: Any) -> dict[str, Any]:
    """
    Row A is red, row B blue; column 1 is equal in both. Each second column has a white square: left in A, right in B.

    Both pictures of column 2 have a layout: the fox became a cat, the moon moved, the tree grew, the lamp went and a boat came.
    """
    red, blue, grey = "#c02020", "#2030c0", "#808080"
    sources = {
        ("r1", "c1"): picture(grey),
        ("r2", "c1"): picture(grey),
        ("r1", "c2"): picture(red, mark=(10, 27)),
        ("r2", "c2"): picture(blue, mark=(76, 27)),
    }
    data: dict[str, Any] = {
        "id": "one",
        "title": "Fox or cat",
        "question": "Which one would you hang up?",
        "rows": [row(1, "a red fox under the moon"), row(2, "a red cat under two moons")],
        "columns": [{"id": "c1", "heads": ["seed 1"]}, {"id": "c2", "heads": ["seed 2"]}],
        "diffs": {
            "r1|r2": [
                ["=", "a red "],
                ["-", "fox"],
                ["+", "cat"],
                ["=", " under "],
                ["-", "the moon"],
                ["+", "two moons"],
            ]
        },
        "cells": [cell(r, c, src=src, full=src, layout=c == "c2") for (r, c), src in sources.items()],
        "standing": {"r1": "64 %", "r2": "36 %"},
        "rev": 1,
        "details": {
            "r1-c2": {
                "facts": [["Made by", "Sketch"], ["Seed", "2"]],
                "regions": [
                    region("fox", "a red fox looking up", 0.1, 0.5, 0.4, 0.9),
                    region("moon", "a full moon", 0.1, 0.1, 0.2, 0.2),
                    region("tree", "a bare tree", 0.7, 0.5, 0.8, 0.9),
                    region("lamp", "a street lamp", 0.9, 0.3, 0.97, 0.9),
                    region("ground", "snow", 0.0, 0.9, 1.0, 1.0),
                ],
            },
            "r2-c2": {
                "facts": [["Made by", "Reve"], ["Seed", "2"]],
                "regions": [
                    region("ground", "snow", 0.0, 0.9, 1.0, 1.7),
                    region("Moons", "a full moon", 0.6, 0.1, 0.7, 0.2),
                    region("tree", "a bare tree", 0.6, 0.2, 0.9, 0.9),
                    region("cat", "a red cat looking up", 0.1, 0.5, 0.4, 0.9),
                    region("boat", "a paper boat", 0.45, 0.7, 0.55, 0.8),
                ],
            },
        },
    }
    return data | more


def region(label: str, prompt: str, x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    return {"label": label, "prompt": prompt, "x0": x0, "y0": y0, "x1": x1, "y1": y1}


def large(rows: int = 12, samples: int = 8, providers: int = 4) -> dict[str, Any]:
    """``rows`` x (``samples`` x ``providers``) finished cells over a handful of pictures."""
    sources = [picture(f"hsl({40 * n}, 50%, 55%)", (96, 64)) for n in range(9)]
    columns = [
        {"id": f"c{p}-{n}", "heads": [f"Model {p + 1}", f"{n + 1}"]} for p in range(providers) for n in range(samples)
    ]
    prompts = [
        f"a wooden boat on a {word} lake, seen from above"
        for word in ["calm", "wild", "green", "deep", "grey", "lost", "cold", "far", "old", "new", "red", "dim"]
    ]
    lines = [row(number + 1, prompts[number % 12]) for number in range(rows)]
    diffs = {}
    for i, first in enumerate(lines):
        for second in lines[i + 1 :]:
            words = [line["prompt"].split()[5] for line in (first, second)]
            diffs[f"{first['id']}|{second['id']}"] = [
                ["=", "a wooden boat on a "],
                ["-", words[0]],
                ["+", words[1]],
                ["=", " lake, seen from above"],
            ]
    cells = [
        cell(line["id"], column["id"], src=sources[(7 * r + c) % 9], full=sources[(7 * r + c) % 9])
        for r, line in enumerate(lines)
        for c, column in enumerate(columns)
    ]
    return {
        "id": "large",
        "title": "Boats",
        "question": "",
        "rows": lines,
        "columns": columns,
        "diffs": diffs,
        "cells": cells,
        "standing": None,
        "rev": 1,
    }
