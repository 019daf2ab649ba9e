"""
What a comparison's results page asks for every few seconds.

``GET /api/live/comparison/{id}/result?by=all`` → ``{"rev": 7, "result": {…}}``, see ``compare.result_view``; ``by`` is ``all``,
``visitors`` or ``owner``. With ``rev=7``, and nothing new since, the answer is ``{"rev": 7}``.
"""

from __future__ import annotations

from typing import get_args

from reve_core.compare.result import Whose
from reve_core.compare.result_view import results_view
from reve_core.errors import BadInput
from reve_core.service import Studio

_WHOSE: dict[str, Whose] = {whose: whose for whose in get_args(Whose)}


def result_news(studio: Studio, comparison_id: str, owner: str, *, by: str, rev: str | None) -> dict[str, object]:
    """Raises BadInput, ComparisonNotFound."""
    if (whose := _WHOSE.get(by)) is None:
        raise BadInput("Ask for the votes of all, of visitors, or of the owner.", "by")
    comparison = studio.comparisons.get(comparison_id, owner=owner)
    # The pulse before the votes: one that comes in between is noticed by the next look, not lost.
    pulse = studio.comparisons.pulse(comparison_id, owner=owner)
    if rev == str(pulse):
        return {"rev": pulse}
    return {"rev": pulse, "result": results_view(studio.polls.result(comparison, by=whose))}
