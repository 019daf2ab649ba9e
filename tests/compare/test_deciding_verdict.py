import pytest

from reve_core.compare.deciding import Judgement, Verdict, duel, noise, standing, verdict
from tests.compare.test_deciding_standing import votes

NAMES = {"a": "Fox", "b": "Heron", "c": "Wolf"}


def said(*won: tuple[str, str, int], among: str = "ab", voter: str | None = None) -> Verdict:
    return verdict(standing(votes(*won, voter=voter), list(among)), NAMES)


@pytest.mark.parametrize(
    ("found", "state", "sentence"),
    [
        (said(), "empty", "No votes yet."),
        (said(among="a"), "empty", "Nothing to decide: a comparison needs two candidates."),
        (
            said(("a", "b", 2)),
            "open",
            "Not decided yet: too early to say how many more votes it takes.",
        ),
        (
            said(("a", "b", 7), ("b", "a", 2)),
            "open",
            "Not decided yet: too early to say how many more votes it takes.",
        ),
        (
            said(("a", "b", 9), ("b", "a", 5)),
            "open",
            "Not decided yet: about 100 more votes would settle it if it stays like this.",
        ),
        (
            said(("a", "b", 16), ("b", "a", 5)),
            "open",
            "Not decided yet: about 11 more votes would settle it if it stays like this.",
        ),
        (
            said(("a", "b", 30), ("a", "c", 7), ("b", "c", 20), among="abc"),
            "open",
            "Not decided yet: too early to say how many more votes it takes.",
        ),
        (said(("a", "b", 30), ("b", "a", 5)), "decided", "Decided: Fox is preferred, in 30 of 35 clear votes."),
        (
            said(("b", "a", 20), ("b", "c", 20), among="abc"),
            "decided",
            "Decided: Heron is preferred to each of the others.",
        ),
        (said(("a", "b", 4), ("b", "a", 4)), "close", "Too close to call so far: 4 to 4."),
        (
            said(("a", "b", 103), ("b", "a", 100)),
            "close",
            "Too close to call so far: 103 to 100. At this rate it would take more than 2,000 further votes.",
        ),
        (
            said(("a", "b", 9), ("b", "a", 9), ("a", "c", 20), ("b", "c", 20), among="abc"),
            "close",
            "Too close to call at the top so far.",
        ),
        (
            said(("a", "b", 30), voter="me"),
            "one voter",
            "For the one person who chose, it is Fox, in 30 of 30 clear votes. One person does not settle it for others.",
        ),
        (
            said(("a", "b", 4), voter="me"),
            "open",
            "Not decided yet: too early to say how many more votes by new voters it takes.",
        ),
        (
            said(("a", "b", 4), ("c", "d", 4), among="abcd"),
            "open",
            "Not decided yet: some were never compared with the others, not even through a third.",
        ),
        (said(("a", "b", 1), among="abc"), "open", "Not decided yet: some pairs have no clear vote."),
    ],
)
def test_it_says_what_is_known(found: Verdict, state: str, sentence: str) -> None:
    assert (found.state, found.sentence) == (state, sentence)


def test_where_somebody_voted_twice_the_forecast_asks_for_new_voters() -> None:
    cast = votes(("a", "b", 9), ("b", "a", 5))
    again = [*cast, Judgement("a", "b", "left", cast[0].voter)]

    assert verdict(standing(again, ["a", "b"])).sentence == (
        "Not decided yet: about 100 more votes by new voters would settle it if it stays like this."
    )


def test_only_ties_are_said_to_be_that() -> None:
    ties = [Judgement("a", "b", "tie", f"v{n}") for n in range(12)]

    assert verdict(standing(ties, ["a", "b"])).sentence == "Not decided yet: all 12 votes were ties or “both bad”."
    assert verdict(standing(ties[:1], ["a", "b"])).sentence == "Not decided yet: the only vote was a tie or “both bad”."


def test_a_candidate_without_a_name_is_called_by_its_id() -> None:
    assert verdict(standing(votes(("a", "b", 30)), ["a", "b"])).sentence.startswith("Decided: a is preferred")


@pytest.mark.parametrize(
    ("pictures", "kind", "caveat"),
    [
        (None, "prompts", None),
        ({"a": 8, "b": 4}, "prompts", None),
        (
            {"a": 1, "b": 8},
            "models",
            "Only one picture of a candidate was voted on: this compares pictures more than models.",
        ),
        (
            {"a": 8, "b": 3},
            "prompts",
            "Only 3 pictures of a candidate were voted on: other samples may change the answer.",
        ),
        ({}, "prompts", None),
    ],
)
def test_few_pictures_are_said_to_be_few(pictures: dict[str, int] | None, kind: str, caveat: str | None) -> None:
    assert verdict(standing(votes(("a", "b", 30)), ["a", "b"]), NAMES, pictures, kind).caveat == caveat


def test_without_votes_there_is_nothing_to_qualify() -> None:
    assert verdict(standing([], ["a", "b"]), NAMES, {"a": 1, "b": 1}).caveat is None


def test_noise_control_shows_what_chance_does_and_names_nobody() -> None:
    twice = [Judgement("a", "a", "left" if n % 3 else "right", f"v{n}") for n in range(30)]

    assert noise(duel(twice, "a", "a")) == ("noise", "The same prompt twice: 20 to 10. So much is chance.", None)
    assert noise(duel(twice[:2], "a", "a")).sentence == (
        "The same prompt twice: 1 to 1. Too early to say how much is chance."
    )
    assert noise(duel([], "a", "a")).sentence == "No votes yet."
    assert noise(duel([Judgement("a", "a", "tie", "v")] * 5, "a", "a")).state == "noise"
