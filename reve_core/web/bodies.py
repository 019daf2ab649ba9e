"""What programs send: read up to a limit, of the right type, parsed once and checked by its model."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from reve_core.errors import ReveError
from reve_core.web.problems import Invalid, NotJson, TooLarge, TooSlow, WrongType

MAX_BYTES = 256 * 1024
WITHIN_S = 30.0  # seconds from the first byte that is waited for to the last
_MISTAKES = 2000  # no batch has more by accident, and to list many more would hold up everybody else
_SHOWN = 20
_LONGEST_NAME = 100
T = TypeVar("T")

# Pydantic's own words for these speak of its inside.
_WORDS = {
    "extra_forbidden": "There is no such field.",
    "missing": "This field is needed.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "string_pattern_mismatch": "This is no cursor of ours. Take `next` of the page before.",
}


async def read_body(request: Request, limit: int = MAX_BYTES) -> bytes:
    """The whole body. Raises TooLarge as soon as it is known, without reading on; TooSlow."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise TooSlow("The rest of the body did not come. Send it again, all at once.") from None
    return bytes(body)


async def read_json(request: Request, model: TypeAdapter[T]) -> T:
    """
    The body as ``model``. Raises WrongType, TooLarge, TooSlow, NotJson, Invalid.

    The type must be said: a form on another site can send no JSON without asking this server first.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType("Send JSON, with the header Content-Type: application/json.")
    body = await read_body(request)
    try:
        return model.validate_json(body)
    except ValidationError as exc:
        raise _refusal(exc) from None


def read_query(request: Request, model: type[BaseModel]) -> Any:
    """The query as ``model``; a field that is a list takes every repetition, others the last. Raises Invalid."""
    many = request.query_params
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in many:
            values[name] = many.getlist(name) if _is_list(field.annotation) else many[name]
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        raise _refusal(exc) from None


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is list


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // 1024} kB. Send fewer jobs at a time.")


def _refusal(exc: ValidationError) -> ReveError:
    if exc.error_count() > _MISTAKES:
        return Invalid(
            [("", f"There are {exc.error_count():,} mistakes in this. Compare it with /api/v1/openapi.json.")]
        )
    found = exc.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return NotJson("The body is not JSON that can be read. Check its quotes, commas and brackets.")
    # A field of no such name first: where one is misspelt, that is why another is missing.
    found.sort(key=lambda each: each["type"] != "extra_forbidden")
    return Invalid([(_field(each["loc"]), _message(each)) for each in found[:_SHOWN]])


def _message(error: ErrorDetails) -> str:
    return _WORDS[error["type"]].format(**error.get("ctx", {})) if error["type"] in _WORDS else error["msg"]


def _field(loc: tuple[int | str, ...]) -> str:
    """The way to the field as the sender wrote it; the names of alternatives are ours."""
    return ".".join(
        str(part)[:_LONGEST_NAME] for number, part in enumerate(loc) if number or part not in ("batch", "single")
    )
