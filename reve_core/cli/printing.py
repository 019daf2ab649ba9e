"""What goes to a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from reve_core.board import how_to_resume, paused_words
from reve_core.models import Job, JobStatus
from reve_core.service import Studio


def printable(text: str) -> str:
    """What others wrote must not be able to move the cursor or recolour the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def held_up(studio: Studio, pending: Sequence[Job]) -> str:
    """Why none of these jobs can go on for now, in sentences; empty while one may. What is paused elsewhere holds up nobody."""
    if any(job.status is not JobStatus.QUEUED for job in pending):
        return ""
    whole = studio.board.notices(pauses=False)
    if whole:
        return " ".join(whole)
    paused = {view.name: view for view in studio.catalogue.providers() if view.paused}
    theirs = {job.request.provider for job in pending}
    if not theirs <= paused.keys():
        return ""
    now = datetime.now(UTC)
    return " ".join(paused_words(paused[name], now) + how_to_resume(paused[name]) for name in sorted(theirs))
