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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from reve_core import intake
from reve_core.catalogue import Catalogue
from reve_core.compare import grid
from reve_core.compare.models import (
    MAX_PROMPTS,
    MAX_QUESTION,
    MAX_ROWS,
    MAX_SAMPLES,
    MAX_TITLE,
    Axes,
    Cell,
    Comparison,
    Grid,
    Maker,
    NewCell,
    Place,
    Plan,
    Row,
    Spending,
)
from reve_core.errors import BadInput, ComparisonNotFound, ConfigurationError, JobNotFound, WrongState
from reve_core.models import Job, JobRequest, JobStatus, ModelInfo, Once
from reve_core.ports import ComparisonStore, JobStore, Provider

_TRIES = 5  # at a change that others keep crossing
_AGAIN = (JobStatus.FAILED, JobStatus.CANCELLED)


class Worker(Protocol):
    def wake(self) -> None: ...
    def ask_to_stop(self, job_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Order:
    """
    What a change would store: the comparison as it is to be, and its new cells, of which ``have`` are adopted. ``retries``
    are jobs that would be tried again.
    """

    comparison: Comparison
    cells: tuple[NewCell, ...] = ()
    have: int = 0
    retries: tuple[Job, ...] = ()


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
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._grids = grids
        self._catalogue = catalogue
        self._providers = providers
        self._worker = worker
        self._read_only = read_only
        self._clock = clock

    # -- making

    def plan(self, axes: Axes, *, owner: str, cap_usd: float | None = None, reuse: bool = True) -> Plan:
        """What ``make`` would do, and for how much. Raises BadInput."""
        return self._plan(self._new(axes, owner, "", "", cap_usd, reuse))

    def make(
        self,
        axes: Axes,
        *,
        owner: str,
        title: str = "",
        question: str = "",
        cap_usd: float | None = None,
        reuse: bool = True,
        idempotency_key: str | None = None,
    ) -> Comparison:
        """
        A new comparison; what it needs and the owner does not have is queued with it.

        ``reuse``: take pictures that the owner made earlier with the same settings. ``cap_usd``: order no more than costs
        that much. Raises BadInput, IdempotencyConflict, Ended, StoreError.
        """
        self._must_write()
        order = self._new(axes, owner, title, question, cap_usd, reuse)
        once = None
        if idempotency_key is not None:
            intake.check_key(idempotency_key)
            asked = repr((axes.model_dump_json(), title, question, cap_usd, reuse))
            once = Once(idempotency_key, hashlib.sha256(asked.encode()).hexdigest())
        made = self._grids.create_comparison(order.comparison, order.cells, once=once)
        self._worker.wake()
        return self.get(made, owner=owner)

    def of_pictures(self, job_ids: Iterable[str], *, owner: str, title: str = "") -> Comparison:
        """
        A comparison of pictures that are there: one row for each prompt, nothing ordered. Raises BadInput, JobNotFound.
        """
        self._must_write()
        jobs = [self._picture(job_id, owner) for job_id in dict.fromkeys(job_ids)]
        if len(jobs) < 2:
            raise BadInput("Choose at least two pictures to compare.", "pictures")
        prompts = tuple(dict.fromkeys(job.request.prompt for job in jobs))
        makers = tuple(dict.fromkeys(_maker_of(job.request) for job in jobs))
        ratios = tuple(dict.fromkeys(job.request.aspect_ratio for job in jobs))
        rows = tuple(Row(id=f"r{number}", prompt=prompt) for number, prompt in enumerate(prompts, 1))
        of_prompt = {row.prompt: row.id for row in rows}
        counted: dict[tuple[str, Maker, str], int] = {}
        placed: list[tuple[Place, str]] = []
        for job in jobs:
            spot = (job.request.prompt, _maker_of(job.request), job.request.aspect_ratio)
            counted[spot] = sample = counted.get(spot, 0) + 1
            if sample > MAX_SAMPLES:
                raise BadInput(
                    f"More than {MAX_SAMPLES} of these pictures have the same prompt and model. Choose fewer of them.",
                    "pictures",
                )
            maker = spot[1]
            place = Place(
                row=of_prompt[spot[0]],
                provider=maker.provider,
                model=maker.model,
                aspect_ratio=spot[2],
                sample=sample,
            )
            placed.append((place, job.id))
        axes = Axes(prompts=prompts, makers=makers, aspect_ratios=ratios, samples=max(counted.values()))
        grid.check(axes, alone=True)
        comparison = self._comparison(axes, owner, rows, title, "", None)
        grid.check_size(len(rows), len(self._columns(comparison)))
        cells = [NewCell(grid.key(comparison, place), place, adopts=job_id) for place, job_id in placed]
        self._grids.create_comparison(comparison, cells)
        return comparison

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
        return self._plan(self._extension(comparison, prompts, twin_of, samples, reuse))

    def extend(
        self,
        comparison_id: str,
        *,
        owner: str,
        prompts: Sequence[str] = (),
        twin_of: str | None = None,
        samples: int | None = None,
        reuse: bool = True,
    ) -> Comparison:
        """
        More rows, an A-vs-A row for the row ``twin_of``, more samples of everything. Only the new cells are ordered, and
        of those only what the owner does not have. Raises BadInput, WrongState.
        """
        return self._change(
            comparison_id, owner, lambda found: self._extension(found, prompts, twin_of, samples, reuse)
        )

    def plan_again(self, comparison_id: str, keys: Collection[str] | None = None, *, owner: str) -> Plan:
        """What ``run_again`` would do, and for how much. Raises BadInput."""
        return self._plan(self._repeat(self.get(comparison_id, owner=owner), keys))

    def run_again(self, comparison_id: str, keys: Collection[str] | None = None, *, owner: str) -> int:
        """
        A picture for each of these cells, or for every one that has none. A failed job is tried again; a finished
        picture stays in the gallery and makes room for a new one. What is under way or unclear is left alone.

        Returns how many were ordered. Raises BadInput, WrongState where the cap lets none through.
        """
        ordered: list[str] = []
        retried: list[str] = []

        def order(comparison: Comparison) -> _Order:
            found = self._repeat(comparison, keys)
            ordered[:] = [cell.key for cell in found.cells if cell.request is not None or cell.adopts is not None]
            retried[:] = [job.id for job in found.retries]
            if found.cells and not ordered and not retried:
                raise WrongState("That would go past what this comparison may spend. Raise its limit first.")
            return found

        self._change(comparison_id, owner, order)
        again = [job_id for job_id in retried if self._store.again(job_id, when=_AGAIN)]
        self._worker.wake()
        return len(ordered) + len(again)

    # -- taking from one

    def cancel(self, comparison_id: str, keys: Iterable[str] | None = None, *, owner: str) -> int:
        """Stop what is queued or under way where that is free: of these cells, or of all. Returns how many were asked."""
        self._must_write()
        comparison = self.get(comparison_id, owner=owner)
        wanted = None if keys is None else set(keys)
        asked = 0
        for cell in self._grids.cells(comparison.id):
            if cell.job is None or not cell.job.status.is_pending or (wanted is not None and cell.key not in wanted):
                continue
            if cell.adopted and wanted is None:
                continue  # it was ordered for something else
            match self._store.cancel(cell.job.id):
                case "cancelled":
                    asked += 1
                case "requested":
                    self._worker.ask_to_stop(cell.job.id)
                    asked += 1
        return asked

    def remove(self, comparison_id: str, keys: Iterable[str], *, owner: str) -> int:
        """Take cells out of the grid. What is queued for them is cancelled; pictures stay in the gallery."""
        keys = list(keys)
        self.cancel(comparison_id, keys, owner=owner)
        return self._grids.remove_cells(comparison_id, keys)

    def remove_row(self, comparison_id: str, row_id: str, *, owner: str) -> Comparison:
        """Take a row out, and its A-vs-A rows with it. Raises BadInput for the last one."""
        found = self.get(comparison_id, owner=owner)
        gone = {row.id for row in found.rows if row_id in (row.id, row.twin_of)}
        if not gone:
            raise BadInput("There is no such row in this comparison.", "row")
        if all(row.id in gone for row in found.originals):
            raise BadInput("This is the last row. Delete the whole comparison instead.", "row")
        keys = [cell.key for cell in self._grids.cells(comparison_id) if cell.place.row in gone]
        self.remove(comparison_id, keys, owner=owner)

        def without(comparison: Comparison) -> _Order:
            rows = tuple(row for row in comparison.rows if row.id not in gone)
            return _Order(replace(comparison, rows=rows))

        return self._change(comparison_id, owner, without)

    def delete(self, comparison_id: str, *, owner: str) -> None:
        """The grid, its votes and its links. What is queued for it is cancelled; pictures stay in the gallery."""
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

        def changed(found: Comparison) -> _Order:
            return _Order(
                replace(
                    found,
                    title=found.title if title is None else _words(title, MAX_TITLE, "title"),
                    question=found.question if question is None else _words(question, MAX_QUESTION, "question"),
                    cap_usd=found.cap_usd if cap_usd == "keep" else _cap(cap_usd),
                )
            )

        return self._change(comparison_id, owner, changed)

    def freeze(self, comparison_id: str, on: bool, *, owner: str) -> Comparison:
        """Close the vote and keep the result as it is, or open it again."""

        def changed(found: Comparison) -> _Order:
            return _Order(replace(found, frozen_at=(found.frozen_at or self._now()) if on else None))

        return self._change(comparison_id, owner, changed)

    # -- looking

    def get(self, comparison_id: str, *, owner: str) -> Comparison:
        found = self._grids.comparison(comparison_id, owner=owner)
        if found is None:
            raise ComparisonNotFound()
        return found

    def listed(self, *, owner: str, before: str | None = None, limit: int = 50) -> list[Comparison]:
        """Newest first, from the one that follows the comparison with the id ``before``."""
        return self._grids.comparisons(owner, before=before, limit=limit)

    def grid(self, comparison_id: str, *, owner: str) -> Grid:
        return self.laid_out(self.get(comparison_id, owner=owner))

    def laid_out(self, comparison: Comparison) -> Grid:
        """The grid of a comparison that the caller may see."""
        cells = {(cell.place.row, cell.place.column): cell for cell in self._grids.cells(comparison.id)}
        return Grid(comparison, tuple(self._columns(comparison)), cells)

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

    # -- inside: what would be ordered

    def _new(self, axes: Axes, owner: str, title: str, question: str, cap_usd: float | None, reuse: bool) -> _Order:
        grid.check(axes)
        rows = tuple(Row(id=f"r{number}", prompt=prompt) for number, prompt in enumerate(axes.prompts, 1))
        comparison = self._comparison(self._resolved(axes), owner, rows, title, question, _cap(cap_usd))
        grid.check(comparison.axes)
        return self._fill(comparison, [place for place, _ in self._spaces(comparison)], reuse=reuse)

    def _extension(
        self, found: Comparison, prompts: Sequence[str], twin_of: str | None, samples: int | None, reuse: bool
    ) -> _Order:
        rows = list(found.rows)
        if twin_of is not None:
            original = found.row(twin_of)
            if original is None or original.twin_of is not None:
                raise BadInput("There is no such row to repeat in this comparison.", "row")
            numbers = [int(row.id.rpartition("-")[2]) for row in rows if row.twin_of == original.id]
            twin = Row(id=f"{original.id}-{max(numbers, default=0) + 1}", prompt=original.prompt, twin_of=original.id)
            last = max(at for at, row in enumerate(rows) if original.id in (row.id, row.twin_of))
            rows.insert(last + 1, twin)
        free = max((int(row.id.partition("-")[0][1:]) for row in rows), default=0) + 1
        rows += [Row(id=f"r{free + step}", prompt=prompt) for step, prompt in enumerate(prompts)]
        comparison = replace(found, rows=tuple(rows), samples=found.samples if samples is None else samples)
        if len(rows) > MAX_ROWS or len(comparison.originals) > MAX_PROMPTS:
            raise BadInput(f"A comparison takes {MAX_PROMPTS} prompts. Remove a row first.", "prompts")
        if comparison.samples < found.samples:
            raise BadInput("A comparison can be given more samples, not fewer. Remove cells instead.", "samples")
        grid.check(comparison.axes, alone=True)
        before = {key for _, key in self._spaces(found)}
        return self._fill(
            comparison, [place for place, key in self._spaces(comparison) if key not in before], reuse=reuse
        )

    def _repeat(self, comparison: Comparison, keys: Collection[str] | None) -> _Order:
        cells = {cell.key: cell for cell in self._grids.cells(comparison.id)}
        spaces = {key: place for place, key in self._spaces(comparison)}
        if keys is None:
            keys = [key for key in spaces if key not in cells or not _stands(cells[key])]
        elif not set(keys) <= spaces.keys():
            raise BadInput("There is no such cell in this comparison.", "cells")
        missing, retries = [], []
        for key in dict.fromkeys(keys):
            job = cells[key].job if key in cells else None
            if job is None or job.status is JobStatus.DONE or (job.status in _AGAIN and job.trashed_at is not None):
                missing.append(spaces[key])
            elif job.status in _AGAIN:
                retries.append(job)
        return replace(self._fill(comparison, missing, reuse=False), retries=tuple(retries))

    def _fill(self, comparison: Comparison, missing: Sequence[Place], *, reuse: bool) -> _Order:
        """An order for these places: taken from what is there, else bought, as far as the cap reaches."""
        grid.check_size(len(comparison.rows), len(self._columns(comparison)))
        wanted = {grid.key(comparison, place): (place, grid.request(comparison, place)) for place in missing}
        models = {key: self._checked(comparison, request) for key, (_, request) in wanted.items()}
        taken = self._adoptable(comparison, {key: ask for key, (_, ask) in wanted.items()}) if reuse else {}
        left = math.inf
        if comparison.cap_usd is not None:
            # One that is only planned has no row yet, and has spent nothing.
            left = comparison.cap_usd - self._grids.spending(comparison.id).committed
        cells = []
        for key, (place, request) in wanted.items():
            if key in taken:
                cells.append(NewCell(key, place, adopts=taken[key]))
                continue
            price = models[key].capabilities.price
            if price.usd > left + 1e-9:
                cells.append(NewCell(key, place))
                continue
            left -= price.usd
            [request] = intake.spread(request, models[key], 1)
            cells.append(NewCell(key, place, request=request, usd=price.usd, credits=price.credits))
        return _Order(comparison, tuple(cells), len(taken))

    def _adoptable(self, comparison: Comparison, wanted: Mapping[str, JobRequest]) -> dict[str, str]:
        jobs = self._grids.pictures_of(comparison.owner, [request.prompt for request in wanted.values()])
        used: Collection[str] = {cell.job_id for cell in self._grids.cells(comparison.id) if cell.job_id is not None}
        return grid.adopt(wanted, jobs, used)

    def _plan(self, order: _Order) -> Plan:
        counts: dict[tuple[str, str], int] = {}
        requests = [cell.request for cell in order.cells if cell.request is not None]
        for request in (*requests, *(job.request for job in order.retries)):
            maker = (request.provider, request.model)
            counts[maker] = counts.get(maker, 0) + 1
        return Plan(
            pictures=len(order.cells) + len(order.retries),
            have=order.have,
            new=len(requests) + len(order.retries),
            held=len(order.cells) - len(requests) - order.have,
            quote=self._catalogue.quote_all(counts),
        )

    def _change(self, comparison_id: str, owner: str, how: Callable[[Comparison], _Order]) -> Comparison:
        """Work out a change and store it; from the start again where somebody else was faster."""
        self._must_write()
        for _ in range(_TRIES):
            order = how(self.get(comparison_id, owner=owner))
            if self._grids.change_comparison(order.comparison, order.cells):
                self._worker.wake()
                return self.get(comparison_id, owner=owner)
        raise WrongState("This comparison is being changed elsewhere. Try again in a moment.")

    # -- inside: parts

    def _comparison(
        self, axes: Axes, owner: str, rows: tuple[Row, ...], title: str, question: str, cap_usd: float | None
    ) -> Comparison:
        return Comparison(
            id=secrets.token_hex(16),
            owner=owner,
            created_at=self._now(),
            rows=rows,
            makers=axes.makers,
            aspect_ratios=axes.aspect_ratios,
            seeds=axes.seeds,
            samples=axes.samples,
            title=_words(title, MAX_TITLE, "title"),
            question=_words(question, MAX_QUESTION, "question"),
            cap_usd=cap_usd,
        )

    def _resolved(self, axes: Axes) -> Axes:
        """With every provider, model and shape named. Raises BadInput, with the number of the prompt it is about."""
        makers: list[Maker] = []
        ratios = axes.aspect_ratios
        seeded = False
        for maker in axes.makers or (Maker(),):
            for number, prompt in enumerate(axes.prompts):
                for ratio in ratios or ("",):
                    wanted = JobRequest(prompt=prompt, aspect_ratio=ratio, provider=maker.provider, model=maker.model)
                    try:
                        request, model = intake.resolve(wanted, self._providers, self._catalogue.default_provider)
                    except BadInput as exc:
                        exc.item = number
                        raise
            makers.append(_maker_of(request))
            ratios = ratios or (request.aspect_ratio,)
            seeded = seeded or model.capabilities.seed
        if axes.seeds and not seeded:
            raise BadInput(f"{model.title} has no seeds. Leave the seeds empty.", "seeds")
        return axes.model_copy(update={"makers": tuple(makers), "aspect_ratios": ratios})

    def _checked(self, comparison: Comparison, request: JobRequest) -> ModelInfo:
        """The model that is asked. Raises BadInput, also where a model is not offered here any more."""
        wanted = request
        provider = self._providers.get(request.provider)
        if provider is not None and not intake.find_model(provider, request.model).capabilities.seed:
            wanted = request.model_copy(update={"seed": None})
        return intake.resolve(wanted, self._providers, self._catalogue.default_provider)[1]

    def _columns(self, comparison: Comparison) -> list[Place]:
        return grid.columns(comparison, self._catalogue.takes_seeds)

    def _spaces(self, comparison: Comparison) -> list[tuple[Place, str]]:
        return [
            (place, grid.key(comparison, place)) for place in grid.places(comparison.rows, self._columns(comparison))
        ]

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


def _stands(cell: Cell) -> bool:
    """Whether there is, or may still come, a picture in it."""
    return cell.job is not None and cell.job.status not in _AGAIN


def _maker_of(request: JobRequest) -> Maker:
    return Maker(provider=request.provider, model=request.model)


def _words(text: str, most: int, field: str) -> str:
    text = " ".join(text.split())
    if len(text) > most:
        raise BadInput(f"The {field} has {len(text):,} characters; {most} are enough. Shorten it.", field)
    return text


def _cap(usd: float | None) -> float | None:
    if usd is not None and not (math.isfinite(usd) and usd > 0):
        raise BadInput("A spending limit is more than 0 US dollars. Leave it empty for no limit.", "cap_usd")
    return usd
