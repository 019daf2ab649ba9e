"""A link to a comparison, once it was found to lead somewhere."""

from __future__ import annotations

from dataclasses import dataclass

from reve_core import gridview
from reve_core.compare.models import Comparison
from reve_core.grants import Share

QUESTION = "Which picture is better?"


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A link that leads somewhere. ``label`` holds the providers' marks, each once: the same words under every picture, whoever
    made it.
    """

    token: str
    share: Share
    comparison: Comparison
    label: str

    @property
    def is_open(self) -> bool:
        """Whether visitors are asked, and may still answer."""
        return self.share.may_vote and self.comparison.frozen_at is None

    @property
    def question(self) -> str:
        return self.comparison.question or QUESTION

    @property
    def title(self) -> str:
        """For whoever comes: while visitors are asked it tells nothing of what differs, unless the owner wrote it so."""
        if self.is_open:
            return self.comparison.title or self.question
        return self.title_inside

    @property
    def title_inside(self) -> str:
        """For who may look at the grid: by what differs, where the owner gave no title."""
        return self.comparison.title or gridview.title(self.comparison, show_prompts=self.share.show_prompt)
