"""From axes to cells: which pictures a comparison needs, and what makes two of them the same picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reve_core.compare.models import (
    MAX_CELLS,
    MAX_MODELS,
    MAX_PROMPTS,
    MAX_RATIOS,
    MAX_SAMPLES,
    MAX_SEEDS,
    Axes,
    Cell,
    Comparison,
    Maker,
    Place,
    Row,
)
from reve_core.errors import BadInput
from reve_core.models import Job, JobRequest

_SEEDS = 2**32
_STRIDE = (
    2_654_435_761  # odd and near 2**32 / 1.618: its first multiples lie far apart, and far from numbers people type
)


def check(axes: Axes, *, alone: bool = False) -> None:
    """
    What can be said without knowing any model. ``alone``: a single candidate is fine. Raises BadInput.
    """
    prompts = len(axes.prompts)
    stripped = [prompt.strip() for prompt in axes.prompts]
    if twice := next((prompt for at, prompt in enumerate(stripped) if prompt in stripped[:at]), None):
        named = twice if len(twice) <= 60 else twice[:59] + "…"
        raise BadInput(
            f"Two of the prompts are the same: “{named}”. Remove one. To see how much pictures of one prompt differ, make "
            "the row’s “Same prompt again”, an A-vs-A row.",
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
        if comparison.seeds and not takes_seeds(maker.provider, maker.model):
            seeds = (None,)
        for ratio in comparison.aspect_ratios:
            for seed in seeds:
                for sample in range(1, comparison.samples + 1):
                    place = Place(
                        row="",
                        provider=maker.provider,
                        model=maker.model,
                        aspect_ratio=ratio,
                        seed=seed,
                        sample=sample,
                    )
                    found.append(place)
    return found


def with_found(columns: Sequence[Place], cells: Iterable[Cell]) -> list[Place]:
    """
    The columns, and those that only the cells know, each behind the last of its model: what a model can do changes, and
    what was made before must still be seen.
    """
    known = {column.column for column in columns}
    result = list(columns)
    for cell in cells:
        if cell.place.column not in known:
            known.add(cell.place.column)
            maker = (cell.place.provider, cell.place.model)
            last = max((at for at, each in enumerate(result, 1) if (each.provider, each.model) == maker), default=None)
            result.insert(len(result) if last is None else last, cell.place.model_copy(update={"row": ""}))
    return result


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
    pictures are further ones of the same prompt. Raises BadInput where there is no such row.
    """
    row = _row(comparison, place)
    values = (
        row.prompt,
        place.provider,
        place.model,
        place.aspect_ratio,
        place.seed,
        _twin(row),
        place.sample,
    )
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def request(comparison: Comparison, place: Place) -> JobRequest:
    """
    What a cell asks for. The first sample of a given seed has just that; further ones, and those of twins, have seeds far
    from it, so that they meet no other that was asked for. Raises BadInput where there is no such row.
    """
    row = _row(comparison, place)
    seed = place.seed
    if seed is not None:
        seed = (seed + (_twin(row) * MAX_SAMPLES + place.sample - 1) * _STRIDE) % _SEEDS
    return JobRequest(
        prompt=row.prompt, aspect_ratio=place.aspect_ratio, seed=seed, provider=place.provider, model=place.model
    )


def adopt(wanted: Mapping[str, JobRequest], pictures: Mapping[str, JobRequest]) -> dict[str, str]:
    """
    Which of the ``pictures``, by job id, can stand for which of the ``wanted`` cells, each for one: job ids by cell key. A
    cell that asks for no seed takes a picture of any.
    """
    shelves: dict[tuple[str, ...], dict[str, int | None]] = {}
    for job_id, has in pictures.items():
        shelves.setdefault(_kind(has), {})[job_id] = has.seed
    found: dict[str, str] = {}
    # Who asks for a seed chooses first: a picture of just that seed should not go to a cell that takes any.
    for cell_key, wants in sorted(wanted.items(), key=lambda each: each[1].seed is None):
        shelf = shelves.get(_kind(wants), {})
        fitting = next((job_id for job_id, seed in shelf.items() if wants.seed in (None, seed)), None)
        if fitting is not None:
            del shelf[fitting]
            found[cell_key] = fitting
    return found


def lay_out(jobs: Iterable[Job]) -> tuple[Axes, dict[str, Place]]:
    """
    A grid in which these pictures stand: a row for each prompt, samples where settings repeat. Places by job id, their rows
    named ``r1``, ``r2``, … in the sequence of the prompts. Raises BadInput where one place would hold too many.
    """
    prompts: dict[str, str] = {}  # as typed, by what they say: spaces around a prompt make no row of their own
    counted: dict[tuple[str, Maker, str], int] = {}
    placed: dict[str, Place] = {}
    for job in jobs:
        asked = job.request
        prompts.setdefault(asked.prompt.strip(), asked.prompt)
        spot = (asked.prompt.strip(), Maker(provider=asked.provider, model=asked.model), asked.aspect_ratio)
        counted[spot] = sample = counted.get(spot, 0) + 1
        if sample > MAX_SAMPLES:
            raise BadInput(
                f"More than {MAX_SAMPLES} of these pictures have the same prompt and model. Choose fewer of them.",
                "pictures",
            )
        placed[job.id] = Place(
            row=row_id(list(prompts).index(spot[0]) + 1),
            provider=asked.provider,
            model=asked.model,
            aspect_ratio=asked.aspect_ratio,
            sample=sample,
        )
    axes = Axes(
        prompts=tuple(prompts.values()),
        makers=tuple(dict.fromkeys(maker for _, maker, _ in counted)),
        aspect_ratios=tuple(dict.fromkeys(ratio for *_, ratio in counted)),
        samples=max(counted.values(), default=1),
    )
    return axes, placed


def row_id(number: int) -> str:
    return f"r{number}"


def more_rows(rows: Sequence[Row], prompts: Iterable[str], twin_of: str | None) -> list[Row]:
    """The rows with a twin behind the row of that id and its twins, and new ones for the prompts. Raises BadInput."""
    found = list(rows)
    if twin_of is not None:
        original = next((row for row in rows if row.id == twin_of and row.twin_of is None), None)
        if original is None:
            raise BadInput("There is no such row to repeat in this comparison.", "row")
        number = max((_twin(row) for row in rows if row.twin_of == twin_of), default=0) + 1
        last = max(at for at, row in enumerate(rows) if twin_of in (row.id, row.twin_of))
        found.insert(last + 1, Row(id=f"{twin_of}-{number}", prompt=original.prompt, twin_of=twin_of))
    free = max((int(row.id.partition("-")[0][1:]) for row in rows), default=0) + 1
    return found + [Row(id=row_id(number), prompt=prompt) for number, prompt in enumerate(prompts, free)]


def _kind(asked: JobRequest) -> tuple[str, ...]:
    return asked.prompt, asked.provider, asked.model, asked.aspect_ratio


def _row(comparison: Comparison, place: Place) -> Row:
    row = comparison.row(place.row)
    if row is None:
        raise BadInput("There is no such row in this comparison.", "row")
    return row


def _twin(row: Row) -> int:
    """0 for a row of its own, 1 for its first twin, and so on. Counted by id: removing one does not renumber others."""
    return 0 if row.twin_of is None else int(row.id.rpartition("-")[2])
