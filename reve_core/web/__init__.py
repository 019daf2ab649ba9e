"""The HTTP door: pictures from disk, downloads, examples, and what the live cards ask for."""

from collections.abc import Callable

from starlette.routing import Route

from reve_core.service import Studio
from reve_core.web.examples import example_routes
from reve_core.web.images import download_routes, image_routes
from reve_core.web.live import live_routes
from reve_core.web.site import Site
from reve_core.web.tick import Tick
from reve_core.web.tutorial import tutorial_routes


def routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    """Everything besides Streamlit's own pages. Both may raise ReveError: the routes answer 503 then."""
    tick = Tick(lambda orders, patience_s: get_studio().place(orders, patience_s))
    return [
        *tutorial_routes(get_studio, tick),
        *image_routes(lambda: get_studio().blobs),
        *download_routes(lambda: get_studio().shelf),
        *example_routes(),
        *live_routes(get_studio),
    ]
