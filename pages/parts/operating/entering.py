"""
Signing in as the operator, and being signed in.

The page is not in anybody's navigation, nor in what a browser is told of it, unless its own address was opened or the operator
is signed in. The session is a value in this tab's memory on the server; what a browser sends can never be one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.parts.look import asset
from pages.parts.me import address
from pages.parts.operating import frame
from reve_core import bootstrap
from reve_core.errors import LimitReached, NotAllowed, ReveError
from reve_core.operating import Desk, Operator

PATH = "operator"
WAIT = "reve_wait"
_SESSION, _WRONG = "operator_session", "operator_wrong"

_wait = st.components.v2.component(
    WAIT, html='<p id="root" role="alert"></p>', css=asset("kit.css") + asset("wait.css"), js=asset("wait.js")
)


def page() -> list[StreamlitPage]:
    """The page, for the navigation of whoever may know that it is there; in sight of the operator alone."""
    try:
        operator = bootstrap.get().operator
    except ReveError:
        return []
    if operator.knows(st.session_state.get(_SESSION)) or _is_listed(operator):
        return [_page("visible")]
    return [_page("hidden")] if _is_asked_for() and can_sign_in(operator) else []


def can_sign_in(operator: Operator) -> bool:
    return operator.takes_token or (operator.takes_emails and bool(providers()))


def desk(operator: Operator) -> Desk | None:
    """The desk of this tab's session, None where nobody is signed in. Forgets a session that has ended."""
    try:
        return operator.desk(st.session_state.get(_SESSION))
    except NotAllowed:
        st.session_state.pop(_SESSION, None)
        return None


def form(operator: Operator) -> None:
    """Instead of a desk."""
    with st.container(key="operator_entry"):
        frame.title("Operator", "This page is for whoever runs the studio.")
        if operator.takes_emails and (names := providers()):
            _by_email(operator, names)
        if operator.takes_token:
            _by_token(operator)


def leaving(operator: Operator) -> None:
    """How long the session lasts, and the way out."""
    session = st.session_state[_SESSION]
    by = "with the token" if session.who == "token" else f"as {session.who}"
    with st.container(key="operator_leaving"):
        frame.note(f"Signed in {by}. Ends by itself in {frame.lasting(operator.left_s(session))}.")
        if st.button("Sign out", key="operator_leave"):
            st.session_state.pop(_SESSION, None)
            if _is_logged_in():
                st.logout()  # the browser is sent away and comes back; another run now would keep it here
                st.stop()
            st.rerun()


def providers() -> list[str]:
    """The names that ``st.login`` knows; one empty name where there is a single provider without one. None: not set up."""
    if importlib.util.find_spec("authlib") is None:
        return []
    try:
        auth: Any = st.secrets.get("auth")
    except FileNotFoundError:
        return []
    if not isinstance(auth, Mapping):
        return []
    if "client_id" in auth:
        return [""]
    return [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]


def _by_token(operator: Operator) -> None:
    wait_s = operator.wait_s(address())
    if wait_s > 0:
        _wait(
            key="operator_wait",
            data={"seconds": wait_s, "text": "Too many wrong tokens came from your network."},
            on_over_change=_over,
        )
        return
    with st.form("operator_token", clear_on_submit=True, border=False, width=420):
        typed = st.text_input("Token", type="password", max_chars=1000, autocomplete="current-password")
        pressed = st.form_submit_button("Sign in")
    if pressed:
        _try(operator, typed)
    elif (wrong := st.session_state.pop(_WRONG, "")) != "":
        frame.alert(wrong)


def _try(operator: Operator, typed: str) -> None:
    try:
        st.session_state[_SESSION] = operator.sign_in(typed, address=address())
    except LimitReached:
        pass  # the countdown stands there from the next run on
    except NotAllowed as exc:
        st.session_state[_WRONG] = str(exc)
    st.rerun()


def _by_email(operator: Operator, names: list[str]) -> None:
    if not _is_logged_in():
        for name in names:
            if st.button(f"Sign in with {name.capitalize()}" if name else "Sign in", key=f"operator_login_{name}"):
                st.login(name or None)
        return
    email = str(st.user.get("email") or "")
    if st.button(f"Continue as `{_plain(email)}`", key="operator_continue"):
        try:
            verified = st.user.get("email_verified") in (True, "true")
            st.session_state[_SESSION] = operator.sign_in_as(email, verified=verified)
        except NotAllowed as exc:
            st.session_state[_WRONG] = str(exc)
        st.rerun()
    if st.button("Use another account", key="operator_logout"):
        st.logout()
    if not operator.takes_token and (wrong := st.session_state.pop(_WRONG, "")) != "":
        frame.alert(wrong)


def _is_logged_in() -> bool:
    return bool(st.user.get("is_logged_in", False))


def _is_listed(operator: Operator) -> bool:
    """Whether an operator's account is signed in, which comes back from its provider on the first page."""
    return operator.takes_emails and _is_logged_in() and operator.lists(str(st.user.get("email") or ""))


def _page(visibility: Literal["visible", "hidden"]) -> StreamlitPage:
    return st.Page("operator.py", title="Operator", url_path=PATH, visibility=visibility)


def _is_asked_for() -> bool:
    return urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2] == PATH


def _over() -> None:
    """The wait is over: the page is drawn anew."""


def _plain(email: str) -> str:
    return "".join(mark for mark in email if mark.isalnum() or mark in "@.+-_")[:100]
