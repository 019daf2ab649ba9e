"""
A comparison as one picture to keep or send: rows of pictures, what each row and column is, and whose they are.

The pictures are opened one after the other and drawn row by row, so that some hundred of them need little memory. The
same pictures and words make the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reve_core.errors import BadInput
from reve_core.pictures import letters, thumbnail
from reve_core.pictures.bands import Bands
from reve_core.pictures.letters import Run, written
from reve_core.pictures.shapes import NAME, fitting, mark, on_paper, shrunk

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

MAX_SIDE: Final = 12_000  # pixels
MAX_PIXELS: Final = 60_000_000
CELL: Final = 384  # the longer side of a cell in pixels, where there is room for it
SMALLEST: Final = 48

_PAPER, _INK, _SOFT, _TRAY = "#faf9f8", "#1d1c1a", "#6b6863", "#eeece8"
_STRONG = "#c2410c"  # the accent, dark enough for a line on white paper
_KEPT = (160, 90, 50, 28, 12)  # letters kept of what is the same, where a row's words are too long


@dataclass(frozen=True, slots=True)
class _Plan:
    """Every length in pixels."""

    wide: int  # a cell
    tall: int
    size: int  # of the words
    gap: int
    margin: int
    label: int  # the column of the rows' words
    rows: tuple[int, ...]  # their heights
    top: int  # title and heads
    foot: int
    width: int
    height: int

    @property
    def leading(self) -> int:
        return round(self.size * 1.28)

    def left(self, column: int) -> int:
        return self.margin + self.label + self.gap + column * (self.wide + self.gap)


def contact_sheet(
    rows: Sequence[Sequence[Run]],
    columns: Sequence[str],
    open_picture: Callable[[int, int], Image | None],
    *,
    title: str,
    names: Sequence[str] = (),
    labels: Sequence[str] = (),
    word: Callable[[int, int], str] = lambda row, column: "not made",
    shape: float = 1.0,
    cell: int = CELL,
) -> bytes:
    """
    A PNG, no side over ``MAX_SIDE`` and no more than ``MAX_PIXELS``: cells shrink from ``cell`` until that is so.

    ``rows`` are prompts in runs of text and whether it is emphasised; before each stands its name, or a letter (A, B, …)
    where there are no ``names``. ``columns`` are heads, empty ones are left out. ``open_picture(row, column)`` is asked
    once per cell, in reading order; where it gives None a quiet box says ``word(row, column)``. ``labels`` are the
    providers' fixed marks. ``shape`` is a cell's width over its height; a picture of another shape is shown whole within it.

    Raises BadInput where there is nothing to show, or too much for one picture.
    """
    if not rows or not columns:
        raise BadInput("There is nothing to put on a contact sheet yet.")
    shape = min(max(shape, 1 / 4), 4.0)
    plan = _planned(rows, columns, title, shape, cell)
    sheet = Bands(plan.width, plan.height)
    sheet.add(_top(plan, columns, title))
    for row, runs in enumerate(rows):
        name = names[row] if names else letter(row)
        sheet.add(_row(plan, row, name, runs, len(columns), open_picture, word))
    sheet.add(_foot(plan, labels))
    return sheet.finished()


def letter(row: int) -> str:
    """A, B, … Z, AA, AB, …"""
    name = ""
    row += 1
    while row:
        row, digit = divmod(row - 1, 26)
        name = chr(65 + digit) + name
    return name


# ---------------------------------------------------------------- how large


def _planned(rows: Sequence[Sequence[Run]], columns: Sequence[str], title: str, shape: float, cell: int) -> _Plan:
    # No larger than the pictures alone would allow; then smaller and smaller, until the words fit as well.
    across, down = MAX_SIDE / (len(columns) * min(1, shape)), MAX_SIDE / len(rows) * max(1, shape)
    side = min(max(SMALLEST, cell), across, down)
    if len(rows) * len(columns) <= MAX_PIXELS // SMALLEST**2:
        while side >= SMALLEST:
            plan = _plan(rows, columns, title, shape, side)
            if max(plan.width, plan.height) <= MAX_SIDE and plan.width * plan.height <= MAX_PIXELS:
                return plan
            side *= 0.95
    raise BadInput(
        f"A contact sheet of {len(rows):,} by {len(columns):,} pictures would be too large. Leave some rows or columns out."
    )


def _plan(rows: Sequence[Sequence[Run]], columns: Sequence[str], title: str, shape: float, side: float) -> _Plan:
    wide, tall = (side, side / shape) if shape >= 1 else (side * shape, side)
    size = max(13, round(side / 17))
    gap, margin = max(6, round(side / 28)), max(20, round(side / 9))
    label = max(170, round(side * 0.85))
    leading = round(size * 1.28)
    height = max(round(tall), 3 * leading)
    heads = max((len(_head(text, size, round(wide))) for text in columns), default=0)
    top = margin + (round(size * 3.2) if written(title) else 0) + heads * leading + (gap if heads else 0)
    foot = margin + size * 2
    return _Plan(
        wide=round(wide),
        tall=round(tall),
        size=size,
        gap=gap,
        margin=margin,
        label=label,
        rows=(height,) * len(rows),
        top=top,
        foot=foot,
        width=2 * margin + label + len(columns) * (round(wide) + gap),
        height=top + len(rows) * (height + gap) + foot,
    )


def _head(text: str, size: int, width: int) -> list[list[Run]]:
    return letters.wrapped([(text, False)], size, width, 2)


# ---------------------------------------------------------------- the parts


def _blank(plan: _Plan, height: int) -> Image:
    from PIL import Image as Pillow

    return Pillow.new("RGB", (plan.width, height), _PAPER)


def _pen(image: Image) -> ImageDraw:
    from PIL import ImageDraw

    return ImageDraw.Draw(image)


def _top(plan: _Plan, columns: Sequence[str], title: str) -> Image:
    band = _blank(plan, plan.top)
    draw = _pen(band)
    big = round(plan.size * 1.55)
    face = letters.font(big, letters.STRONG)
    text = letters.short(title, face, plan.width - 2 * plan.margin)
    draw.text((plan.margin, plan.margin + big), text, fill=_INK, font=face, anchor="ls")
    for column, head in enumerate(columns):
        lines = _head(head, plan.size, plan.wide)
        base = plan.top - plan.gap - (len(lines) - 1) * plan.leading
        for at, line in enumerate(lines):
            where = (plan.left(column), base + at * plan.leading - plan.size * 0.15)
            letters.write(draw, where, line, plan.size, ink=_SOFT, strong=_STRONG)
    return band


def _row(
    plan: _Plan,
    row: int,
    name: str,
    runs: Sequence[Run],
    columns: int,
    open_picture: Callable[[int, int], Image | None],
    word: Callable[[int, int], str],
) -> Image:
    band = _blank(plan, plan.rows[row] + plan.gap)
    draw = _pen(band)
    face = letters.font(plan.size, letters.STRONG)
    draw.text((plan.margin, plan.size), name, fill=_INK, font=face, anchor="ls")
    indent = round(max(plan.size * 1.5, face.getlength(name) + plan.size * 0.6))
    lines = _label(
        runs, plan.size, plan.label - indent, max(1, int((plan.rows[row] - plan.size * 0.4) // plan.leading))
    )
    for at, line in enumerate(lines):
        where = (plan.margin + indent, plan.size + at * plan.leading)
        letters.write(draw, where, line, plan.size, ink=_INK, strong=_STRONG)
    for column in range(columns):
        box = (plan.left(column), 0)
        picture = open_picture(row, column)
        if picture is None:
            _empty(draw, plan, box, word(row, column))
            continue
        small = on_paper(thumbnail.plain(shrunk(thumbnail.plain(picture), 2 * max(plan.wide, plan.tall))))
        small = fitting(small, (plan.wide, plan.tall))
        if small.size != (plan.wide, plan.tall):
            draw.rectangle((*box, box[0] + plan.wide - 1, plan.tall - 1), fill=_TRAY)
        band.paste(small, (box[0] + (plan.wide - small.width) // 2, (plan.tall - small.height) // 2))
    return band


def _empty(draw: ImageDraw, plan: _Plan, at: tuple[int, int], text: str) -> None:
    x, y = at
    draw.rectangle((x, y, x + plan.wide - 1, y + plan.tall - 1), fill=_TRAY)
    face = letters.font(plan.size)
    text = letters.short(text, face, plan.wide - plan.gap)
    draw.text((x + plan.wide / 2, y + plan.tall / 2), text, fill=_SOFT, font=face, anchor="mm")


def _foot(plan: _Plan, labels: Sequence[str]) -> Image:
    band = _blank(plan, plan.foot)
    draw = _pen(band)
    side, middle = round(plan.size * 1.3), round(plan.foot / 2)
    face = letters.font(plan.size, 500)
    mark(draw, plan.margin, middle - side // 2, side)
    start = plan.margin + round(side * 1.4)
    draw.text((start, middle), NAME, fill=_INK, font=face, anchor="lm")
    start += round(face.getlength(NAME)) + 2 * plan.size
    said = letters.short(" · ".join(dict.fromkeys(labels)), letters.font(plan.size), plan.width - plan.margin - start)
    draw.text((plan.width - plan.margin, middle), said, fill=_SOFT, font=letters.font(plan.size), anchor="rm")
    return band


# ---------------------------------------------------------------- a row's words


def _label(runs: Sequence[Run], size: int, width: int, lines: int) -> list[list[Run]]:
    """All of it where it fits; else less of what is not emphasised, so that what is emphasised is seen."""
    if all(is_strong or not text.strip() for text, is_strong in runs):
        runs = [("".join(text for text, _ in runs), False)]  # where everything differs, nothing stands out
    made = letters.wrapped(runs, size, width, lines)
    for kept in _KEPT:
        if not _is_cut(made) or not any(is_strong for _, is_strong in runs):
            break
        made = letters.wrapped(_squeezed(runs, kept), size, width, lines)
    return made


def _is_cut(lines: Sequence[Sequence[Run]]) -> bool:
    return bool(lines) and lines[-1][-1] == (letters.CUT, False)


def _squeezed(runs: Sequence[Run], kept: int) -> list[Run]:
    """The end of the first run, the beginning of the last, both ends of those between: so many letters of each."""
    out: list[Run] = []
    for at, (text, is_strong) in enumerate(runs):
        if not is_strong and len(text) > kept + 2:
            head = "" if at == 0 else text[: kept // (1 if at == len(runs) - 1 else 2)]
            tail = "" if at == len(runs) - 1 else text[-(kept // (1 if at == 0 else 2)) :]
            # Whole words, where there are any.
            head = head.rsplit(" ", 1)[0] + " " if " " in head else head
            tail = " " + tail.split(" ", 1)[1] if " " in tail else tail
            text = f"{head}{letters.CUT}{tail}"
        out.append((text, is_strong))
    return out
