"""What a link shows before anybody opens it: a card, and the vote so far in a few words."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from reve_core.catalogue import Catalogue
from reve_core.compare import ballots, words
from reve_core.compare.models import Cell
from reve_core.compare.result import in_words
from reve_core.comparison_shares.opened import Opened
from reve_core.comparison_shares.sides import image_of, sides_of
from reve_core.comparisons import Comparisons
from reve_core.errors import ShareNotFound
from reve_core.grants import File
from reve_core.pictures.kept import Renditions
from reve_core.polls import Polls

if TYPE_CHECKING:
    from PIL.Image import Image

_CARDS = 32


class Previews:
    def __init__(self, *, comparisons: Comparisons, polls: Polls, catalogue: Catalogue, renditions: Renditions) -> None:
        self._comparisons = comparisons
        self._polls = polls
        self._catalogue = catalogue
        self._renditions = renditions
        self._guard = threading.Lock()
        self._cards: OrderedDict[str, bytes] = OrderedDict()

    def card(self, opened: Opened) -> tuple[str, Callable[[], File]]:
        """
        A JPEG of 1200 × 630: a tag that changes with what it shows, and how to read it.

        While a vote is open it holds the question and how many have voted; who leads, and which words belong to which
        picture, would be known before the vote. Raises ShareNotFound while there are no two pictures.
        """
        pair = self._first_pair(opened)
        blind = opened.is_open
        tally = self.told(opened)
        names, texts = ["", ""], ["", ""]
        if not blind:
            left, right = (cell.place for cell in pair)
            asked = ballots.asked(opened.comparison, left, right)
            sides = sides_of(opened, asked.kind if asked else "prompts", left, right, self._catalogue)
            names = [side.name for side in sides]
            if opened.share.show_prompt and asked is not None and asked.kind == "prompts":
                texts = words.differing([opened.comparison.row(place.row).prompt for place in (left, right)])  # type: ignore[union-attr]
        images = [image_of(cell) for cell in pair]
        label = opened.label
        shown = repr(
            (opened.share.id, [image.sha256 for image in images], names, texts, tally, label, opened.question, blind)
        )
        tag = hashlib.sha256(shown.encode()).hexdigest()[:24]

        def render(pictures: list[Image]) -> bytes:
            from reve_core.pictures.versus import versus

            return versus(
                *pictures,
                left_words=texts[0],
                right_words=texts[1],
                label=label,
                names=(names[0], names[1]),
                tally=tally,
                show_tally=True,
                hidden=blind,
                question=opened.question,
            )

        def read() -> File:
            with self._guard:
                data = self._cards.get(tag)
            if data is None:
                data = self._renditions.joined(images, render)
                with self._guard:
                    self._cards[tag] = data
                    while len(self._cards) > _CARDS:
                        self._cards.popitem(last=False)
            return File("card.jpg", "image/jpeg", data)

        return tag, read

    def told(self, opened: Opened) -> str:
        """The vote so far in a few words. Of an open one only how many have voted, and whether it is decided."""
        result = self._polls.result(opened.comparison)
        if not opened.is_open:
            return in_words(result)
        if not result.votes:
            return "No votes yet"
        people = "1 person has voted" if result.voters == 1 else f"{result.voters:,} people have voted"
        decided = any(question.verdict.state == "decided" for question in result.questions)
        return f"{people}: {'decided' if decided else 'not decided yet'}"

    def _first_pair(self, opened: Opened) -> tuple[Cell, Cell]:
        """Two pictures that differ in one thing, the first such in the grid's sequence."""
        grid = self._comparisons.laid_out(opened.comparison)
        rows = [row.id for row in opened.comparison.originals]
        standing = [
            cell
            for column in grid.columns
            for row in rows
            if (cell := grid.cells.get((row, column.column))) is not None and ballots.stands(cell)
        ]
        for other in standing[1:]:
            if ballots.asked(opened.comparison, standing[0].place, other.place) is not None:
                return standing[0], other
        if len(standing) < 2:
            raise ShareNotFound()
        return standing[0], standing[1]
