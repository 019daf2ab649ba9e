"""
The grid behind a link, to look at.

Its pictures have names that are worked out from the secret: they say nothing, and open nothing under another link.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from reve_core import gridview
from reve_core.catalogue import Catalogue
from reve_core.compare import ballots, result_view
from reve_core.compare.models import Cell
from reve_core.comparison_shares.opened import Opened
from reve_core.comparison_shares.sides import image_of
from reve_core.comparisons import Comparisons
from reve_core.errors import ShareNotFound
from reve_core.grants import File
from reve_core.guard.signing import Signer
from reve_core.pictures import check
from reve_core.pictures.kept import Renditions
from reve_core.pictures.marker import Marker, mark
from reve_core.pictures.xmp import source_of
from reve_core.polls import Polls
from reve_core.ports import Blobs, ComparisonStore

_CELL, _TAG = "cell", "cell-tag"
_MAPS = 256
_PENDING = ("queued", "running")
Size = Literal["full", "small"]


class Looking:
    def __init__(
        self,
        *,
        grids: ComparisonStore,
        comparisons: Comparisons,
        polls: Polls,
        catalogue: Catalogue,
        blobs: Blobs,
        signer: Signer,
        caps: check.Caps,
        renditions: Renditions,
        marker: Marker,
    ) -> None:
        self._grids = grids
        self._comparisons = comparisons
        self._polls = polls
        self._catalogue = catalogue
        self._blobs = blobs
        self._signer = signer
        self._caps = caps
        self._renditions = renditions
        self._marker = marker
        self._guard = threading.Lock()
        self._maps: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()

    def pulse(self, opened: Opened) -> str:
        """Changes whenever anything does that the link shows."""
        return hashlib.sha256(f"{opened.share.id} {self._grids.pulse(opened.comparison.id)}".encode()).hexdigest()[:16]

    def data(self, opened: Opened, seen_by: str = "") -> dict[str, object]:
        """
        What the player draws; ``alt`` is left out where it is the row's prompt. Every name in it is worked out for this link
        (and, in a vote, for this voter), and opens nothing elsewhere.
        """
        show = opened.share.show_prompt
        grid = self._comparisons.laid_out(opened.comparison)
        names = {cell.key: self._name(opened, cell, seen_by) for cell in grid.cells.values()}
        of_job = {cell.job_id: names[cell.key] for cell in grid.cells.values() if cell.job_id is not None}
        self._remember(opened, seen_by, {name: key for key, name in names.items()})
        here = f"/c/{opened.token}/p"
        columns = {column.column: f"c{number}" for number, column in enumerate(grid.columns, 1)}
        data = gridview.player_data(
            grid,
            catalogue=self._catalogue,
            thumbnail=lambda job, _: f"{here}/{of_job[job.id]}/small",
            full=lambda job, _: f"{here}/{of_job[job.id]}",
            rev=0,
            show_prompts=show,
            acts=False,
            standing=result_view.standing(self._polls.result(opened.comparison)),
        )
        prompts = {row.id: row.prompt for row in opened.comparison.rows}
        for cell in _dicts(data["cells"]):
            cell["key"] = names.get(str(cell["key"])) or f"{cell['row']}-{columns[str(cell['column'])]}"
            cell["column"] = columns[str(cell["column"])]
            # What a job says of itself is its owner's: where it stands in the line, a provider's own words.
            cell["says"] = "On its way" if cell["state"] in _PENDING else "" if cell["state"] == "done" else "Not there"
            if cell["alt"] == prompts.get(str(cell["row"])):
                del cell["alt"]  # said once, with the row: hundreds of cells would repeat a long prompt
            cell["state"] = cell["state"] if cell["state"] in ("done", *_PENDING) else "gone"
        for column in _dicts(data["columns"]):
            column["id"] = columns[str(column["id"])]
        return data | {"id": "", "title": opened.title, "rev": self.pulse(opened)}

    def details(self, opened: Opened, name: str, seen_by: str = "") -> dict[str, object]:
        """A picture's layout and what made it. Raises ShareNotFound."""
        cell = self._named(opened, name, seen_by)
        found = gridview.details(cell, catalogue=self._catalogue, show_prompts=opened.share.show_prompt)
        facts: list[list[str]] = found["facts"]  # type: ignore[assignment]
        return {**found, "facts": [fact for fact in facts if fact[0] in ("Made by", "Shape", "Size")]}

    def picture(self, opened: Opened, name: str, size: Size, seen_by: str = "") -> tuple[str, Callable[[], File]]:
        """A picture of the grid: a tag that changes with it, and how to read it. Raises ShareNotFound."""
        cell = self._named(opened, name, seen_by)
        image, provider = image_of(cell), cell.place.provider

        def read() -> File:
            if size == "small":
                data = self._blobs.get(image.thumbnail, max_bytes=self._caps.max_bytes)
                return File("picture.webp", "image/webp", mark(data, source_of(provider)))
            if self._renditions.is_light(image):
                data = self._blobs.get(image.name, max_bytes=self._caps.max_bytes)
                return File("picture", image.mime, self._marker.without_settings(data, provider))
            return File(
                "picture.webp", "image/webp", self._marker.copy(self._renditions.web(image), source_of(provider))
            )

        return self._signer.derive(_TAG, f"{name} {size} {image.sha256}"), read

    # -- names

    def _name(self, opened: Opened, cell: Cell, seen_by: str) -> str:
        return self._signer.derive(_CELL, f"{opened.share.id} {seen_by} {cell.key} {cell.job_id}")

    def _named(self, opened: Opened, name: str, seen_by: str) -> Cell:
        spot = (opened.share.id, seen_by)
        with self._guard:
            key = self._maps.get(spot, {}).get(name)
        if key is None:
            cells = self._grids.cells(opened.comparison.id)
            known = {self._name(opened, cell, seen_by): cell.key for cell in cells}
            self._remember(opened, seen_by, known)
            key = known.get(name)
        cell = None if key is None else self._grids.cell(opened.comparison.id, key)
        if cell is None or not ballots.stands(cell) or self._name(opened, cell, seen_by) != name:
            raise ShareNotFound()
        return cell

    def _remember(self, opened: Opened, seen_by: str, known: dict[str, str]) -> None:
        with self._guard:
            self._maps[opened.share.id, seen_by] = known
            self._maps.move_to_end((opened.share.id, seen_by))
            while len(self._maps) > _MAPS:
                self._maps.popitem(last=False)


def _dicts(value: object) -> list[dict[str, object]]:
    return value  # type: ignore[return-value]
