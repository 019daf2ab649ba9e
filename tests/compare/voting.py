"""Comparisons to vote on, without a database: every cell has a picture unless it is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from reve_core.compare.models import Ballot, Cell, Choice, Comparison, Maker, Place, Row
from reve_core.models import Job, JobRequest, JobStatus, StoredImage

NOW = datetime(2026, 11, 3, tzinfo=UTC)


def comparison(
    prompts: int = 2,
    *,
    models: int = 1,
    ratios: Sequence[str] = ("1:1",),
    seeds: Sequence[int] = (),
    samples: int = 2,
    twins: Sequence[str] = (),
) -> Comparison:
    """``twins`` are ids of rows that get an A-vs-A row each."""
    rows = []
    for number in range(1, prompts + 1):
        rows.append(Row(id=f"r{number}", prompt=f"prompt {number}"))
        rows += [Row(id=f"{twin}-1", prompt="same", twin_of=twin) for twin in twins if twin == f"r{number}"]
    return Comparison(
        id="c",
        owner="me",
        created_at=NOW,
        rows=tuple(rows),
        makers=tuple(Maker(provider=f"p{number}", model="m") for number in range(1, models + 1)),
        aspect_ratios=tuple(ratios),
        seeds=tuple(seeds),
        samples=samples,
    )


def places(of: Comparison) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for row in of.rows:
        for maker in of.makers:
            for ratio in of.aspect_ratios:
                for seed in of.seeds or (None,):
                    for sample in range(1, of.samples + 1):
                        found[f"{row.id} {maker.provider} {ratio} {seed} {sample}"] = Place(
                            row=row.id,
                            provider=maker.provider,
                            model=maker.model,
                            aspect_ratio=ratio,
                            seed=seed,
                            sample=sample,
                        )
    return found


def cells(of: Comparison) -> list[Cell]:
    return [Cell(key, place, job_id=key, job=_job(key, place)) for key, place in places(of).items()]


def vote(number: int, left: str, right: str, choice: Choice | None, voter: str = "v", *, at: datetime = NOW) -> Ballot:
    return Ballot(
        id=f"b{number}",
        comparison_id="c",
        voter=voter,
        left=left,
        right=right,
        created_at=at,
        choice=choice,
        cast_at=None if choice is None else at,
    )


def _job(key: str, place: Place) -> Job:
    return Job(
        id=key,
        seq=1,
        owner="me",
        request=JobRequest(prompt="x", provider=place.provider, model=place.model),
        status=JobStatus.DONE,
        created_at=NOW,
        rev=1,
        image=StoredImage(name="x.png", thumbnail="x.webp", mime="image/png", width=1, height=1, size=1, sha256="0"),
    )
