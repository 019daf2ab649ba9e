"""
From the answer's bytes to a picture on disk: look, save, decode once, make the thumbnail, only then call it done.

The bytes are saved before they are decoded: they may be paid for, and saving takes milliseconds where decoding a large
picture takes half a second. Until the row says done nobody is told their name.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from reve_core.errors import BlobConflict, BlobError, PictureDamaged, StoreError
from reve_core.models import Claim, Receipt, StoredImage
from reve_core.pictures import check, thumbnail
from reve_core.pictures.marker import mark
from reve_core.pictures.xmp import source_of
from reve_core.ports import Blobs, JobStore

log = logging.getLogger(__name__)

THUMBNAIL_SUFFIX = "-thumb.webp"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying to save something that was paid for, and how to pass the time."""

    total_s: float = 90.0
    first_wait_s: float = 0.2
    sleep: Callable[[float], object] = time.sleep


class Keeper:
    def __init__(self, store: JobStore, blobs: Blobs, caps: check.Caps, patience: Patience) -> None:
        self._store = store
        self._blobs = blobs
        self._caps = caps
        self._patience = patience

    def save(self, claim: Claim, data: bytes) -> str:
        """
        Put a fresh answer on the disk, and return its name.

        Raises PictureDamaged when the header shows no picture within the caps, and BlobError when it could not be saved
        in spite of all patience; nothing under an image's name is left behind then.
        """
        facts = check.inspect(data, self._caps)
        name = claim.blob_stem + facts.suffix
        self.insist(lambda: self._blobs.put(name, data))
        return name

    def adopt(self, claim: Claim, receipt: Receipt) -> bool:
        """Finish a job whose picture was saved before its worker died: free of charge. False: there is none."""
        name = self.saved_name(claim)
        if name is None:
            return False
        return self.finish(claim, name, receipt)

    def saved_name(self, claim: Claim) -> str | None:
        return next((info.key for info in self._blobs.find(claim.blob_stem)), None)

    def insist(self, write: Callable[[], object]) -> None:
        """Repeat a write that fails for lack of room or because the database is locked, within the patience."""
        deadline = time.monotonic() + self._patience.total_s
        wait = self._patience.first_wait_s
        while True:
            try:
                write()
                return
            except (StoreError, BlobError) as exc:
                if isinstance(exc, BlobConflict) or time.monotonic() + wait > deadline:
                    raise
                log.warning("Saving failed, trying again in %.1f s: %s", wait, exc)
                self._patience.sleep(wait)
                wait = min(wait * 2, 10.0)

    def finish(self, claim: Claim, name: str, receipt: Receipt) -> bool:
        """
        Decode a saved picture, make its thumbnail and call its job done. False: the job has gone to somebody else.

        Raises PictureDamaged when the bytes do not decode (the file is gone then), BlobError when they cannot be read.
        """
        data = self._blobs.get(name, max_bytes=self._caps.max_bytes)
        try:
            facts = check.inspect(data, self._caps)
            picture = check.decode(data, self._caps)
        except PictureDamaged:
            self._blobs.delete(name)
            raise
        small = mark(thumbnail.make(picture), source_of(claim.job.request.provider))
        thumbnail_name = claim.blob_stem + THUMBNAIL_SUFFIX
        try:
            self.insist(lambda: self._blobs.put(thumbnail_name, small))
        except BlobConflict:
            # Made before a crash, by another version of the codec: as good as this one.
            log.debug("The thumbnail was there already.")
        image = StoredImage(
            name=name,
            thumbnail=thumbnail_name,
            mime=facts.mime,
            width=facts.width,
            height=facts.height,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        finished: list[bool] = []
        self.insist(lambda: finished.append(self._store.done(claim, image, receipt)))
        if not finished[-1] and not self._store.is_wanted(claim):
            for key in (name, thumbnail_name):
                self._blobs.delete(key)
        return finished[-1]
