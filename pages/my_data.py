"""My data: what is stored about whoever looks, how long, and who else sees it; to take along, and to delete in one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.host import plain
from pages.parts.me import is_alone, me, session_pass, start_anew
from pages.parts.pictures import export_url
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.keeping import Held
from reve_core.service import Studio
from reve_core.web.voting.visitor import voter_of

NAME = "reve_my_data"
KEY = "my_data"
GONE = "gone"  # the query parameter of the page that follows
_SAID, _LEFT = "my_data_said", "my_data_left"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=look.asset("common.css") + look.asset("my_data.css"),
    js=look.asset("common.js") + look.asset("my_data.js"),
)


def _acts() -> None:
    """Runs before the page is drawn again."""
    said: Any = st.session_state[KEY].act
    if not isinstance(said, Mapping):
        return
    privacy = bootstrap.get().privacy
    try:
        match said.get("do"):
            case "export":
                token = privacy.prepare_export(me(), _voter())
                _say("Your data is being downloaded.", url=export_url(token, owner=me()))
            case "delete" if plain() is not None and said.get("sure") is True:
                privacy.delete_everything(me(), _voter())
                _leave()
            case "gone" if is_alone():  # the browser has done it by itself
                _leave()
    except ReveError as exc:
        _say(str(exc))


def _leave() -> None:
    start_anew()
    st.session_state.pop(_SAID, None)
    st.session_state[_LEFT] = True


def _say(text: str, url: str = "") -> None:
    st.session_state[_SAID] = {"n": st.session_state.get(_SAID, {"n": 0})["n"] + 1, "text": text, "url": url}


def _voter() -> str | None:
    return voter_of(st.context.cookies)


def _has_left() -> bool:
    """Whether this is the first look after everything was deleted."""
    left = st.session_state.pop(_LEFT, False)
    if GONE in st.query_params:
        del st.query_params[GONE]
        left = True
    return bool(left)


def _body() -> None:
    studio = bootstrap.get()
    privacy, public = studio.privacy, studio.visitors.public
    held = privacy.held(me(), _voter())
    _piece(
        key=KEY,
        data={
            "public": public,
            "left": _has_left(),
            "about": _about(studio),
            "stored": _stored(held, public=public),
            "kept": [{"what": what, "long": how_long} for what, how_long in privacy.periods()],
            "sent": [f"{each.name}: {each.purpose}." for each in privacy.recipients],
            "never": _never(studio),
            "some": bool(held.jobs or held.comparisons or held.links or held.votes),
            "pending": held.pending,
            "said": st.session_state.get(_SAID),
            "plain": plain() is not None,
            "alone": public and is_alone(),
            "pass": session_pass() if public and is_alone() else "",
        },
        on_act_change=_acts,
    )


def _about(studio: Studio) -> str:
    if studio.visitors.public:
        return "You are known here by a random name in a cookie, and by nothing else. This is what is stored under that name."
    where = f", in {studio.privacy.folder}" if studio.privacy.folder is not None else ""
    return f"This app serves one person. Everything stays on the computer it runs on{where}."


def _stored(held: Held, *, public: bool) -> list[dict[str, str]]:
    """Numbers with what they count, without those that are nothing, but for the first."""
    counts = [
        (held.pictures, "picture", "pictures", f"{_size(held.bytes)}, {held.trashed:,} of them in the trash" if held.trashed else _size(held.bytes)),
        (held.jobs, "prompt", "prompts", "of pictures, and of what failed or was cancelled"),
        (held.pending, "picture on its way", "pictures on their way", ""),
        (held.comparisons, "comparison", "comparisons", "with its prompts, your words and everybody’s votes" if held.comparisons == 1 else "with their prompts, your words and everybody’s votes"),
        (held.links, "share link", "share links", "ended ones too"),
        (held.votes, "vote", "votes", "that you cast"),
        (held.tokens, "API token", "API tokens", "as a hash"),
        (held.moderation, "line in the moderation log", "lines in the moderation log", "without any text of yours"),
    ]  # fmt: skip
    found = [
        {"n": f"{count:,}", "what": one if count == 1 else many, "more": more if count else ""}
        for number, (count, one, many, more) in enumerate(counts)
        if count or number == 0
    ]
    if public and held.credits_today:
        found.append(
            {
                "n": f"{held.credits_today:,.0f}",
                "what": "credits spent today",
                "more": "under a hash of your random name",
            }
        )
    return found


def _never(studio: Studio) -> list[str]:
    if not studio.visitors.public:
        return ["Your provider’s key: it is read from the settings and never written down."]
    told = [
        "Your name or your e-mail address.",
        "Your IP address: of it a hash is kept for a day, and it is another one tomorrow.",
        "The words of a prompt that was refused here.",
    ]
    if studio.own_keys is not None:
        told.append("A provider key of your own: it stays in memory until you leave.")
    told.append("Who you are to anybody else: nothing on these pages is loaded from another site.")
    return told


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


look.heading("My data")
try:
    _body()
except ReveError as exc:
    look.out_of_order(exc)
