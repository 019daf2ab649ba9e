"""What the numbers say, as sentences that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from reve_core.compare.deciding.always import MOST
from reve_core.compare.deciding.duel import Duel
from reve_core.compare.deciding.standing import Standing

State = Literal["empty", "open", "close", "one voter", "decided", "noise"]

# With fewer pictures of a candidate than this, one unlucky picture weighs more than the prompt.
FEW_PICTURES = 4
# With fewer clear votes than this on a pair one more vote can make a forecast four times as long.
FEW_VOTES = 10


class Verdict(NamedTuple):
    """``sentence`` answers "do we know yet?"; ``caveat`` says what the answer does not cover, None for nothing."""

    state: State
    sentence: str
    caveat: str | None = None


def verdict(
    standing: Standing,
    names: Mapping[str, str] | None = None,
    pictures: Mapping[str, int] | None = None,
    kind: str = "prompts",
) -> Verdict:
    """
    The answer to a comparison. ``names`` are what candidates are called on the page, else their ids are shown;
    ``pictures`` is how many distinct pictures of each were voted on; ``kind`` is what they are, ``"prompts"`` or
    ``"models"``.
    """
    state, sentence = _answer(standing, names or {})
    seen = [n for place in standing.places if (n := (pictures or {}).get(place.candidate, 0))]
    caveat = _caveat(min(seen), kind) if seen and state != "empty" else None
    return Verdict(state, sentence, caveat)


def noise(duel: Duel) -> Verdict:
    """What noise control shows: how far apart votes on the same prompt come to lie."""
    if not duel.votes:
        return Verdict("empty", "No votes yet.")
    larger, smaller = max(duel.wins_a, duel.wins_b), min(duel.wins_a, duel.wins_b)
    if not larger:
        return Verdict("noise", f"The same prompt twice: {_all_level(duel.votes)}")
    few = larger + smaller < FEW_VOTES
    end = "Too early to say how much is chance." if few else "So much is chance."
    return Verdict("noise", f"The same prompt twice: {larger} to {smaller}. {end}")


def _answer(standing: Standing, names: Mapping[str, str]) -> tuple[State, str]:
    def called(candidate: str) -> str:
        return names.get(candidate, candidate)

    if len(standing.places) < 2:
        return "empty", "Nothing to decide: a comparison needs two candidates."
    if not standing.votes:
        return "empty", "No votes yet."
    if not standing.decisive:
        return "open", f"Not decided yet: {_all_level(standing.votes)}"
    if standing.winner is not None:
        return "decided", f"Decided: {called(standing.winner)} is preferred{_score(standing, standing.winner)}."
    if standing.taste is not None:
        return "one voter", (
            f"For the one person who chose, it is {called(standing.taste)}{_score(standing, standing.taste)}. "
            "One person does not settle it for others."
        )
    if not standing.linked:
        return "open", "Not decided yet: some were never compared with the others, not even through a third."
    if standing.more_votes is not None:
        return "open", f"Not decided yet: {_forecast(standing)}."
    if any(not d.wins_a + d.wins_b for d in standing.open_duels):
        return "open", "Not decided yet: some pairs have no clear vote."
    return "close", f"Too close to call{_tail(standing)}"


def _forecast(standing: Standing) -> str:
    # Who voted on a pair before counts once there, so where people have voted again it takes new ones.
    repeated = any(d.counted_a + d.counted_b < d.wins_a + d.wins_b for d in standing.open_duels)
    by = " by new voters" if repeated else ""
    if any(d.counted_a + d.counted_b < FEW_VOTES for d in standing.open_duels):
        return f"too early to say how many more votes{by} it takes"
    more = _rounded(standing.more_votes or 0)
    return f"about {more:,} more {'vote' if more == 1 else 'votes'}{by} would settle it if it stays like this"


def _rounded(votes: int) -> int:
    """No finer than a forecast can be: 7, 85, 100, 250, 1300."""
    step = 1 if votes < 20 else 5 if votes < 100 else 50 if votes < 1000 else 100
    return step * round(votes / step)


def _score(standing: Standing, candidate: str) -> str:
    """With two candidates the count, with more whom it was preferred to."""
    if len(standing.duels) > 1:
        return " to each of the others"
    (duel,) = standing.duels
    wins = duel.wins_a if duel.a == candidate else duel.wins_b
    return f", in {wins} of {duel.wins_a + duel.wins_b} clear votes"


def _tail(standing: Standing) -> str:
    if len(standing.duels) > 1:
        return " at the top so far."
    (duel,) = standing.duels
    if duel.wins_a == duel.wins_b:
        return f" so far: {duel.wins_a} to {duel.wins_b}."
    larger, smaller = max(duel.wins_a, duel.wins_b), min(duel.wins_a, duel.wins_b)
    return f" so far: {larger} to {smaller}. At this rate it would take more than {MOST:,} further votes."


def _all_level(votes: int) -> str:
    if votes == 1:
        return "the only vote was a tie or “both bad”."
    return f"all {votes:,} votes were ties or “both bad”."


def _caveat(fewest: int, kind: str) -> str | None:
    if fewest >= FEW_PICTURES:
        return None
    if fewest <= 1:
        return f"Only one picture of a candidate was voted on: this compares pictures more than {kind}."
    return f"Only {fewest} pictures of a candidate were voted on: other samples may change the answer."
