"""What a vote has come to, as values for a page: shares in per cent, with how far they can be off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from reve_core.compare import words
from reve_core.compare.deciding import Interval
from reve_core.compare.result import Question, Result
from reve_core.web.html.markup import Markup, one_line, raw, tag, together

_TEXT = 160
_OF_TWO = "Share of the votes that preferred one of the two, without ties:"
_OF_MORE = "Share of votes that each can expect against the others, without ties:"


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate. ``share`` and ``range`` are words, empty where nothing is known; the rest are whole per cents."""

    name: str
    text: str
    share: str
    range: str
    low: int
    middle: int
    high: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One question's answer. ``measure`` says what the shares are shares of, empty where there are none."""

    heading: str
    verdict: str
    caveat: str
    measure: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``told`` is who has voted, in a sentence."""

    told: str
    questions: tuple[Answer, ...]

    @property
    def in_short(self) -> str:
        """What is known, without the numbers."""
        found = [f"{each.heading}: {each.verdict}" if each.heading else each.verdict for each in self.questions]
        return " ".join(found)

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "short": self.in_short}


def outcome(result: Result, *, show_prompts: bool) -> Outcome:
    both = len(result.questions) > 1
    return Outcome(_told(result), tuple(_answer(question, show_prompts, both) for question in result.questions))


def drawn(found: Outcome) -> tuple[Markup, str]:
    """The outcome as HTML, and the style sheet that places its bars: the policy lets in no style within a tag."""
    css: list[str] = []
    parts = [tag("p", found.told, class_="lead", id="votes")]
    for at, question in enumerate(found.questions):
        lines = []
        for number, line in enumerate(question.lines):
            bar = None
            if line.range:
                name = f"q{at}l{number}"
                css.append(
                    f".bar.{name} i{{left:{line.low}%;width:{line.high - line.low}%}}.bar.{name} b{{left:{line.middle}%}}"
                )
                bar = together(
                    tag("span", raw("<i></i><b></b>"), class_=f"bar {name}"), tag("span", line.range, class_="range")
                )
            lines.append(
                tag(
                    "li",
                    tag("span", line.name, class_="badge"),
                    tag("span", line.text, class_="text", dir="auto"),
                    tag("span", line.share, class_="share"),
                    bar,
                )
            )
        parts.append(
            tag(
                "section",
                tag("h2", question.heading) if question.heading else None,
                tag("p", question.verdict, class_="verdict"),
                tag("p", question.caveat, class_="caveat"),
                tag("p", question.measure, class_="measure"),
                tag("ol", *lines),
                class_="result",
                id=f"q{at}",
            )
        )
    return together(*parts), "".join(css)


def _told(result: Result) -> str:
    if not result.votes:
        return "Nobody has voted yet."
    votes = "1 vote" if result.votes == 1 else f"{result.votes:,} votes"
    return f"{votes} by 1 person." if result.voters == 1 else f"{votes} by {result.voters:,} people."


def _answer(question: Question, show_prompts: bool, both: bool) -> Answer:
    heading = {"prompts": "Prompts", "models": "Models"}.get(question.kind, "") if both else ""
    verdict = question.verdict
    lines = tuple(_lines(question, show_prompts))
    measure = ""
    if any(line.share for line in lines):
        measure = _OF_TWO if len(lines) == 2 else _OF_MORE
    return Answer(heading, verdict.sentence, verdict.caveat or "", measure, lines)


def _lines(question: Question, show_prompts: bool) -> Iterator[Line]:
    candidates = question.candidates
    texts = [""] * len(candidates)
    if show_prompts and question.kind == "prompts":
        texts = [one_line(each, _TEXT) for each in words.differing([candidate.text for candidate in candidates])]
    for candidate, text, (share, interval) in zip(candidates, texts, _shares(question), strict=True):
        if share is None or interval is None:
            yield Line(candidate.name, text, "", "", 0, 0, 0)
            continue
        low, middle, high = (round(100 * value) for value in (interval.low, share, interval.high))
        yield Line(
            candidate.name, text, f"{middle} %", f"between {low} and {high} % (95 % interval)", low, middle, high
        )


def _shares(question: Question) -> list[tuple[float | None, Interval | None]]:
    """Of two the share of clear votes, of more the share each can expect against the others."""
    stand = question.standing
    if len(question.candidates) != 2:
        return [(place.strength, place.interval) for place in stand.places]
    [duel] = stand.duels
    if duel.share is None:
        return [(None, None)] * 2
    turned = Interval(1 - duel.wilson.high, 1 - duel.wilson.low)
    pair = {duel.a: (duel.share, duel.wilson), duel.b: (1 - duel.share, turned)}
    return [pair[candidate.id] for candidate in question.candidates]
