"""
Comparisons as files: exported whole, and brought into another place as the same comparison.

Exports are made while they are sent, one picture at a time. An import is somebody else's file until it is proven to be one
of ours: see ``reading``.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO

from reve_core import gridview
from reve_core.admission import Admission
from reve_core.allowance import HERE, Origin
from reve_core.catalogue import Catalogue
from reve_core.compare import result_view
from reve_core.compare.ballots import maker_id
from reve_core.compare.models import Ballot, Cell, Comparison, Finished, Grid, NewCell
from reve_core.compare.result import result
from reve_core.comparisons import Comparisons
from reve_core.errors import (
    BadInput,
    BlobError,
    ComparisonNotFound,
    ConfigurationError,
    Ended,
    PictureDamaged,
)
from reve_core.exchange import copies, reading, sheet, writing
from reve_core.exchange.payload import MAX_FILE, Payload
from reve_core.exchange.reading import texts_of
from reve_core.layout import BBox, Layout, Region
from reve_core.models import JobRequest, Once, Receipt, StoredImage
from reve_core.pictures import check
from reve_core.pictures.marker import UNSIGNED, Marker, mark
from reve_core.pictures.xmp import source_of, source_of_all
from reve_core.ports import Blobs, ComparisonStore
from reve_core.screening import Screening
from reve_core.shelf import Shelf

log = logging.getLogger(__name__)

_THUMBNAIL_BYTES = 1_000_000
_KEY = "import\n"  # no key that a program may send holds a line break
_WAIT_S = 60.0
_TIMES = 100  # that one file may be imported again after its comparison was deleted


@dataclass(frozen=True, slots=True)
class Imported:
    """``again``: this file was imported before, and this is that comparison; nothing was stored."""

    comparison: Comparison
    pictures: int
    votes: int
    again: bool = False


class Exchange:
    """
    Every method takes the owner; None asks for anybody's, where the address itself was the key.
    """

    def __init__(
        self,
        *,
        grids: ComparisonStore,
        comparisons: Comparisons,
        catalogue: Catalogue,
        shelf: Shelf,
        blobs: Blobs,
        caps: check.Caps,
        marker: Marker = UNSIGNED,
        admission: Admission,
        screening: Screening,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._grids = grids
        self._comparisons = comparisons
        self._catalogue = catalogue
        self._shelf = shelf
        self._blobs = blobs
        self._caps = caps
        self._marker = marker
        self._admission = admission
        self._screening = screening
        self._read_only = read_only
        self._clock = clock
        self._turn = threading.Lock()  # a file of 64 MB takes some hundred while it is read: one at a time

    # -- out

    def title(self, comparison_id: str, *, owner: str | None) -> str:
        """What a file of it may be called after. Raises ComparisonNotFound."""
        comparison = self._found(comparison_id, owner)
        return comparison.title or gridview.title(comparison)

    def as_json(self, comparison_id: str, *, owner: str | None) -> Iterator[bytes]:
        """Everything, as the payload alone. Raises ComparisonNotFound before the first piece."""
        grid = self._grid(comparison_id, owner)
        marks = writing.Marks()
        full, _ = self._fetchers(grid)
        made = self._payload(grid, self._whole(grid), lambda image: marks.put(lambda: full(image)))
        return writing.as_json(made, marks)

    def as_page(self, comparison_id: str, *, owner: str | None) -> Iterator[bytes]:
        """One HTML file that shows the comparison and can be imported. Raises ComparisonNotFound before the first piece."""
        grid = self._grid(comparison_id, owner)
        cells = self._whole(grid)
        full, thumbnail = self._fetchers(grid)
        made = self._payload(grid, cells, lambda _: "")
        return writing.as_page(
            made,
            grid,
            cells,
            writing.Marks(),
            catalogue=self._catalogue,
            thumbnail=thumbnail,
            full=full,
            standing=self._standing(grid),
        )

    def cells_csv(self, comparison_id: str, *, owner: str | None) -> str:
        return writing.cells_table(self._grid(comparison_id, owner), self._catalogue)

    def votes_csv(self, comparison_id: str, *, owner: str | None) -> str:
        return writing.votes_table(self._grid(comparison_id, owner), self._grids.votes(comparison_id))

    def contact_png(self, comparison_id: str, *, owner: str | None) -> bytes:
        """All of it as one picture with labels. Raises BadInput where it is too large for one."""
        grid = self._grid(comparison_id, owner)
        drawn = sheet.drawn(grid, catalogue=self._catalogue, blobs=self._blobs)
        return self._marker.copy(drawn, source_of_all(maker.provider for maker in grid.comparison.makers))

    def originals(self, comparison_id: str, *, owner: str | None) -> Iterator[bytes]:
        """The pictures as they came, with their settings written into them, as a zip file."""
        grid = self._grid(comparison_id, owner)
        jobs = [cell.job.id for cell in self._pictures(grid)]  # type: ignore[union-attr]
        if not jobs:
            raise BadInput("There are no pictures in this comparison yet.", "pictures")
        return self._shelf.pack(dict.fromkeys(jobs), owner=grid.comparison.owner)

    # -- in

    def bring(self, file: bytes | IO[bytes], *, owner: str, origin: Origin = HERE) -> Imported:
        """
        The comparison that a file holds, as the owner's: its pictures as finished jobs that cost nothing, its votes under
        names that belong to nobody here. The same file again gives the same comparison.

        Raises BadInput with one sentence for a file that is not, or not honestly, one of ours; Blocked, LimitReached,
        Banned, BlobError, StoreError.
        """
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)
        if not self._turn.acquire(timeout=_WAIT_S):
            raise BadInput("Other files are being imported. Try again in a minute.", "file")
        try:
            data = file if isinstance(file, bytes) else file.read(MAX_FILE + 1)
            digest = hashlib.sha256(data).hexdigest()
            for number in range(_TIMES):
                once = Once(f"{_KEY}{digest}\n{number}", digest)
                known = self._grids.comparison_made_with(owner, once.key)
                if known is not None:
                    return self._imported(known, owner, again=True)
                try:
                    return self._bring(data, once, owner, origin)
                except Ended:  # imported once, and deleted since
                    continue
        finally:
            self._turn.release()
        raise BadInput("This file was imported and deleted too often. Export it again.", "file")

    def _bring(self, data: bytes, once: Once, owner: str, origin: Origin) -> Imported:
        now = datetime.fromtimestamp(self._clock(), UTC)
        # Before its pictures are decoded, which is most of the work; the store has the last word.
        standing = self._admission.standing(owner, origin)
        if standing is not None and (refusal := self._admission.foresee(standing, 0, 0.0)) is not None:
            raise refusal
        empty = Comparison(
            id=secrets.token_hex(16),
            owner=owner,
            created_at=now,
            rows=(),
            makers=(),
            aspect_ratios=(),
            seeds=(),
            samples=1,
        )
        found = reading.read(data, empty)
        self._screening.words(texts_of(found), owner=owner, what="file")
        about = found.payload.comparison
        comparison = replace(
            empty,
            rows=found.rows,
            makers=found.axes.makers,
            aspect_ratios=found.axes.aspect_ratios,
            seeds=found.axes.seeds,
            samples=found.axes.samples,
            title=" ".join(about.title.split()),
            question=" ".join(about.question.split()),
            frozen_at=about.frozen_at,
        )
        votes = _votes(found, comparison.id)
        stored: list[str] = []
        made = ""
        try:
            pictures = copies.Unpacking(self._caps)
            cells = [self._cell(key, found, pictures, stored, now) for key in found.cells]
            made = self._grids.create_comparison(
                comparison, cells, once=once, votes=votes, terms=self._admission.terms(owner, origin)
            )
        finally:
            if made != comparison.id:
                self._take_back(stored)
        return self._imported(made, owner, again=made != comparison.id)

    def _cell(
        self, key: str, found: reading.Brought, pictures: copies.Unpacking, stored: list[str], now: datetime
    ) -> NewCell:
        place, cell = found.cells[key]
        text = found.pictures.get(key, "")
        if not text:
            return NewCell(key, place)
        try:
            picture = pictures.picture(text)
        except PictureDamaged as exc:
            raise BadInput(f"One of the pictures in this file cannot be used. {exc}", "file") from exc
        job_id = secrets.token_hex(16)
        name, small = f"{job_id}-1{picture.facts.suffix}", f"{job_id}-1-thumb.webp"
        source = source_of(place.provider)
        whole, thumbnail = mark(picture.data, source), mark(picture.thumbnail, source)
        for blob, data in ((name, whole), (small, thumbnail)):
            stored.append(blob)
            self._blobs.put(blob, data)
        prompt = next(row.prompt for row in found.rows if row.id == place.row)
        image = StoredImage(
            name=name,
            thumbnail=small,
            mime=picture.facts.mime,
            width=picture.facts.width,
            height=picture.facts.height,
            size=len(whole),
            sha256=hashlib.sha256(whole).hexdigest(),
        )
        request = JobRequest(
            prompt=prompt,
            aspect_ratio=place.aspect_ratio,
            seed=cell.seed,
            provider=place.provider,
            model=place.model,
        )
        boxes = [
            Region(label=box.label, prompt=box.prompt, bbox=BBox(x0=box.x0, y0=box.y0, x1=box.x1, y1=box.y1))
            for box in cell.layout
        ]
        receipt = Receipt(
            notes=(_note(found, now), *(note for note in cell.notes if not note.startswith(_NOTE))),
            layout=Layout(regions=tuple(boxes)) if boxes else None,
            raw={"imported": True, "original_sha256": cell.original},
        )
        return NewCell(key, place, finished=Finished(job_id, request, image, receipt))

    def _imported(self, comparison_id: str, owner: str, *, again: bool) -> Imported:
        grid = self._comparisons.grid(comparison_id, owner=owner)
        pictures = sum(1 for _ in self._pictures(grid))
        return Imported(grid.comparison, pictures, len(self._grids.votes(comparison_id)), again)

    def _take_back(self, names: list[str]) -> None:
        for name in names:
            try:
                self._blobs.delete(name)
            except BlobError as exc:
                log.warning("A picture of an import that failed could not be removed: %s", exc)

    # -- inside

    def _found(self, comparison_id: str, owner: str | None) -> Comparison:
        found = self._grids.comparison(comparison_id, owner=owner)
        if found is None:
            raise ComparisonNotFound()
        return found

    def _grid(self, comparison_id: str, owner: str | None) -> Grid:
        return self._comparisons.laid_out(self._found(comparison_id, owner))

    def _whole(self, grid: Grid) -> dict[str, Cell]:
        """The cells with what their receipts say, by key."""
        return {cell.key: self._grids.cell(grid.comparison.id, cell.key) or cell for cell in grid.cells.values()}

    def _payload(self, grid: Grid, cells: Mapping[str, Cell], data: Callable[[StoredImage], str]) -> Payload:
        return writing.payload(
            grid,
            cells,
            self._grids.votes(grid.comparison.id),
            catalogue=self._catalogue,
            now=datetime.fromtimestamp(self._clock(), UTC),
            data=data,
        )

    def _standing(self, grid: Grid) -> dict[str, str]:
        """How its prompts stand in the vote, in a few words for each row that was voted on."""
        places = {cell.key: cell.place for cell in grid.cells.values()}
        titles = {
            maker_id(maker.provider, maker.model): self._catalogue.title(maker.provider, maker.model)
            for maker in grid.comparison.makers
        }
        return result_view.standing(result(grid.comparison, places, self._grids.votes(grid.comparison.id), titles))

    def _pictures(self, grid: Grid) -> Iterator[Cell]:
        for row in grid.comparison.rows:
            for column in grid.columns:
                cell = grid.cells.get((row.id, column.column))
                if cell is not None and gridview.state_of(cell) == "done":
                    yield cell

    def _fetchers(self, grid: Grid) -> tuple[writing.Fetch, writing.Fetch]:
        """How a picture's small copy and its thumbnail are read, when their turn comes. A file that is lost is empty."""
        pictures = list(self._pictures(grid))
        room = copies.room_for(len(pictures))
        sources = {
            cell.job.image.name: source_of(cell.place.provider) for cell in pictures if cell.job and cell.job.image
        }

        def full(image: StoredImage) -> bytes:
            try:
                data = self._blobs.get(image.name, max_bytes=self._caps.max_bytes)
                return mark(copies.small_copy(data, self._caps, room), sources[image.name])
            except (BlobError, PictureDamaged) as exc:
                log.warning("A picture is missing in an export: %s", exc)
                return b""

        def thumbnail(image: StoredImage) -> bytes:
            try:
                data = self._blobs.get(image.thumbnail, max_bytes=_THUMBNAIL_BYTES)
                return mark(data, sources[image.name])
            except (BlobError, PictureDamaged) as exc:
                log.warning("A thumbnail is missing in an export: %s", exc)
                return b""

        return full, thumbnail


_NOTE = "Imported from a file on "


def _note(found: reading.Brought, now: datetime) -> str:
    return f"{_NOTE}{now:%d %B %Y}. What made it, and with which settings, is what that file says.".replace(" 0", " ")


def _votes(found: reading.Brought, comparison_id: str) -> list[Ballot]:
    """Under names that nobody here can have, one per voter and pair."""
    cast: list[Ballot] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    salt = secrets.token_bytes(16)
    for vote in found.payload.votes:
        left, right = found.keys.get(vote.left), found.keys.get(vote.right)
        if left is None or right is None or left == right:
            raise BadInput("This file cannot be imported: a vote is on pictures that the file does not list.", "file")
        name = "imported-" + hashlib.blake2b(vote.voter.encode(), key=salt, digest_size=12).hexdigest()
        pair = (name, frozenset((left, right)))
        if pair in seen:
            raise BadInput("This file cannot be imported: somebody voted twice on the same two pictures.", "file")
        seen.add(pair)
        cast.append(
            Ballot(
                id=secrets.token_urlsafe(16),
                comparison_id=comparison_id,
                voter=name,
                left=left,
                right=right,
                created_at=vote.at,
                choice=vote.choice,
                cast_at=vote.at,
            )
        )
    return cast


__all__ = ["Exchange", "Imported", "texts_of"]
