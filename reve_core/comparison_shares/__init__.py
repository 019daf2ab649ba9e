"""
Links to comparisons, for whoever holds the address: a blind vote on two pictures at a time, or the grid to look at.

What a visitor gets is put together here without what the owner keeps back, under names that say nothing: a ballot's id, an
address worked out from the secret. No page can show more than that.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from reve_core.catalogue import Catalogue
from reve_core.compare import ballots
from reve_core.compare.models import Comparison
from reve_core.comparison_shares.looking import Looking
from reve_core.comparison_shares.opened import QUESTION, Opened
from reve_core.comparison_shares.previews import Previews
from reve_core.comparison_shares.sides import Side
from reve_core.comparison_shares.voting import VOTER_S, BlindVotes, Reveal, Turn
from reve_core.comparisons import Comparisons
from reve_core.errors import ConfigurationError, ShareEnded, ShareNotFound
from reve_core.grants import Link, Share
from reve_core.guard.signing import Signer
from reve_core.models import StoredImage
from reve_core.pictures import check
from reve_core.pictures.kept import Renditions
from reve_core.pictures.marker import UNSIGNED, Marker
from reve_core.polls import Polls
from reve_core.ports import Blobs, ComparisonStore
from reve_core.shares import Shares

__all__ = ["QUESTION", "VOTER_S", "ComparisonShares", "Opened", "Reveal", "Side", "Turn"]


class ComparisonShares:
    """Made by the owner, opened by a visitor; what follows is in ``votes``, ``looking`` and ``previews``."""

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
        marker: Marker = UNSIGNED,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shares = shares
        self._grids = grids
        self._comparisons = comparisons
        self._catalogue = catalogue
        self._read_only = read_only
        self._clock = clock
        renditions = Renditions(blobs, caps, keep=read_only is None)
        self.votes = BlindVotes(grids=grids, polls=polls, catalogue=catalogue, signer=signer, renditions=renditions)
        self.looking = Looking(
            grids=grids,
            comparisons=comparisons,
            polls=polls,
            catalogue=catalogue,
            blobs=blobs,
            signer=signer,
            caps=caps,
            renditions=renditions,
            marker=marker,
        )
        self.previews = Previews(comparisons=comparisons, polls=polls, catalogue=catalogue, renditions=renditions)

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
        marks = [self._catalogue.label(maker.provider) for maker in comparison.makers]
        return Opened(token, share, comparison, " · ".join(dict.fromkeys(mark for mark in marks if mark)))
