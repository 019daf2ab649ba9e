"""What is left for whoever asks, as an answer and as the headers of other answers (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.allowance import Allowance, Standing
from reve_core.errors import StoreError
from reve_core.guard.admission import MINUTE_S
from reve_core.web.api.endpoint import Call, Operation, answer
from reve_core.web.api.shapes import StandingShape

GIVES = ("RateLimit", "RateLimit-Policy")
_DAY_S = 86_400


def limit_headers(call: Call) -> dict[str, str]:
    """For the answer to an order that was let in; none where nobody is limited, or nobody can say any more."""
    try:
        standing = call.studio.admission.standing(call.anybody, call.origin)
        allowance = call.studio.admission.allowance()
    except StoreError:
        return {}  # the order stands all the same
    return {} if standing is None or allowance is None else _headers(standing, allowance)


def _headers(standing: Standing, allowance: Allowance) -> dict[str, str]:
    policies, left = [], []
    if standing.credits_left is not None:
        name = f"budget_{standing.scarcest}"
        resets_s = max(1, math.ceil((standing.resets_at - datetime.now(UTC)).total_seconds()))
        policies.append(f'"{name}";q={_of(allowance, standing.scarcest, "credits"):.0f};w={_DAY_S}')
        left.append(f'"{name}";r={math.floor(standing.credits_left)};t={resets_s}')
    if standing.submissions_left is not None:
        name = f"rate_{standing.rate_of}"
        policies.append(f'"{name}";q={_of(allowance, standing.rate_of, "per_minute"):.0f};w={MINUTE_S:.0f}')
        again = "" if standing.submissions_left else f";t={max(1, math.ceil(standing.next_in_s))}"
        left.append(f'"{name}";r={standing.submissions_left}{again}')
    if standing.queue_left is not None:
        name = f"queue_{standing.queue_of}"
        policies.append(f'"{name}";q={_of(allowance, standing.queue_of, "queue"):.0f}')
        left.append(f'"{name}";r={standing.queue_left}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)} if left else {}


def _of(allowance: Allowance, scope: str, what: str) -> float:
    return float(getattr(allowance, f"{scope}_{what}"))


async def get(call: Call) -> Response:
    standing = await run_in_threadpool(call.studio.admission.standing, call.mine, call.origin)
    if standing is None:
        return answer(StandingShape(limited=False))
    allowance = call.studio.admission.allowance()
    shape = StandingShape(
        limited=True,
        credits_left=standing.credits_left,
        scarcest=standing.scarcest or None,
        resets_at=standing.resets_at,
        waiting=standing.waiting,
        queue_left=standing.queue_left,
        submissions_left=standing.submissions_left,
        next_in_s=math.ceil(standing.next_in_s),
    )
    return answer(shape, headers={} if allowance is None else _headers(standing, allowance))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/me/standing",
        "getStanding",
        "Say what is left for you today",
        get,
        {200: StandingShape},
        problems=(401, 503),
        gives=GIVES,
        group="Limits",
        about="The limits of a public link as they stand for you now. Asking costs nothing. Nobody is limited in personal mode.",
    ),
)
