"""A comparison behind a link, and the people who vote on it over real HTTP, each with a browser of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from starlette.responses import PlainTextResponse

from reve_core.compare.models import Axes, Ballot, Comparison, Maker
from reve_core.grants import Link
from reve_core.ports import Provider
from reve_core.service import Studio
from reve_core.web.front import Front
from reve_core.web.site import Site
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.servers import serving

ANNA = "v-anna"
FOX, HERON = "a red fox in snow", "a red heron in snow"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1"


class Booth:
    """A running server before one service; ``site`` can be exchanged between two requests."""

    def __init__(self, studio: Studio, port: int) -> None:
        self.studio = studio
        self.url = f"http://127.0.0.1:{port}"
        self.site = Site(public=True)
        self._open: list[httpx.Client] = []

    def comparison(self, *prompts: str, owner: str = ANNA, **axes: object) -> Comparison:
        """With all its pictures."""
        asked = Axes(prompts=prompts or (FOX, HERON), **axes)  # type: ignore[arg-type]
        made = self.studio.comparisons.make(asked, owner=owner, reuse=False)
        self.settle(made)
        return made

    def settle(self, comparison: Comparison) -> None:
        def still() -> bool:
            cells = self.studio.comparisons.grid(comparison.id, owner=comparison.owner).cells.values()
            return not any(cell.job is not None and cell.job.status.is_pending for cell in cells)

        until(still)

    def link(self, comparison: Comparison | None = None, **options: object) -> Link:
        comparison = comparison or self.comparison()
        return self.studio.comparison_shares.make(comparison.id, owner=comparison.owner, **options)  # type: ignore[arg-type]

    def person(self, **headers: str) -> Person:
        client = httpx.Client(base_url=self.url, headers={"User-Agent": PHONE} | headers, timeout=30)
        self._open.append(client)
        return Person(client)

    def views(self, link: Link) -> int:
        found = self.studio.shares.links(link.share.owner)
        return next(one.share.views for one in found if one.share.id == link.share.id)

    def votes(self, link: Link) -> list[Ballot]:
        return self.studio.polls._grids.votes(link.share.comparison_id or "")

    def close(self) -> None:
        for client in self._open:
            client.close()


class Person:
    """A browser: it keeps cookies and follows the way that it is sent."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def open(self, link: Link, what: str = "", **options: object) -> httpx.Response:
        return self.client.get(f"/c/{link.token}{what}", follow_redirects=True, **options)  # type: ignore[arg-type]

    def ballot(self, link: Link) -> str:
        """The id of the pair that lies before them."""
        return ballot_in(self.open(link))

    def say(self, link: Link, choice: str, ballot: str | None = None, **options: object) -> httpx.Response:
        """What the button sends, and the page that comes of it."""
        form = {"ballot": ballot or self.ballot(link), "choice": choice}
        return self.client.post(f"/c/{link.token}", data=form, follow_redirects=True, **options)  # type: ignore[arg-type]


def ballot_in(page: httpx.Response) -> str:
    [found] = re.findall(r'name="ballot" value="([^"]+)"', page.text)
    return str(found)


@contextmanager
def polling(folder: Path, *providers: Provider, public: bool = True) -> Iterator[Booth]:
    studio = build_studio(folder, *(providers or (FakeProvider(),)), public=public)
    booths: list[Booth] = []
    get_site: Callable[[], Site] = lambda: booths[0].site  # noqa: E731
    front = Front(PlainTextResponse("Streamlit"), get_studio=lambda: studio, get_site=get_site)
    with running(studio), serving(front) as port:
        booths.append(Booth(studio, port))
        booths[0].site = Site(public=public)
        yield booths[0]
        booths[0].close()


def two_models(*providers: Provider) -> dict[str, object]:
    return {"makers": tuple(Maker(provider=each.name, model=each.models[0].id) for each in providers)}
