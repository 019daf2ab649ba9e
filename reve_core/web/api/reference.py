"""The API as a page to read: the OpenAPI document in plain HTML. No script, nothing from elsewhere."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from reve_core.errors import ProviderError, ReveError
from reve_core.web.html.markup import Markup, raw, tag, together
from reve_core.web.problems import status_of

_CSS = (Path(__file__).parent / "reference.css").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_CSS.encode()).digest()).decode()}'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_START = """\
curl -s -X POST {base}/api/v1/jobs -H 'Content-Type: application/json' \\
     -H 'Idempotency-Key: a-new-one-for-each-order' -H 'Prefer: wait=60' \\
     -d '{{"prompt": "a red fox in snow", "aspect_ratio": "3:2"}}'"""


def page(document: Mapping[str, Any], base: str) -> str:
    """``base`` is this server's address, for the examples."""
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {each["name"]: [] for each in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append((method.upper(), path, operation))
    schemas = document["components"]["schemas"]
    title = f"{document['info']['title']} · HTTP API"
    body = tag(
        "div",
        tag("header", tag("h1", title), tag("p", _words(document["info"]["description"]))),
        tag("nav", _contents(groups, schemas), aria_label="Contents"),
        tag(
            "main",
            _who(),
            tag("pre", tag("code", _START.format(base=base))),
            tag("p", "The same for machines: ", tag("a", "openapi.json", href="/api/v1/openapi.json"), class_="quiet"),
            *(_group(name, operations) for name, operations in groups.items()),
            _codes(),
            tag("h2", "Shapes", id="shapes"),
            *(_schema(name, schema) for name, schema in sorted(schemas.items())),
        ),
        class_="sheet",
    )
    head = together(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="/s/mark.svg", type="image/svg+xml"),
        tag("style", raw(_CSS)),
    )
    return "<!doctype html>" + tag("html", tag("head", head), tag("body", body), lang="en")


def _who() -> Markup:
    return together(
        tag("h2", "Who you are", id="who"),
        tag(
            "p",
            "In personal mode nobody asks. On a public link a browser is known by its cookie, and a program by a token: ",
            tag("code", "python -m reve_core token create NAME"),
            " makes one, to be sent as ",
            tag("code", "Authorization: Bearer …"),
            ". Whatever belongs to somebody else does not exist for you: 404.",
        ),
    )


def _contents(groups: Mapping[str, Any], schemas: Mapping[str, Any]) -> Markup:
    def entries() -> Iterator[Markup]:
        for name, operations in groups.items():
            yield tag("strong", name)
            links = (
                tag("li", tag("a", operation["summary"], href=f"#{operation['operationId']}"))
                for _, _, operation in operations
            )
            yield tag("ul", *links)
        yield tag("strong", "More")
        rest = (("Refusals", "#codes"), ("Shapes", "#shapes"))
        yield tag("ul", *(tag("li", tag("a", text, href=where)) for text, where in rest))

    return together(*entries())


def _group(name: str, operations: list[tuple[str, str, Mapping[str, Any]]]) -> Markup:
    return together(tag("h2", name), *(_operation(*each) for each in operations))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Markup:
    parts: list[Markup] = [
        tag("h3", tag("span", method, class_="verb"), tag("code", path)),
        tag("p", _words(f"{operation['summary']}. {operation.get('description', '')}")),
    ]
    if parameters := operation["parameters"]:
        rows = [(each["name"], _type(each["schema"]), (each["in"], _meaning(each))) for each in parameters]
        parts += [
            tag("h4", "Parameters"),
            _table(
                ("name", "type", "where, meaning"), [(a, b, _words(": ".join(filter(None, c)))) for a, b, c in rows]
            ),
        ]
    body = operation.get("requestBody", {}).get("content", {})
    if body and not any("example" in content for content in body.values()):
        kinds = [tag("code", kind) for kind in body]
        parts.append(tag("h4", "Body: a file, ", *(each for kind in kinds for each in (kind, " "))))
    elif body:
        content = body["application/json"]
        parts += [
            tag("h4", "Body: ", _type(content["schema"])),
            tag("pre", tag("code", json.dumps(content["example"], indent=2))),
        ]
    answers = [
        (status, _content(each.get("content", {})), _words(each["description"]))
        for status, each in operation["responses"].items()
    ]
    parts += [tag("h4", "Answers"), _table(("status", "shape", "when"), answers)]
    if carried := next(iter(operation["responses"].values())).get("headers"):
        given = [(name, _type(each["schema"]), _words(each["description"])) for name, each in carried.items()]
        parts += [tag("h4", "Headers of the answer"), _table(("name", "type", "meaning"), given)]
    return tag("section", *parts, class_="operation", id=operation["operationId"])


def _content(content: Mapping[str, Any]) -> Markup:
    for kind, each in content.items():
        return _type(each["schema"]) if "schema" in each else tag("code", kind)
    return raw("—")


def _schema(name: str, schema: Mapping[str, Any]) -> Markup:
    required = schema.get("required", ())
    rows = [
        (field, _type(each), _words(_about(each, field in required)))
        for field, each in schema.get("properties", {}).items()
    ]
    about = " ".join(schema.get("description", "").split())
    return tag(
        "section",
        tag("h3", tag("code", name)),
        tag("p", _words(about)) if about else None,
        _table(("field", "type", "meaning"), rows) if rows else None,
        class_="operation",
        id=f"shape-{name}",
    )


def _meaning(parameter: Mapping[str, Any]) -> str:
    schema = {**parameter["schema"], "description": parameter.get("description", "")}
    return _about(schema, parameter.get("required", False))


def _about(schema: Mapping[str, Any], required: bool) -> str:
    limits = {
        "minimum": "from",
        "maximum": "to",
        "minLength": "at least",
        "maxLength": "at most",
        "maxItems": "at most",
    }
    options = [schema, *schema.get("anyOf", ())]
    found = [f"{word} {each[key]:,}" for each in options for key, word in limits.items() if key in each]
    default = schema.get("default")
    if not required and default not in (None, "", []):
        found.append(f"default `{json.dumps(default)}`")
    about = schema.get("description", "")
    return f"{about} ({', '.join(found)})".strip() if found else about


def _type(schema: Mapping[str, Any]) -> Markup:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return tag("a", name, href=f"#shape-{name}")
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return _between([_type(each) for each in several], " or ")
    if "enum" in schema or "const" in schema:
        return _between([tag("code", str(each)) for each in schema.get("enum", [schema.get("const")])], " ")
    if schema.get("type") == "array":
        return together("list of ", _type(schema.get("items", {})))
    return together(str(schema.get("format") or schema.get("type") or "anything"))


def _between(parts: list[Markup], joint: str) -> Markup:
    return together(*(part for number, each in enumerate(parts) for part in ((joint, each) if number else (each,))))


def _words(text: str) -> Markup:
    """Code between backticks, as the models' descriptions write it."""
    pieces = text.split("`" if "``" not in text else "``")
    return together(*(tag("code", piece) if number % 2 else piece for number, piece in enumerate(pieces)))


def _table(head: tuple[str, ...], rows: list[tuple[str, Markup, Markup]]) -> Markup:
    def cells() -> Iterator[Markup]:
        for name, kind, about in rows:
            yield tag("tr", tag("td", tag("code", name)), tag("td", kind), tag("td", about))

    titles = tag("thead", tag("tr", *(tag("th", each) for each in head)))
    return tag("div", tag("table", titles, tag("tbody", *cells())), class_="wide", tabindex=0)


def _codes() -> Markup:
    rows: dict[str, int] = {"method_not_allowed": 405}
    for error in _every(ReveError):
        status = status_of(error.__new__(error))
        if status != 500 and not issubclass(error, ProviderError):
            rows.setdefault(error.code, status)
    listed = sorted(rows.items(), key=lambda row: (row[1], row[0]))
    return together(
        tag("h2", "Refusals", id="codes"),
        tag(
            "p",
            "Every refusal is application/problem+json. ",
            tag("code", "code"),
            " does not change between versions; ",
            tag("code", "detail"),
            " is a sentence that may be shown.",
        ),
        _table(
            ("code", "status", "meaning"),
            [(code, together(str(status)), together(HTTPStatus(status).phrase)) for code, status in listed],
        ),
    )


def _every(kind: type[ReveError]) -> Iterator[type[ReveError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _every(each)
