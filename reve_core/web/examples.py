"""The pictures that came with the app: ``GET /examples/{name}``."""

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from reve_core.examples import picture_path

_KEPT = {"Cache-Control": "public, max-age=604800", "X-Content-Type-Options": "nosniff"}


def example_routes() -> list[Route]:
    def picture(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Use GET.", 405, headers={"Allow": "GET, HEAD"})
        path = picture_path(request.path_params["name"])
        if path is None:
            return PlainTextResponse("There is no such example.", 404, headers={"Cache-Control": "no-store"})
        return FileResponse(path, media_type="image/webp", headers=_KEPT)

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    # "path": a name with a slash in it must not fall through to Streamlit's page for unknown addresses.
    return [Route("/examples/{name:path}", picture, methods=every)]
