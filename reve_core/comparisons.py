"""
Comparisons: grids of pictures that their owner lays out, pays for once, adds to and takes from.

Every picture of a grid is an ordinary job. What costs money is planned first, priced, and stored together with the jobs it
orders; what the owner has already is taken instead of bought.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Protocol
from unicodedata import category

from reve_core import intake
from reve_core.admission import Admission
from reve_core.allowance import HERE, NO_KEYS, Origin
from reve_core.catalogue import Catalogue
from reve_core.compare import grid
from reve_core.compare.models import (
    MAX_CELLS,
    MAX_QUESTION,
    MAX_TITLE,
    Axes,
    Cell,
    Comparison,
    Grid,
    NewCell,
    Plan,
    Spending,
    Summary,
)
from reve_core.errors import BadInput, ComparisonNotFound, ConfigurationError, JobNotFound, LimitReached, WrongState
from reve_core.gridorders import RETRYABLE, GridOrder, GridOrders
from reve_core.models import Job, JobStatus, Once
from reve_core.ownkeys import OwnKeys
from reve_core.ports import ComparisonStore, JobStore, Provider
from reve_core.retrying import Retrying
from reve_core.screening import Screening

_TRIES = 5  # at a change that others keep crossing


class Worker(Protocol):
    def wake(self) -> None: ...
    def ask_to_stop(self, job_id: str) -> None: ...


class Comparisons:
    """Every method takes the owner; a comparison of somebody else does not exist (``ComparisonNotFound``)."""

    def __init__(
        self,
        *,
        store: JobStore,
        grids: ComparisonStore,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        worker: Worker,
        admission: Admission,
        screening: Screening,
        retrying: Retrying,
        own_keys: OwnKeys | None = None,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._providers = providers
        self._admission = admission
        self._screening = screening
        self._retrying = retrying
        self._own_keys = own_keys
        self._grids = grids
        self._orders = GridOrders(grids=grids, catalogue=catalogue, providers=providers)
        self._worker = worker
        self._read_only = read_only
        self._clock = clock

    # -- making

    def plan(self, axes: Axes, *, owner: str, cap_usd: float | None = None, reuse: bool = True) -> Plan:
        """What ``make`` would do, and for how much. Raises BadInput."""
        return self._plan(self._orders.new(self._comparison(axes, owner, cap_usd), reuse=reuse))

    def make(
        self,
        axes: Axes,
        *,
        owner: str,
        origin: Origin = HERE,
        title: str = "",
        question: str = "",
        cap_usd: float | None = None,
        reuse: bool = True,
        idempotency_key: str | None = None,
    ) -> Comparison:
        """
        A new comparison; what it needs and the owner does not have is queued with it.

        ``reuse``: take pictures that the owner made earlier with the same settings. ``cap_usd``: order no more than costs
        that much. Raises BadInput, Blocked, LimitReached, Banned, IdempotencyConflict, Ended, StoreError.
        """
        self._must_write()
        wanted = self._comparison(axes, owner, cap_usd)
        wanted = self._titled(wanted, title, question)
        order = self._orders.new(wanted, reuse=reuse)
        once = _once(idempotency_key, (axes.model_dump_json(), title, question, cap_usd, reuse))
        # Also the prompts for which pictures are there: a vote puts them before other people.
        review = self._screening.prompts(axes.prompts, owner=owner)
        made = self._grids.create_comparison(
            order.comparison,
            order.cells,
            once=once,
            terms=self._admission.terms(owner, origin),
            review=review,
            own_keys=self._keys(order, origin),
        )
        self._worker.wake()
        return self.get(made, owner=owner)

    def of_pictures(
        self,
        job_ids: Iterable[str],
        *,
        owner: str,
        origin: Origin = HERE,
        title: str = "",
        question: str = "",
        idempotency_key: str | None = None,
    ) -> Comparison:
        """
        A comparison of pictures that are there: one row for each prompt, nothing ordered. Raises BadInput, JobNotFound,
        IdempotencyConflict, Ended.
        """
        self._must_write()
        wanted = list(dict.fromkeys(job_ids))
        if len(wanted) < 2:
            raise BadInput("Choose at least two pictures to compare.", "pictures")
        if len(wanted) > MAX_CELLS:
            raise BadInput(f"That is {len(wanted):,} pictures; a comparison takes {MAX_CELLS}.", "pictures")
        axes, places = grid.lay_out(self._picture(job_id, owner) for job_id in wanted)
        grid.check(axes, alone=True)
        comparison = self._titled(self._laid(axes, owner), title, question)
        grid.check_size(len(comparison.rows), len(self._orders.columns(comparison)))
        cells = [NewCell(grid.key(comparison, place), place, adopts=job_id) for job_id, place in places.items()]
        once = _once(idempotency_key, ("pictures", wanted, title, question))
        terms = self._admission.terms(owner, origin)
        return self.get(self._grids.create_comparison(comparison, cells, once=once, terms=terms), owner=owner)

    # -- adding to one

    def plan_extension(
        self,
        comparison_id: str,
        *,
        owner: str,
        prompts: Sequence[str] = (),
        twin_of: str | None = None,
        samples: int | None = None,
        reuse: bool = True,
    ) -> Plan:
        """What ``extend`` with the same words would do, and for how much. Raises BadInput."""
        comparison = self.get(comparison_id, owner=owner)
        return self._plan(self._orders.extension(comparison, prompts, twin_of, samples, reuse=reuse))

    def extend(
        self,
        comparison_id: str,
        *,
        owner: str,
        origin: Origin = HERE,
        prompts: Sequence[str] = (),
        twin_of: str | None = None,
        samples: int | None = None,
        reuse: bool = True,
    ) -> Comparison:
        """
        More rows, an A-vs-A row for the row ``twin_of``, more samples of everything. Only the new cells are ordered, and
        of those only what the owner does not have. Raises BadInput, Blocked, LimitReached, Banned, WrongState.
        """
        return self._change(
            comparison_id,
            owner,
            lambda found: self._orders.extension(found, prompts, twin_of, samples, reuse=reuse),
            origin,
        )

    def plan_again(self, comparison_id: str, keys: Collection[str] | None = None, *, owner: str) -> Plan:
        """What ``run_again`` would do, and for how much. Raises BadInput."""
        return self._plan(self._orders.again(self.get(comparison_id, owner=owner), keys))

    def run_again(
        self, comparison_id: str, keys: Collection[str] | None = None, *, owner: str, origin: Origin = HERE
    ) -> int:
        """
        A picture for each of these cells, or for every one that has none. A failed job is tried again; a finished
        picture stays in the gallery and makes room for a new one, its votes with it. What is under way or unclear is left
        alone. Only whoever names them is given cells that were taken out, or were refused.

        Returns how many were ordered. Raises BadInput, Blocked, LimitReached, Banned, WrongState where the cap lets none
        through.
        """
        last: list[GridOrder] = []

        def order(comparison: Comparison) -> GridOrder:
            found = self._orders.again(comparison, keys)
            if (found.cells or found.held) and not found.requests:
                raise WrongState("That would go past what this comparison may spend. Raise its limit first.")
            last[:] = [found]
            return found

        self._change(comparison_id, owner, order, origin)
        ordered = len(last[0].requests) - len(last[0].retries)
        terms = self._admission.terms(owner, origin)
        if terms is not None and last[0].cells:
            terms = terms.same_submission()
        try:
            for job in last[0].retries:
                ordered += self._retrying.again(job, RETRYABLE, origin, terms)
                terms = terms and terms.same_submission()
        except LimitReached:
            if not ordered:
                raise
        self._worker.wake()
        return ordered

    # -- taking from one

    def cancel(self, comparison_id: str, keys: Iterable[str] | None = None, *, owner: str) -> int:
        """Stop what is queued or under way where that is free: of these cells, or of all. Returns how many were asked."""
        self._must_write()
        comparison = self.get(comparison_id, owner=owner)
        cells = self._grids.cells(comparison.id)
        if keys is None:
            return self._stop(cell for cell in cells if not cell.adopted)
        wanted = set(keys)
        return self._stop(cell for cell in cells if cell.key in wanted)

    def remove(self, comparison_id: str, keys: Iterable[str], *, owner: str) -> int:
        """
        Take cells out of the grid. What was queued for them is cancelled; pictures stay in the gallery. Returns how many.
        """
        self._must_write()
        comparison = self.get(comparison_id, owner=owner)
        wanted = set(keys)
        cells = [cell for cell in self._grids.cells(comparison.id) if cell.key in wanted]
        gone = self._grids.remove_cells(comparison.id, [cell.key for cell in cells])
        self._stop(cell for cell in cells if not cell.adopted)
        return gone

    def remove_row(self, comparison_id: str, row_id: str, *, owner: str) -> Comparison:
        """Take a row out, and its A-vs-A rows with it. Raises BadInput for the last one."""
        cells: list[Cell] = []

        def without(found: Comparison) -> GridOrder:
            gone = {row.id for row in found.rows if row_id in (row.id, row.twin_of)}
            if not gone:
                raise BadInput("There is no such row in this comparison.", "row")
            if all(row.id in gone for row in found.originals):
                raise BadInput("This is the last row. Delete the whole comparison instead.", "row")
            cells[:] = [cell for cell in self._grids.cells(found.id) if cell.place.row in gone]
            rows = tuple(row for row in found.rows if row.id not in gone)
            return GridOrder(replace(found, rows=rows), without=tuple(cell.key for cell in cells))

        changed = self._change(comparison_id, owner, without)
        self._stop(cell for cell in cells if not cell.adopted)
        return changed

    def delete(self, comparison_id: str, *, owner: str) -> None:
        """The grid, its votes and its links. What was queued for it is cancelled; pictures stay in the gallery."""
        self.cancel(comparison_id, owner=owner)
        self._grids.delete_comparison(comparison_id)

    # -- about one

    def describe(
        self,
        comparison_id: str,
        *,
        owner: str,
        title: str | None = None,
        question: str | None = None,
        cap_usd: float | Literal["keep"] | None = "keep",
    ) -> Comparison:
        """Change its title, the question voters are asked, or what it may spend (None: no limit). Raises BadInput."""

        def changed(found: Comparison) -> GridOrder:
            titled = self._titled(
                found, found.title if title is None else title, found.question if question is None else question
            )
            return GridOrder(replace(titled, cap_usd=found.cap_usd if cap_usd == "keep" else _cap(cap_usd)))

        return self._change(comparison_id, owner, changed)

    def freeze(self, comparison_id: str, on: bool, *, owner: str) -> Comparison:
        """Close the vote and keep the result as it is, or open it again."""

        def changed(found: Comparison) -> GridOrder:
            return GridOrder(replace(found, frozen_at=(found.frozen_at or self._now()) if on else None))

        return self._change(comparison_id, owner, changed)

    # -- looking

    def get(self, comparison_id: str, *, owner: str) -> Comparison:
        found = self._grids.comparison(comparison_id, owner=owner)
        if found is None:
            raise ComparisonNotFound()
        return found

    def made_with(self, idempotency_key: str, *, owner: str) -> bool:
        """Whether a comparison stands that was made with this key, so that ``make`` would answer with it."""
        return self._grids.comparison_made_with(owner, idempotency_key) is not None

    def listed(self, *, owner: str, before: str | None = None, limit: int = 50) -> list[Comparison]:
        """Newest first, from the one that follows the comparison with the id ``before``."""
        return self._grids.comparisons(owner, before=before, limit=limit)

    def grid(self, comparison_id: str, *, owner: str) -> Grid:
        return self.laid_out(self.get(comparison_id, owner=owner))

    def laid_out(self, comparison: Comparison) -> Grid:
        """The grid of a comparison that the caller may see."""
        cells = self._grids.cells(comparison.id)
        columns = self._orders.columns(comparison, cells)
        return Grid(comparison, tuple(columns), {(cell.place.row, cell.place.column): cell for cell in cells})

    def summaries(self, comparisons: Iterable[Comparison], *, faces: int) -> list[Summary]:
        """What a list shows of comparisons that the caller may see, in their sequence."""
        return [self._grids.summary(comparison.id, faces=faces) for comparison in comparisons]

    def cell(self, comparison_id: str, key: str, *, owner: str) -> Cell:
        """One cell, its job with its layout and notes."""
        self.get(comparison_id, owner=owner)
        found = self._grids.cell(comparison_id, key)
        if found is None:
            raise ComparisonNotFound()
        return found

    def spending(self, comparison_id: str, *, owner: str) -> Spending:
        self.get(comparison_id, owner=owner)
        return self._grids.spending(comparison_id)

    def pulse(self, comparison_id: str, *, owner: str) -> int:
        """A number that changes whenever anything of it does: a picture, a vote, a row."""
        self.get(comparison_id, owner=owner)
        return self._grids.pulse(comparison_id)

    def forget_keys(self, older_than_s: float) -> int:
        """Idempotency keys of that age, of every owner. Returns how many."""
        return self._grids.forget_comparison_keys(older_than_s)

    # -- inside

    def _change(
        self, comparison_id: str, owner: str, how: Callable[[Comparison], GridOrder], origin: Origin | None = None
    ) -> Comparison:
        """
        Work out a change and store it; from the start again where somebody else was faster. ``origin`` where it may order
        pictures.
        """
        self._must_write()
        for _ in range(_TRIES):
            order = how(self.get(comparison_id, owner=owner))
            review, terms, keys = None, None, NO_KEYS
            if origin is not None and order.cells:
                review = self._screening.prompts((request.prompt for request in order.requests), owner=owner)
                terms, keys = self._admission.terms(owner, origin), self._keys(order, origin)
            if self._grids.change_comparison(
                order.comparison, order.cells, without=order.without, terms=terms, review=review, own_keys=keys
            ):
                self._worker.wake()
                return self.get(comparison_id, owner=owner)
        raise WrongState("This comparison is being changed elsewhere. Try again in a moment.")

    def _plan(self, order: GridOrder) -> Plan:
        return self._orders.plan(order, self._admission.turn(order.comparison.owner))

    def _keys(self, order: GridOrder, origin: Origin) -> dict[str, str]:
        requests, owner = order.requests, order.comparison.owner
        return intake.own_keys(requests, self._providers, self._own_keys, owner, origin.own_keys)

    def _titled(self, comparison: Comparison, title: str, question: str) -> Comparison:
        """With these words, once they may be put before other people. Raises BadInput, Blocked."""
        title, question = _words(title, MAX_TITLE, "title"), _words(question, MAX_QUESTION, "question")
        if (title, question) != (comparison.title, comparison.question):
            self._screening.words([title, question], owner=comparison.owner, what="title" if title else "question")
        return replace(comparison, title=title, question=question)

    def _comparison(self, axes: Axes, owner: str, cap_usd: float | None) -> Comparison:
        return replace(self._laid(self._orders.resolved(axes), owner), cap_usd=_cap(cap_usd))

    def _laid(self, axes: Axes, owner: str) -> Comparison:
        """One with an id of its own, for axes that are resolved."""
        return Comparison(
            id=secrets.token_hex(16),
            owner=owner,
            created_at=self._now(),
            rows=tuple(grid.more_rows((), axes.prompts, None)),
            makers=axes.makers,
            aspect_ratios=axes.aspect_ratios,
            seeds=axes.seeds,
            samples=axes.samples,
        )

    def _stop(self, cells: Iterable[Cell]) -> int:
        """Cancel what is queued, and ask what is under way to stop where that is free. Returns how many were asked."""
        asked = 0
        for cell in cells:
            if cell.job is None or not cell.job.status.is_pending:
                continue
            answer = self._store.cancel(cell.job.id)
            asked += answer != "too_late"
            if answer == "requested":
                self._worker.ask_to_stop(cell.job.id)
        return asked

    def _picture(self, job_id: str, owner: str) -> Job:
        job = self._store.get(job_id, owner=owner)
        if job is None or job.status is not JobStatus.DONE or job.trashed_at is not None:
            raise JobNotFound(job_id)
        return job

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _must_write(self) -> None:
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)


def _once(key: str | None, asked: tuple[object, ...]) -> Once | None:
    """The idempotency key with a digest of what was asked for. Raises BadInput."""
    if key is None:
        return None
    intake.check_key(key)
    return Once(key, hashlib.sha256(repr(asked).encode("utf-8", "backslashreplace")).hexdigest())


def _words(text: str, most: int, field: str) -> str:
    # What cannot be seen, and half characters that no file can hold, are left out; joiners inside words stay.
    text = " ".join("".join(char for char in text if char.isspace() or category(char) not in ("Cc", "Cs")).split())
    if len(text) > most:
        raise BadInput(f"The {field} has {len(text):,} characters; {most} are enough. Shorten it.", field)
    return text


def _cap(usd: float | None) -> float | None:
    if usd is not None and not (math.isfinite(usd) and usd > 0):
        raise BadInput("A spending limit is more than 0 US dollars. Leave it empty for no limit.", "cap_usd")
    return usd
