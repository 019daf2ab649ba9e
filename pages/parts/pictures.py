"""
Where a picture is found. Every screen asks here and builds no address of its own: a host that lets only Streamlit's own
routes through would need another answer, and this is the one place to give it.
"""

from __future__ import annotations

from urllib.parse import quote

IMAGES = "/images/"
EXAMPLES = "/examples/"


def image_url(name: str) -> str:
    """The address of a stored picture or thumbnail, by its blob key."""
    return IMAGES + quote(name, safe="")


def example_url(name: str) -> str:
    """The address of a picture that came with the app."""
    return EXAMPLES + quote(name, safe="")


def download_url(job_id: str) -> str:
    """The picture as a file, its settings written into it."""
    return f"/download/{quote(job_id, safe='')}"
