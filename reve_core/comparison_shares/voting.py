"""
The blind vote behind a link: who votes, the two pictures before them, and what their vote reveals.

Until it is cast, a turn tells nothing of who is who.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from reve_core.catalogue import Catalogue
from reve_core.compare import ballots
from reve_core.compare.deciding import Verdict
from reve_core.compare.models import Ballot, Cell
from reve_core.comparison_shares.opened import Opened
from reve_core.comparison_shares.sides import Side, image_of, sides_of
from reve_core.errors import ComparisonNotFound
from reve_core.grants import File
from reve_core.guard.signing import Signer
from reve_core.pictures.boxed import box_of
from reve_core.pictures.kept import Renditions
from reve_core.pictures.marker import mark_blind
from reve_core.polls import Polls
from reve_core.ports import ComparisonStore

VOTER_S = 400 * 24 * 3600  # browsers keep no cookie longer
_VOTER, _TAG = "voter", "cell-tag"
Which = Literal["left", "right"]


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


class BlindVotes:
    def __init__(
        self, *, grids: ComparisonStore, polls: Polls, catalogue: Catalogue, signer: Signer, renditions: Renditions
    ) -> None:
        self._grids = grids
        self._polls = polls
        self._catalogue = catalogue
        self._signer = signer
        self._renditions = renditions

    # -- who votes

    def new_voter(self) -> str:
        """The value of a cookie that makes a browser a voter. It says nothing about whose gallery is open there."""
        return self._signer.sign(_VOTER, secrets.token_urlsafe(16))

    def voter(self, opened: Opened, cookie: str | None) -> str | None:
        """
        Who votes here, None for nobody. The same browser has another name in every comparison, so that nobody who is given
        the votes of two can find out who voted on both.
        """
        return self.voters(cookie, [opened.comparison.id]).get(opened.comparison.id)

    def voters(self, cookie: str | None, comparison_ids: Iterable[str]) -> dict[str, str]:
        """The names under which the browser with that cookie votes on those comparisons, by their ids."""
        known = self._signer.read(_VOTER, cookie, max_age_s=VOTER_S) if cookie else None
        return {} if known is None else {each: _name(known, each) for each in comparison_ids}

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
        result = self._polls.result(comparison)
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
        one, other = sides_of(opened, asked.kind, left, right, self._catalogue)
        return Reveal(turn, one, other, asked.kind == "noise", first, second, duel.ties, duel.both_bad, verdict)

    def side(self, opened: Opened, ballot_id: str, which: Which, *, voter: str) -> tuple[str, Callable[[], File]]:
        """
        One of a ballot's two pictures: a tag that changes with it, and how to read it. Both are rendered where one is
        missing, so that neither is slower, and both carry the same mark. Raises ComparisonNotFound; reading BlobError,
        PictureDamaged.
        """
        ballot = self._polls.ballot(opened.comparison, ballot_id, voter=voter)
        cells = [self._cell(opened, key) for key in (ballot.left, ballot.right)]
        images = [image_of(cell) for cell in cells]
        chosen = 0 if which == "left" else 1
        tag = self._signer.derive(_TAG, f"{ballot.id} {which} {images[chosen].sha256}")
        box = box_of(cells[0].place.aspect_ratio)
        providers = [maker.provider for maker in opened.comparison.makers]

        def read() -> File:
            data = self._renditions.boxed(images, box)[chosen]
            return File("picture.webp", "image/webp", mark_blind(data, providers, opened.label))

        return tag, read

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
        return Turn(ballot, judged, still, box_of(left.aspect_ratio), prompt, opened.label)

    def _cell(self, opened: Opened, key: str) -> Cell:
        """Raises ComparisonNotFound where there is no picture in it any more."""
        cell = self._grids.cell(opened.comparison.id, key)
        if cell is None or not ballots.stands(cell):
            raise ComparisonNotFound()
        return cell


def _name(known: str, comparison_id: str) -> str:
    return "w-" + urlsafe_b64encode(hashlib.sha256(f"{known} {comparison_id}".encode()).digest()[:15]).decode()
