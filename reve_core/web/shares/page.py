"""The pages of a share as HTML: light, without a script, readable where nothing but HTML arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from reve_core.grants import Window
from reve_core.layout import BBox
from reve_core.web.html import previews
from reve_core.web.html.document import NAME, Html, document, header, home, never_listed
from reve_core.web.html.markup import Markup, one_line, raw, tag, together

_UNTITLED = "A picture made with Reve Studio"
_ALT = 400  # letters of a prompt read out in the place of the picture
_TITLE, _TOLD = 90, 220


def picture_page(window: Window, token: str, base: str) -> Html:
    """The page of a share. ``base`` is what its absolute addresses begin with; empty where nobody can say."""
    here = f"/s/{token}"
    title, told = words(window)
    sizes = f"{window.width} / {window.height}"
    ratio = f"{window.width / window.height:.4f}"
    # Small pictures are not blown up; tall ones leave room for the button below them.
    own = (
        f".stage{{aspect-ratio:{sizes};width:min(100%,calc(66svh*{ratio}),{max(2 * window.width, 320)}px)}}"
        f"@media(min-width:900px){{.stage{{width:min(100%,calc((100svh - 9.5rem)*{ratio}),{max(2 * window.width, 320)}px)}}}}"
        + "".join(_boxes_css(window))
    )
    body = together(
        header(),
        tag("main", tag("h1", _UNTITLED, class_="heard"), _figure(window, here), _about(window, token, here)),
    )
    meta = previews.tags(title=title, told=told, alt=alt(window), published=window.published, base=base, here=here)
    return document(title, meta, body, own, framed=False)


def embed_page(window: Window, token: str, base: str) -> Html:
    """The same picture for a frame on somebody else's page."""
    away = {"target": "_blank", "rel": "noopener"}
    href = f"{base}/s/{token}"
    title, _ = words(window)
    img = tag("img", src=f"/s/{token}/picture", width=window.width, height=window.height, alt=alt(window))
    body = tag(
        "main",
        tag("h1", _UNTITLED, class_="heard"),
        tag("a", img, class_="whole", href=href, **away),
        tag("div", tag("span", window.label, class_="label"), home(href, **away), class_="line"),
    )
    return document(title, never_listed(), body, "", framed=True)


def sorry_page(heading: str, told: str, *, framed: bool) -> Html:
    """For what is not there, and never was or is not any more."""
    away = {"target": "_blank", "rel": "noopener"} if framed else {}
    body = together(
        None if framed else header(),
        tag(
            "main",
            tag(
                "div",
                tag("h1", heading),
                tag("p", told),
                tag("a", "Make a picture of your own", class_="main", href="/", **away),
                class_="gone",
            ),
        ),
    )
    return document(heading, never_listed(), body, "", framed=framed)


def words(window: Window) -> tuple[str, str]:
    """Title and description for tabs, previews and oEmbed."""
    if window.prompt is None:
        return _UNTITLED, f"{window.label}. Open it, and make your own."
    title = one_line(window.prompt, _TITLE)
    told = one_line(window.prompt, _TOLD)
    more = told if told != title else f"Made with {NAME}. Open it, and make your own."
    return title or _UNTITLED, f"{window.label}. {more}"


def alt(window: Window) -> str:
    return one_line(window.prompt, _ALT) if window.prompt else f"A shared picture. {window.label}."


# -- the parts


def _figure(window: Window, here: str) -> Markup:
    img = tag("img", src=f"{here}/picture", width=window.width, height=window.height, alt=alt(window), decoding="async")
    label = tag("span", window.label, class_="label")
    if not window.boxes:
        return tag("figure", tag("div", img, class_="stage"), tag("div", label, class_="line"))
    boxes = [
        tag("span", tag("span", box.label, dir="auto") if box.label else None, class_=f"box b{index}")
        for index, box in enumerate(window.boxes)
    ]
    return tag(
        "figure",
        tag("input", type="checkbox", id="layout", class_="heard", role="switch", aria_label="Show the layout"),
        tag("label", img, tag("span", *boxes, class_="boxes"), class_="stage can", for_="layout"),
        tag("div", label, tag("label", "Layout", raw("<i></i>"), class_="switch", for_="layout"), class_="line"),
    )


def _about(window: Window, token: str, here: str) -> Markup:
    facts = [part for name, value in window.settings for part in (tag("dt", name), tag("dd", value, dir="auto"))]
    return tag(
        "div",
        tag("a", "Make your own", class_="main", href=f"/?share={quote(token, safe='')}", rel="nofollow"),
        tag("p", window.prompt, class_="prompt", dir="auto") if window.prompt is not None else None,
        tag("dl", *facts) if facts else None,
        tag(
            "p",
            tag("a", "Download the picture", href=f"{here}/download", download=True, rel="nofollow"),
            f" · {window.signed}" if window.signed else None,
            class_="more",
        ),
        class_="about",
    )


def _boxes_css(window: Window) -> Iterator[str]:
    """Where each box lies. Boxes that begin in the same corner have their labels one below the other."""
    corners: Counter[tuple[int, int]] = Counter()
    for index, box in enumerate(window.boxes):
        yield f".b{index}{{{_place(box.bbox)}}}"
        corner = round(_within(box.bbox.x0) * 25), round(_within(box.bbox.y0) * 25)
        if corners[corner]:
            yield f".b{index} span{{top:{20 * corners[corner]}px}}"
        corners[corner] += 1


def _place(box: BBox) -> str:
    x0, y0, x1, y1 = (_within(value) * 100 for value in (box.x0, box.y0, box.x1, box.y1))
    return f"left:{x0:.2f}%;top:{y0:.2f}%;width:{max(x1 - x0, 0):.2f}%;height:{max(y1 - y0, 0):.2f}%"


def _within(value: float) -> float:
    """A provider's number: whatever it is, it does not leave the picture."""
    return value if 0 <= value <= 1 else float(value > 1)
