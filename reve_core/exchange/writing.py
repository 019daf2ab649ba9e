"""
A comparison as a file: JSON, a page that needs nothing else, and tables.

Pictures are put in while the file is being sent, one at a time: the text is made with a mark in the place of each.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from reve_core import gridview
from reve_core.catalogue import Catalogue
from reve_core.compare import player, tables
from reve_core.compare.models import OWNER, Ballot, Grid
from reve_core.compare.models import Cell as GridCell
from reve_core.exchange import copies
from reve_core.exchange.payload import (
    MAX_LAYOUT,
    MAX_NOTE,
    MAX_NOTES,
    MAX_REGIONS,
    About,
    Box,
    Cell,
    Column,
    Maker,
    Payload,
    Picture,
    Row,
    Vote,
)
from reve_core.models import Job, StoredImage

BLOCK = "reve-studio-comparison"  # the id of the element of a page that holds the payload
_WEBP = "data:image/webp;base64,"

# The bytes of a cell's picture, or of its thumbnail; empty where they cannot be read.
Fetch = Callable[[StoredImage], bytes]


class Marks:
    """Places in a text that are filled while it is being sent. Nobody can guess the mark, so no text can hold one."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(12)
        self._fetch: list[Callable[[], bytes]] = []

    def put(self, fetch: Callable[[], bytes]) -> str:
        self._fetch.append(fetch)
        return f"@{self._token}.{len(self._fetch) - 1}@"

    def fill(self, text: str) -> Iterator[bytes]:
        """The text piece by piece, with base64 in each place. Takes the text apart as it goes."""
        at = 0
        for mark in re.finditer(rf"@{self._token}\.([0-9]+)@", text):
            yield text[at : mark.start()].encode()
            yield base64.b64encode(self._fetch[int(mark[1])]())
            at = mark.end()
        yield text[at:].encode()


def payload(
    grid: Grid,
    cells: Mapping[str, GridCell],
    ballots: Iterable[Ballot],
    *,
    catalogue: Catalogue,
    now: datetime,
    data: Callable[[StoredImage], str],
) -> Payload:
    """
    What the file says. ``cells`` are by key, their jobs with receipts; ``data`` stands for a picture's bytes.

    Nothing in it is checked again: it is our own.
    """
    comparison = grid.comparison
    names = pseudonyms()
    return Payload.model_construct(
        exported_at=now,
        comparison=About.model_construct(
            title=comparison.title,
            question=comparison.question,
            made_at=comparison.created_at,
            frozen_at=comparison.frozen_at,
            makers=tuple(
                Maker.model_construct(
                    provider=maker.provider, model=maker.model, title=catalogue.title(maker.provider, maker.model)
                )
                for maker in comparison.makers
            ),
            aspect_ratios=comparison.aspect_ratios,
            seeds=comparison.seeds,
            samples=comparison.samples,
        ),
        rows=tuple(Row.model_construct(id=row.id, prompt=row.prompt, twin_of=row.twin_of) for row in comparison.rows),
        columns=tuple(
            Column.model_construct(
                id=column.column,
                provider=column.provider,
                model=column.model,
                aspect_ratio=column.aspect_ratio,
                seed=column.seed,
                sample=column.sample,
            )
            for column in grid.columns
        ),
        cells=tuple(_cell(cells[cell.key], catalogue, data) for cell in _in_order(grid)),
        votes=tuple(
            Vote.model_construct(
                voter=names(ballot.voter),
                by="owner" if ballot.voter == OWNER else "visitor",
                left=ballot.left,
                right=ballot.right,
                choice=ballot.choice,
                at=ballot.cast_at or ballot.created_at,
            )
            for ballot in ballots
            if ballot.choice is not None
        ),
    )


def as_json(made: Payload, marks: Marks) -> Iterator[bytes]:
    return marks.fill(made.model_dump_json(exclude_none=True, indent=1) + "\n")


def as_page(
    made: Payload,
    grid: Grid,
    cells: Mapping[str, GridCell],
    marks: Marks,
    *,
    catalogue: Catalogue,
    thumbnail: Fetch,
    full: Fetch,
    standing: Mapping[str, str],
) -> Iterator[bytes]:
    """
    The player with its data, and the payload beside it, in which no picture stands a second time. ``standing`` is a few
    words for a row, by its id.
    """
    data = gridview.player_data(
        grid,
        catalogue=catalogue,
        thumbnail=lambda _, image: _WEBP + marks.put(lambda: thumbnail(image)),
        full=lambda _, image: _WEBP + marks.put(lambda: full(image)),
        rev=grid.comparison.rev,
        acts=False,
        standing=standing,
    )
    data["details"] = {
        key: gridview.details(cell, catalogue=catalogue) for key, cell in cells.items() if _image(cell) is not None
    }
    page = player.document(data, str(data["title"]))
    block = made.model_dump_json(exclude_none=True).translate(_INERT)
    element = f'<script type="application/json" id="{BLOCK}">{block}</script>\n'
    head, found, rest = page.rpartition("</body>")
    assert found
    return marks.fill(head + element + found + rest)


# What could end a script element or begin a comment in it.
_INERT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


# ---------------------------------------------------------------- tables


def cells_table(grid: Grid, catalogue: Catalogue) -> str:
    comparison = grid.comparison
    return tables.csv_text(
        ("row", "prompt", "provider", "model", "aspect_ratio", "seed", "sample", "state", "job_id", "width", "height",
         "bytes", "sha256", "credits", "usd", "label", "made_at"),
        (
            (
                comparison.name_of(cell.place.row),
                row.prompt if (row := comparison.row(cell.place.row)) else "",
                cell.place.provider,
                cell.place.model,
                cell.place.aspect_ratio,
                job.request.seed if (job := cell.job) else cell.place.seed,
                cell.place.sample,
                gridview.state_of(cell),
                cell.job_id,
                image.width if (image := _image(cell)) else None,
                image.height if image else None,
                image.size if image else None,
                image.sha256 if image else None,
                job.credits_used if job else None,
                job.usd_used if job else None,
                catalogue.label(cell.place.provider) if image else "",
                job.finished_at.isoformat(timespec="seconds") if job and job.finished_at else None,
            )
            for cell in _in_order(grid)
        ),
    )  # fmt: skip


def votes_table(grid: Grid, ballots: Sequence[Ballot]) -> str:
    """Each vote with what it was between. Voters have names that lead back to nobody, others in each export."""
    comparison = grid.comparison
    places = {cell.key: cell.place for cell in grid.cells.values()}
    names = pseudonyms()

    def side(key: str) -> tuple[tables.Cell, ...]:
        place = places.get(key)
        if place is None:
            return (None,) * 5
        return comparison.name_of(place.row), place.provider, place.model, place.aspect_ratio, place.sample

    sides = ("row", "provider", "model", "aspect_ratio", "sample")
    return tables.csv_text(
        ("at", "voter", "by", *(f"left_{name}" for name in sides), *(f"right_{name}" for name in sides), "choice"),
        (
            (
                (ballot.cast_at or ballot.created_at).isoformat(timespec="seconds"),
                names(ballot.voter),
                "owner" if ballot.voter == OWNER else "visitor",
                *side(ballot.left),
                *side(ballot.right),
                ballot.choice,
            )
            for ballot in ballots
        ),
    )


def pseudonyms() -> Callable[[str], str]:
    """Names for voters: the same one for the same voter, in this export alone."""
    salt = secrets.token_bytes(16)
    return lambda voter: "v" + hashlib.blake2b(voter.encode(), key=salt, digest_size=8).hexdigest()


# ---------------------------------------------------------------- inside


def _in_order(grid: Grid) -> Iterator[GridCell]:
    for row in grid.comparison.rows:
        for column in grid.columns:
            if (cell := grid.cells.get((row.id, column.column))) is not None:
                yield cell


def _image(cell: GridCell) -> StoredImage | None:
    return cell.job.image if cell.job is not None and gridview.state_of(cell) == "done" else None


def _cell(cell: GridCell, catalogue: Catalogue, data: Callable[[StoredImage], str]) -> Cell:
    job, image = cell.job, _image(cell)
    made = Cell.model_construct(
        key=cell.key,
        row=cell.place.row,
        column=cell.place.column,
        state=gridview.state_of(cell),
        provider=cell.place.provider,
        model=cell.place.model,
        aspect_ratio=cell.place.aspect_ratio,
        sample=cell.place.sample,
    )
    if job is None or image is None:
        return made
    width, height = copies.size_of_copy(image.width, image.height)
    return made.model_copy(
        update={
            "prompt": job.request.prompt,
            "seed": job.request.seed,
            "made_at": job.finished_at or job.created_at,
            "label": catalogue.label(job.request.provider),
            "credits": job.credits_used,
            "usd": job.usd_used,
            "notes": tuple(note[:MAX_NOTE] for note in job.receipt.notes[:MAX_NOTES]) if job.receipt else (),
            "layout": _layout(job),
            "original": image.sha256,
            "picture": Picture.model_construct(mime="image/webp", width=width, height=height, data=data(image)),
        }
    )


def _layout(job: Job) -> tuple[Box, ...]:
    layout = job.receipt.layout if job.receipt else None
    if layout is None or len(layout.regions) > MAX_REGIONS or len(layout.model_dump_json()) > MAX_LAYOUT:
        return ()
    if any(not -1 <= edge <= 2 for region in layout.regions for edge in region.bbox.model_dump().values()):
        return ()
    return tuple(
        Box.model_construct(label=region.label, prompt=region.prompt, **region.bbox.model_dump())
        for region in layout.regions
    )
