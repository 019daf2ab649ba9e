"""The public side of links to comparisons: the blind vote, what it reveals, its result, and the grid to look at."""

from reve_core.web.voting.routes import voting_routes

__all__ = ["voting_routes"]
