"""Rows of the tables as the values the house speaks of, and back."""

import sqlite3
import unicodedata
from datetime import UTC, datetime
from typing import Any

from reve_core.models import (
    Call,
    Job,
    JobRequest,
    JobStatus,
    ProviderState,
    Receipt,
    Review,
    Stage,
    StoredImage,
    Ticket,
)


def instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _known(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def folded(text: str) -> str:
    """The form in which prompts are searched: letter case and compatibility forms of any script no longer count."""
    return unicodedata.normalize("NFKC", text).casefold()


def receipt_of(text: str | None) -> Receipt | None:
    return Receipt.model_validate_json(text) if text else None


def receipt_text(receipt: Receipt | None) -> str | None:
    return receipt.model_dump_json(exclude_defaults=True) if receipt is not None else None


def request_of(row: sqlite3.Row | dict[str, Any]) -> JobRequest:
    # The row was valid when it was written; a stricter model of a later version must not lose it.
    return JobRequest.model_construct(
        prompt=row["prompt"],
        aspect_ratio=row["aspect_ratio"],
        seed=row["seed"],
        provider=row["provider"],
        model=row["model"],
    )


def job_of(row: sqlite3.Row | dict[str, Any], *, whole: bool = False, position: int | None = None) -> Job:
    """``whole`` also reads the receipt, which a list of many jobs can do without."""
    image = None
    if row["image"] is not None:
        image = StoredImage(
            name=row["image"],
            thumbnail=row["thumbnail"],
            mime=row["mime"],
            width=row["width"],
            height=row["height"],
            size=row["size"],
            sha256=row["sha256"],
        )
    return Job(
        id=row["id"],
        seq=row["seq"],
        owner=row["owner"],
        request=request_of(row),
        status=JobStatus(row["status"]),
        created_at=_known(row["created_at"]),
        rev=row["rev"],
        priority=row["priority"],
        stage=Stage(row["stage"]) if row["stage"] else None,
        attempt=row["attempt"],
        tries=row["tries"],
        not_before=instant(row["not_before"]),
        started_at=instant(row["started_at"]),
        finished_at=instant(row["finished_at"]),
        lease_until=instant(row["lease_until"]),
        cancel_requested=bool(row["cancel_requested"]),
        progress=row["progress"],
        progress_text=row["progress_text"],
        error_code=row["error_code"],
        error=row["error"],
        credits_used=row["credits_used"],
        usd_used=row["usd_used"],
        request_id=row["request_id"],
        image=image,
        receipt=receipt_of(row["receipt"]) if whole else None,
        starred=bool(row["starred"]),
        trashed_at=instant(row["trashed_at"]),
        position=position,
        review=Review(row["review"]) if row["review"] else None,
        own_key=row["own_key"],
        hidden_at=instant(row["hidden_at"]),
    )


def call_of(row: sqlite3.Row) -> Call:
    return Call(
        job_id=row["job_id"],
        attempt=row["attempt"],
        provider=row["provider"],
        model=row["model"],
        started_at=_known(row["started_at"]),
        ended_at=instant(row["ended_at"]),
        outcome=row["outcome"],
        idempotent=bool(row["idempotent"]),
        receipt=receipt_of(row["receipt"]),
        error=row["error"],
        ticket=Ticket.model_validate_json(row["ticket"]) if row["ticket"] else None,
    )


def state_of(row: sqlite3.Row) -> ProviderState:
    return ProviderState(
        name=row["name"],
        paused=bool(row["paused"]),
        until=instant(row["until"]),
        reason=row["reason"],
        probing=bool(row["probing"]),
        own_keys=bool(row["own_keys"]),
    )
