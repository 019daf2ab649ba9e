"""A result as plain JSON values, with its sentences: for pages, the API, and an exported file."""

from __future__ import annotations

from reve_core.compare.deciding import Duel, Interval, Sides
from reve_core.compare.result import Candidate, Json, Noise, Question, Result, in_words


def results_view(result: Result) -> Json:
    """
    Shares, strengths and interval ends are fractions of 1, None where nothing is known. ``says`` is a sentence that stands
    for its bar. Every text is meant to be shown as text.
    """
    return {
        "id": result.comparison_id,
        "by": result.by,
        "frozen_at": result.frozen_at.isoformat() if result.frozen_at else None,
        "votes": result.votes,
        "voters": result.voters,
        "ties": result.ties,
        "both_bad": result.bad,
        "by_visitors": result.by_visitors,
        "by_owner": result.by_owner,
        "words": in_words(result),
        "questions": [_question(question) for question in result.questions],
        "noise": [_noise(each) for each in result.noise],
        "sides": _sides(result.sides),
        "crossed": [
            {
                "row": each.row,
                "maker": each.maker,
                "wins": each.wins,
                "losses": each.losses,
                "share": _part(each.share),
                "wilson": _ends(each.interval),
            }
            for each in result.crossed
        ],
    }


def standing(result: Result) -> dict[str, str]:
    """A few words for each prompt that was voted on, by its row: "preferred 3 of 5"."""
    return {
        place.candidate: f"preferred {place.wins} of {place.wins + place.losses}"
        for question in result.questions
        if question.kind == "prompts"
        for place in question.standing.places
        if place.wins + place.losses
    }


def percent(share: float) -> str:
    """ "64 %"; never 0 or 100 for what is only close to it."""
    whole = round(100 * share)
    if whole in (0, 100) and share not in (0.0, 1.0):
        return "under 1 %" if whole == 0 else "over 99 %"
    return f"{whole} %"


# -- inside


def _question(question: Question) -> Json:
    stand = question.standing
    named = {each.id: each for each in question.candidates}
    two = len(question.candidates) == 2
    return {
        "kind": question.kind,
        "state": question.verdict.state,
        "sentence": question.verdict.sentence,
        "caveat": question.verdict.caveat,
        "votes": stand.votes,
        "decisive": stand.decisive,
        "voters": stand.voters,
        "leader": stand.leader,
        "winner": stand.winner,
        "more_votes": stand.more_votes,
        "linked": stand.linked,
        "candidates": [
            {
                "id": place.candidate,
                "name": named[place.candidate].name,
                "text": named[place.candidate].text,
                "pictures": named[place.candidate].pictures,
                "wins": place.wins,
                "losses": place.losses,
                # Of two the plain share says it all.
                "strength": None if two else _part(place.strength),
                "interval": None if two or place.interval is None else _ends(place.interval),
                "ruled_out": place.ruled_out,
                "says": _strength_says(named[place.candidate], place.strength, place.interval, place.ruled_out),
            }
            for place in stand.places
        ],
        "duels": [_duel(duel, named) for duel in stand.duels],
    }


def _duel(duel: Duel, named: dict[str, Candidate]) -> Json:
    one, other = named[duel.a].name, named[duel.b].name
    return {
        "a": duel.a,
        "b": duel.b,
        "wins_a": duel.wins_a,
        "wins_b": duel.wins_b,
        "ties": duel.ties,
        "both_bad": duel.both_bad,
        "share": _part(duel.share),
        "wilson": _ends(duel.wilson),
        "always": _ends(duel.always),
        "voters": duel.voters,
        "decided": duel.decided,
        "better": duel.better,
        "more_votes": duel.more_votes,
        "says": _duel_says(duel, one, other),
    }


def _duel_says(duel: Duel, one: str, other: str) -> str:
    rest = _rest(duel)
    if duel.share is None:
        return f"{one} and {other}: no clear vote yet{rest}."
    end = " Decided." if duel.decided else " Not decided."
    return (
        f"{one} was preferred to {other} in {duel.wins_a} of {duel.wins_a + duel.wins_b} clear votes, "
        f"{percent(duel.share)}{rest}. Usual interval {_range(duel.wilson)}; interval that stays honest while you "
        f"watch {_range(duel.always)}.{end}"
    )


def _rest(duel: Duel) -> str:
    parts = []
    if duel.ties:
        parts.append("1 tie" if duel.ties == 1 else f"{duel.ties} ties")
    if duel.both_bad:
        parts.append(f"{duel.both_bad} times “both bad”" if duel.both_bad > 1 else "once “both bad”")
    return f", besides {' and '.join(parts)}" if parts else ""


def _strength_says(candidate: Candidate, strength: float | None, interval: Interval | None, ruled_out: bool) -> str:
    if strength is None or interval is None:
        return f"{candidate.name}: not known yet."
    end = " Another one is better beyond doubt." if ruled_out else ""
    return f"{candidate.name} can expect {percent(strength)} of clear votes against the others, likely {_range(interval)}.{end}"


def _noise(noise: Noise) -> Json:
    duel = noise.duel
    return {
        "row": noise.row,
        "name": noise.name,
        "twin": noise.twin,
        "wins": duel.wins_a,
        "losses": duel.wins_b,
        "ties": duel.ties,
        "both_bad": duel.both_bad,
        "share": _part(duel.share),
        "wilson": _ends(duel.wilson),
        "sentence": noise.verdict.sentence,
    }


def _sides(found: Sides) -> Json:
    return {
        "left": found.left,
        "right": found.right,
        "share": _part(found.share),
        "wilson": _ends(found.wilson),
        "always": _ends(found.always),
        "is_biased": found.is_biased,
        "sentence": _sides_say(found),
    }


def _sides_say(found: Sides) -> str:
    clear = found.left + found.right
    if not clear:
        return "Left or right: no clear vote yet."
    told = f"The left picture was chosen in {found.left:,} of {clear:,} clear votes"
    if found.is_biased:
        side = "left" if found.left > found.right else "right"
        return (
            f"{told}: people prefer the {side} side. Sides are shuffled, so it favours nobody, but it blurs the answer."
        )
    return f"{told}: no sign that a side is preferred."


def _range(interval: Interval) -> str:
    return f"{percent(interval.low)} to {percent(interval.high)}"


def _ends(interval: Interval) -> list[float]:
    return [round(interval.low, 4), round(interval.high, 4)]


def _part(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
