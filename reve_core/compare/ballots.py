"""
Which two pictures are put before a voter next.

A pair differs in one thing only, so that a vote answers one question: in the prompt (same model and shape, and where
seeds were asked for the same seed and sample) or in the model (same prompt and shape). A twin meets its original, as
noise control. What is chosen depends on the votes so far and on chance, never on where a picture stands in the grid.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from random import Random
from typing import Final, Literal, NamedTuple, TypeVar

from reve_core.compare.deciding.always import settles
from reve_core.compare.models import OWNER, Ballot, Cell, Comparison, Place
from reve_core.models import JobStatus

Kind = Literal["prompts", "models", "noise"]
Bench = tuple[object, ...]
_T = TypeVar("_T")

CHANCE: Final[Random] = secrets.SystemRandom()
# One ballot in so many is noise control, where there is an A-vs-A row: enough to tell chance after a while, and few enough
# that nobody's patience is spent on it.
NOISE_EVERY = 8
MOST_ENTRANTS = 16
# How much more, or less often a pair is shown by what it can still say.
_TO_SETTLE, _USUAL, _HALF, _QUARTER, _SETTLED = 4.0, 1.0, 0.5, 0.25, 0.125
_ALPHA = 0.05


class Asked(NamedTuple):
    """
    What two cells ask when they stand side by side: the candidates (row ids, or models as ``maker_id`` has them) that the
    pictures stand for. In noise control these are the original row and its twin. ``bench`` is what both have in common.
    """

    kind: Kind
    left: str
    right: str
    bench: Bench


class Pair(NamedTuple):
    """Two cell keys, as they will be shown."""

    left: str
    right: str


def maker_id(provider: str, model: str) -> str:
    return f"{provider}|{model}"


def asked(comparison: Comparison, left: Place, right: Place) -> Asked | None:
    """The question between two cells, None where they differ in nothing or in more than one thing."""
    return _asked({row.id: row.twin_of for row in comparison.rows}, left, right)


def _asked(twins: Mapping[str, str | None], left: Place, right: Place) -> Asked | None:
    if left.row not in twins or right.row not in twins or left.aspect_ratio != right.aspect_ratio:
        return None
    same_maker = (left.provider, left.model) == (right.provider, right.model)
    if left.row == right.row:
        if same_maker or twins[left.row] is not None:
            return None
        return Asked(
            "models",
            maker_id(left.provider, left.model),
            maker_id(right.provider, right.model),
            (left.row, left.aspect_ratio),
        )
    if not same_maker or _fixed(left) != _fixed(right):
        return None
    bench = (left.provider, left.model, left.aspect_ratio, _fixed(left))
    if twins[left.row] is None and twins[right.row] is None:
        return Asked("prompts", left.row, right.row, bench)
    if left.row == twins[right.row] or right.row == twins[left.row]:
        return Asked("noise", left.row, right.row, bench)
    return None


def _fixed(place: Place) -> tuple[int, int] | None:
    """Pictures of a given seed are compared one by one: the same noise to start from. Others have no partner."""
    return None if place.seed is None else (place.seed, place.sample)


def stands(cell: Cell) -> bool:
    """Whether there is a picture to be judged."""
    job = cell.job
    return job is not None and job.status is JobStatus.DONE and job.trashed_at is None and job.image is not None


PairOf = tuple[Kind, str, str]
"""A question's two candidates, in the sequence of the comparison."""


@dataclass
class Pool:
    """
    The pictures that can be judged, and every pair of candidates with the benches on which their pictures can meet. Of the
    two tuples of keys on a bench, any of the first may meet any of the second.
    """

    comparison: Comparison
    places: dict[str, Place]
    benches: dict[PairOf, dict[Bench, tuple[tuple[str, ...], tuple[str, ...]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._twins = {row.id: row.twin_of for row in self.comparison.rows}
        self._rank: dict[str, int] = {row.id: at for at, row in enumerate(self.comparison.rows)}
        for maker in self.comparison.makers:
            self._rank[maker_id(maker.provider, maker.model)] = len(self._rank)
        self.sizes: dict[PairOf, int] = {}
        for pair, benches in self.benches.items():
            self.sizes[pair] = sum(len(first) * len(second) for first, second in benches.values())

    @property
    def size(self) -> int:
        """How many different pairs of pictures there are."""
        return sum(self.sizes.values())

    def find(self, left: str, right: str) -> Asked | None:
        """The question between two cell keys; None where one of them cannot be judged, or they make no pair."""
        one, other = self.places.get(left), self.places.get(right)
        return None if one is None or other is None else _asked(self._twins, one, other)

    def pair_of(self, question: Asked) -> PairOf:
        first, second = sorted((question.left, question.right), key=lambda each: self._rank.get(each, 0))
        return question.kind, first, second


def pool(comparison: Comparison, cells: Iterable[Cell]) -> Pool:
    """What can be judged of a comparison now."""
    places = {cell.key: cell.place for cell in cells if stands(cell)}
    twins = {row.id: row.twin_of for row in comparison.rows}
    rank = {row.id: at for at, row in enumerate(comparison.rows)}
    by_prompt: dict[Bench, dict[str, list[str]]] = {}
    by_model: dict[Bench, dict[str, list[str]]] = {}
    for key, place in places.items():
        if place.row not in twins:
            continue
        bench: Bench = (place.provider, place.model, place.aspect_ratio, _fixed(place))
        by_prompt.setdefault(bench, {}).setdefault(place.row, []).append(key)
        if twins[place.row] is None:
            maker = maker_id(place.provider, place.model)
            by_model.setdefault((place.row, place.aspect_ratio), {}).setdefault(maker, []).append(key)
    benches: dict[PairOf, dict[Bench, tuple[tuple[str, ...], tuple[str, ...]]]] = {}

    def add(kind: Kind, one: str, other: str, bench: Bench, found: Mapping[str, list[str]]) -> None:
        benches.setdefault((kind, one, other), {})[bench] = (tuple(found[one]), tuple(found[other]))

    for bench, found in by_prompt.items():
        rows = sorted(found, key=rank.__getitem__)
        for one, other in combinations([row for row in rows if twins[row] is None], 2):
            add("prompts", one, other, bench, found)
        for row in rows:
            original = twins[row]
            if original is not None and original in found:
                add("noise", original, row, bench, found)
    sequence = [maker_id(maker.provider, maker.model) for maker in comparison.makers]
    for bench, found in by_model.items():
        for one, other in combinations([each for each in sequence if each in found], 2):
            add("models", one, other, bench, found)
    return Pool(comparison, places, benches)


@dataclass
class Votes:
    """What was voted so far, counted as the choice of the next pair needs it."""

    pairs: Counter[PairOf] = field(default_factory=Counter)
    benches: Counter[tuple[PairOf, Bench]] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    met: set[frozenset[str]] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.kinds.total()

    def add(self, pool: Pool, left: str, right: str) -> None:
        """Nothing is counted where the two are no pair of this pool."""
        question = pool.find(left, right)
        if question is None:
            return
        pair = pool.pair_of(question)
        self.pairs[pair] += 1
        self.benches[pair, question.bench] += 1
        self.pictures[left] += 1
        self.pictures[right] += 1
        self.kinds[question.kind] += 1
        self.met.add(frozenset((left, right)))


class _Clear(NamedTuple):
    """A decisive vote, and whether the pair's first candidate won."""

    pair: PairOf
    first_won: bool


@dataclass
class Outlook:
    """Every vote on a pool: what was shown, and what the decisive votes said, by voter and in their sequence."""

    votes: Votes
    pairs: tuple[PairOf, ...] = ()
    clear: dict[str, list[_Clear]] = field(default_factory=dict)

    def need(self, *, besides: str | None = None) -> dict[PairOf, float]:
        """
        How often each pair of candidates should come, as it stands without the votes of the voter ``besides``.

        What a voter is shown may follow from how the poll stands, but not from what they said themselves: else those who
        like one candidate would be asked about it more than others, and the intervals of ``deciding`` would not hold.
        """
        if besides not in self.clear:
            return self._need
        return self._weighed(besides)

    @cached_property
    def _need(self) -> dict[PairOf, float]:
        return self._weighed(None)

    def _weighed(self, besides: str | None) -> dict[PairOf, float]:
        every, first = Counter[_Clear](), Counter[_Clear]()
        for voter, said in self.clear.items():
            if voter == besides:
                continue
            decided: set[PairOf] = set()
            for vote in said:
                every[vote] += 1
                if vote.pair not in decided:
                    decided.add(vote.pair)
                    first[vote] += 1
        found: dict[PairOf, float] = {}
        kinds: tuple[Kind, ...] = ("prompts", "models")
        for kind in kinds:
            found |= _needs([pair for pair in self.pairs if pair[0] == kind], every, first)
        return found


def outlook(pool: Pool, ballots: Iterable[Ballot]) -> Outlook:
    """From the ballots that were cast, in that sequence."""
    found = Outlook(Votes(), tuple(pool.sizes))
    for ballot in ballots:
        question = pool.find(ballot.left, ballot.right)
        if question is None or ballot.choice is None:
            continue
        found.votes.add(pool, ballot.left, ballot.right)
        if ballot.choice in ("left", "right"):
            pair = pool.pair_of(question)
            vote = _Clear(pair, (ballot.choice == "left") == (question.left == pair[1]))
            found.clear.setdefault(ballot.voter, []).append(vote)
    return found


def _needs(pairs: Collection[PairOf], every: Counter[_Clear], first: Counter[_Clear]) -> dict[PairOf, float]:
    """
    Pairs that stand between the leader and a decision come more often, those that are settled less often. ``first`` holds
    each voter's first decisive vote on a pair, which is what settles it.
    """
    wins: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    beaten: set[str] = set()
    settled: set[PairOf] = set()
    for pair in pairs:
        _, one, other = pair
        won, lost = _Clear(pair, True), _Clear(pair, False)
        wins[one] += every[won]
        losses[one] += every[lost]
        wins[other] += every[lost]
        losses[other] += every[won]
        if settles(first[won], first[lost], _ALPHA / len(pairs)):
            settled.add(pair)
            beaten.add(other if first[won] > first[lost] else one)
    names = dict.fromkeys(name for pair in pairs for name in pair[1:])
    standing = [name for name in names if name not in beaten]
    leader = max(standing, key=lambda name: (wins[name] + 1) / (wins[name] + losses[name] + 2), default=None)
    # Before everybody has met somebody there is no leader worth the name.
    early = any(wins[name] + losses[name] == 0 for name in names)

    def weight(pair: PairOf) -> float:
        _, one, other = pair
        if pair in settled:
            return _SETTLED
        if one in beaten and other in beaten:
            return _QUARTER
        if early or leader is None:
            return _USUAL
        if leader in (one, other):
            return _TO_SETTLE
        return _HALF if one in beaten or other in beaten else _USUAL

    return {pair: weight(pair) for pair in pairs}


def next_pair(
    pool: Pool,
    outlook: Outlook,
    own: Votes,
    *,
    voter: str | None = None,
    chance: Random = CHANCE,
) -> Pair | None:
    """
    A pair that this voter has not had, with the sides shuffled; None when there is none left.

    ``own`` holds the pairs that they were given. Of an owner who scores alone each vote counts for their taste. Of any
    other voter only the first decisive one between two candidates counts, so they are asked about new candidates first.
    """
    alone = voter == OWNER
    left = [pair for pair, size in pool.sizes.items() if own.pairs[pair] < size]
    noise = [pair for pair in left if pair[0] == "noise"]
    about = [pair for pair in left if pair[0] != "noise"]
    if not left:
        return None
    need = outlook.need(besides=None if alone else voter)
    if about and not (noise and chance.random() < 1 / NOISE_EVERY):
        kind = _kind(about, outlook.votes, need, chance)
        pairs = [pair for pair in about if pair[0] == kind]
    else:
        pairs = noise
    seen = outlook.votes

    def cost(pair: PairOf) -> tuple[float, ...]:
        weighed = max(seen.pairs[pair], own.pairs[pair]) / need.get(pair, _USUAL)
        return (weighed,) if alone else (own.pairs[pair], weighed)

    pair = _least(pairs, cost, chance)
    benches = pool.benches[pair]
    free = [bench for bench, (first, second) in benches.items() if own.benches[pair, bench] < len(first) * len(second)]
    bench = _least(free, lambda each: (own.benches[pair, each], seen.benches[pair, each]), chance)
    first, second = benches[bench]
    fresh = [(one, other) for one in first for other in second if frozenset((one, other)) not in own.met]
    one, other = _least(
        fresh,
        lambda keys: (
            sum(own.pictures[key] for key in keys),
            sum(seen.pictures[key] for key in keys),
        ),
        chance,
    )
    # A fair coin each time, whatever was shown before: only so a preference for one side can be told from one for a
    # candidate. Balancing sides by what came before would spoil that.
    return Pair(one, other) if chance.random() < 0.5 else Pair(other, one)


def entrants(pool: Pool, kind: Kind, *, chance: Random = CHANCE) -> list[str]:
    """One cell key of each candidate that can meet all the others on one bench; see ``Polls.entrants``."""
    fields: dict[Bench, dict[str, tuple[str, ...]]] = {}
    for (of_kind, one, other), benches in pool.benches.items():
        for bench, (first, second) in benches.items() if of_kind == kind else ():
            fields.setdefault(bench, {}).update({one: first, other: second})
    if not fields:
        return []
    field = _least(list(fields.values()), lambda candidates: (-len(candidates),), chance)
    drawn = [chance.choice(keys) for keys in field.values()]
    chance.shuffle(drawn)
    return drawn[:MOST_ENTRANTS]


def _kind(pairs: Iterable[PairOf], votes: Votes, need: Mapping[PairOf, float], chance: Random) -> Kind:
    """Prompts or models: each as often as it has candidates to tell apart, less where nothing is open any more."""
    candidates: dict[Kind, set[str]] = {}
    most: dict[Kind, float] = {}
    for pair in pairs:
        candidates.setdefault(pair[0], set()).update(pair[1:])
        most[pair[0]] = max(most.get(pair[0], 0.0), need.get(pair, _USUAL))

    def cost(kind: Kind) -> tuple[float, ...]:
        share = (len(candidates[kind]) - 1) * (_QUARTER if most[kind] <= _QUARTER else _USUAL)
        return (votes.kinds[kind] / share,)

    return _least(list(candidates), cost, chance)


def _least(choices: list[_T], cost: Callable[[_T], tuple[float, ...]], chance: Random) -> _T:
    """One of those that cost least, by chance."""
    costs = [cost(choice) for choice in choices]
    least = min(costs)
    return chance.choice([choice for choice, each in zip(choices, costs, strict=True) if each == least])
