"""
Where a picture is found. Every screen asks here and builds no address of its own: a host that lets only Streamlit's own
routes through needs another answer, and so does a browser that sends no cookies. This is the one place to give it.

What is asked for here is sent to the page, so ask only for pictures that its visitor may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from pages.parts.host import plain
from pages.parts.me import key_to
from pages.parts.media import file_url, media
from reve_core import bootstrap
from reve_core.errors import BadInput, ReveError
from reve_core.examples import picture_path
from reve_core.service import Studio
from reve_core.web.comparison_files import FILES, PREFIX
from reve_core.web.images import whole

IMAGES = "/images/"
EXAMPLES = "/examples/"
MOST = 100 * 1024**2  # bytes of a file that goes through Streamlit, which holds it in memory


def image_url(name: str) -> str:
    """The address of a stored picture or thumbnail, by its blob key; empty where its file is gone."""
    if (host := plain()) is not None:
        return _on_media(host.root, name)
    return IMAGES + quote(name, safe="") + key_to(name)


def ahead_url(name: str) -> str:
    """``image_url`` of what may be wanted next; empty where fetching ahead would fill the server's memory."""
    return "" if plain() is not None else image_url(name)


def example_url(name: str) -> str:
    """The address of a picture that came with the app."""
    if (host := plain()) is not None and (path := picture_path(name)) is not None:
        return host.root + media.url(name, lambda: (path.read_bytes(), "image/webp"))
    return EXAMPLES + quote(name, safe="")


def page_url(name: str) -> str:
    """The address of one of the app's own pages, such as ``gallery``."""
    return _root() + name


def download_url(job_id: str) -> str:
    """The picture as a file, its settings written into it; empty where it has to be asked for with ``download_now``."""
    if plain() is not None:
        return ""
    return f"/download/{quote(job_id, safe='')}" + key_to(job_id)


def download_now(studio: Studio, job_id: str, *, owner: str, with_prompt: bool = True) -> str:
    """The same file, made now, where Streamlit's own route has it. Raises JobNotFound, BlobMissing, PictureDamaged."""
    found = studio.shelf.download(job_id, owner, with_prompt=with_prompt)
    return _root() + file_url(found.data, found.mime, found.filename)


def export_url(token: str, *, owner: str) -> str:
    """Many pictures as one zip file. Raises ReveError where it has to be made now and cannot be."""
    if plain() is not None:
        data = collected(bootstrap.get().shelf.export(token, owner))
        return _root() + file_url(data, "application/zip", "reve-studio.zip")
    return f"/exports/{quote(token, safe='')}" + key_to(token)


def export_urls(comparison_id: str) -> dict[str, str]:
    """A comparison's files, by what each is called: ``export.html``, ``cells.csv``, …; none where no link leads to them."""
    if plain() is not None:
        return {}
    return {
        name: f"{PREFIX}/{quote(comparison_id, safe='')}/{name}" + key_to(f"{comparison_id}/{name}") for name in FILES
    }


def collected(pieces: Iterable[bytes]) -> bytes:
    """A file that is made while it is sent, where it has to be sent in one go. Raises BadInput where it is too large for that."""
    found, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise BadInput(
                f"This is more than the {MOST // 1024**2} MB that can be downloaded at once here. Choose fewer."
            )
        found.append(piece)
    return b"".join(found)


def _root() -> str:
    host = plain()
    return "/" if host is None else host.root


def _on_media(root: str, name: str) -> str:
    studio = bootstrap.get()
    media.sweep(lambda other: _is_there(studio, other))
    try:
        return root + media.url(name, lambda: whole(studio.blobs, name))
    except ReveError:
        return ""


def _is_there(studio: Studio, name: str) -> bool:
    try:
        if picture_path(name) is not None:
            return True
        return bool(studio.blobs.find(name.rpartition(".")[0])) and not studio.operator.is_hidden(name[:32])
    except ReveError:
        return True  # nobody can say so now
