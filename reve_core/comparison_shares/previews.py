"""What a link shows before anybody opens it: a card, and the vote so far in a few words."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

from reve_core.catalogue import Catalogue
from reve_core.compare import ballots, words
from reve_core.compare.deciding.standing import Place
from reve_core.compare.models import Cell, Comparison
from reve_core.compare.result import Result, in_words
from reve_core.comparison_shares.opened import Opened
from reve_core.comparison_shares.sides import image_of, sides_of
from reve_core.comparisons import Comparisons
from reve_core.errors import ShareNotFound
from reve_core.grants import File
from reve_core.pictures.kept import Renditions
from reve_core.pictures.marker import mark
from reve_core.pictures.xmp import source_of_all
from reve_core.polls import Polls

if TYPE_CHECKING:
    from PIL.Image import Image

_CARDS = 32


class _Shown(NamedTuple):
    """What a card shows of two candidates: a picture of each, the names and the words, both empty before a vote."""

    pair: tuple[Cell, Cell]
    names: tuple[str, str]
    texts: tuple[str, str]


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
        picture, would be known before the vote. Else it holds the leader and the runner-up. Raises ShareNotFound while there
        are no two pictures.
        """
        shown = self._shown(opened)
        names, texts, blind = shown.names, shown.texts, opened.is_open
        tally = self.told(opened)
        images = [image_of(cell) for cell in shown.pair]
        label = opened.label
        told = repr(
            (opened.share.id, [image.sha256 for image in images], names, texts, tally, label, opened.question, blind)
        )
        tag = hashlib.sha256(told.encode()).hexdigest()[:24]

        def render(pictures: list[Image]) -> bytes:
            from reve_core.pictures.versus import versus

            data = versus(
                *pictures,
                left_words=texts[0],
                right_words=texts[1],
                label=label,
                names=names,
                tally=tally,
                show_tally=True,
                hidden=blind,
                question=opened.question,
            )
            # Of all that take part: before a vote it may not tell who made these two.
            return mark(data, source_of_all(maker.provider for maker in opened.comparison.makers))

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

    def alt(self, opened: Opened) -> str:
        """The card in words, for who does not see it."""
        if opened.is_open:
            return f"Two pictures side by side, and the question: {opened.question}"
        try:
            shown = self._shown(opened)
        except ShareNotFound:
            return opened.title
        told = [f"{name}, “{text}”" if text else name for name, text in zip(shown.names, shown.texts, strict=True)]
        return f"Two pictures side by side: {told[0]}; {told[1]}. {self.told(opened)}."

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

    # -- inside

    def _shown(self, opened: Opened) -> _Shown:
        """Raises ShareNotFound while there are no two pictures."""
        comparison, standing = opened.comparison, self._standing(opened)
        if opened.is_open:
            return _Shown(_first_pair(comparison, standing), ("", ""), ("", ""))
        pair = _best_pair(comparison, standing, self._polls.result(comparison)) or _first_pair(comparison, standing)
        left, right = (cell.place for cell in pair)
        asked = ballots.asked(comparison, left, right)
        one, other = sides_of(opened, asked.kind if asked else "prompts", left, right, self._catalogue)
        texts = ["", ""]
        rows = [comparison.row(place.row) for place in (left, right)]
        if opened.share.show_prompt and asked is not None and asked.kind == "prompts":
            texts = words.differing([row.prompt if row else "" for row in rows])
        return _Shown(pair, (one.name, other.name), (texts[0], texts[1]))

    def _standing(self, opened: Opened) -> list[Cell]:
        """The pictures there are, without those of noise control, in the grid's sequence."""
        grid = self._comparisons.laid_out(opened.comparison)
        rows = [row.id for row in opened.comparison.originals]
        return [
            cell
            for column in grid.columns
            for row in rows
            if (cell := grid.cells.get((row, column.column))) is not None and ballots.stands(cell)
        ]


def _first_pair(comparison: Comparison, standing: list[Cell]) -> tuple[Cell, Cell]:
    """Two pictures that differ in one thing, the first such. Raises ShareNotFound where there are no two pictures."""
    for other in standing[1:]:
        if ballots.asked(comparison, standing[0].place, other.place) is not None:
            return standing[0], other
    if len(standing) < 2:
        raise ShareNotFound()
    return standing[0], standing[1]


def _best_pair(comparison: Comparison, standing: list[Cell], result: Result) -> tuple[Cell, Cell] | None:
    """A picture of the leader and one of the runner-up, None where fewer than three stood for election or nobody voted."""
    question = next((each for each in result.questions if each.standing.decisive), None)
    if question is None or len(question.candidates) < 3:
        return None
    leader = question.standing.leader

    def strength(place: Place) -> tuple[bool, float, float]:
        clear = place.wins + place.losses
        known = -1.0 if place.strength is None else place.strength
        return place.candidate == leader, known, place.wins / clear if clear else -1.0

    pictures: dict[str, list[Cell]] = {}
    for cell in standing:
        place = cell.place
        candidate = place.row if question.kind == "prompts" else ballots.maker_id(place.provider, place.model)
        pictures.setdefault(candidate, []).append(cell)
    ranked = sorted(question.standing.places, key=strength, reverse=True)
    # Where the pictures of one of them are gone the next takes its place.
    for first, second in combinations([place.candidate for place in ranked], 2):
        for one, other in product(pictures.get(first, []), pictures.get(second, [])):
            asked = ballots.asked(comparison, one.place, other.place)
            if asked is not None and asked.kind == question.kind:
                return one, other
    return None
