"""A data folder with a past: jobs written straight into the store, as though an earlier run of the app had made them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image

from reve_core.blobs.local import LocalBlobs
from reve_core.layout import BBox, Layout, Region
from reve_core.models import JobRequest, Limits, Receipt, Review, StoredImage, ratio_of
from reve_core.pictures import thumbnail
from reve_core.store.sqlite import SqliteStore
from tests.building import place

MARKUP = "**bold** ![x](http://tracker.example/b.png) <img src=x onerror=document.title='hit'> <b>html</b>"
_LIMITS = {"sketch": Limits(1000)}


class Past:
    """``with Past(folder) as past: fox = past.done("fox")``. Every method gives the job's id."""

    def __init__(self, folder: Path) -> None:
        self._store = SqliteStore(folder / "reve.db")
        self._blobs = LocalBlobs(folder / "images")

    def __enter__(self) -> Past:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def done(self, prompt: str, *, ratio: str = "1:1", lost_thumbnail: bool = False, damaged: bool = False) -> str:
        claim = self._begin(prompt, ratio)
        width, height = ratio_of(ratio)
        picture = Image.new("RGB", (240, round(240 * height / width)), (claim.job.seq * 37 % 200, 90, 140))
        out = io.BytesIO()
        picture.save(out, "PNG")
        data = out.getvalue()
        image = StoredImage(
            name=f"{claim.blob_stem}.png",
            thumbnail=f"{claim.blob_stem}-thumb.webp",
            mime="image/png",
            width=picture.width,
            height=picture.height,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        self._blobs.put(image.name, data[:-9] if damaged else data)
        if not lost_thumbnail:
            self._blobs.put(image.thumbnail, thumbnail.make(picture))
        layout = Layout(
            regions=(
                Region(label="red fox", prompt="a red fox", bbox=BBox(x0=0.1, y0=0.3, x1=0.5, y1=0.8)),
                Region(label="<b>tree</b>", bbox=BBox(x0=0.6, y0=0.2, x1=0.9, y1=0.9)),
            )
        )
        receipt = Receipt(credits_used=0, layout=layout, notes=("Drew: fox.", "Not drawn: unicycle."))
        self._store.arrived(claim, receipt)
        self._store.done(claim, image, receipt)
        return claim.job.id

    def ordered(self, prompt: str) -> str:
        """Left for a running app to make."""
        request = JobRequest(prompt=prompt, provider="sketch", model="sketch-1")
        return place(self._store, request)[0].id

    def held(self, prompt: str, review: Review) -> str:
        """Waits for somebody's yes."""
        request = JobRequest(prompt=prompt, aspect_ratio="1:1", provider="sketch", model="sketch-1")
        return place(self._store, request, review=review)[0].id

    def failed(self, prompt: str, error: str) -> str:
        claim = self._begin(prompt)
        self._store.fail(claim, "not_charged", error, outcome="not_charged")
        return claim.job.id

    def unknown(self, prompt: str) -> str:
        claim = self._begin(prompt)
        self._store.unknown(claim, "The answer was lost on its way.", receipt=Receipt(request_id="rsid-lost"))
        return claim.job.id

    def _begin(self, prompt: str, ratio: str = "1:1"):  # type: ignore[no-untyped-def]
        request = JobRequest(prompt=prompt, aspect_ratio=ratio, seed=7, provider="sketch", model="sketch-1")
        place(self._store, request)
        claim = self._store.claim("past", lease_s=60, limits=_LIMITS)
        assert claim is not None
        assert self._store.begin_call(claim, idempotent=True)
        return claim
