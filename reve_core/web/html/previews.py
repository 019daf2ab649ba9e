"""What chats, search engines and other sites read of a shared page: Open Graph and Twitter tags, and where oEmbed is."""

from __future__ import annotations

from urllib.parse import quote

from reve_core.pictures.rendition import CARD
from reve_core.web.html.document import NAME
from reve_core.web.html.markup import Markup, tag, together


def tags(*, title: str, told: str, alt: str, published: bool, base: str, here: str) -> Markup:
    """
    ``here`` is the page's path, below which ``card.jpg`` lies; ``base`` what absolute addresses begin with, empty where
    nobody can say: there is no picture to show then. ``alt`` describes the card.
    """
    listed = "index, max-image-preview:large" if published else "noindex, nofollow, noarchive"
    parts = [tag("meta", name="robots", content=listed), tag("meta", name="description", content=told)]
    graph = {"og:site_name": NAME, "og:type": "website", "og:title": title, "og:description": told}
    cards = {"twitter:title": title, "twitter:description": told}
    if base:
        address, card = base + here, f"{base}{here}/card.jpg"
        graph |= {
            "og:url": address,
            "og:image": card,
            **({"og:image:secure_url": card} if card.startswith("https:") else {}),
            "og:image:type": "image/jpeg",
            "og:image:width": str(CARD[0]),
            "og:image:height": str(CARD[1]),
            "og:image:alt": alt,
        }
        cards |= {"twitter:image": card, "twitter:image:alt": alt}
        asked = f"{base}/oembed?url={quote(address, safe='')}"
        parts += [
            tag("link", rel="canonical", href=address),
            *(
                tag("link", rel="alternate", type=kind, href=f"{asked}&format={name}", title=title)
                for name, kind in (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))
            ),
        ]
    parts.append(tag("meta", name="twitter:card", content="summary_large_image"))
    parts += [tag("meta", property=name, content=value) for name, value in graph.items()]
    parts += [tag("meta", name=name, content=value) for name, value in cards.items()]
    return together(*parts)
