"""Share links over real HTTP: the page, its card, its picture, the download, oEmbed. Pages are read by a parser of Python's own."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from starlette.responses import PlainTextResponse

from reve_core.grants import Link
from reve_core.models import JobRequest
from reve_core.pictures import metadata, rendition
from reve_core.service import Studio
from reve_core.web.front import Front
from reve_core.web.site import Site
from tests.building import build_studio, running, settled, until
from tests.fakes import FakeProvider, png
from tests.pictures.samples import chunk, pieces, with_chunk
from tests.web.servers import serving

ANNA = "v-anna"
FOX = "a red fox in snow"
HOSTILE = [
    pytest.param("<script>document.title='hit'</script>", id="a script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="an attribute that ends early"),
    pytest.param("**bold** [link](javascript:alert(1)) ![p](http://127.0.0.1:9/x.png)", id="Markdown"),
    pytest.param("abc \u202egnp.exe\u202c \u2066x", id="text that turns round"),
    pytest.param("</style><style>*{display:none}</style>", id="a style sheet"),
    pytest.param("' onmouseover='alert(1)' &lt;b&gt; &amp;", id="quotes and entities"),
    pytest.param("ein Fuchs 狐狸 " * 250, id="2,500 letters and more"),
]


class FreeSpeech(FakeProvider):
    """Takes long prompts, and answers with the bytes that the test gives it."""

    label = "AI-generated"

    def __init__(self) -> None:
        super().__init__(name="fake")
        model = self._models[0]
        able = model.capabilities.model_copy(update={"max_prompt_chars": 10_000})
        self._models = (model.model_copy(update={"capabilities": able}),)
        self.data: bytes | None = None

    def picture(self, request: JobRequest):  # type: ignore[no-untyped-def]
        made = super().picture(request)
        return replace(made, data=self.data) if self.data else made


class Door:
    """A running server before one service; ``site`` can be exchanged between two requests."""

    def __init__(self, studio: Studio, provider: FreeSpeech) -> None:
        self.studio = studio
        self.provider = provider
        self.site = Site(public=True)
        self.client = httpx.Client()

    def share(self, prompt: str = FOX, *, data: bytes | None = None, **options: object) -> Link:
        self.provider.data = data
        [job] = self.studio.submit(JobRequest(prompt=prompt, seed=4711), owner=ANNA)
        until_done(self.studio, job.id)
        return self.studio.shares.make(job.id, owner=ANNA, **options)  # type: ignore[arg-type]

    def get(self, link: Link, what: str = "", **options: object) -> httpx.Response:
        return self.client.get(f"/s/{link.token}{what}", **options)  # type: ignore[arg-type]

    def views(self, link: Link) -> int:
        return next(one.share.views for one in self.studio.shares.links(ANNA) if one.share.id == link.share.id)


def until_done(studio: Studio, job_id: str) -> None:
    until(lambda: not studio.get(job_id, owner=ANNA).status.is_pending)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    provider = FreeSpeech()
    studio = build_studio(tmp_path_factory.mktemp("shares"), provider, public=True)
    door = Door(studio, provider)
    streamlit = PlainTextResponse("Streamlit's page for everything")
    front = Front(streamlit, get_studio=lambda: studio, get_site=lambda: door.site)
    with running(studio), serving(front) as port:
        door.client = httpx.Client(base_url=f"http://127.0.0.1:{port}")
        yield door
        door.client.close()


@pytest.fixture(autouse=True)
def _own_site(door: Door) -> None:
    door.site = Site(public=True)


class Page(HTMLParser):
    """What a browser would make of it: tags with their attributes, and the text outside of them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        found = [attrs for name, attrs in self.tags if name == tag]
        return [
            attrs for attrs in found if all(attrs.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def meta(self, name: str) -> str | None:
        found = [*self.all("meta", property=name), *self.all("meta", name=name)]
        assert len(found) <= 1, f"{name} stands there {len(found)} times"
        return found[0]["content"] if found else None

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page_of(answer: httpx.Response) -> Page:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


# ---------------------------------------------------------------- the page


def test_the_page_shows_picture_prompt_and_label_and_weighs_little(door: Door) -> None:
    link = door.share()
    answer = door.get(link)
    assert answer.status_code == 200
    assert len(answer.content) < 60_000
    page = page_of(answer)
    assert FOX in page.text
    assert "AI-generated" in page.text
    [img] = page.all("img")
    assert img["src"] == f"/s/{link.token}/picture"
    assert (img["width"], img["height"], img["alt"]) == ("64", "64", FOX)
    [button] = [attrs for attrs in page.all("a") if attrs.get("class") == "main"]
    assert button["href"] == f"/?share={link.token}"


def test_the_page_holds_no_script_and_forbids_any(door: Door) -> None:
    answer = door.get(door.share())
    page = page_of(answer)
    assert page.all("script") == []
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_style_sheet_is_the_one_that_the_policy_names(door: Door) -> None:
    answer = door.get(door.share())
    [css] = re.findall(r"<style>(.*?)</style>", answer.text, re.S)
    named = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"style-src 'sha256-{named}'" in answer.headers["content-security-policy"]


def test_nothing_is_kept_and_nothing_is_told_to_other_sites(door: Door) -> None:
    link = door.share()
    for what in ("", "/embed", "/download"):
        assert door.get(link, what).headers["cache-control"] == "no-store"
    for what in ("/picture", "/card.jpg"):
        assert door.get(link, what).headers["cache-control"] == "private, no-cache"
    for what in ("", "/embed", "/picture", "/card.jpg", "/download"):
        headers = door.get(link, what).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in headers


def test_the_page_never_tells_the_names_by_which_the_owner_knows_the_picture(door: Door) -> None:
    link = door.share()
    assert link.job is not None
    for what in ("", "/embed", "/picture", "/card.jpg", "/download"):
        answer = door.get(link, what)
        whole = f"{answer.headers} {answer.content.decode('latin-1')}"
        for secret in (link.job.id, link.share.id, ANNA):
            assert secret not in whole


@pytest.mark.parametrize("prompt", HOSTILE)
def test_what_a_visitor_typed_is_shown_as_text(door: Door, prompt: str) -> None:
    link = door.share(prompt)
    plain = door.share("a plain one")
    answer = door.get(link)
    page = page_of(answer)
    assert prompt.strip() in page.text
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in page_of(door.get(plain)).tags]
    assert len(answer.content) < 60_000
    embeds = [page_of(door.get(one, "/embed")) for one in (link, plain)]
    assert [tag for tag, _ in embeds[0].tags] == [tag for tag, _ in embeds[1].tags]
    title = page.meta("og:title") or ""
    assert 0 < len(title) <= 90
    assert not re.search("[\u202a-\u202e\u2066-\u2069\n]", title)


def test_labels_of_the_layout_are_text_and_lie_over_the_picture_without_a_script(door: Door) -> None:
    page = page_of(door.get(door.share()))
    assert "<thing>" in page.text
    assert page.all("input", type="checkbox", id="layout")
    assert len(page.all("label", for_="layout")) == 2  # the picture itself, and the switch below it


def test_settings_are_shown_only_where_the_owner_says_so(door: Door) -> None:
    assert "4711" not in door.get(door.share()).text
    assert "4711" in page_of(door.get(door.share(show_settings=True))).text


@pytest.mark.parametrize("what", ["", "/embed", "/card.jpg", "/picture", "/download"])
def test_a_hidden_prompt_occurs_nowhere(door: Door, what: str) -> None:
    secret = "zanzibar xylophone"
    data = with_chunk(png(), chunk(b"tEXt", b"Description\0" + secret.encode()))
    link = door.share(secret, data=data, show_prompt=False, show_settings=True)
    answer = door.get(link, what)
    assert answer.status_code == 200
    whole = f"{answer.headers} {answer.content.decode('latin-1')}".lower()
    assert "zanzibar" not in whole
    assert "xylophone" not in whole
    assert "<thing>" not in page_of(door.get(link)).text


def test_a_hidden_prompt_does_not_leave_by_oembed_either(door: Door) -> None:
    link = door.share("zanzibar", show_prompt=False)
    address = str(door.client.base_url.join(f"/s/{link.token}"))
    answer = door.client.get("/oembed", params={"url": address})
    assert answer.status_code == 200
    assert "zanzibar" not in answer.text


# ---------------------------------------------------------------- tags for chats


def test_previews_get_absolute_addresses_and_true_sizes(door: Door) -> None:
    door.site = Site(public_url="https://pictures.example")
    link = door.share()
    page = page_of(door.get(link))
    address = f"https://pictures.example/s/{link.token}"
    assert page.meta("og:url") == address
    assert page.all("link", rel="canonical")[0]["href"] == address
    assert page.meta("og:image") == page.meta("twitter:image") == f"{address}/card.jpg"
    assert (page.meta("og:image:width"), page.meta("og:image:height")) == ("1200", "630")
    assert page.meta("og:image:type") == "image/jpeg"
    assert page.meta("twitter:card") == "summary_large_image"
    assert page.meta("og:title") == page.meta("twitter:title") == FOX
    for name in ("og:description", "twitter:description", "description"):
        assert "AI-generated" in (page.meta(name) or "")
    assert page.meta("og:image:alt") == FOX
    assert page.meta("og:site_name") == "Reve Studio"


def test_without_a_public_address_the_request_s_own_counts(door: Door) -> None:
    link = door.share()
    page = page_of(door.get(link, headers={"Host": "studio.example:8501"}))
    assert page.meta("og:url") == f"http://studio.example:8501/s/{link.token}"


def test_a_host_that_is_not_allowed_is_never_repeated(door: Door) -> None:
    link = door.share()
    door.site = Site(allowed_hosts=("studio.example",))
    answer = door.get(link, headers={"Host": "evil.example"})
    assert "evil.example" not in answer.text
    assert door.get(link, headers={"Host": "studio.example"}).status_code == 200


def test_search_engines_are_let_in_only_where_the_owner_publishes(door: Door) -> None:
    answer = door.get(door.share())
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "noindex" in (page_of(answer).meta("robots") or "")
    answer = door.get(door.share(published=True))
    assert "x-robots-tag" not in answer.headers
    assert "noindex" not in (page_of(answer).meta("robots") or "")


def test_the_card_is_rendered_once_and_has_the_size_that_the_page_says(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []
    render = rendition.card
    monkeypatch.setattr(rendition, "card", lambda *given: rendered.append(1) or render(*given))
    link = door.share()
    first, second = door.get(link, "/card.jpg"), door.get(link, "/card.jpg")
    assert first.content == second.content
    assert len(rendered) == 1
    with Image.open(io.BytesIO(first.content)) as card:
        assert (card.format, card.size) == ("JPEG", (1200, 630))
        assert not card.getexif()
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"


# ---------------------------------------------------------------- picture and download


def noise(side: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_a_large_picture_is_shown_smaller_and_downloaded_whole(door: Door) -> None:
    data = noise(1800)
    assert len(data) > 1_000_000
    link = door.share(data=data)
    shown = door.get(link, "/picture")
    assert shown.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(shown.content)) as small:
        assert small.size == (1600, 1600)
    whole = door.get(link, "/download")
    with Image.open(io.BytesIO(whole.content)) as saved, Image.open(io.BytesIO(data)) as sent:
        assert saved.tobytes() == sent.tobytes()


def test_a_browser_that_has_the_picture_asks_and_is_told_that_it_is_the_same(door: Door) -> None:
    link = door.share()
    tag = door.get(link, "/picture").headers["etag"]
    assert door.get(link, "/picture", headers={"If-None-Match": tag}).status_code == 304
    door.studio.shares.revoke(link.share.id, owner=ANNA)
    assert door.get(link, "/picture", headers={"If-None-Match": tag}).status_code == 410


def test_a_download_carries_what_is_shown_and_the_pixels_as_they_came(door: Door) -> None:
    link = door.share()
    answer = door.get(link, "/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="a-red-fox-in-snow.png"'
    found = metadata.read(answer.content)
    assert found is not None
    assert (found.prompt, found.seed) == (FOX, None)
    full = door.get(door.share(show_settings=True), "/download")
    found = metadata.read(full.content)
    assert found is not None
    assert found.seed == 4711
    assert link.job is not None
    assert link.job.image is not None
    stored = door.studio.blobs.get(link.job.image.name, max_bytes=10**6)
    pixels = [body for kind, body in pieces(stored) if kind == b"IDAT"]
    assert [body for kind, body in pieces(answer.content) if kind == b"IDAT"] == pixels


def test_a_download_without_the_prompt_keeps_the_mark_and_a_dull_name(door: Door) -> None:
    answer = door.get(door.share(show_prompt=False, show_settings=True), "/download")
    assert 'filename="picture.png"' in answer.headers["content-disposition"]
    assert metadata.read(answer.content) is None
    assert b"trainedAlgorithmicMedia" in answer.content


def test_a_signed_manifest_goes_out_whole_or_not_at_all(door: Door) -> None:
    data = with_chunk(png(), chunk(b"caBX", b"jumb zanzibar"))
    assert door.get(door.share("zanzibar", data=data), "/download").content == data
    hidden = door.get(door.share("zanzibar", data=data, show_prompt=False), "/download").content
    assert b"zanzibar" not in hidden
    assert b"caBX" not in hidden
    assert b"trainedAlgorithmicMedia" in hidden


# ---------------------------------------------------------------- when it ends


def test_a_revoked_link_says_so_kindly_everywhere_and_at_once(door: Door) -> None:
    link = door.share()
    door.studio.shares.revoke(link.share.id, owner=ANNA)
    for what in ("", "/embed", "/picture", "/card.jpg", "/download"):
        answer = door.get(link, what)
        assert answer.status_code == 410
        assert "This link has ended" in page_of(answer).text
        assert answer.headers["cache-control"] == "no-store"
        assert FOX not in answer.text


def test_a_link_whose_time_is_over_has_ended(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    link = door.share(lasts=timedelta(days=1))
    assert door.get(link).status_code == 200
    late = door.studio.shares._clock() + 86_401
    monkeypatch.setattr(door.studio.shares, "_clock", lambda: late)
    assert door.get(link).status_code == 410
    assert door.studio.shares.links(ANNA)[0].state == "expired"


def test_a_picture_in_the_trash_is_not_shown_until_it_is_put_back(door: Door) -> None:
    link = door.share()
    assert link.job is not None
    door.studio.shelf.trash([link.job.id], owner=ANNA)
    assert door.get(link).status_code == 410
    door.studio.shelf.restore([link.job.id], owner=ANNA)
    assert door.get(link).status_code == 200


def test_deleting_the_picture_takes_everything_with_it(door: Door) -> None:
    link = door.share(data=noise(1800))
    door.get(link, "/picture")
    assert link.job is not None
    assert link.job.image is not None
    stem = link.job.image.name.removesuffix(".png")
    assert all(door.studio.blobs.find(stem + part) for part in ("", "-thumb", "-web", "-card"))
    door.studio.shelf.trash([link.job.id], owner=ANNA)
    door.studio.shelf.purge([link.job.id], owner=ANNA)
    assert not any(door.studio.blobs.find(stem + part) for part in ("", "-thumb", "-web", "-card"))
    assert door.get(link).status_code == 410
    assert door.studio.shares.links(ANNA)[0].state == "deleted"


@pytest.mark.parametrize(
    "path", ["/s", "/s/", "/s/short", "/s/" + "A" * 22, "/s/" + "A" * 23, "/s/%0a", "/s/" + "A" * 22 + "/x"]
)
def test_what_is_no_share_gets_a_page_that_says_so(door: Door, path: str) -> None:
    answer = door.client.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in page_of(answer).text
    assert "noindex" in answer.headers["x-robots-tag"]


def test_below_a_share_there_is_nothing_but_its_own_addresses(door: Door) -> None:
    link = door.share()
    for what in ("/", "/picture/", "/picture.png", "/card", "/download/x", "/../../images"):
        assert door.get(link, what).status_code in (200, 404)
        assert "Streamlit" not in door.get(link, what).text
    assert door.get(link, "/card").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_every_other_method_is_refused(door: Door, method: str) -> None:
    link = door.share()
    for path in (f"/s/{link.token}", f"/s/{link.token}/picture", "/oembed"):
        answer = door.client.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"


def test_head_answers_like_get_without_a_body(door: Door) -> None:
    link = door.share()
    for what in ("", "/embed", "/picture", "/card.jpg", "/download"):
        get, head = door.get(link, what), door.client.head(f"/s/{link.token}{what}")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers["content-length"] == get.headers["content-length"]


# ---------------------------------------------------------------- frames and oEmbed


def test_the_embed_may_be_framed_by_anybody_and_leads_to_the_page(door: Door) -> None:
    link = door.share()
    answer = door.get(link, "/embed")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    page = page_of(answer)
    assert "AI-generated" in page.text
    for anchor in page.all("a"):
        assert anchor["target"] == "_blank"
        assert anchor["rel"] == "noopener"
        assert (anchor["href"] or "").endswith(f"/s/{link.token}")


def test_the_page_leads_to_an_oembed_answer_in_either_format(door: Door) -> None:
    link = door.share(FOX + ' & "<b>"')
    page = page_of(door.get(link))
    [as_json] = page.all("link", type="application/json+oembed")
    told = door.client.get(as_json["href"] or "").json()
    assert told["version"] == "1.0"
    assert told["type"] == "rich"
    assert told["title"] == FOX + ' & "<b>"'
    [frame] = Page(told["html"]).all("iframe")
    assert frame["src"] == str(door.client.base_url.join(f"/s/{link.token}/embed"))
    assert (frame["width"], frame["height"]) == (str(told["width"]), str(told["height"]))
    assert (told["thumbnail_width"], told["thumbnail_height"]) == (1200, 630)
    assert door.client.get(told["thumbnail_url"]).status_code == 200
    [as_xml] = page.all("link", type="text/xml+oembed")
    answer = door.client.get(as_xml["href"] or "")
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in told.items()}


def test_oembed_keeps_within_the_room_it_is_given(door: Door) -> None:
    link = door.share()
    address = str(door.client.base_url.join(f"/s/{link.token}"))
    told = door.client.get("/oembed", params={"url": address, "maxwidth": "320", "maxheight": "300"}).json()
    assert told["width"] <= 320
    assert told["height"] <= 300
    assert "thumbnail_url" not in told


@pytest.mark.parametrize(
    ("url", "status"),
    [
        pytest.param("", 404, id="no address"),
        pytest.param("https://elsewhere.example/s/" + "A" * 22, 404, id="another site's"),
        pytest.param("{base}/gallery", 404, id="no share"),
        pytest.param("{base}/s/" + "A" * 22, 404, id="a share that never was"),
        pytest.param("javascript:alert(1)", 404, id="no web address"),
        pytest.param("http://[", 404, id="no address at all"),
    ],
)
def test_oembed_knows_only_shares_of_its_own(door: Door, url: str, status: int) -> None:
    base = str(door.client.base_url).rstrip("/")
    answer = door.client.get("/oembed", params={"url": url.replace("{base}", base)})
    assert answer.status_code == status
    assert json.loads(answer.text)["status"] == status


def test_oembed_answers_no_third_format_and_nothing_for_an_ended_share(door: Door) -> None:
    link = door.share()
    address = str(door.client.base_url.join(f"/s/{link.token}"))
    assert door.client.get("/oembed", params={"url": address, "format": "yaml"}).status_code == 501
    door.studio.shares.revoke(link.share.id, owner=ANNA)
    assert door.client.get("/oembed", params={"url": address}).status_code == 410


# ---------------------------------------------------------------- views


def test_people_count_and_robots_owners_and_heads_do_not(door: Door) -> None:
    link = door.share()
    phone = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1"}
    door.get(link, headers=phone)
    door.get(link, headers=phone)
    assert door.views(link) == 2
    for robot in (
        "WhatsApp/2.24",
        "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "TelegramBot (like TwitterBot)",
    ):
        door.get(link, headers={"User-Agent": robot})
    door.client.head(f"/s/{link.token}", headers=phone)
    door.get(link, headers=phone | {"Sec-Purpose": "prefetch;prerender"})
    door.get(link, "/embed", headers=phone)
    door.get(link, "/picture", headers=phone)
    cookie = door.studio.visitors.cookie(ANNA)
    door.get(link, headers=phone | {"Cookie": f"reve_visitor={cookie}"})
    assert door.views(link) == 2


def test_in_personal_mode_the_browser_that_has_the_studio_open_is_the_owner_s(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    front = Front(PlainTextResponse("Streamlit"), get_studio=lambda: studio, get_site=Site)
    with running(studio), serving(front) as port:
        [job] = studio.submit(JobRequest(prompt=FOX))
        settled(studio, job.id)
        link = studio.shares.make(job.id, owner="me")
        address = f"http://127.0.0.1:{port}/s/{link.token}"
        httpx.get(address, headers={"Cookie": "_streamlit_xsrf=2|abc"})
        assert studio.shares.links("me")[0].share.views == 0
        httpx.get(address)
        assert studio.shares.links("me")[0].share.views == 1
