"""Whose gallery and queue this script run shows, and what the page's own requests carry so that they are theirs too."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from pages.parts.host import kept, plain
from reve_core import bootstrap
from reve_core.allowance import Origin
from reve_core.visitors import Visitors
from reve_core.web.shield.sockets import ADDRESS_HEADER

RESUME = "me"  # the query parameter that a link back to one's gallery carries
_ALONE, _PASS, _BACK, _CAME, OWN_KEYS = "me_alone", "me_pass", "me_back", "me_came", "me_own_keys"
_FRESH_S = 3600.0


def me() -> str:
    """
    The owner that every call of the service is made for. Raises ReveError where there is no service.

    In personal mode there is one. In public mode it is the visitor of the cookie that came with the page; where none came
    back, a visitor of this session only, from then on and as long as it lasts.
    """
    visitors = bootstrap.get().visitors
    if not visitors.public:
        return visitors.new()
    if (alone := st.session_state.get(_ALONE)) is not None:
        return str(alone)
    if (known := visitors.of_cookies(st.context.cookies)) is not None:
        return known
    return str(st.session_state.setdefault(_ALONE, _resumed(visitors) or visitors.new()))


def _resumed(visitors: Visitors) -> str | None:
    """Whose link was opened, or who this tab was before it was loaded again. The link is taken out of the address."""
    if (link := st.query_params.get(RESUME)) is not None:
        del st.query_params[RESUME]
        owner = visitors.of_resume_pass(link)
        st.session_state[_CAME] = "link" if owner is not None else "lost"
        if owner is not None:
            return owner
    return visitors.of_resume_pass(kept())


def is_alone() -> bool:
    """Whether cookies do not come back here, as ``me`` has found: without its link the gallery ends with this tab."""
    return st.session_state.get(_ALONE) is not None


def came() -> Literal["link", "lost"] | None:
    """``link``: this session goes on with the gallery of a link; ``lost``: the link that was opened is not valid (any more)."""
    found: Literal["link", "lost"] | None = st.session_state.get(_CAME)
    return found


def resume_pass() -> str:
    """What brings back this visitor, where cookies do not; for the page's query string, after ``me=``."""
    return _kept_for_a_while(_BACK, lambda visitors, owner: visitors.resume_pass(owner))


def start_anew() -> None:
    """Somebody new from the next run on. Whoever has the link can go on as the one of before."""
    for name in (_ALONE, _CAME, _PASS, _BACK, OWN_KEYS):
        st.session_state.pop(name, None)
    st.session_state[_ALONE] = bootstrap.get().visitors.new()


def address() -> str:
    """The visitor's IP address, empty where nobody can say. It came with the page; no browser can send it itself."""
    return str(st.context.headers.get(ADDRESS_HEADER) or "")


def origin() -> Origin:
    """Where an order of this session comes from; whatever may order something is told."""
    return Origin(address(), {provider: key.name for provider, key in own_keys().items()})


def own_keys() -> dict[str, Any]:
    """The visitor's own provider keys, by provider; ``ownkeys`` fills it, and it ends with the session."""
    kept: dict[str, Any] = st.session_state.setdefault(OWN_KEYS, {})
    return kept


def key_to(name: str) -> str:
    """What the end of an address needs behind it to be answered here: nothing, where cookies come back."""
    visitors = bootstrap.get().visitors
    return f"?k={visitors.key(name)}" if visitors.public and is_alone() else ""


def live(limit: int) -> dict[str, Any] | None:
    """Where a piece asks for the newest jobs, and as whom; see ``live_at``."""
    return live_at(f"/api/live?limit={limit}")


def live_at(url: str) -> dict[str, Any] | None:
    """
    An address that a piece asks for news, and as whom; see ``askLive`` in ``assets/live.js``. None where the host lets no
    such request through: the page brings the news itself then, see ``ticking``.
    """
    if plain() is not None:
        return None
    visitors = bootstrap.get().visitors
    told: dict[str, Any] = {"url": url}
    if visitors.public:
        told["you"] = visitors.tag(me())
        if is_alone():
            told["pass"] = session_pass()
    return told


def session_pass() -> str:
    """What a request of a page whose browser sends no cookies carries in their place."""
    return _kept_for_a_while(_PASS, lambda visitors, owner: visitors.session_pass(owner))


def _kept_for_a_while(key: str, make: Callable[[Visitors, str], str]) -> str:
    """Signed anew once an hour: a piece is drawn anew whenever its data differs."""
    made, text = st.session_state.get(key) or (0.0, "")
    if time.monotonic() - made > _FRESH_S or not text:
        text = make(bootstrap.get().visitors, me())
        st.session_state[key] = (time.monotonic(), text)
    return str(text)
