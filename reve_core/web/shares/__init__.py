"""The public side of share links: the page, its embed, its picture and preview card, the download, and oEmbed."""

from reve_core.web.shares.routes import share_routes

__all__ = ["share_routes"]
