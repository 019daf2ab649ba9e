"""What the votes on a comparison come to: one answer per question, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from reve_core.compare.ballots import Asked, Kind, asked, maker_id
from reve_core.compare.deciding import (
    Duel,
    Interval,
    Judgement,
    Sides,
    Standing,
    Verdict,
    duel,
    noise,
    sides,
    standing,
    wilson,
)
from reve_core.compare.deciding import verdict as verdict_of
from reve_core.compare.models import OWNER, Ballot, Comparison, Place

Whose = Literal["all", "visitors", "owner"]
Json = dict[str, object]


class Candidate(NamedTuple):
    """``name`` is short, "A" or the model's title; ``text`` the prompt; ``pictures`` how many of it were voted on."""

    id: str
    name: str
    text: str
    pictures: int


@dataclass(frozen=True, slots=True)
class Question:
    """Which prompt, or which model, is better. ``standing.places`` are in the sequence of ``candidates``."""

    kind: Kind
    candidates: tuple[Candidate, ...]
    standing: Standing
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Noise:
    """An A-vs-A row: ``duel`` is the original against its twin, the same prompt, and never decided."""

    row: str
    name: str
    twin: str
    duel: Duel
    verdict: Verdict


class Crossed(NamedTuple):
    """How often the pictures of one prompt and one model together were preferred, and the usual interval of that."""

    row: str
    maker: str
    wins: int
    losses: int
    share: float | None
    interval: Interval


@dataclass(frozen=True, slots=True)
class Result:
    """
    ``votes`` is every vote counted here, those of noise control included; ``ties`` and ``bad`` are among them.
    ``by_visitors`` and ``by_owner`` are all there are, whoever ``by`` asks for.
    """

    comparison_id: str
    by: Whose
    frozen_at: datetime | None
    votes: int
    voters: int
    ties: int
    bad: int
    by_visitors: int
    by_owner: int
    questions: tuple[Question, ...]
    noise: tuple[Noise, ...]
    sides: Sides
    crossed: tuple[Crossed, ...]


def result(
    comparison: Comparison,
    places: Mapping[str, Place],
    ballots: Iterable[Ballot],
    titles: Mapping[str, str],
    by: Whose = "all",
) -> Result:
    """
    From the ballots that were cast, in that sequence. ``places`` is where each cell stands, by its key; ``titles`` what
    models are called, by ``maker_id``. Votes that came after a freeze are not counted.
    """
    cast: list[tuple[Ballot, Asked]] = []
    for ballot in ballots:
        left, right = places.get(ballot.left), places.get(ballot.right)
        if left is None or right is None or ballot.choice is None:
            continue
        if comparison.frozen_at is not None and ballot.cast_at is not None and ballot.cast_at > comparison.frozen_at:
            continue
        question = asked(comparison, left, right)
        if question is not None:
            cast.append((ballot, question))
    by_owner = sum(ballot.voter == OWNER for ballot, _ in cast)
    counted = [each for each in cast if by == "all" or (each[0].voter == OWNER) == (by == "owner")]
    questions = []
    rows = [(row.id, comparison.name_of(row.id), row.prompt) for row in comparison.originals]
    makers = [maker_id(maker.provider, maker.model) for maker in comparison.makers]
    if len(rows) > 1:
        questions.append(_question("prompts", rows, counted))
    if len(makers) > 1:
        questions.append(_question("models", [(maker, titles.get(maker, maker), "") for maker in makers], counted))
    return Result(
        comparison_id=comparison.id,
        by=by,
        frozen_at=comparison.frozen_at,
        votes=len(counted),
        voters=len({ballot.voter for ballot, _ in counted}),
        ties=sum(ballot.choice == "tie" for ballot, _ in counted),
        bad=sum(ballot.choice == "bad" for ballot, _ in counted),
        by_visitors=len(cast) - by_owner,
        by_owner=by_owner,
        questions=tuple(questions),
        noise=tuple(_noises(comparison, counted)),
        sides=sides(_judgement(ballot, question) for ballot, question in counted),
        crossed=tuple(_crossed(comparison, makers, places, counted)) if len(questions) == 2 else (),
    )


def in_words(result: Result) -> str:
    """For a card: "14 votes: A 64 %, not decided yet"."""
    if not result.votes:
        return "No votes yet"
    votes = "1 vote" if result.votes == 1 else f"{result.votes:,} votes"
    told = [_told(question) for question in result.questions if question.standing.votes]
    return f"{votes}: {'; '.join(told)}" if told else votes


def _told(question: Question) -> str:
    names = {each.id: each.name for each in question.candidates}
    stand = question.standing
    if stand.winner is not None:
        return f"{names[stand.winner]} preferred"
    if stand.leader is None:
        return "level, not decided yet"
    place = next(place for place in stand.places if place.candidate == stand.leader)
    share = place.wins / (place.wins + place.losses) if place.wins + place.losses else 0.0
    return f"{names[stand.leader]} {share:.0%}".replace("%", " %") + ", not decided yet"


# -- inside


def _judgement(ballot: Ballot, question: Asked) -> Judgement:
    assert ballot.choice is not None
    return Judgement(question.left, question.right, ballot.choice, ballot.voter)


def _question(kind: Kind, known: list[tuple[str, str, str]], cast: list[tuple[Ballot, Asked]]) -> Question:
    ids = [each[0] for each in known]
    of_kind = [(ballot, question) for ballot, question in cast if question.kind == kind]
    pictures: dict[str, set[str]] = {each: set() for each in ids}
    for ballot, question in of_kind:
        pictures.setdefault(question.left, set()).add(ballot.left)
        pictures.setdefault(question.right, set()).add(ballot.right)
    stand = standing((_judgement(ballot, question) for ballot, question in of_kind), ids)
    candidates = tuple(Candidate(one, name, text, len(pictures[one])) for one, name, text in known)
    said = verdict_of(stand, {each.id: each.name for each in candidates}, {e.id: e.pictures for e in candidates}, kind)
    return Question(kind, candidates, stand, said)


_TURNED: Mapping[str, Literal["left", "right"]] = {"left": "right", "right": "left"}


def _noises(comparison: Comparison, cast: list[tuple[Ballot, Asked]]) -> Iterable[Noise]:
    for row in comparison.rows:
        if row.twin_of is None:
            continue
        # ``duel`` tells noise control apart by its sides, so the original is put on the left of each.
        judgements = []
        for ballot, question in cast:
            if question.kind != "noise" or row.id not in (question.left, question.right) or ballot.choice is None:
                continue
            choice = ballot.choice
            if question.left == row.id:
                choice = _TURNED.get(choice, choice)
            judgements.append(Judgement(row.twin_of, row.twin_of, choice, ballot.voter))
        found = duel(judgements, row.twin_of, row.twin_of)
        yield Noise(row.twin_of, comparison.name_of(row.twin_of), comparison.name_of(row.id), found, noise(found))


def _crossed(
    comparison: Comparison, makers: list[str], places: Mapping[str, Place], cast: list[tuple[Ballot, Asked]]
) -> Iterable[Crossed]:
    wins: dict[tuple[str, str], int] = {}
    losses: dict[tuple[str, str], int] = {}
    for ballot, question in cast:
        if question.kind == "noise" or ballot.choice not in ("left", "right"):
            continue
        won, lost = (ballot.left, ballot.right) if ballot.choice == "left" else (ballot.right, ballot.left)
        for count, place in ((wins, places[won]), (losses, places[lost])):
            spot = (place.row, maker_id(place.provider, place.model))
            count[spot] = count.get(spot, 0) + 1
    for row in comparison.originals:
        for maker in makers:
            won_times, lost_times = wins.get((row.id, maker), 0), losses.get((row.id, maker), 0)
            decisive = won_times + lost_times
            yield Crossed(
                row.id,
                maker,
                won_times,
                lost_times,
                won_times / decisive if decisive else None,
                wilson(won_times, lost_times),
            )
