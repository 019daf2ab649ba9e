"""The pages of a vote as HTML: light, one thumb, readable and usable without a script."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reve_core.compare import player
from reve_core.compare.words import Segment
from reve_core.comparison_shares import Opened, Reveal, Side, Turn
from reve_core.pictures.rendition import CARD
from reve_core.web.html import previews
from reve_core.web.html.document import Html, carried, document, header, home, never_listed
from reve_core.web.html.markup import Markup, one_line, tag, together
from reve_core.web.voting.outcome import Outcome, drawn

_MANY = 40  # so many pairs are counted down; more would only frighten
_TALL = 0.6  # pictures narrower than this are larger side by side, on a phone too
_ANSWERS = (
    ("left", "side", "Left", "Top", "←"),
    ("tie", None, "Tie", "Tie", "↑"),
    ("bad", None, "Both bad", "Both bad", "↓"),
    ("right", "side", "Right", "Bottom", "→"),
)


def ballot_page(opened: Opened, turn: Turn, title: str, base: str, *, alt: str) -> Html:
    """Two pictures and the question. Nothing in it depends on which picture stands where. ``alt`` is the card in words."""
    here = f"/c/{opened.token}"
    answers = [
        tag(
            "button",
            tag("span", beside, class_="beside"),
            tag("span", stacked, class_="stacked"),
            tag("kbd", key, aria_hidden="true"),
            type="submit",
            name="choice",
            value=value,
            class_=kind,
        )
        for value, kind, beside, stacked, key in _ANSWERS
    ]
    slim = " slim" if turn.box[0] / turn.box[1] < _TALL else ""
    form = tag(
        "form",
        tag("input", type="hidden", name="ballot", value=turn.ballot.id),
        tag(
            "div",
            *(_shot(here, turn, which, number) for which, number in (("left", 1), ("right", 2))),
            class_="pair" + (" tall" if slim else ""),
        ),
        tag("p", turn.label, class_="marks") if turn.label else None,
        tag("div", *answers, class_="answers", role="group", aria_label="Your answer"),
        method="post",
        action=here,
        class_="poll" + slim,
    )
    body = together(
        tag("header", home("/"), tag("p", _count(turn), class_="count")),
        tag(
            "main",
            tag("h1", opened.question, class_="ask", dir="auto"),
            tag("p", turn.prompt, class_="prompt", dir="auto", tabindex=0) if turn.prompt else None,
            form,
        ),
    )
    meta = _meta(opened, title, base, "Vote on two pictures at a time", alt)
    return document(
        title, meta, body, _file("vote.css"), framed=False, forms=True, script=_file("vote.js"), kind="voting"
    )


def reveal_page(opened: Opened, reveal: Reveal, title: str, *, again: bool) -> Html:
    """Who was who. ``again``: this vote had been cast before, and that one counts."""
    here, turn = f"/c/{opened.token}", reveal.turn
    choice = turn.ballot.choice
    names = (reveal.left.name, reveal.right.name)
    chosen = {"left": f"You chose {names[0]}", "right": f"You chose {names[1]}"}.get(
        choice or "", "You chose neither: both bad" if choice == "bad" else "You called it a tie"
    )
    shots = (
        _told_shot(here, turn, "left", 1, reveal.left, choice == "left"),
        _told_shot(here, turn, "right", 2, reveal.right, choice == "right"),
    )
    counted = [
        (names[0], reveal.for_left),
        (names[1], reveal.for_right),
        ("Tie", reveal.ties),
        ("Both bad", reveal.bad),
    ]
    tally = tag("ul", *(tag("li", f"{name} ", tag("b", f"{votes:,}")) for name, votes in counted), class_="tally")
    noise = "Both come from the same prompt: such pairs show how much is chance." if reveal.same else None
    sofar = tag(
        "section",
        tag("h2", "Everybody’s votes on these two so far, yours included"),
        tally,
        tag("p", noise, class_="caveat") if noise else None,
        tag("p", reveal.verdict.sentence, class_="verdict"),
        tag("p", reveal.verdict.caveat, class_="caveat") if reveal.verdict.caveat else None,
        class_="sofar",
    )
    more = opened.is_open and turn.left > 0
    onward = tag(
        "nav",
        tag("a", "Next pair", class_="main", href=here, rel="next")
        if more
        else tag("a", "See the result", class_="main", href=f"{here}/done", rel="next"),
        tag("a", "Stop here", class_="ghost", href=f"{here}/done") if more else None,
        class_="onward",
        aria_label="Go on",
    )
    body = together(
        tag("header", home("/"), tag("p", _judged(turn), class_="count")),
        tag(
            "main",
            tag("h1", chosen, class_="ask", dir="auto"),
            tag("p", "You had voted on this pair before. That first vote counts.", class_="notice", role="status")
            if again
            else None,
            tag("div", *shots, class_="pair"),
            tag("p", turn.label, class_="marks") if turn.label else None,
            sofar,
            onward,
        ),
    )
    css, script = _file("vote.css"), _file("vote.js")
    return document(title, never_listed(), body, css, framed=False, script=script, kind="voting told")


def outcome_page(
    opened: Opened, found: Outcome, title: str, base: str, *, alt: str, heading: str, lead: str, grid: bool, more: bool
) -> Html:
    """The result as it stands. ``grid``: the way to all the pictures is open; ``more``: there are pairs left to vote on."""
    here = f"/c/{opened.token}"
    result, bars = drawn(found)
    body = together(
        header(),
        tag(
            "main",
            tag("h1", heading),
            tag("p", lead, class_="lead") if lead else None,
            tag("p", opened.question, class_="ask", dir="auto"),
            result,
            tag("a", "See all the pictures", class_="main", href=f"{here}/grid") if grid else None,
            tag("p", tag("a", "Vote on more pairs", href=here), class_="more") if more else None,
            tag("p", tag("a", "Compare pictures of your own", href="/"), class_="more"),
        ),
    )
    meta = _meta(opened, title, base, found.told, alt)
    return document(title, meta, body, _file("vote.css") + bars, framed=False, kind="outcome")


def door_page(opened: Opened, title: str, base: str, *, told: str, alt: str, card: bool, button: str = "") -> Html:
    """Instead of a pair: for who shows a preview, keeps no cookies, or is too early. ``button`` leads to the vote."""
    here = f"/c/{opened.token}"
    body = together(
        header(),
        tag(
            "main",
            tag("h1", title, dir="auto"),
            tag("p", told, class_="lead"),
            tag("img", src=f"{here}/card.jpg", width=CARD[0], height=CARD[1], alt=alt, class_="card") if card else None,
            tag("a", button, class_="main", href=here) if button else None,
        ),
    )
    meta = _meta(opened, title, base, "Vote on two pictures at a time" if opened.is_open else told, alt)
    return document(title, meta, body, _file("vote.css"), framed=False, kind="outcome")


def embedded_vote(opened: Opened, title: str, base: str, *, alt: str) -> Html:
    """A vote in a frame: browsers send no cookies there, so it opens in a tab of its own."""
    away = {"target": "_blank", "rel": "noopener"}
    href = f"{base}/c/{opened.token}"
    img = tag("img", src=f"/c/{opened.token}/card.jpg", width=CARD[0], height=CARD[1], alt=alt)
    words = "Vote" if opened.is_open else "See the result"
    body = tag(
        "main",
        tag("h1", title, class_="heard", dir="auto"),
        tag("a", img, class_="whole", href=href, **away),
        tag("div", tag("a", words, class_="button", href=href, **away), home(href, **away), class_="line"),
    )
    css = ".button{font-weight:600;color:var(--accent);min-height:44px;display:inline-flex;align-items:center}"
    return document(title, never_listed(), body, css, framed=True)


def look_page(
    opened: Opened,
    data: dict[str, object],
    found: Outcome,
    title: str,
    base: str,
    *,
    alt: str,
    label: str,
    framed: bool,
) -> Html:
    """The grid with its pair viewer, and the result. It is drawn by script; without one the result can be read."""
    here = f"/c/{opened.token}"
    result, bars = drawn(found)
    away = {"target": "_blank", "rel": "noopener"}
    main = tag(
        "main",
        tag("h1", title, dir="auto"),
        tag("p", opened.question, class_="lead", dir="auto") if opened.comparison.question else None,
        tag("p", found.in_short, class_="standing", id="standing"),
        tag("details", tag("summary", "The vote so far"), result),
        tag(
            "noscript",
            tag("p", "The pictures are laid out by a script, and scripts are switched off here.", class_="lost"),
        ),
        tag("div", id="player"),
        tag("p", label, class_="marks") if label else None,
        tag("div", tag("span", label, class_="label"), home(f"{base}{here}", **away), class_="line")
        if framed
        else None,
        carried("comparison", data),
        carried("told", {"here": here, "result": found.as_json()}),
    )
    css = _file("vote.css") + _file("look.css") + player.style() + bars
    meta = never_listed() if framed else _meta(opened, title, base, found.told, alt)
    body = main if framed else together(header(), main)
    script = player.script() + _file("look.js")
    return document(title, meta, body, css, framed=framed, script=script, kind="looking")


# -- the parts


def _shot(here: str, turn: Turn, which: str, number: int) -> Markup:
    return tag("figure", _picture(here, turn, which, number), class_="shot")


def _told_shot(here: str, turn: Turn, which: str, number: int, side: Side, mine: bool) -> Markup:
    caption = tag(
        "figcaption",
        tag(
            "div",
            tag("span", side.name, class_="badge"),
            tag("span", "Your choice", class_="yours") if mine else None,
            class_="who",
        ),
        tag("p", *map(_segment, side.segments), class_="said", dir="auto") if side.segments else None,
    )
    return tag("figure", _picture(here, turn, which, number), caption, class_="shot mine" if mine else "shot")


def _picture(here: str, turn: Turn, which: str, number: int) -> Markup:
    src = f"{here}/b/{turn.ballot.id}/{which}"
    img = tag("img", src=src, width=turn.box[0], height=turn.box[1], alt=f"Picture {number}", decoding="async")
    return tag("a", img, href=src, aria_label=f"Look closely at picture {number}")


def _segment(segment: Segment) -> Markup:
    return tag("mark", segment.text) if segment.kind == "added" else tag("span", segment.text)


def _count(turn: Turn) -> str:
    total = turn.judged + turn.left
    return f"Pair {turn.judged + 1} of {total}" if total <= _MANY else f"Pair {turn.judged + 1}, stop when you like"


def _judged(turn: Turn) -> str:
    total = turn.judged + turn.left
    return f"{turn.judged} of {total} pairs" if total <= _MANY else f"{turn.judged} pairs"


def _meta(opened: Opened, title: str, base: str, told: str, alt: str) -> Markup:
    short = one_line(title, 90)
    said = told if told.endswith(".") else f"{told}."
    about = one_line(said if title == opened.question else f"{said} {opened.question}", 220)
    here = f"/c/{opened.token}"
    return previews.tags(
        title=short, told=about, alt=one_line(alt, 420), published=opened.share.published, base=base, here=here
    )


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
