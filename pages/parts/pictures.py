"""
Where a picture is found. Every screen asks here and builds no address of its own: a host that lets only Streamlit's own
routes through would need another answer, and so does a browser that sends no cookies. This is the one place to give it.
"""

from __future__ import annotations

from urllib.parse import quote

from pages.parts.me import key_to
from reve_core.web.comparison_files import FILES, PREFIX

IMAGES = "/images/"
EXAMPLES = "/examples/"


def image_url(name: str) -> str:
    """The address of a stored picture or thumbnail, by its blob key."""
    return IMAGES + quote(name, safe="") + key_to(name)


def example_url(name: str) -> str:
    """The address of a picture that came with the app."""
    return EXAMPLES + quote(name, safe="")


def download_url(job_id: str) -> str:
    """The picture as a file, its settings written into it."""
    return f"/download/{quote(job_id, safe='')}" + key_to(job_id)


def export_url(token: str) -> str:
    """Many pictures as one zip file."""
    return f"/exports/{quote(token, safe='')}" + key_to(token)


def export_urls(comparison_id: str) -> dict[str, str]:
    """A comparison's files, by what each is called: ``export.html``, ``cells.csv``, …"""
    return {
        name: f"{PREFIX}/{quote(comparison_id, safe='')}/{name}" + key_to(f"{comparison_id}/{name}") for name in FILES
    }
