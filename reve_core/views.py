"""A job as the screens and the live route show it: plain JSON values, every text meant to be shown as text."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date, datetime
from typing import NotRequired, TypedDict

from reve_core import waits
from reve_core.compare.models import Plan
from reve_core.models import Capabilities, Job, JobStatus, Price, Quote, Review, Stage

_LEAST = 0.001  # US dollars; less than that is not told apart


class Card(TypedDict):
    """
    One card of the feed. ``wait`` is words such as ``"40–80 s"``; ``elapsed_s`` counts from the start of the run, or from
    the submission while queued. ``preview`` is a small picture of what is being made, as a ``data:`` address. ``aspect`` is
    width over height, known from the start so that nothing jumps. ``asks``: an unclear job's provider can be asked for free.
    """

    id: str
    status: str
    prompt: str
    provider: str
    model: str
    aspect_ratio: str
    aspect: float
    says: str
    progress: float | None
    position: int | None
    elapsed_s: float
    expected_s: tuple[float, float] | None
    wait: str
    can: list[str]
    error: str | None
    refused: bool
    asks: bool
    maker: str
    image: NotRequired[str]
    thumbnail: NotRequired[str]
    preview: NotRequired[str]
    starred: bool
    cost: str


def card(
    job: Job,
    *,
    now: datetime,
    expected: tuple[float, float] | None,
    title: str,
    label: str,
    error: str | None,
    preview: bytes | None = None,
    resumes: bool = False,
    maker: str = "",
) -> Card:
    width, height = job.aspect
    since = job.started_at or job.created_at
    until = job.finished_at or now
    result: Card = {
        "id": job.id,
        "status": job.status.value,
        "prompt": job.request.prompt,
        "provider": title,
        "model": job.request.model,
        "aspect_ratio": job.request.aspect_ratio,
        "aspect": width / height,
        "says": says(job, label),
        "progress": job.progress,
        "position": job.position,
        "elapsed_s": round(max(0.0, (until - since).total_seconds()), 1),
        "expected_s": expected,
        "wait": waits.in_words(*expected) if expected else "",
        "can": actions(job),
        "error": error,
        "refused": job.error_code == "refused",
        "asks": resumes and job.status is JobStatus.UNKNOWN and job.request_id is not None,
        "starred": job.starred,
        "cost": cost_words(job),
        "maker": maker,
    }
    if preview and job.status is JobStatus.RUNNING:
        result["preview"] = f"data:{_mime(preview)};base64,{b64encode(preview).decode()}"
    if job.image is not None:
        result["image"] = job.image.name
        result["thumbnail"] = job.image.thumbnail
    return result


def says(job: Job, label: str = "") -> str:
    """What is going on, in a few words."""
    match job.status:
        case JobStatus.QUEUED:
            if job.review is Review.PERSON:
                return "Waits for a person to look at it. It costs nothing meanwhile."
            if job.not_before is not None:
                return "Trying again soon"
            return f"Number {job.position} in line" if job.position else "In line"
        case JobStatus.RUNNING:
            if job.cancel_requested:
                return "Stopping" if job.stage is not Stage.STORING else "Already paid, saving"
            if job.stage is Stage.STORING:
                return "Saving the picture"
            return job.progress_text or "Being made"
        case JobStatus.DONE:
            return label
        case JobStatus.FAILED:
            if job.error_code == "blocked":
                return "Refused by this link's rules"
            return "Refused" if job.error_code == "refused" else "Failed"
        case JobStatus.CANCELLED:
            return "Cancelled"
        case JobStatus.UNKNOWN:
            return "Unclear: may have been charged"


def actions(job: Job) -> list[str]:
    """What a person may do with it now: names of the service's methods."""
    match job.status:
        case JobStatus.QUEUED:
            return ["cancel"]
        case JobStatus.RUNNING:
            return [] if job.cancel_requested or job.stage is Stage.STORING else ["cancel"]
        case JobStatus.FAILED if job.error_code == "blocked":
            return ["trash"]  # its prompt is not kept
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return ["retry", "reuse", "trash"]
        case JobStatus.UNKNOWN:
            return ["check", "rerun", "give_up"]
        case JobStatus.DONE:
            return ["reuse", "star", "download", "trash"]


def cost_words(job: Job) -> str:
    """What the provider says it charged: ``"150 credits"``, ``"$0.25"``, ``"free"``, or empty while it has not said."""
    if job.credits_used is None:
        return ""
    if job.credits_used == 0:
        return "free"
    if job.usd_used:
        return dollars(job.usd_used)
    amount = f"{job.credits_used:g}"
    return f"{amount} credit" if amount == "1" else f"{amount} credits"


def spent_words(jobs: Iterable[Job]) -> str:
    """What several jobs of one model did cost together, as far as it has said so; empty where that is nothing."""
    credits = usd = 0.0
    for job in jobs:
        if job.usd_used is not None:
            usd += job.usd_used
        else:
            credits += job.credits_used or 0.0
    return " and ".join(filter(None, (credit_words(credits) if credits else "", dollars(usd) if usd else "")))


def plan_words(plan: Plan) -> str:
    """What a comparison would take: "24 pictures: 9 you already have, 15 new, about 2,250 credits / $3.00, 4–6 min"."""
    pictures = "1 picture" if plan.pictures == 1 else f"{plan.pictures:,} pictures"
    if plan.have == plan.pictures:
        return f"{pictures}: you have {'it' if plan.pictures == 1 else 'them all'} already, nothing to pay"
    parts = []
    if plan.have:
        parts.append(f"{plan.have:,} you already have")
    if plan.have or plan.held:
        parts.append(f"{plan.new:,} new")
    if plan.held:
        parts.append(f"{plan.held:,} held back")
    if plan.new:
        parts += [quote_words(plan.quote), waits.in_words(plan.quote.low_s, plan.quote.high_s)]
    return f"{pictures}: {', '.join(parts)}"


def quote_words(quote: Quote) -> str:
    """What a forecast says of money: "free", "about $3.00", or such as "about 2,250 credits / $3.00"."""
    parts = []
    if quote.credits:
        parts.append(credit_words(quote.credits))
    if quote.usd:
        parts.append(cents(quote.usd) if quote.credits else dollars(quote.usd))
    return f"about {' / '.join(parts)}" if parts else "free"


def price_words(credits: float, usd: float) -> str:
    """
    A price on its tag: ``"Free"``, ``"$0.25"`` from whoever counts in dollars, or such as ``"150 credits · about $0.20"``.
    """
    if credits and usd:
        return f"{credit_words(credits)} · {'about ' if usd >= 0.01 else ''}{cents(usd)}"
    return dollars(usd) if usd else credit_words(credits) if credits else "Free"


def credit_words(credits: float) -> str:
    return "1 credit" if credits == 1 else f"{credits:,.0f} credits"


def dollars(usd: float) -> str:
    """Cents, and tenths of a cent where they matter: ``"$0.25"``, ``"$0.035"``, ``"less than $0.001"``."""
    if usd < _LEAST:
        return f"less than ${_LEAST}"
    return f"${usd:,.2f}" if usd >= 1 or abs(usd - round(usd, 2)) < _LEAST / 2 else f"${usd:.3f}"


def cents(usd: float) -> str:
    """What an amount in credits comes to, no finer than that is known."""
    return f"${usd:,.2f}" if usd >= 0.01 else "less than $0.01"


def supports(able: Capabilities) -> list[str]:
    """What sets a model apart, in a few plain words each."""
    found = {
        "Seed": able.seed,
        "Layout boxes": able.layout,
        "Live preview": able.preview,
        "Can be stopped": able.stops,
        "Picked up after a restart": able.resumes,
    }
    shapes = len(able.aspect_ratios)
    return [words for words, has in found.items() if has] + ["1 shape" if shapes == 1 else f"{shapes} shapes"]


def price_source(price: Price) -> str:
    """Where a price comes from and how old it is, for whoever wants to check it; empty where nobody's list has it."""
    if not price.as_of and not price.source:
        return ""
    day = f" of {date_words(price.as_of)}" if price.as_of else ""
    where = f" ({price.source})" if price.source else ""
    return f"Price{day}{where}. What is charged in the end counts."


def date_words(day: str) -> str:
    """``"2026-09-14"`` as ``"14 Sep 2026"``; anything else as it is."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{found.day} {found:%b %Y}"


def _mime(picture: bytes) -> str:
    if picture.startswith(b"\x89PNG"):
        return "image/png"
    return "image/jpeg" if picture.startswith(b"\xff\xd8") else "image/webp"
