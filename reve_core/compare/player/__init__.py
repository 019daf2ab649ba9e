"""
The player: a comparison's grid and its pair viewer, drawn in the browser by plain script.

One set of files serves three places: a Streamlit piece, the light pages, and an exported file that is opened from disk.
``script()`` declares one name, ``compareMount(root, data, hooks)``; it puts one element into ``root`` and returns
``{update(data), destroy(), open(key, other), close()}``. ``data`` is plain JSON and every text in it untrusted:

- ``rows`` ``[{id, name, prompt, twin_of, hidden}]``, ``twin_of`` another row's name, ``hidden`` when its prompt is not told;
- ``columns`` ``[{id, heads}]``, the outermost head first, as many for each;
- ``diffs`` ``{"row|later row": [[mark, text]]}``: ``=`` and ``-`` make the first prompt, ``=`` and ``+`` the second;
- ``cells`` ``[{key, row, column, state, says, src, full, width, height, alt, label, can, layout}]``;
- ``standing`` ``{row: words}`` or None; ``zoom`` in CSS pixels and ``theme`` (``light``, ``dark``), both optional;
- ``details`` ``{key: {regions, facts}}`` where the page carries them itself.

While the viewer is open, Back closes it: it has one entry of the history, at the same address with a
bare ``#``.

``hooks``, each optional: ``act(what, {keys} or {row})``, without which nothing can be changed; ``twin(row)``, the words on
what adds a row's prompt once more, with the price, empty where it cannot be had; ``details(key)``, a promise of
``{regions, facts}``; ``zoomChanged(pixels)``; ``opened(key, other)``.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

_HERE = Path(__file__).parent
_SCRIPTS = (
    "kit.js",
    "words.js",
    "layouts.js",
    "grid.js",
    "grid_cells.js",
    "grid_keys.js",
    "gestures.js",
    "stage.js",
    "back.js",
    "pair.js",
    "pair_keys.js",
    "about.js",
    "mount.js",
)
_STYLES = ("base.css", "grid.css", "pair.css")
# Characters that HTML does not allow anywhere, line breaks and tabs excepted.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# What could end a script element, begin a comment in it, or be a line's end in old scripts.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@cache
def script() -> str:
    """The player as one script, for a page's end or the start of a module. Its only global name is ``compareMount``."""
    files = "\n".join(_text(name) for name in _SCRIPTS)
    return f'const compareMount = (() => {{\n"use strict";\n{files}\ncompareMount.layouts = compareLayouts;\nreturn compareMount;\n}})();\n'


@cache
def style() -> str:
    """The player's style. Every rule begins with ``.cmp``, the one element that ``compareMount`` makes."""
    return "\n".join(_text(name) for name in _STYLES)


def document(data: Mapping[str, object], title: str) -> str:
    """
    One HTML file that shows the comparison with nothing else at hand: no server, no network, pictures as ``data:`` URLs.

    Its policy lets in this file's own style and script, and pictures that it carries itself. Raises ValueError for numbers
    that JSON does not know (NaN, infinity).
    """
    shown = escape(_FORBIDDEN.sub("\ufffd", title))
    question = data.get("question")
    asked = f"<p>{escape(_FORBIDDEN.sub(chr(0xFFFD), question))}</p>" if isinstance(question, str) and question else ""
    css = _text("document.css") + style()
    code = script() + _text("document.js")
    policy = f"default-src 'none'; img-src data:; style-src {_hash(css)}; script-src {_hash(code)}; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="color-scheme" content="light dark">
<title>{shown}</title>
<style>{css}</style>
</head>
<body>
<header><h1>{shown}</h1>{asked}</header>
<main id="player"><noscript><p>This page draws its pictures by script, and scripts are switched off here.</p></noscript></main>
<script type="application/json" id="comparison">{_json(data)}</script>
<script>{code}</script>
</body>
</html>
"""


def _json(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
