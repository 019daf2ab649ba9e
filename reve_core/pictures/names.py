"""Names for files that leave the app: friendly ones for a download, dull ones inside an archive."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_LENGTH = 60
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")


def friendly(prompt: str, suffix: str, *, fallback: str = "picture") -> str:
    """
    A file name that begins like the prompt: letters and digits of any script, single hyphens, at most 60 characters.

    ``suffix`` begins with a dot. Never empty, hidden, or a name that Windows keeps for itself.
    """
    text = unicodedata.normalize("NFC", prompt[:400])
    words = "".join(mark if unicodedata.category(mark)[0] in "LMN" else " " for mark in text).split()
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:_LENGTH]
        if len(longer) > _LENGTH:
            break
        name = longer
    if not name or _RESERVED.fullmatch(name):
        name = f"{fallback}-{name}".rstrip("-")
    return name + suffix


def disposition(kind: str, filename: str) -> str:
    """
    A ``Content-Disposition`` value; ``kind`` is ``inline`` or ``attachment``.

    Every client understands the plain ASCII ``filename``; ``filename*`` carries the real one. RFC 6266, RFC 8187.
    """
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[^A-Za-z0-9._\-]+", "-", plain).strip("-")
    if not plain or plain.startswith("."):
        plain = "picture" + plain
    value = f'{kind}; filename="{plain}"'
    return value if plain == filename else f"{value}; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
