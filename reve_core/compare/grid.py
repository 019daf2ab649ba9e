"""From axes to cells: which pictures a comparison needs, and what makes two of them the same picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from reve_core.compare.models import (
    MAX_CELLS,
    MAX_MODELS,
    MAX_PROMPTS,
    MAX_RATIOS,
    MAX_SAMPLES,
    MAX_SEEDS,
    Axes,
    Comparison,
    Place,
    Row,
)
from reve_core.errors import BadInput
from reve_core.models import Job, JobRequest

_SEEDS = 2**32


def check(axes: Axes, *, alone: bool = False) -> None:
    """
    What can be said without knowing any model. ``alone``: a single candidate is fine. Raises BadInput.
    """
    prompts = len(axes.prompts)
    if len({prompt.strip() for prompt in axes.prompts}) < prompts:
        raise BadInput(
            "Two of the prompts are the same. Remove one; an A-vs-A row shows how pictures of one prompt differ.",
            "prompts",
        )
    if prompts == 0 or (prompts == 1 and len(axes.makers) < 2 and not alone):
        raise BadInput("A comparison needs two things to compare. Add a second prompt, or a second model.", "prompts")
    for count, most, what, field in (
        (prompts, MAX_PROMPTS, "prompts", "prompts"),
        (len(axes.makers), MAX_MODELS, "models", "makers"),
        (len(axes.aspect_ratios), MAX_RATIOS, "shapes", "aspect_ratios"),
        (len(axes.seeds), MAX_SEEDS, "seeds", "seeds"),
    ):
        if count > most:
            raise BadInput(f"That is {count:,} {what}; a comparison takes {most}. Remove {count - most:,}.", field)
    if not 1 <= axes.samples <= MAX_SAMPLES:
        raise BadInput(
            f"Ask for 1 to {MAX_SAMPLES} pictures of each prompt and model, not {axes.samples:,}.", "samples"
        )
    for values, what, field in (
        (axes.makers, "models", "makers"),
        (axes.aspect_ratios, "shapes", "aspect_ratios"),
        (axes.seeds, "seeds", "seeds"),
    ):
        if len(set(values)) < len(values):
            raise BadInput(f"Two of the {what} are the same. Remove one.", field)
    if any(not 0 <= seed < _SEEDS for seed in axes.seeds):
        raise BadInput(f"A seed is a whole number from 0 to {_SEEDS - 1:,}.", "seeds")


def columns(comparison: Comparison, takes_seeds: Callable[[str, str], bool]) -> list[Place]:
    """
    The columns from left to right, as places without a row. A model that takes no seeds has no column of its own for
    each of them: it would be asked for the same thing again.
    """
    found = []
    for maker in comparison.makers:
        seeds: tuple[int | None, ...] = comparison.seeds or (None,)
        if not takes_seeds(maker.provider, maker.model):
            seeds = (None,)
        for ratio in comparison.aspect_ratios:
            for seed in seeds:
                for sample in range(1, comparison.samples + 1):
                    found.append(
                        Place(
                            row="",
                            provider=maker.provider,
                            model=maker.model,
                            aspect_ratio=ratio,
                            seed=seed,
                            sample=sample,
                        )
                    )
    return found


def check_size(rows: int, columns: int) -> None:
    """Raises BadInput where the grid would be too large to be looked at."""
    if rows * columns > MAX_CELLS:
        raise BadInput(
            f"That is {rows * columns:,} pictures; a comparison takes {MAX_CELLS:,}. "
            "Leave out a prompt, a model, a shape, or some samples.",
            "samples",
        )


def places(rows: Iterable[Row], columns: Sequence[Place]) -> Iterator[Place]:
    """Every cell's place, a whole sample of the grid before the next: it can be judged early, and a cap leaves no row out."""
    rows = list(rows)
    for sample in sorted({column.sample for column in columns}):
        for row in rows:
            for column in columns:
                if column.sample == sample:
                    yield column.model_copy(update={"row": row.id})


def key(comparison: Comparison, place: Place) -> str:
    """
    What a cell is known by: everything that determines its picture, and its number among pictures of the same. A twin's
    pictures are further ones of the same prompt.
    """
    row = comparison.row(place.row)
    if row is None:
        raise BadInput("There is no such row in this comparison.", "row")
    values = (
        row.prompt,
        place.provider,
        place.model,
        place.aspect_ratio,
        place.seed,
        _twin(comparison, row),
        place.sample,
    )
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def request(comparison: Comparison, place: Place) -> JobRequest:
    """What a cell asks for. Samples of a given seed count on from it, each twin's from where the one before ended."""
    row = comparison.row(place.row)
    if row is None:
        raise BadInput("There is no such row in this comparison.", "row")
    seed = place.seed
    if seed is not None:
        seed = (seed + _twin(comparison, row) * MAX_SAMPLES + place.sample - 1) % _SEEDS
    return JobRequest(
        prompt=row.prompt, aspect_ratio=place.aspect_ratio, seed=seed, provider=place.provider, model=place.model
    )


def adopt(wanted: Mapping[str, JobRequest], jobs: Iterable[Job], taken: Collection[str]) -> dict[str, str]:
    """
    Which of the ``jobs`` can stand for which of the ``wanted`` cells, each for one: job ids by cell key. A cell that asks
    for no seed takes a picture of any.
    """
    left = [job for job in jobs if job.id not in taken]
    found: dict[str, str] = {}
    # Who asks for a seed chooses first: a picture of just that seed should not go to a cell that takes any.
    for cell_key, request in sorted(wanted.items(), key=lambda each: each[1].seed is None):
        for job in left:
            if _serves(job.request, request):
                found[cell_key] = job.id
                left.remove(job)
                break
    return found


def _serves(has: JobRequest, wants: JobRequest) -> bool:
    return (
        (has.prompt, has.provider, has.model, has.aspect_ratio)
        == (wants.prompt, wants.provider, wants.model, wants.aspect_ratio)
    ) and wants.seed in (None, has.seed)


def _twin(comparison: Comparison, row: Row) -> int:
    """0 for a row of its own, 1 for its first twin, and so on. Counted by id: removing one does not renumber others."""
    return 0 if row.twin_of is None else int(row.id.rpartition("-")[2])
