"""
What making, or changing, a comparison would order: worked out, checked and priced before anything is stored.

Nothing here writes. An order that is not stored has cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reve_core import intake
from reve_core.allowance import Turn
from reve_core.catalogue import Catalogue
from reve_core.compare import grid
from reve_core.compare.models import (
    MAX_PROMPTS,
    MAX_ROWS,
    Axes,
    Cell,
    Comparison,
    Maker,
    NewCell,
    Place,
    Plan,
    Spending,
)
from reve_core.errors import BadInput
from reve_core.models import Job, JobRequest, JobStatus, ModelInfo
from reve_core.ports import ComparisonStore, Provider

RETRYABLE = (JobStatus.FAILED, JobStatus.CANCELLED)
# A refusal would be refused again; what was given up may have been paid for, so it takes a click of its own.
_FINAL = ("refused", "given_up", "blocked")
_EPSILON = 1e-9  # sums of prices are not exact


@dataclass(frozen=True, slots=True)
class GridOrder:
    """
    What a change would store: the comparison as it is to be, its new cells, of which ``have`` are adopted, and the keys of
    those that go. ``retries`` are jobs to be tried again; ``held`` more would be, did the cap let them.
    """

    comparison: Comparison
    cells: tuple[NewCell, ...] = ()
    have: int = 0
    retries: tuple[Job, ...] = ()
    held: int = 0
    without: tuple[str, ...] = ()

    @property
    def requests(self) -> list[JobRequest]:
        """All that would be paid for."""
        new = [cell.request for cell in self.cells if cell.request is not None]
        return new + [job.request for job in self.retries]


class GridOrders:
    def __init__(self, *, grids: ComparisonStore, catalogue: Catalogue, providers: Mapping[str, Provider]) -> None:
        self._grids = grids
        self._catalogue = catalogue
        self._providers = providers

    def resolved(self, axes: Axes) -> Axes:
        """Checked, and with every provider, model and shape named. Raises BadInput; its ``item`` is the prompt's number."""
        grid.check(axes)
        makers: list[Maker] = []
        ratios = axes.aspect_ratios
        unseeded = ""
        for maker in axes.makers or (Maker(),):
            for number, prompt in enumerate(axes.prompts):
                for ratio in ratios or ("",):
                    wanted = JobRequest(prompt=prompt, aspect_ratio=ratio, provider=maker.provider, model=maker.model)
                    try:
                        request, model = self._resolve(wanted)
                    except BadInput as exc:
                        exc.item = number
                        raise
            makers.append(Maker(provider=request.provider, model=request.model))
            ratios = ratios or (request.aspect_ratio,)
            unseeded = unseeded if model.capabilities.seed else model.title
        if axes.seeds and not any(self._catalogue.takes_seeds(maker.provider, maker.model) for maker in makers):
            raise BadInput(f"{unseeded} has no seeds. Leave the seeds empty.", "seeds")
        found = axes.model_copy(update={"makers": tuple(makers), "aspect_ratios": ratios})
        grid.check(found)
        return found

    def columns(self, comparison: Comparison, cells: Collection[Cell] = ()) -> list[Place]:
        """From left to right, with those of ``cells`` that no model here would be given today."""
        makers_of_seeds = {(cell.place.provider, cell.place.model) for cell in cells if cell.place.seed is not None}

        def takes_seeds(provider: str, model: str) -> bool:
            return (provider, model) in makers_of_seeds or self._catalogue.takes_seeds(provider, model)

        return grid.with_found(grid.columns(comparison, takes_seeds), cells)

    # -- orders

    def new(self, comparison: Comparison, *, reuse: bool) -> GridOrder:
        """All cells of a comparison that is not stored yet."""
        return self._fill(comparison, self._spaces(comparison), Spending(), reuse=reuse)

    def extension(
        self, found: Comparison, prompts: Sequence[str], twin_of: str | None, samples: int | None, *, reuse: bool
    ) -> GridOrder:
        """More rows, a twin of a row, more samples: only the cells that come by it. Raises BadInput."""
        rows = grid.more_rows(found.rows, prompts, twin_of)
        comparison = replace(found, rows=tuple(rows), samples=found.samples if samples is None else samples)
        if len(comparison.originals) > MAX_PROMPTS or len(rows) > MAX_ROWS:
            raise BadInput(
                f"A comparison takes {MAX_PROMPTS} prompts, and {MAX_ROWS} rows with those that repeat one. "
                "Remove a row first.",
                "prompts",
            )
        if comparison.samples < found.samples:
            raise BadInput("A comparison can be given more samples, not fewer. Remove cells instead.", "samples")
        grid.check(comparison.axes, alone=True)
        self._check_size(comparison)
        before = self._spaces(found)
        missing = {key: place for key, place in self._spaces(comparison).items() if key not in before}
        return self._fill(comparison, missing, self._grids.spending(found.id), reuse=reuse)

    def again(self, comparison: Comparison, keys: Collection[str] | None) -> GridOrder:
        """
        A picture for the cells of these keys, also for ones that were taken out; without keys for all that have none and
        may get one. Raises BadInput.
        """
        cells = {cell.key: cell for cell in self._grids.cells(comparison.id)}
        if keys is None:
            chosen = {cell.key: cell.place for cell in cells.values() if _lacks(cell) and self._offers(cell.place)}
        else:
            places = {key: cell.place for key, cell in cells.items()}
            if not set(keys) <= places.keys():
                places = self._spaces(comparison) | places
            if not set(keys) <= places.keys():
                raise BadInput("There is no such cell in this comparison.", "cells")
            chosen = {key: places[key] for key in dict.fromkeys(keys)}
        missing: dict[str, Place] = {}
        retries: list[Job] = []
        for key, place in chosen.items():
            cell = cells.get(key)
            job = cell.job if cell is not None else None
            if cell is None or job is None or job.status is JobStatus.DONE:
                missing[key] = place
            elif job.status in RETRYABLE and cell.adopted:
                missing[key] = place  # that job is somebody else's order, and not under this cap
            elif job.status in RETRYABLE:
                retries.append(job)
        return self._fill(comparison, missing, self._grids.spending(comparison.id), reuse=False, retries=retries)

    def plan(self, order: GridOrder, turn: Turn | None) -> Plan:
        counts: dict[tuple[str, str], int] = {}
        requests = order.requests
        for request in requests:
            maker = (request.provider, request.model)
            counts[maker] = counts.get(maker, 0) + 1
        pictures = len(order.cells) + len(order.retries) + order.held
        return Plan(
            pictures=pictures,
            have=order.have,
            new=len(requests),
            held=pictures - order.have - len(requests),
            quote=self._catalogue.quote_all(counts, turn),
            by_maker=counts,
        )

    # -- inside

    def _fill(
        self,
        comparison: Comparison,
        missing: Mapping[str, Place],
        so_far: Spending,
        *,
        reuse: bool,
        retries: Sequence[Job] = (),
    ) -> GridOrder:
        """An order for these places: taken from what is there, else bought, as far as the cap reaches."""
        wanted = {key: grid.request(comparison, place) for key, place in missing.items()}
        models = self._models([*wanted.values(), *(job.request for job in retries)])
        taken = self._adoptable(comparison, wanted) if reuse else {}
        budget = _Budget(comparison.cap_usd, so_far)
        again = [job for job in retries if budget.takes(models[_kind(job.request)], job.request)]
        cells = []
        for key, request in wanted.items():
            model = models[_kind(request)]
            if key in taken:
                cells.append(NewCell(key, missing[key], adopts=taken[key]))
            elif budget.takes(model, request):
                price = model.capabilities.price
                [request] = intake.spread(request, model, 1)
                cells.append(NewCell(key, missing[key], request=request, usd=price.usd, credits=price.credits))
            else:
                cells.append(NewCell(key, missing[key]))
        return GridOrder(comparison, tuple(cells), len(taken), tuple(again), len(retries) - len(again))

    def _adoptable(self, comparison: Comparison, wanted: Mapping[str, JobRequest]) -> dict[str, str]:
        pictures = self._grids.pictures_of(comparison.owner, [request.prompt for request in wanted.values()])
        if not pictures:
            return {}
        used = {cell.job_id for cell in self._grids.cells(comparison.id)}
        return grid.adopt(wanted, {job_id: asked for job_id, asked in pictures.items() if job_id not in used})

    def _spaces(self, comparison: Comparison) -> dict[str, Place]:
        """Every place of the full grid by its key, in the sequence in which they are bought. Raises BadInput if too many."""
        columns = self._check_size(comparison)
        return {grid.key(comparison, place): place for place in grid.places(comparison.rows, columns)}

    def _check_size(self, comparison: Comparison) -> list[Place]:
        columns = self.columns(comparison)
        grid.check_size(len(comparison.rows), len(columns))
        return columns

    def _models(self, requests: Iterable[JobRequest]) -> dict[tuple[object, ...], ModelInfo]:
        """The model of each kind of request. Raises BadInput, also where a model is not offered here any more."""
        found: dict[tuple[object, ...], ModelInfo] = {}
        for request in requests:
            kind = _kind(request)
            if kind not in found:
                found[kind] = self._resolve(request)[1]
        return found

    def _resolve(self, request: JobRequest) -> tuple[JobRequest, ModelInfo]:
        return intake.resolve(request, self._providers, self._catalogue.default_provider)

    def _offers(self, place: Place) -> bool:
        provider = self._providers.get(place.provider)
        return provider is not None and any(model.id == place.model for model in provider.models)


class _Budget:
    """What may still be spent. Free pictures may always be made, also where more was spent than was allowed."""

    def __init__(self, cap_usd: float | None, so_far: Spending) -> None:
        self._left = math.inf if cap_usd is None else cap_usd - so_far.committed
        self._dearest = so_far.dearest

    def takes(self, model: ModelInfo, request: JobRequest) -> bool:
        usd = model.capabilities.price.usd
        if usd <= 0:
            return True
        usd = max(usd, self._dearest.get((request.provider, request.model), 0.0))
        if usd > self._left + _EPSILON:
            return False
        self._left -= usd
        return True


def _lacks(cell: Cell) -> bool:
    """Whether it has no picture, none is on its way, and trying again makes sense."""
    return cell.job is None or (cell.job.status in RETRYABLE and cell.job.error_code not in _FINAL)


def _kind(request: JobRequest) -> tuple[object, ...]:
    """What decides whether it can be asked for, and for how much."""
    return request.prompt, request.provider, request.model, request.aspect_ratio, request.seed is None
