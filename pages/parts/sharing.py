"""Share links on the screen's side that can be wrong without a browser: reading the form, and what the list says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from pages.parts.home import base, is_here_only
from pages.parts.me import me
from pages.parts.pictures import image_url
from reve_core import bootstrap, gridview
from reve_core.errors import BadInput, ReveError
from reve_core.grants import Link
from reve_core.service import Studio
from reve_core.shares import LASTS_DAYS
from reve_core.web.shares.frame import comparison_size, frame_size, snippet

_MADE = "sharing_made"
_WORDS = 160  # letters of a prompt in the list
_HERE_ONLY = "only where this app can be reached: on this computer, for now."
_STATES = {
    "open": "Open",
    "expired": "Its time is over",
    "revoked": "Ended by you",
    "trashed": "Picture is in the trash",
    "deleted": "Picture was deleted",
    "hidden": "Taken down by the operator",
}


def make(said: Mapping[str, Any]) -> None:
    """What the form over a picture sent; the answer is found by ``made``. It is a stranger's JSON: anything may be in it."""
    answer: dict[str, Any] = {"n": said.get("n")}
    try:
        days = said.get("days")
        if days is not None and (type(days) is not int or days not in LASTS_DAYS):
            raise BadInput("Choose when the link ends from the list.", "days")
        link = bootstrap.get().shares.make(
            str(said.get("id")),
            owner=me(),
            show_prompt=said.get("prompt") is not False,
            show_settings=said.get("settings") is True,
            lasts=None if days is None else timedelta(days=days),
            published=said.get("published") is True,
        )
        answer["link"] = address(link)
    except ReveError as exc:
        answer["problem"] = str(exc)
    st.session_state[_MADE] = answer


def made() -> dict[str, Any] | None:
    """The answer to the last form, also where it was shown before: the piece knows by its number."""
    answer: dict[str, Any] | None = st.session_state.get(_MADE)
    return answer


def address(link: Link) -> dict[str, Any] | None:
    """Where the share is found, and the HTML that shows it elsewhere. None where the link cannot be shown again."""
    if link.token is None:
        return None
    if link.comparison is not None:
        door, size = "c", comparison_size(may_vote=link.share.may_vote)
    elif link.job is not None and link.job.image is not None:
        door, size = "s", frame_size(link.job.image.width, link.job.image.height)
    else:
        return None
    home = base()
    return {
        "url": f"{home}/{door}/{link.token}",
        "frame": str(snippet(home, link.token, size, door=door)),
        "note": note(home, "This link works"),
    }


def note(home: str, what: str) -> str:
    """A word of warning where the address means another machine to everybody else. ``what``: "These links work"."""
    return f"{what} {_HERE_ONLY}" if is_here_only(home) else ""


def listed(studio: Studio, links: list[Link]) -> list[dict[str, Any]]:
    """The rows of the list of shares."""
    return [_row(studio, link) for link in links]


def _row(studio: Studio, link: Link) -> dict[str, Any]:
    share, job, comparison = link.share, link.job, link.comparison
    prompt = job.request.prompt if job else ""
    face = job.image if job else None
    if comparison is not None:
        prompt = comparison.title or gridview.title(comparison)
        face = studio.comparison_shares.face(comparison)
    alive = link.state in ("open", "trashed")
    return {
        "id": share.id,
        "job": job.id if job is not None and link.state != "deleted" else None,
        "compare": comparison.id if comparison is not None else None,
        "was": "picture" if share.comparison_id is None else "comparison",
        "src": image_url(face.thumbnail) if face else "",
        "prompt": prompt if len(prompt) <= _WORDS else prompt[:_WORDS] + "…",
        "shows": shows(link),
        "label": _label(studio, link) if face else "",
        "state": link.state,
        "says": _STATES[link.state]
        if link.state != "deleted" or share.comparison_id is None
        else "Comparison was deleted",
        "alive": alive,
        "views": share.views,
        "created": share.created_at.isoformat(),
        "ends": share.expires_at.isoformat() if share.expires_at and alive else None,
        "ended": share.revoked_at.isoformat() if share.revoked_at and link.state == "revoked" else None,
        "link": address(link) if alive else None,
        "lost": alive and link.token is None,
    }


def _label(studio: Studio, link: Link) -> str:
    """The mark of the picture that the row shows."""
    if link.comparison is not None:
        providers = [maker.provider for maker in link.comparison.makers]
    else:
        providers = [link.job.request.provider] if link.job is not None else []
    return " · ".join(dict.fromkeys(map(studio.catalogue.label, providers)))


def shows(link: Link) -> str:
    """ "Picture, prompt and settings", and whether search engines may list it."""
    share = link.share
    if share.comparison_id is not None:
        words = "Blind vote" if share.may_vote else "Grid and result"
        if share.show_grid:
            words += ", then the grid"
        words += " · prompts shown" if share.show_prompt else " · prompts hidden"
        return f"{words} · listed by search engines" if share.published else words
    parts = ["picture", *(["prompt"] if share.show_prompt else []), *(["settings"] if share.show_settings else [])]
    words = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    words = "Picture only" if len(parts) == 1 else words.capitalize()
    return f"{words} · listed by search engines" if share.published else words
