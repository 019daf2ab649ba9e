"""
What a blob may be called: ``<job id>-<attempt>.png``, and ``<job id>-<attempt>-thumb.webp`` for its thumbnail. What a
share link shows is made once and kept beside them: ``-web.webp`` on the page, ``-card.jpg`` in a chat's preview, and
``-vote.webp`` where it is voted on blind.

A key comes back as the last part of a URL, so nothing but a full match ever reaches a file system. To store another
format, add its suffix here, together with the type it is served as; nothing else decides either.
"""

from __future__ import annotations

import re

MIME = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}

_STEM = r"[0-9a-f]{32}-[0-9]{1,6}(-(?:thumb|web|card|vote))?"
_KEY = re.compile(rf"{_STEM}({'|'.join(re.escape(suffix) for suffix in MIME)})")
_WHOLE_STEM = re.compile(_STEM)


def is_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


def is_stem(name: str) -> bool:
    return _WHOLE_STEM.fullmatch(name) is not None


def job_of(key: str) -> str:
    """The id of the job whose picture this is."""
    return key[:32]


def mime_of(key: str) -> str:
    """The type that a blob is served as. Raises ``KeyError`` for a suffix that is not in ``MIME``."""
    return MIME["." + key.rpartition(".")[2]]
