"""The address under which people find this app, for links that leave the page."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import streamlit as st

from reve_core import bootstrap


def base() -> str:
    """
    What the app's address begins with. What the visitor's own browser calls this place is what works from there, whatever
    lies between; empty where it does not say, and the browser's script puts it in.
    """
    parts = urlsplit(st.context.url or "")
    return bootstrap.site().public_url or (f"{parts.scheme}://{parts.netloc}" if parts.netloc else "")


def is_here_only(url: str) -> bool:
    """Whether the address means another machine to everybody else."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
