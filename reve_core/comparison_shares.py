"""
Links to comparisons, for whoever holds the address: a blind vote on two pictures at a time, or the grid to look at.

What a visitor gets is put together here without what the owner keeps back, under names that say nothing: a ballot's id, an
address worked out from the secret. No page can show more than that.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from reve_core import gridview
from reve_core.catalogue import Catalogue
from reve_core.compare import ballots, result_view, words
from reve_core.compare.deciding import Verdict
from reve_core.compare.models import Ballot, Cell, Comparison, Place
from reve_core.compare.result import Result, in_words
from reve_core.comparisons import Comparisons
from reve_core.errors import ComparisonNotFound, ConfigurationError, ShareEnded, ShareNotFound
from reve_core.grants import File, Link, Share
from reve_core.guard.signing import Signer
from reve_core.models import StoredImage
from reve_core.pictures import check
from reve_core.pictures.bare import bare
from reve_core.pictures.boxed import box_of
from reve_core.pictures.kept import Renditions
from reve_core.polls import Polls
from reve_core.ports import Blobs, ComparisonStore
from reve_core.shares import Shares

if TYPE_CHECKING:
    from PIL.Image import Image

QUESTION = "Which picture is better?"
VOTER_S = 400 * 24 * 3600  # browsers keep no cookie longer
_VOTER, _CELL, _TAG = "voter", "cell", "cell-tag"
_MAPS, _CARDS = 256, 32
_WORDS = 260  # letters of a prompt beside its picture
_PENDING = ("queued", "running")
Size = Literal["full", "small"]
Which = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that leads somewhere."""

    token: str
    share: Share
    comparison: Comparison

    @property
    def is_open(self) -> bool:
        """Whether visitors are asked, and may still answer."""
        return self.share.may_vote and self.comparison.frozen_at is None

    @property
    def question(self) -> str:
        return self.comparison.question or QUESTION


@dataclass(frozen=True, slots=True)
class Turn:
    """
    Two pictures before one voter. ``judged`` is how many pairs came before and ``left`` how many there are, this one
    included. ``box`` is the size of both in pixels. ``prompt`` is what both were made from, None where they were not made
    from the same one or the owner keeps it back. ``label`` marks both, whoever made them.
    """

    ballot: Ballot
    judged: int
    left: int
    box: tuple[int, int]
    prompt: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Side:
    """Whose picture stood there: "A", or the model. ``segments`` is the prompt with its own words marked, or nothing."""

    name: str
    segments: tuple[words.Segment, ...]


@dataclass(frozen=True, slots=True)
class Reveal:
    """
    What a voter sees after their vote. ``for_left``, ``for_right``, ``ties`` and ``bad`` are everybody's votes between
    these two so far, this one included. ``same``: both stand for the same prompt, as noise control.
    """

    turn: Turn
    left: Side
    right: Side
    same: bool
    for_left: int
    for_right: int
    ties: int
    bad: int
    verdict: Verdict


class ComparisonShares:
    def __init__(
        self,
        *,
        shares: Shares,
        grids: ComparisonStore,
        comparisons: Comparisons,
        polls: Polls,
        catalogue: Catalogue,
        blobs: Blobs,
        signer: Signer,
        caps: check.Caps,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shares = shares
        self._grids = grids
        self._comparisons = comparisons
        self._polls = polls
        self._catalogue = catalogue
        self._blobs = blobs
        self._signer = signer
        self._caps = caps
        self._read_only = read_only
        self._clock = clock
        self._renditions = Renditions(blobs, caps, keep=read_only is None)
        self._guard = threading.Lock()
        self._maps: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()
        self._cards: OrderedDict[str, bytes] = OrderedDict()

    # -- for the owner; the list of links and their end are in ``shares``

    def make(
        self,
        comparison_id: str,
        *,
        owner: str,
        may_vote: bool = True,
        show_prompt: bool = True,
        show_grid: bool = False,
        lasts: timedelta | None = None,
        published: bool = False,
    ) -> Link:
        """
        A new link, which ends after ``lasts`` (None: never by itself). ``show_grid``: who has voted on every pair sees all.

        Raises ComparisonNotFound, BadInput, StoreError.
        """
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)
        comparison = self._comparisons.get(comparison_id, owner=owner)
        now = datetime.fromtimestamp(self._clock(), UTC)
        share = Share(
            id=secrets.token_hex(16),
            comparison_id=comparison.id,
            owner=owner,
            created_at=now,
            expires_at=self._shares.end(now, lasts),
            show_prompt=show_prompt,
            published=published,
            may_vote=may_vote,
            show_grid=may_vote and show_grid,
        )
        return Link(share, "open", self._shares.issue(share), None, comparison)

    def face(self, comparison: Comparison) -> StoredImage | None:
        """A picture to know a comparison by in a list, None while it has none."""
        found = (cell.job.image for cell in self._grids.cells(comparison.id) if ballots.stands(cell) and cell.job)
        return next(found, None)

    # -- for whoever has the link

    def open(self, token: str) -> Opened:
        """Raises ShareNotFound, ShareEnded."""
        share = self._shares.find(token)
        if share.comparison_id is None:
            raise ShareNotFound()
        comparison = self._grids.comparison(share.comparison_id, owner=share.owner)
        if comparison is None or share.has_ended(datetime.fromtimestamp(self._clock(), UTC)):
            raise ShareEnded()
        return Opened(token, share, comparison)

    def title(self, opened: Opened) -> str:
        comparison = opened.comparison
        return comparison.title or gridview.title(comparison, show_prompts=opened.share.show_prompt)

    def result(self, opened: Opened) -> Result:
        return self._polls.result(opened.comparison)

    def pulse(self, opened: Opened) -> str:
        """Changes whenever anything does that the link shows."""
        return hashlib.sha256(f"{opened.share.id} {self._grids.pulse(opened.comparison.id)}".encode()).hexdigest()[:16]

    # -- who votes

    def new_voter(self) -> str:
        """The value of a cookie that makes a browser a voter. It says nothing about whose gallery is open there."""
        return self._signer.sign(_VOTER, secrets.token_urlsafe(16))

    def voter(self, opened: Opened, cookie: str | None) -> str | None:
        """
        Who votes here, None for nobody. The same browser has another name in every comparison, so that nobody who is given
        the votes of two can find out who voted on both.
        """
        known = self._signer.read(_VOTER, cookie, max_age_s=VOTER_S) if cookie else None
        if known is None:
            return None
        digest = hashlib.sha256(f"{known} {opened.comparison.id}".encode()).digest()
        return "w-" + urlsafe_b64encode(digest[:15]).decode()

    def has_come_before(self, opened: Opened, voter: str) -> bool:
        return bool(self._grids.ballots_of(opened.comparison.id, voter))

    def progress(self, opened: Opened, voter: str) -> tuple[int, int]:
        """How many pairs they have judged, and how many there are for them still."""
        return self._polls.progress(opened.comparison, voter)

    def may_look(self, opened: Opened, voter: str | None) -> bool:
        """Whether the whole grid is open: at once on a link to look at, else after the last pair."""
        if not opened.share.may_vote:
            return True
        if not opened.share.show_grid:
            return False
        if not opened.is_open:
            return True
        judged, left = (0, 1) if voter is None else self.progress(opened, voter)
        return judged > 0 and left == 0

    # -- voting

    def next_turn(self, opened: Opened, voter: str) -> Turn | None:
        """The next two pictures; None where there are no more for them. Raises StoreError, ConfigurationError."""
        ballot = self._polls.next_ballot(opened.comparison, voter) if opened.is_open else None
        return None if ballot is None else self._turn(opened, ballot)

    def turn(self, opened: Opened, ballot_id: str, voter: str) -> Turn:
        """One of theirs, cast or not. Raises ComparisonNotFound, also where a picture of it is gone."""
        return self._turn(opened, self._polls.ballot(opened.comparison, ballot_id, voter=voter))

    def cast(self, opened: Opened, ballot_id: str, choice: str, *, voter: str) -> Ballot:
        """See ``Polls.cast``."""
        return self._polls.cast(opened.comparison, ballot_id, choice, voter=voter)

    def reveal(self, opened: Opened, turn: Turn) -> Reveal:
        """Who was who, and how everybody voted. Only for a turn that was cast. Raises ComparisonNotFound."""
        comparison = opened.comparison
        left, right = (self._cell(opened, key).place for key in (turn.ballot.left, turn.ballot.right))
        asked = ballots.asked(comparison, left, right)
        if turn.ballot.choice is None or asked is None:
            raise ComparisonNotFound()
        result = self.result(opened)
        if asked.kind == "noise":
            names = {comparison.name_of(left.row), comparison.name_of(right.row)}
            found = next(each for each in result.noise if {each.name, each.twin} == names)
            turned = left.row != found.row
            duel, verdict = found.duel, found.verdict
        else:
            question = next(each for each in result.questions if each.kind == asked.kind)
            duel = next(each for each in question.standing.duels if {each.a, each.b} == {asked.left, asked.right})
            turned, verdict = duel.a != asked.left, question.verdict
        first, second = (duel.wins_b, duel.wins_a) if turned else (duel.wins_a, duel.wins_b)
        one, other = self._sides(opened, asked.kind, left, right)
        return Reveal(turn, one, other, asked.kind == "noise", first, second, duel.ties, duel.both_bad, verdict)

    def side(self, opened: Opened, ballot_id: str, which: Which, *, voter: str) -> tuple[str, Callable[[], File]]:
        """
        One of a ballot's two pictures: a tag that changes with it, and how to read it. Both are rendered where one is
        missing, so that neither is slower. Raises ComparisonNotFound; reading BlobError, PictureDamaged.
        """
        ballot = self._polls.ballot(opened.comparison, ballot_id, voter=voter)
        cells = [self._cell(opened, key) for key in (ballot.left, ballot.right)]
        images = [_image(cell) for cell in cells]
        chosen = 0 if which == "left" else 1
        tag = self._signer.derive(_TAG, f"{ballot.id} {which} {images[chosen].sha256}")
        box = box_of(cells[0].place.aspect_ratio)
        return tag, lambda: File("picture.webp", "image/webp", self._renditions.boxed(images, box)[chosen])

    # -- looking

    def data(self, opened: Opened, seen_by: str = "") -> dict[str, object]:
        """
        What the player draws; ``alt`` is left out where it is the row's prompt. Every name in it is worked out for this link (and, in a vote, for this voter), and opens
        nothing elsewhere.
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
            standing=result_view.standing(self.result(opened)),
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
        return data | {"id": "", "title": self.title(opened), "rev": self.pulse(opened)}

    def details(self, opened: Opened, name: str, seen_by: str = "") -> dict[str, object]:
        """A picture's layout and what made it. Raises ShareNotFound."""
        cell = self._named(opened, name, seen_by)
        found = gridview.details(cell, catalogue=self._catalogue, show_prompts=opened.share.show_prompt)
        facts: list[list[str]] = found["facts"]  # type: ignore[assignment]
        return {**found, "facts": [fact for fact in facts if fact[0] in ("Made by", "Shape", "Size")]}

    def picture(self, opened: Opened, name: str, size: Size, seen_by: str = "") -> tuple[str, Callable[[], File]]:
        """A picture of the grid: a tag that changes with it, and how to read it. Raises ShareNotFound."""
        image = _image(self._named(opened, name, seen_by))

        def read() -> File:
            if size == "small":
                return File(
                    "picture.webp", "image/webp", self._blobs.get(image.thumbnail, max_bytes=self._caps.max_bytes)
                )
            if self._renditions.is_light(image):
                return File("picture", image.mime, bare(self._blobs.get(image.name, max_bytes=self._caps.max_bytes)))
            return File("picture.webp", "image/webp", self._renditions.web(image))

        return self._signer.derive(_TAG, f"{name} {size} {image.sha256}"), read

    # -- the preview card

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
            sides = self._sides(opened, asked.kind if asked else "prompts", left, right)
            names = [side.name for side in sides]
            if opened.share.show_prompt and asked is not None and asked.kind == "prompts":
                texts = words.differing([opened.comparison.row(place.row).prompt for place in (left, right)])  # type: ignore[union-attr]
        images = [_image(cell) for cell in pair]
        label = self.label(opened)
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
        result = self.result(opened)
        if not opened.is_open:
            return in_words(result)
        if not result.votes:
            return "No votes yet"
        people = "1 person has voted" if result.voters == 1 else f"{result.voters:,} people have voted"
        decided = any(question.verdict.state == "decided" for question in result.questions)
        return f"{people}: {'decided' if decided else 'not decided yet'}"

    def label(self, opened: Opened) -> str:
        """The providers' marks, each once: the same words under every picture, whoever made it."""
        marks = [self._catalogue.label(maker.provider) for maker in opened.comparison.makers]
        return " · ".join(dict.fromkeys(mark for mark in marks if mark))

    # -- inside

    def _turn(self, opened: Opened, ballot: Ballot) -> Turn:
        left, right = (self._cell(opened, key).place for key in (ballot.left, ballot.right))
        judged, still = self.progress(opened, ballot.voter)
        prompt = None
        asked = ballots.asked(opened.comparison, left, right)
        # A pair of noise control has one prompt too; shown there and nowhere else, it would give the pair away.
        if opened.share.show_prompt and asked is not None and asked.kind == "models":
            row = opened.comparison.row(left.row)
            prompt = row.prompt if row else None
        return Turn(ballot, judged, still, box_of(left.aspect_ratio), prompt, self.label(opened))

    def _cell(self, opened: Opened, key: str) -> Cell:
        """Raises ComparisonNotFound where there is no picture in it any more."""
        cell = self._grids.cell(opened.comparison.id, key)
        if cell is None or not ballots.stands(cell):
            raise ComparisonNotFound()
        return cell

    def _sides(self, opened: Opened, kind: str, left: Place, right: Place) -> tuple[Side, Side]:
        comparison = opened.comparison
        if kind == "models":
            return Side(self._catalogue.title(left.provider, left.model), ()), Side(
                self._catalogue.title(right.provider, right.model), ()
            )
        rows = [comparison.row(left.row), comparison.row(right.row)]
        prompts = [row.prompt if row else "" for row in rows]
        marked = words.marked(prompts) if opened.share.show_prompt else [(), ()]
        one, other = (
            Side(comparison.name_of(place.row), words.cut(segments, _WORDS))
            for place, segments in zip((left, right), marked, strict=True)
        )
        return one, other

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


def _image(cell: Cell) -> StoredImage:
    if cell.job is None or cell.job.image is None:
        raise ComparisonNotFound()
    return cell.job.image


def _dicts(value: object) -> list[dict[str, object]]:
    return value  # type: ignore[return-value]
