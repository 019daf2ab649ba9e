"""Compare: prompts and models side by side. ``?c=ID`` is one comparison, ``&tab=results`` what it came to."""

from __future__ import annotations

import contextlib

import streamlit as st

from pages.parts import look
from pages.parts.comparing import asking, form, keeping, linking, listing, results, scoring, sheet
from pages.parts.host import plain
from pages.parts.me import me
from pages.parts.pictures import export_urls
from pages.parts.ticking import Ticking
from reve_core import bootstrap
from reve_core.compare.models import Comparison
from reve_core.errors import NotFound, ReveError

TABS = {"grid": "Grid", "results": "Results", "score": "Score", "share": "Share"}
TICK_S = 2.0
FROM = "compare_from"  # the picture that another page sends along: the id of its job


def main() -> None:
    if (job_id := st.session_state.pop(FROM, None)) is not None:
        # A picture that has been deleted meanwhile leaves the form as it was.
        with contextlib.suppress(ReveError):
            form.put(asking.fill(bootstrap.get().get(job_id, owner=me()).request))
    _ticking()


def _body() -> None:
    pending = 0
    if st.query_params.get(form.PARAM):
        pending = _one(st.query_params[form.PARAM])
    else:
        _all()
    if (go := sheet.gone()) is not None:
        page, params = go
        st.switch_page(page, query_params=params)
    _ticking.busy(pending)


_ticking = Ticking(_body, every_s=TICK_S)


def _all() -> None:
    with st.container(key="compare", horizontal=True, gap="large"):
        with st.container(key="compare_new", gap="small", width=480):
            form.draw()
        with st.container(key="compare_all", width="stretch"):
            listing.draw()
            if (brought := keeping.bring()) is not None:
                sheet.say(brought.comparison.id, keeping.brought_words(brought))
                st.query_params[form.PARAM] = brought.comparison.id
                st.rerun()


def _one(comparison_id: str) -> int:
    """How many pictures are on their way, where the page has to look for them itself."""
    studio = bootstrap.get()
    try:
        comparison = studio.comparisons.get(comparison_id, owner=me())
    except NotFound:
        hint = "It may have been deleted."
        if studio.visitors.public:
            hint = "It was deleted, or it is somebody else’s: they can send you a link from its “Share” tab."
        look.missing("No such comparison", f"There is no comparison at this address. {hint}")
        st.button("All comparisons", type="primary", key="compare_missing", on_click=st.query_params.clear)
        return 0
    alone = plain() is not None
    match sheet.draw(studio, comparison, TABS if not alone else TABS | {"share": "Files"}):
        case "results":
            results.draw(comparison, votes_url=export_urls(comparison.id).get("votes.csv", ""))
        case "score":
            scoring.draw(comparison)
        case "share" if alone:
            keeping.exports_here(studio, comparison)
        case "share":
            _share(comparison)
    return sheet.pending(studio, comparison) if alone else 0


def _share(comparison: Comparison) -> None:
    with st.container(key="compare_share", horizontal=True, gap="large"):
        with st.container(key="compare_link", width=520):
            linking.draw(comparison)
        with st.container(key="compare_exports", width="stretch"):
            keeping.exports(export_urls(comparison.id))


look.heading("Compare")
try:
    main()
except ReveError as exc:
    look.out_of_order(exc)
