"""Compare: prompts and models side by side. ``?c=ID`` is one comparison, ``&tab=results`` what it came to."""

from __future__ import annotations

import streamlit as st

from pages.parts import look
from pages.parts.comparing import asking, form, listing, sheet
from pages.parts.me import me
from reve_core import bootstrap
from reve_core.errors import NotFound, ReveError

FROM = "compare_from"  # the picture that another page sends along: the id of its job


def main() -> None:
    if (job_id := st.session_state.pop(FROM, None)) is not None:
        form.put(asking.fill(bootstrap.get().get(job_id, owner=me()).request))
    _body()


@st.fragment
def _body() -> None:
    if st.query_params.get(form.PARAM):
        _one(st.query_params[form.PARAM])
    else:
        _all()
    if (go := sheet.gone()) is not None:
        page, params = go
        st.switch_page(page, query_params=params)


def _all() -> None:
    with st.container(key="compare", horizontal=True, gap="large"):
        with st.container(key="compare_new", gap="small", width=480):
            form.draw()
        with st.container(key="compare_all", width="stretch"):
            listing.draw()


def _one(comparison_id: str) -> None:
    studio = bootstrap.get()
    try:
        comparison = studio.comparisons.get(comparison_id, owner=me())
    except NotFound:
        look.missing("No such comparison", "There is no comparison at this address. It may have been deleted.")
        st.button("All comparisons", type="primary", key="compare_missing", on_click=st.query_params.clear)
        return
    sheet.draw(studio, comparison, {"grid": "Grid"})


look.heading("Compare")
try:
    main()
except ReveError as exc:
    look.out_of_order(exc)
