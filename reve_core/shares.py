"""
Share links: a revocable window on one picture, for whoever holds its address. What is common to all links is here too:
the list of them, their end, and their tokens; ``comparison_shares`` opens those to comparisons.

The token in the address is worked out from the share's id and the secret, and only its hash is stored: who reads the
database can open nothing, and the owner can be shown the link again for as long as the secret stays the same. What a
window shows is put together here, without what its owner keeps back, so that no page can show too much.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reve_core.compare.models import Comparison
from reve_core.errors import BadInput, ConfigurationError, JobNotFound, PictureDamaged, ShareEnded, ShareNotFound
from reve_core.grants import Box, File, Link, Offer, Share, State, Window
from reve_core.guard.signing import Signer, hashed
from reve_core.models import Job, JobRequest, JobStatus, StoredImage
from reve_core.pictures import check, names
from reve_core.pictures.bare import bare, has_manifest
from reve_core.pictures.kept import Renditions
from reve_core.pictures.marker import UNSIGNED, Marker, mark
from reve_core.pictures.xmp import source_of
from reve_core.ports import AccessStore, Blobs, ComparisonStore, JobStore

LASTS_DAYS = (1, 7, 30)  # what the form offers, besides no end
_LONGEST = timedelta(days=3650)
MOST_A_DAY = 500  # links of one owner; they cost nothing, so nothing else limits them
_PURPOSE = "share"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_MOST_BOXES = 60
_WORDS = 120  # letters of a box's label


class Shares:
    """``label_of`` and ``title_of`` name a provider's pictures and, with a model, what made them."""

    def __init__(
        self,
        *,
        store: JobStore,
        access: AccessStore,
        grids: ComparisonStore,
        blobs: Blobs,
        signer: Signer,
        caps: check.Caps,
        label_of: Callable[[str], str],
        title_of: Callable[[str, str], str],
        marker: Marker = UNSIGNED,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._access = access
        self._grids = grids
        self._blobs = blobs
        self._signer = signer
        self._caps = caps
        self._label_of = label_of
        self._title_of = title_of
        self.marker = marker
        self._read_only = read_only
        self._clock = clock
        self._renditions = Renditions(blobs, caps, keep=read_only is None)

    # -- for the owner

    def make(
        self,
        job_id: str,
        *,
        owner: str,
        show_prompt: bool = True,
        show_settings: bool = False,
        lasts: timedelta | None = None,
        published: bool = False,
    ) -> Link:
        """
        A new link to a finished picture, which ends after ``lasts`` (None: never by itself).

        Raises JobNotFound, also for a picture in the trash; BadInput; StoreError.
        """
        self._must_write()
        job = self._store.get(job_id, owner=owner)
        if job is None or job.image is None or job.status is not JobStatus.DONE or job.trashed_at is not None:
            raise JobNotFound(job_id)
        now = self._now()
        share = Share(
            id=secrets.token_hex(16),
            job_id=job.id,
            owner=owner,
            created_at=now,
            expires_at=self.end(now, lasts),
            show_prompt=show_prompt,
            show_settings=show_settings,
            published=published,
        )
        token = self.issue(share)
        # A chat fetches the preview within a second or two of the link being pasted, and asks only once.
        self._renditions.prepare(job.image, self._label_of(job.request.provider))
        return Link(share, "open", token, job)

    def links(self, owner: str, *, before: str | None = None, limit: int = 50) -> list[Link]:
        """Theirs, newest first, from the one that follows the share with the id ``before``."""
        return [self._link(share) for share in self._access.shares(owner, before=before, limit=limit)]

    def issue(self, share: Share) -> str:
        """Store a share and return the token of its link. Raises BadInput where there are too many."""
        self._must_write()
        made = self._access.shares(share.owner, limit=MOST_A_DAY)
        if len(made) == MOST_A_DAY and share.created_at - made[-1].created_at < timedelta(days=1):
            raise BadInput(f"You have made {MOST_A_DAY} links within a day. Use one that is there, or wait a day.")
        token = self._signer.derive(_PURPOSE, share.id)
        self._access.add_share(share, hashed(token))
        return token

    def revoke(self, share_id: str, *, owner: str) -> None:
        """From now on the link shows nothing. Again is fine. Raises ShareNotFound."""
        self._must_write()
        done = self._access.revoke_share(share_id, owner=owner, at=self._now())
        if not done and self._access.share(share_id, owner=owner) is None:
            raise ShareNotFound()

    @staticmethod
    def end(now: datetime, lasts: timedelta | None) -> datetime | None:
        """When a link that begins now is over. Raises BadInput."""
        if lasts is not None and not timedelta() < lasts <= _LONGEST:
            raise BadInput("A link lasts between a moment and ten years.", "lasts")
        return None if lasts is None else now + lasts

    # -- for whoever has the link; each raises ShareNotFound, ShareEnded

    def find(self, token: str) -> Share:
        """The share of a link, to whatever it leads, also one that has ended. Raises ShareNotFound."""
        share = self._access.share_of_token(hashed(token)) if _TOKEN.fullmatch(token) else None
        if share is None:
            raise ShareNotFound()
        return share

    def open(self, token: str) -> Window:
        share, job, image = self._behind(token)
        return self._window(share, job, image)

    def count_view(self, share: Share) -> None:
        if self._read_only is None:
            self._access.count_view(share.id)

    def picture(self, token: str) -> File:
        """What the page shows: the picture itself where it is small, else a WebP of at most 1,600 pixels."""
        share, job, image = self._behind(token)
        if self._renditions.is_light(image):
            data = self.marker.without_settings(self._intact(image), job.request.provider)
            return File(self._filename(share, job, image), image.mime, data)
        data = self.marker.copy(self._renditions.web(image), source_of(job.request.provider))
        return File("picture.webp", "image/webp", data)

    def card(self, token: str) -> File:
        """The preview for chats: a JPEG of 1200 × 630 pixels without a word of the prompt."""
        _, job, image = self._behind(token)
        data = self._renditions.card(image, self._label_of(job.request.provider))
        return File("card.jpg", "image/jpeg", mark(data, source_of(job.request.provider)))

    def download(self, token: str) -> File:
        """
        The provider's pixels, bare of whatever else came with them, and with what the owner shows written in.

        Where the prompt is shown, a picture with a C2PA manifest keeps it: there is nothing to hide. Where it is not shown
        the manifest goes, since nobody can say what is written in it.
        """
        share, job, image = self._behind(token)
        data, request = self._intact(image), job.request
        name = self._filename(share, job, image)
        if not share.show_prompt:
            return File(name, image.mime, self.marker.without_settings(data, request.provider))
        shown = request if share.show_settings else JobRequest(prompt=request.prompt, provider=request.provider)
        whole = data if has_manifest(data) else bare(data)
        label = self._label_of(request.provider)
        return File(name, image.mime, self.marker.with_settings(whole, shown, label=label).data)

    def offer(self, token: str) -> Offer:
        """What the form of a visitor is to be filled with."""
        share, job, _ = self._behind(token)
        prompt = job.request.prompt if share.show_prompt else None
        settings = job.request.model_copy(update={"prompt": prompt or ""}) if share.show_settings else None
        return Offer(prompt, settings)

    # -- inside

    def _behind(self, token: str) -> tuple[Share, Job, StoredImage]:
        share = self.find(token)
        if share.job_id is None:
            raise ShareNotFound()
        job = self._store.get(share.job_id, owner=share.owner)
        if self._state(share, job, None) != "open" or job is None or job.image is None:
            raise ShareEnded()
        return share, job, job.image

    def _state(self, share: Share, job: Job | None, comparison: Comparison | None) -> State:
        if share.hidden_at is not None:
            return "hidden"
        if comparison is None and (job is None or job.image is None):
            return "hidden" if self._is_taken_down(share) else "deleted"
        if share.revoked_at is not None:
            return "revoked"
        if share.has_ended(self._now()):
            return "expired"
        return "open" if job is None or job.trashed_at is None else "trashed"

    def _is_taken_down(self, share: Share) -> bool:
        """Whether the operator hid the picture itself."""
        job = None if share.job_id is None else self._store.get(share.job_id)
        return job is not None and job.hidden_at is not None

    def _link(self, share: Share) -> Link:
        tokens = self._signer.derived(_PURPOSE, share.id)
        token = next((each for each in tokens if self._access.share_of_token(hashed(each))), None)
        job = None if share.job_id is None else self._store.get(share.job_id, owner=share.owner)
        comparison = None
        if share.comparison_id is not None:
            comparison = self._grids.comparison(share.comparison_id, owner=share.owner)
        return Link(share, self._state(share, job, comparison), token, job, comparison)

    def _window(self, share: Share, job: Job, image: StoredImage) -> Window:
        request = job.request
        regions = job.receipt.layout.regions if job.receipt and job.receipt.layout else ()
        boxes = tuple(
            Box(region.label[:_WORDS] if share.show_prompt else "", region.bbox) for region in regions[:_MOST_BOXES]
        )
        version = hashlib.sha256(f"{share.id} {image.sha256}".encode()).hexdigest()[:24]
        return Window(
            share=share,
            label=self._label_of(request.provider),
            signed=self.marker.says,
            width=image.width,
            height=image.height,
            prompt=request.prompt if share.show_prompt else None,
            settings=self._settings(job, image) if share.show_settings else (),
            boxes=boxes,
            version=version,
        )

    def _settings(self, job: Job, image: StoredImage) -> tuple[tuple[str, str], ...]:
        request = job.request
        return (
            ("Made by", self._title_of(request.provider, request.model)),
            ("Shape", request.aspect_ratio),
            ("Size", f"{image.width:,} × {image.height:,} px"),
            ("Seed", "Not set" if request.seed is None else str(request.seed)),
        )

    def _intact(self, image: StoredImage) -> bytes:
        data = self._blobs.get(image.name, max_bytes=self._caps.max_bytes)
        if len(data) != image.size or hashlib.sha256(data).hexdigest() != image.sha256:
            raise PictureDamaged("The picture's file was damaged on the disk.")
        return data

    @staticmethod
    def _filename(share: Share, job: Job, image: StoredImage) -> str:
        return names.friendly(job.request.prompt if share.show_prompt else "", Path(image.name).suffix)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _must_write(self) -> None:
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)
