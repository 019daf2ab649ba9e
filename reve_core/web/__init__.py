"""The HTTP door: pictures from disk, downloads, examples, and what the live cards ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.routing import Route

from reve_core.service import Studio
from reve_core.web.api.table import api_routes
from reve_core.web.backup import backup_routes
from reve_core.web.comparison_files import comparison_file_routes
from reve_core.web.continuing import continue_routes
from reve_core.web.examples import example_routes
from reve_core.web.images import download_routes, image_routes, may_see, whose
from reve_core.web.live import live_routes
from reve_core.web.live_comparison import live_comparison_routes
from reve_core.web.operating import operating_routes
from reve_core.web.shares import share_routes
from reve_core.web.site import Site
from reve_core.web.voting import voting_routes

if TYPE_CHECKING:
    from reve_core.guarding import Tally


def routes(
    get_studio: Callable[[], Studio], get_site: Callable[[], Site], get_tally: Callable[[], Tally] | None = None
) -> list[Route]:
    """Everything besides Streamlit's own pages. Both may raise ReveError: the routes answer 503 then."""
    return [
        *api_routes(get_studio, get_site),
        *image_routes(lambda: get_studio().blobs, may_see(get_studio)),
        *comparison_file_routes(get_studio, whose(get_studio)),
        *backup_routes(get_studio),  # before the one that takes all that is below /exports
        *download_routes(lambda: get_studio().shelf, whose(get_studio)),
        *example_routes(),
        *live_comparison_routes(get_studio),  # before the one that takes all that is below /api
        *live_routes(get_studio),
        *continue_routes(get_studio, get_site),
        *share_routes(get_studio, get_site),
        *voting_routes(get_studio, get_site),
        *operating_routes(get_studio, get_site, get_tally),
    ]
