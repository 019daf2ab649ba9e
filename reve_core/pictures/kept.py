"""The renditions of a picture that share links show: rendered when first asked for, then kept beside the picture."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from reve_core.errors import BlobConflict, BlobError, BlobMissing, PictureDamaged
from reve_core.models import StoredImage
from reve_core.pictures import boxed, check, rendition
from reve_core.ports import Blobs

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

LIGHT_BYTES = 1_000_000  # a picture up to here is shown as it is
_MOST = 8_000_000  # bytes of a rendition
_WEB, _CARD, _VOTE = "-web.webp", "-card.jpg", "-vote.webp"


class Renditions:
    """
    ``keep``: store what was rendered. One rendering at a time: a large picture takes a gigabyte-second of memory, and
    strangers choose the moment.
    """

    def __init__(self, blobs: Blobs, caps: check.Caps, *, keep: bool) -> None:
        self._blobs = blobs
        self._caps = caps
        self._keep = keep
        self._turn = threading.Lock()

    @staticmethod
    def is_light(image: StoredImage) -> bool:
        return image.size <= LIGHT_BYTES

    def web(self, image: StoredImage) -> bytes:
        """Raises BlobMissing, BlobError, PictureDamaged."""
        return self._kept(image, _WEB, rendition.web)

    def card(self, image: StoredImage, label: str) -> bytes:
        """Raises BlobMissing, BlobError, PictureDamaged."""
        return self._kept(image, _CARD, lambda picture: rendition.card(picture, label))

    def boxed(self, images: Sequence[StoredImage], box: tuple[int, int]) -> list[bytes]:
        """
        Pictures as a blind vote shows them, all in the same box. They are made together: how long one took to come would
        tell whether it had been shown before. Raises BlobMissing, BlobError, PictureDamaged.
        """
        return [self._kept(image, _VOTE, lambda picture: boxed.boxed(picture, box)) for image in images]

    def joined(self, images: Sequence[StoredImage], render: Callable[[list[Image]], bytes]) -> bytes:
        """One rendition of several pictures; not kept. Raises BlobMissing, BlobError, PictureDamaged."""
        with self._turn:
            return render([self._decoded(image) for image in images])

    def prepare(self, image: StoredImage, label: str) -> None:
        """Render what is missing now, from one decoding. What fails is tried again by whoever asks for it."""
        wanted: list[tuple[str, Callable[[Image], bytes]]] = [(_CARD, lambda picture: rendition.card(picture, label))]
        if not self.is_light(image):
            wanted.append((_WEB, rendition.web))
        try:
            with self._turn:
                missing = [(end, render) for end, render in wanted if not self._blobs.find(_stem(image, end))]
                if missing:
                    picture = self._decoded(image)
                    for end, render in missing:
                        self._store(_stem(image, end) + PurePath(end).suffix, render(picture))
        except (BlobError, PictureDamaged) as exc:
            log.warning("The preview of a shared picture could not be made: %s", exc)

    def _kept(self, image: StoredImage, end: str, render: Callable[[Image], bytes]) -> bytes:
        key = _stem(image, end) + PurePath(end).suffix
        try:
            return self._blobs.get(key, max_bytes=_MOST)
        except BlobMissing:
            pass
        with self._turn:
            try:
                return self._blobs.get(key, max_bytes=_MOST)  # made while we waited
            except BlobMissing:
                data = render(self._decoded(image))
        self._store(key, data)
        return data

    def _decoded(self, image: StoredImage) -> Image:
        return check.decode(self._blobs.get(image.name, max_bytes=self._caps.max_bytes), self._caps)

    def _store(self, key: str, data: bytes) -> None:
        if not self._keep:
            return
        try:
            self._blobs.put(key, data)
        except BlobConflict:
            log.debug("Another process rendered the same at the same time.")
        except BlobError as exc:
            log.warning("A rendition could not be stored, so it will be made again: %s", exc)


def _stem(image: StoredImage, end: str) -> str:
    return PurePath(image.name).stem + PurePath(end).stem
