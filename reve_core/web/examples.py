"""The pictures that came with the app: ``GET /examples/{name}``."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from reve_core.examples import picture_path
from reve_core.web.doors import Door, Under
from reve_core.web.problems import problem

_KEPT = {"Cache-Control": "public, max-age=604800"}


def example_routes() -> list[Route]:
    def picture(request: Request, name: str) -> Response:
        path = picture_path(name)
        if path is None:
            return problem(404, "not_found", "There is no such example.")
        return FileResponse(path, media_type="image/webp", headers=_KEPT)

    return [Under("/examples", Door(picture, ("GET", "HEAD")))]
