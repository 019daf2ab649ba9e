"""The OpenAPI 3.1 document, put together from the operations and the models that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from reve_core.web.api.endpoint import Operation
from reve_core.web.api.shapes import Problem
from reve_core.web.problems import TYPE

_REF = "#/components/schemas/{model}"
_ALWAYS = (400, 401, 403, 405, 500)
_WHEN = {
    400: "The body is not JSON.",
    401: "Nobody is known to be asking, or the token is not valid.",
    403: "Another site asked, with this browser (`cross_site`), or the operator has closed this link for you (`banned`).",
    404: "There is no such thing, or it is somebody else's.",
    405: "This address does not know that method.",
    409: "The job is past this point, or the Idempotency-Key was used for something else.",
    410: "It was here, and has been deleted.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    422: "What was asked for cannot be made; `errors` names the fields. `blocked`: the rules of this link leave it out; "
    "`category` says what.",
    429: "A limit of a public link: `rate_…`, `queue_…` or `budget_…` of the `visitor`, the `address` or the `link`, or "
    "`credits_exhausted`. Nothing was queued or debited.",
    500: "A fault of this server.",
    503: "The database or the settings do not allow it now.",
}
_HEADERS = {
    "ETag": "Changes with the answer; for `If-None-Match`.",
    "Idempotency-Replayed": "`true` where an earlier request with this key made the jobs.",
    "Location": "Where the job is read, where there is only one.",
    "Preference-Applied": "How long the answer was ready to wait, where that was asked for.",
    "RateLimit": "What is left after this, by the codes of the refusals: `r` requests, pictures or credits, anew in `t` seconds.",
    "RateLimit-Policy": "The rules: `q` in `w` seconds.",
    "Retry-After": "Seconds after which it is worth asking again; only while a job is under way.",
}
_TELLS = {429: ("Retry-After", "RateLimit", "RateLimit-Policy")}
_AGAIN = "Whole seconds after which it is worth asking again."
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "Made by `python -m reve_core token create NAME`."},
    "visitor": {"type": "apiKey", "in": "cookie", "name": "reve_visitor", "description": "Set by the pages."},
}


def document(operations: Sequence[Operation], *, version: str) -> dict[str, Any]:
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    spread = {operation.query.__name__ for operation in operations if operation.query is not None}  # over parameters
    components = {name: schema for name, schema in schemas.definitions.items() if name not in spread}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reve Studio",
            "version": version,
            "description": "Queue pictures, follow them until they are there, fetch them. Every answer that refuses is a "
            "problem (RFC 9457) with a stable `code`.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": group} for group in dict.fromkeys(operation.group for operation in operations)],
        "security": [{"token": []}, {"visitor": []}, {}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


class _Schemas:
    """Every model once under ``components``, requests as they are validated, answers as they are serialised."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        adapters: dict[tuple[int, JsonSchemaMode], TypeAdapter[Any]] = {}
        for operation in operations:
            if operation.body is not None:
                adapters[id(operation.body), "validation"] = operation.body
            if operation.query is not None:
                adapters[id(operation.query), "validation"] = TypeAdapter(operation.query)
            for model in operation.answers.values():
                if model is not None:
                    adapters[id(model), "serialization"] = TypeAdapter(model)
        adapters[id(Problem), "serialization"] = TypeAdapter(Problem)
        made, rest = TypeAdapter.json_schemas(
            [(key, mode, adapter) for (key, mode), adapter in adapters.items()],
            ref_template=_REF,
            schema_generator=GenerateJsonSchema,
        )
        self._made: Mapping[tuple[Any, JsonSchemaMode], Any] = made
        self.definitions: dict[str, Any] = rest.get("$defs", {})

    def request(self, what: Any) -> dict[str, Any]:
        return dict(self._made[id(what), "validation"])

    def answer(self, what: Any) -> dict[str, Any]:
        return dict(self._made[id(what), "serialization"])

    def fields(self, query: type[BaseModel]) -> dict[str, Any]:
        found = self.request(query)
        if "$ref" in found:
            found = self.definitions[found["$ref"].rpartition("/")[2]]
        return dict(found["properties"])


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.group],
        "parameters": _parameters(operation, schemas),
        "responses": _answers(operation, schemas),
    }
    if operation.about:
        made["description"] = operation.about
    if operation.body is not None:
        content = {"schema": schemas.request(operation.body), "example": dict(operation.example)}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.upload:
        file = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        made["requestBody"] = {"required": True, "content": dict.fromkeys(operation.upload, file)}
    return made


def _parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        for name, schema in schemas.fields(operation.query).items():
            about = schema.pop("description", None) if isinstance(schema, dict) else None
            entry: dict[str, Any] = {"name": name, "in": "query", "required": False, "schema": schema}
            found.append(entry | ({"description": about} if about else {}))
    for name, about in operation.headers.items():
        schema = {"type": "string"} | ({"maxLength": 255} if name == "Idempotency-Key" else {})
        found.append({"name": name, "in": "header", "required": False, "schema": schema, "description": about})
    return found


def _answers(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, model in operation.answers.items():
        entry: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if operation.media_type != "application/json" and status != HTTPStatus.NOT_MODIFIED:
            entry["content"] = {operation.media_type: {}}
        elif model is not None:
            entry["content"] = {"application/json": {"schema": schemas.answer(model)}}
        if operation.gives:
            entry["headers"] = {
                name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in operation.gives
            }
        found[str(status)] = entry
    for status in _refusals(operation):
        if str(status) not in found:
            found[str(status)] = {
                "description": _WHEN[status],
                "content": {TYPE: {"schema": schemas.answer(Problem)}},
            }
            if told := _TELLS.get(status):
                meaning = _HEADERS | {"Retry-After": _AGAIN}
                found[str(status)]["headers"] = {
                    name: {"description": meaning[name], "schema": {"type": "string"}} for name in told
                }
    return found


def _refusals(operation: Operation) -> Iterable[int]:
    always = [status for status in _ALWAYS if status != 400 or operation.body is not None]
    if operation.method == "GET":
        always.remove(403)
    return sorted({*always, *operation.problems})
