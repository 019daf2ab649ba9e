"""
The one process: Streamlit's pages and the HTTP routes over one service.

``streamlit run app.py``, ``python app.py`` and ``uvicorn app:app`` all start it. The main script lies inside ``pages/`` so
that Streamlit's file watcher, which forgets every module next to the main script after an edit, never meets the core.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit.logger
from starlette.middleware import Middleware
from streamlit import runtime

from reve_core import bootstrap
from reve_core.cli import careful
from reve_core.errors import ReveError, UnsafeConfiguration
from reve_core.logs import setup_logging, to_root
from reve_core.web.front import Front
from reve_core.web.nodelay import set_no_delay
from reve_core.web.shield.server import tighten
from reve_core.web.stopping import two_step_stop

ROOT = Path(__file__).resolve().parent
log = logging.getLogger("reve")


def is_public() -> bool:
    try:
        return bootstrap.site().public
    except ReveError:
        return False  # nothing is served but why


def held_uploads() -> dict[str, int]:
    """The bytes of the files that Streamlit keeps for each open page, by its session's id."""
    if not runtime.exists():
        return {}
    kept = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    return {page: sum(len(file.data) for file in list(files.values())) for page, files in list(kept.items())}


def tell_what_is_careless() -> None:
    """In the log of a public link, where whoever set it up looks first."""
    settings = bootstrap.load_settings()
    if settings.mode == "public":
        found = careful.findings(settings, bootstrap.allowance(settings), careful.Surroundings.here())
        for finding in (each for each in found if each.refuses):
            log.warning("Careless for a public link: %s", finding.text)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    try:
        setup_logging(bootstrap.load_settings())
        streamlit.logger.setup_formatter = to_root  # for the loggers that Streamlit makes from now on
        bootstrap.get()
        tell_what_is_careless()
    except UnsafeConfiguration:
        raise  # a public link must not stand open while somebody reads the log
    except ReveError as exc:
        # The pages say the same and how to mend it; a server that does not start could not.
        log.error("%s", exc)
    set_no_delay()
    tighten(public=is_public())
    with two_step_stop(bootstrap.drain):
        try:
            yield {}
        finally:
            # Blocks the loop on purpose: nothing is served any more, and what runs here is all that is left to do.
            bootstrap.stop()


app = st.App(
    ROOT / "pages" / "_shell.py",
    lifespan=lifespan,
    middleware=[
        Middleware(
            Front,
            get_studio=bootstrap.get,
            get_site=bootstrap.site,
            index=Path(st.__file__).parent / "static" / "index.html",
            held=held_uploads,
            get_tally=bootstrap.get_tally,
        )
    ],
)

if __name__ == "__main__":
    # Streamlit reads STREAMLIT_… variables only under its own command; PORT is what most hosts set.
    app.run(config={"server.port": int(os.environ["PORT"])} if os.environ.get("PORT", "").isdigit() else None)
