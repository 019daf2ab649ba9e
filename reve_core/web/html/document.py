"""What those pages have in common: the head, the style, the way to the app, and a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reve_core.web.html.markup import Markup, raw, tag, together

NAME = "Reve Studio"
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}

MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true"><g fill="none" stroke="#8a8782"'
    ' stroke-width="2.5"><rect x="3.25" y="3.25" width="11" height="11" rx="2"/><rect x="3.25" y="17.75" width="11"'
    ' height="11" rx="2"/><rect x="17.75" y="17.75" width="11" height="11" rx="2"/></g><rect x="17" y="2" width="13.5"'
    ' height="13.5" rx="2.6" fill="#e2571e"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Html:
    """A page and the policy that lets a browser show it and nothing else. ``framed``: other sites may frame it."""

    body: bytes
    csp: str


def never_listed() -> Markup:
    return tag("meta", name="robots", content="noindex, nofollow, noarchive")


def header() -> Markup:
    return tag("header", home("/"))


def home(href: str, **more: str) -> Markup:
    return tag("a", raw(MARK), NAME, class_="home", href=href, **more)


def document(
    title: str,
    meta: Markup,
    body: Markup,
    own_css: str,
    *,
    framed: bool,
    forms: bool = False,
    script: str = "",
    kind: str = "",
) -> Html:
    """
    ``forms``: the page has one of its own, which leads back here. ``script`` is run at its end, and may fetch from here; a
    page reads and works without it as far as it can. ``kind`` is a class of the body's.
    """
    css = _css() + own_css
    head = together(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title if title == NAME else f"{title} · {NAME}"),
        meta,
        tag("meta", name="theme-color", content="#faf9f8", media="(prefers-color-scheme: light)"),
        tag("meta", name="theme-color", content="#151514", media="(prefers-color-scheme: dark)"),
        tag("link", rel="icon", href="/s/mark.svg", type="image/svg+xml"),
        tag("style", raw(css)),
    )
    classes = " ".join(filter(None, ("framed" if framed else "", kind))) or None
    code = tag("script", raw(script)) if script else None
    page = tag("html", tag("head", head), tag("body", body, code, class_=classes), lang="en", dir="ltr")
    policy = "; ".join(
        (
            "default-src 'none'",
            "img-src 'self'",
            f"style-src {_hash(css)}",
            *((f"script-src {_hash(script)}", "connect-src 'self'") if script else ()),
            "base-uri 'none'",
            "form-action 'self'" if forms else "form-action 'none'",
            "frame-ancestors *" if framed else "frame-ancestors 'none'",
        )
    )
    return Html(("<!doctype html>\n" + page).encode(), policy)


def carried(name: str, value: object) -> Markup:
    """Data for the page's own script, under an id. No text in it can end the element that holds it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)
    return tag("script", raw(text), type="application/json", id=name)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _css() -> str:
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
