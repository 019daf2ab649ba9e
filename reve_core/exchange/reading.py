"""
A comparison from a file that anybody may have written: read within limits, and nothing in it believed.

What comes out holds our own ids and keys. Of the file's text only prompts, titles, names and notes are kept, which are
shown as text; its pictures are checked one by one when they are stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from reve_core.compare import grid
from reve_core.compare.models import Axes, Comparison, Maker, Place, Row
from reve_core.errors import BadInput
from reve_core.exchange.payload import FAMILY, FORMAT, MAX_FILE, Cell, PageData, Payload
from reve_core.exchange.writing import BLOCK

_MOST_VALUES = 1_500_000  # commas and brackets: more of them than any export has would fill the memory
_PAYLOAD = re.compile(rb'<script type="application/json" id="' + BLOCK.encode() + rb'">')
_PAGE = re.compile(rb'<script type="application/json" id="comparison">')
_END = b"</script>"
_FORMAT = re.compile(rb'"format"\s*:\s*"(' + FAMILY.encode() + rb'[^"]{0,40})"')
_DATA = re.compile(r"data:image/(?:webp|png|jpeg);base64,")
_NO_EXPORT = "This file is not a comparison exported by this app. Choose a .html or .json file that it has made."
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Brought:
    """
    A comparison as it is to be stored, but for its id, owner and pictures. ``cells`` are by our key with their place and
    the file's cell; ``picture`` is base64, empty where the file has none. ``keys`` leads from the file's keys to ours.
    """

    payload: Payload
    rows: tuple[Row, ...]
    axes: Axes
    cells: Mapping[str, tuple[Place, Cell]]
    keys: Mapping[str, str]
    pictures: Mapping[str, str]
    digest: str


def read(data: bytes, comparison: Comparison) -> Brought:
    """
    ``comparison`` is an empty one, whose rows and axes are filled in. Raises BadInput with one sentence, whatever the
    bytes are.
    """
    if len(data) > MAX_FILE:
        raise too_large()
    payload, pictures = _parsed(data)
    made, digest = _laid_out(payload, comparison), hashlib.sha256(data).hexdigest()
    comparison, places = made
    cells: dict[str, tuple[Place, Cell]] = {}
    keys: dict[str, str] = {}
    found: dict[str, str] = {}
    for cell in payload.cells:
        place = places.get((cell.row, cell.column))
        if place is None:
            raise _wrong("a picture stands in a row or column that the file does not list")
        key = grid.key(comparison, place)
        if key in cells or cell.key in keys:
            raise _wrong("two of its pictures stand in the same place")
        cells[key] = (place, cell)
        keys[cell.key] = key
        if cell.picture is not None:
            found[key] = cell.picture.data or pictures.get(cell.key, "")
    return Brought(payload, comparison.rows, comparison.axes, cells, keys, found, digest)


def texts_of(found: Brought) -> Iterator[str]:
    """Every text of the file that somebody may come to see, for whoever judges texts. Empty ones are left out."""
    about = found.payload.comparison
    yield from filter(None, (about.title, about.question, *(row.prompt for row in found.rows)))
    for maker in found.axes.makers:
        yield from filter(None, (maker.provider, maker.model))
    for _, cell in found.cells.values():
        yield from filter(None, cell.notes)
        for box in cell.layout:
            yield from filter(None, (box.label, box.prompt))


def too_large() -> BadInput:
    return BadInput(f"This file is larger than {MAX_FILE // 1024**2} MB, which no exported comparison is.", "file")


# ---------------------------------------------------------------- the file


def _parsed(data: bytes) -> tuple[Payload, dict[str, str]]:
    """The payload and, from a page, the pictures by the file's keys."""
    head = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{"):
        return _model(data.removeprefix(b"\xef\xbb\xbf"), Payload), {}
    # The last of them: it stands behind everything that could quote it.
    starts = [mark.end() for mark in _PAYLOAD.finditer(data)]
    if not starts:
        raise BadInput(_NO_EXPORT, "file")
    payload = _model(_element(data, starts[-1]), Payload)
    page = _PAGE.search(data)
    if page is None:
        raise BadInput(_NO_EXPORT, "file")
    shown = _model(_element(data, page.end()), PageData)
    pictures = {}
    for cell in shown.cells:
        if (kind := _DATA.match(cell.full)) is not None:
            pictures[cell.key] = cell.full[kind.end() :]
    return payload, pictures


def _element(data: bytes, start: int) -> bytes:
    end = data.find(_END, start)
    if end < 0:
        raise BadInput("This file is cut short. Copy or download it again.", "file")
    return data[start:end]


def _model(text: bytes, model: type[T]) -> T:
    if sum(text.count(sign) for sign in (b",", b"[", b"{")) > _MOST_VALUES:
        raise BadInput("This file lists more than any exported comparison does.", "file")
    if model is Payload and (said := _FORMAT.search(text)) and said[1].decode("utf-8", "replace") != FORMAT:
        raise BadInput("This file was exported by another version of this app. Update the app, then import it.", "file")
    try:
        return model.model_validate_json(text)
    except ValidationError as exc:
        [first] = exc.errors(include_url=False, include_input=False, include_context=False)[:1]
        if model is Payload and (first["type"] == "json_invalid" or said is None):
            raise BadInput(_NO_EXPORT, "file") from None
        where = ".".join(str(part) for part in first["loc"])[:100]
        if first["type"] == "missing":
            raise _wrong(f"“{where}” is missing from it, as if it had been edited. Export it again") from None
        raise _wrong(f"“{where}” is not right in it: {first['msg'].lower()}" if where else first["msg"]) from None
    except RecursionError:
        raise BadInput(_NO_EXPORT, "file") from None


def _wrong(what: str) -> BadInput:
    return BadInput(f"This file cannot be imported: {what[0].lower()}{what[1:200].rstrip('.')}.", "file")


# ---------------------------------------------------------------- the grid


def _laid_out(payload: Payload, empty: Comparison) -> tuple[Comparison, dict[tuple[str, str], Place]]:
    """The comparison with rows and axes of its own, and where each of the file's row and column is in it."""
    about = payload.comparison
    row_ids, rows = _rows(payload)
    axes = Axes(
        prompts=tuple(row.prompt for row in rows if row.twin_of is None),
        makers=tuple(Maker(provider=maker.provider, model=maker.model) for maker in about.makers),
        aspect_ratios=about.aspect_ratios,
        seeds=about.seeds,
        samples=about.samples,
    )
    grid.check(axes, alone=True)
    comparison = _filled(empty, rows, axes)
    seeded = {(column.provider, column.model) for column in payload.columns if column.seed is not None}
    known = {each.column for each in grid.columns(comparison, lambda name, model: (name, model) in seeded)}
    places: dict[tuple[str, str], Place] = {}
    for column in payload.columns:
        place = Place(
            row="",
            provider=column.provider,
            model=column.model,
            aspect_ratio=column.aspect_ratio,
            seed=column.seed,
            sample=column.sample,
        )
        if not _belongs(place, axes):
            raise _wrong("one of its columns does not belong to its models, shapes, seeds and samples")
        known.add(place.column)
        for theirs, ours in row_ids.items():
            places[theirs, column.id] = place.model_copy(update={"row": ours})
    grid.check_size(len(rows), len(known))
    return comparison, places


def _belongs(place: Place, axes: Axes) -> bool:
    return (
        Maker(provider=place.provider, model=place.model) in axes.makers
        and place.aspect_ratio in axes.aspect_ratios
        and place.sample <= axes.samples
        and (place.seed is None or place.seed in axes.seeds)
    )


def _rows(payload: Payload) -> tuple[dict[str, str], tuple[Row, ...]]:
    """Rows under ids of our own: what a cell is known by depends on them."""
    ids: dict[str, str] = {}
    prompts: dict[str, str] = {}
    rows: list[Row] = []
    twins: dict[str, int] = {}
    for row in payload.rows:
        if row.id in ids:
            raise _wrong("two of its rows have the same id")
        if row.twin_of is None:
            ids[row.id] = f"r{len(ids) - sum(twins.values()) + 1}"
            prompts[row.id] = row.prompt
            rows.append(Row(id=ids[row.id], prompt=row.prompt))
            continue
        if row.twin_of not in prompts:
            raise _wrong("one of its rows repeats a row that is not there")
        original = ids[row.twin_of]
        twins[original] = number = twins.get(original, 0) + 1
        ids[row.id] = f"{original}-{number}"
        rows.append(Row(id=ids[row.id], prompt=prompts[row.twin_of], twin_of=original))
    return ids, tuple(rows)


def _filled(empty: Comparison, rows: tuple[Row, ...], axes: Axes) -> Comparison:
    return replace(
        empty,
        rows=rows,
        makers=axes.makers,
        aspect_ratios=axes.aspect_ratios,
        seeds=axes.seeds,
        samples=axes.samples,
    )
