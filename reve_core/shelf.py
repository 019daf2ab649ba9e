"""The finished pictures: starred, thrown away, taken back, downloaded one by one or as an archive."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reve_core.errors import (
    BadInput,
    BlobError,
    BlobMissing,
    ConfigurationError,
    JobNotFound,
    PictureDamaged,
    WrongState,
)
from reve_core.models import PERSONAL, Job, JobFilter, JobRequest, JobStatus, Page
from reve_core.pictures import archive, check, metadata, names
from reve_core.pictures.intact import is_intact
from reve_core.pictures.marker import UNSIGNED, Marked, Marker
from reve_core.ports import Blobs, JobStore

_EXPORT_S = 3600.0  # how long a prepared archive can be fetched
_EXPORTS = 500  # of everybody
_EXPORTS_EACH = 5
_PARTS = ("", "-thumb", "-web", "-card", "-vote")  # everything that may be stored of one picture
MAX_EXPORT = 1000  # pictures in one archive


@dataclass(frozen=True, slots=True)
class Download:
    filename: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Export:
    until: float
    owner: str
    make: Callable[[], Iterator[bytes]]


class Shelf:
    """``label_of`` gives the fixed mark of a provider's pictures, such as "AI-generated"."""

    def __init__(
        self,
        *,
        store: JobStore,
        blobs: Blobs,
        caps: check.Caps,
        label_of: Callable[[str], str],
        trash_days: float,
        marker: Marker = UNSIGNED,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._caps = caps
        self._label_of = label_of
        self.marker = marker
        self.trash_days = trash_days
        self._read_only = read_only
        self._clock = clock
        self._guard = threading.Lock()
        self._exports: dict[str, _Export] = {}

    # -- order

    def star(self, job_ids: Iterable[str], on: bool, *, owner: str = PERSONAL) -> int:
        return self._store.star(self._owned(job_ids, owner), on)

    def trash(self, job_ids: Iterable[str], *, owner: str = PERSONAL) -> int:
        """Into the trash; gone for good after ``trash_days``. Jobs still under way are left alone."""
        return self._store.trash(self._owned(job_ids, owner), True)

    def restore(self, job_ids: Iterable[str], *, owner: str = PERSONAL) -> int:
        """Out of the trash again."""
        return self._store.trash(self._owned(job_ids, owner), False)

    def trashed(self, *, owner: str = PERSONAL, after: str | None = None, limit: int = 60) -> Page:
        return self._store.page(JobFilter(owner=owner, trashed=True), after=after, limit=limit)

    def purge(self, job_ids: Iterable[str], *, owner: str = PERSONAL) -> int:
        """Delete trashed jobs for good, their files first."""
        self._must_write()
        return self._purge([self._get(job_id, owner) for job_id in job_ids])

    def delete(self, job_id: str, *, for_good: bool, owner: str) -> None:
        """Into the trash, or gone at once. Raises JobNotFound, WrongState for a job that is still under way."""
        if not self.trash([job_id], owner=owner):
            raise WrongState("This job is still under way. Cancel it, or wait until it has ended.")
        if for_good:
            self.purge([job_id], owner=owner)

    def purge_old(self) -> int:
        """Delete what has been in the trash longer than ``trash_days``, of every owner."""
        limit = datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=self.trash_days)
        gone, after = 0, None
        while True:
            page = self._store.page(JobFilter(trashed=True), after=after, limit=500)
            gone += self._purge([job for job in page.jobs if job.trashed_at is not None and job.trashed_at < limit])
            if page.next is None:
                return gone
            after = page.next

    # -- files

    def is_intact(self, job: Job) -> bool:
        """Whether the picture on disk is byte for byte what was saved. Costs about 0.7 ms per megabyte."""
        if job.image is None:
            return False
        path = self._blobs.path(job.image.name)
        return path is not None and is_intact(Path(path), job.image.size, job.image.sha256)

    def download(self, job_id: str, owner: str | None = PERSONAL, *, with_prompt: bool = True) -> Download:
        """
        The picture with its mark, and with prompt and settings written into it; or, to be passed on, with the mark alone.

        Raises JobNotFound, BlobMissing, PictureDamaged.
        """
        job = self._get(job_id, owner)
        if job.image is None or job.hidden_at is not None:
            raise JobNotFound(job_id)
        suffix = Path(job.image.name).suffix
        name = names.friendly(job.request.prompt if with_prompt else "", suffix)
        return Download(name, job.image.mime, self._marked(job, with_prompt).data)

    def prepare_export(self, job_ids: Iterable[str], *, owner: str = PERSONAL, with_prompts: bool = True) -> str:
        """
        Put together an archive of finished pictures; the token names it for an hour. Without prompts there is none in the
        pictures and none in the lists beside them. Raises BadInput.
        """
        wanted = list(dict.fromkeys(job_ids))
        if not 1 <= len(wanted) <= MAX_EXPORT:
            raise BadInput(f"Choose 1 to {MAX_EXPORT:,} pictures to download together.")
        for job_id in wanted:
            self._get(job_id, owner)
        return self.offer(lambda: self._packed(wanted, owner, with_prompts), owner=owner)

    def offer(self, make: Callable[[], Iterator[bytes]], *, owner: str) -> str:
        """
        A zip file that is made when it is fetched; the token names it for an hour. One owner's next export takes the place
        of the oldest of their own, and of others' only where very many have some.
        """
        token, now = secrets.token_urlsafe(16), self._clock()
        with self._guard:
            self._exports = {key: each for key, each in self._exports.items() if each.until > now}
            mine = [key for key, each in self._exports.items() if each.owner == owner]
            for key in mine[: max(0, len(mine) - _EXPORTS_EACH + 1)]:
                del self._exports[key]
            if len(self._exports) >= _EXPORTS:
                [(most, _)] = Counter(each.owner for each in self._exports.values()).most_common(1)
                del self._exports[next(key for key, each in self._exports.items() if each.owner == most)]
            self._exports[token] = _Export(now + _EXPORT_S, owner, make)
        return token

    def withdraw(self, owner: str) -> None:
        """None of their exports can be fetched any more."""
        with self._guard:
            self._exports = {key: each for key, each in self._exports.items() if each.owner != owner}

    def export(self, token: str, owner: str | None) -> Iterator[bytes]:
        """
        The archive piece by piece; for any owner where None is asking. Raises JobNotFound for a token that is not, or no
        longer, known, or somebody else's.
        """
        with self._guard:
            found = self._exports.get(token)
        if found is None or found.until <= self._clock() or owner not in (None, found.owner):
            raise JobNotFound(token)
        return found.make()

    def pack(self, job_ids: Iterable[str], *, owner: str) -> Iterator[bytes]:
        """The owner's pictures among these as a zip file, piece by piece; what is not there any more is left out."""
        return self._packed(job_ids, owner, True)

    def pack_with(self, job_ids: Iterable[str], extras: Iterable[archive.Extra], *, owner: str) -> Iterator[bytes]:
        """The same, and other files beside them."""
        return archive.stream(self._entries(job_ids, owner, True), extras, signed=self.marker.says)

    def read_settings(self, data: bytes) -> JobRequest | None:
        """The settings an uploaded PNG was made with, None where it holds none. Raises UnusablePicture."""
        return metadata.read(data, self._caps)

    def clear(self, job_id: str, attempts: int) -> None:
        """
        Delete the files of a job: every attempt's, since one that was taken for lost may have left a picture behind.
        Raises BlobError.
        """
        for attempt in range(1, attempts + 1):
            for stem in (f"{job_id}-{attempt}{part}" for part in _PARTS):
                for info in self._blobs.find(stem):
                    self._blobs.delete(info.key)

    # -- inside

    def _packed(self, job_ids: Iterable[str], owner: str, with_prompts: bool) -> Iterator[bytes]:
        return archive.stream(self._entries(job_ids, owner, with_prompts), signed=self.marker.says)

    def _entries(self, job_ids: Iterable[str], owner: str, with_prompts: bool) -> Iterator[archive.Entry]:
        for job_id in job_ids:
            job = self._store.get(job_id, owner=owner)
            if job is None or job.image is None or job.status is not JobStatus.DONE:
                continue
            data, note = None, ""
            try:
                marked = self._marked(job, with_prompts)
                data, note = marked.data, marked.note
            except (BlobError, PictureDamaged) as exc:
                note = str(exc)
            yield archive.Entry(
                id=job.id,
                suffix=Path(job.image.name).suffix,
                data=data,
                request=job.request if with_prompts else JobRequest(prompt="", provider=job.request.provider),
                created_at=job.created_at,
                label=self._label_of(job.request.provider),
                credits=job.credits_used if job.usd_used is None else None,
                usd=job.usd_used,
                note=note,
            )

    def _marked(self, job: Job, with_prompt: bool) -> Marked:
        if job.image is None:
            raise BlobMissing(job.id)
        data = self._blobs.get(job.image.name, max_bytes=self._caps.max_bytes)
        if not self.is_intact(job):
            raise PictureDamaged("The picture's file was damaged on the disk.")
        if not with_prompt:
            return Marked(self.marker.without_settings(data, job.request.provider))
        return self.marker.with_settings(
            data,
            job.request,
            label=self._label_of(job.request.provider),
            credits=job.credits_used if job.usd_used is None else None,
            usd=job.usd_used,
            created_at=job.created_at,
        )

    def _purge(self, jobs: list[Job]) -> int:
        trashed = [job for job in jobs if job.trashed_at is not None]
        for job in trashed:
            self.clear(job.id, job.attempt)
        return self._store.purge([job.id for job in trashed])

    def _get(self, job_id: str, owner: str | None) -> Job:
        job = self._store.get(job_id, owner=owner)
        if job is None:
            raise JobNotFound(job_id)
        return job

    def _owned(self, job_ids: Iterable[str], owner: str) -> list[str]:
        self._must_write()
        return [self._get(job_id, owner).id for job_id in job_ids]

    def _must_write(self) -> None:
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)
