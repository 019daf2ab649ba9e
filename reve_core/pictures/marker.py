"""
Pictures on their way out: each copy with the mark that it is to carry, and signed where the operator has a certificate.

The originals on the disk stay as the provider sent them. A manifest that a picture came with is never broken: the copy
goes out as it is, or is signed anew with the original as its parent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reve_core.errors import PictureDamaged
from reve_core.models import JobRequest
from reve_core.pictures import metadata, xmp
from reve_core.pictures.bare import bare, has_manifest

log = logging.getLogger(__name__)

SIGNED = "signed (self-issued)"
AS_IT_CAME = "It carries the provider's own Content Credentials, so nothing was written into it."


class SealFailed(Exception):
    """A picture could not be signed; the message says why, for the log."""


class Seal(Protocol):
    """Signs copies of pictures."""

    def sign(self, data: bytes, source: xmp.Source, *, parent: bytes | None = None) -> bytes:
        """
        The picture with a C2PA manifest. ``parent`` is the original that it is a copy of, where that has a manifest too.

        Raises ``SealFailed``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Marked:
    """A copy, and a sentence that whoever keeps it ought to know; empty where there is nothing to say."""

    data: bytes
    note: str = ""


class Marker:
    """``seal`` None: the mark is written, nothing is signed."""

    def __init__(self, seal: Seal | None = None) -> None:
        self._seal = seal

    @property
    def says(self) -> str:
        """What pages say of the copies beside their label: nothing, or that they are signed."""
        return SIGNED if self._seal else ""

    def with_settings(
        self,
        data: bytes,
        request: JobRequest,
        *,
        label: str,
        credits: float | None = None,
        usd: float | None = None,
        created_at: datetime | None = None,
    ) -> Marked:
        """An original with what ``request`` says, its prompt included, written into it."""
        has = _has_manifest(data)
        if has and self._seal is None:
            return Marked(data, AS_IT_CAME)
        try:
            written = metadata.embed(
                data, request, label=label, credits=credits, usd=usd, created_at=created_at, signed_anew=has
            )
        except PictureDamaged as exc:
            # It is whole, for its hash is right; a decoder reads more than we do.
            log.warning("A picture goes out without its mark: %s", exc)
            return Marked(data)
        signed = self._signed(written, xmp.source_of(request.provider), parent=data if has else None)
        if signed is None:
            return Marked(data, AS_IT_CAME) if has else Marked(written)
        return Marked(signed)

    def without_settings(self, data: bytes, provider: str) -> bytes:
        """
        The original's pixels and the mark, nothing else: what it came with may tell the prompt. Raises ``PictureDamaged``.
        """
        return self.copy(bare(data), xmp.source_of(provider))

    def copy(self, data: bytes, source: xmp.Source) -> bytes:
        """A rendition of our own, marked and signed. Raises ``PictureDamaged``."""
        written = mark(data, source)
        return self._signed(written, source) or written

    def _signed(self, data: bytes, source: xmp.Source, *, parent: bytes | None = None) -> bytes | None:
        if self._seal is None:
            return None
        try:
            return self._seal.sign(data, source, parent=parent)
        except SealFailed as exc:
            log.error("A picture goes out unsigned: %s", exc)
            return None


UNSIGNED = Marker()


def mark(data: bytes, source: xmp.Source) -> bytes:
    """A rendition of our own with the mark alone: thumbnails, cards, small copies. Raises ``PictureDamaged``."""
    return xmp.put(data, xmp.packet(source))


def mark_blind(data: bytes, providers: Iterable[str], label: str) -> bytes:
    """
    One of two pictures before a vote. Where both kinds take part the mark is ``label``, the same words in all of them: the
    IPTC's name would tell who made which. Raises ``PictureDamaged``.
    """
    source = xmp.source_of_all(providers)
    return xmp.put(data, xmp.packet(None if source == "compositeSynthetic" else source, told=label))


def _has_manifest(data: bytes) -> bool:
    try:
        return has_manifest(data)
    except PictureDamaged:
        return False
