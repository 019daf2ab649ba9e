"""Public mode at the HTTP door: the cookie, whose pictures are whose, hosts, and the link to another device."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket

from reve_core.errors import ConfigurationError
from reve_core.models import Job, JobRequest
from reve_core.service import Studio
from reve_core.visitors import COOKIE, COOKIE_S, PASS_S, RENEW_S, SECURE_COOKIE, SESSION_S
from reve_core.web.front import Front, is_for_us
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider

HERON = JobRequest(prompt="a heron", aspect_ratio="1:1")
TLS = {"x-forwarded-proto": "https"}


class Clock:
    """The time as the visitors see it, a number of seconds from now."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def studio(tmp_path: Path, clock: Clock) -> Iterator[Studio]:
    service = build_studio(tmp_path, FakeProvider(), public=True)
    service.visitors._clock = clock  # type: ignore[assignment]
    service.visitors._signer._clock = clock  # type: ignore[assignment]
    service.start()
    yield service
    service.stop(5)


def streamlit() -> Starlette:
    """Stands for it: pages for whatever is asked, with a validator, and things that are no pages."""

    def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == '"page"':
            return Response(status_code=304)
        response = HTMLResponse("<title>page</title>", headers={"Cache-Control": "no-cache", "ETag": '"page"'})
        response.set_cookie("_streamlit_xsrf", "2|a|b", samesite="lax")
        return response

    def script(request: Request) -> Response:
        return Response("let a = 1", media_type="text/javascript")

    def error(request: Request) -> Response:
        return HTMLResponse("<title>broken</title>", 500)

    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    return Starlette(
        routes=[
            Route("/data.json", lambda request: JSONResponse({})),
            Route("/main.js", script),
            Route("/error", error),
            Route("/_stcore/health", lambda request: HTMLResponse("ok")),
            WebSocketRoute("/_stcore/stream", stream),
            Route("/{path:path}", page, methods=["GET", "POST"]),
        ]
    )


class Browser:
    """Asks an ASGI application, and keeps the cookies that it sets."""

    def __init__(self, app: ASGIApp, base: str = "http://studio.example") -> None:
        self.app = app
        self.cookies = httpx.Cookies()
        self._base = base

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self._base, cookies=self.cookies) as client:
                response = await client.request(method, path, headers=headers)
                self.cookies.update(client.cookies)
                return response

        return asyncio.run(ask())

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.request("GET", path, headers)

    def post(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.request("POST", path, headers)

    def websocket(self, path: str, host: str) -> list[Message]:
        """What the application sends to a websocket that says nothing."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", host.encode())]
        scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "subprotocols": []}
        asyncio.run(self.app(scope, receive, send))  # type: ignore[arg-type]
        return sent


def browser(studio: Studio, site: Site | None = None, base: str = "http://studio.example") -> Browser:
    """A fresh one in front of the studio."""
    site = site or Site(public=studio.visitors.public)
    return Browser(Front(streamlit(), get_studio=lambda: studio, get_site=lambda: site), base)


def set_by(response: httpx.Response) -> dict[str, dict[str, object]]:
    """The cookies that an answer sets, with their attributes in small letters."""
    found: dict[str, dict[str, object]] = {}
    for line in response.headers.get_list("set-cookie"):
        first, *rest = [part.strip() for part in line.split(";")]
        name, _, value = first.partition("=")
        pairs = [part.partition("=") for part in rest]
        found[name] = {"value": value, **{key.lower(): text.lower() if sign else True for key, sign, text in pairs}}
    return found


def done(studio: Studio, owner: str) -> Job:
    [job] = studio.submit(HERON, owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return studio.get(job.id, owner=owner)


def known_as(studio: Studio, owner: str, site: Site | None = None) -> Browser:
    client = browser(studio, site)
    client.cookies.set(COOKIE, studio.visitors.cookie(owner))
    return client


# ---------------------------------------------------------------- the cookie


def test_a_first_visit_makes_a_visitor_that_the_browser_keeps(studio: Studio) -> None:
    client = browser(studio)
    response = client.get("/gallery")
    made = set_by(response)[COOKIE]
    assert (made["max-age"], made["path"], made["samesite"], made["httponly"]) == (str(COOKIE_S), "/", "lax", True)
    assert COOKIE_S == 400 * 24 * 3600
    assert not made.keys() & {"secure", "partitioned", "domain"}
    assert response.headers["cache-control"] == "no-store"
    owner = studio.visitors.of_cookies({COOKIE: str(made["value"])})
    assert owner is not None
    assert owner.startswith("v-")
    again = client.get("/")
    assert COOKIE not in set_by(again)
    assert again.headers["cache-control"] == "no-cache"


def test_every_first_visit_makes_another_visitor(studio: Studio) -> None:
    values = {set_by(browser(studio).get("/"))[COOKIE]["value"] for _ in range(5)}
    assert len(values) == 5


@pytest.mark.parametrize(
    ("site", "headers", "base", "name", "flags"),
    [
        pytest.param(Site(public=True), TLS, "http://a.example", COOKIE, {"samesite": "lax"}, id="a stranger's word"),
        pytest.param(
            Site(public=True, trusted_hops=1),
            TLS,
            "http://a.example",
            SECURE_COOKIE,
            {"samesite": "lax", "secure": True},
            id="TLS at a proxy of ours",
        ),
        pytest.param(
            Site(public=True),
            {},
            "https://a.example",
            SECURE_COOKIE,
            {"samesite": "lax", "secure": True},
            id="TLS of our own",
        ),
        pytest.param(
            Site(public=True, embed_origins=("https://blog.example",)),
            {},
            "https://a.example",
            SECURE_COOKIE,
            {"samesite": "none", "secure": True, "partitioned": True},
            id="shown in frames of other sites",
        ),
        pytest.param(
            Site(public=True, embed_origins=("https://blog.example",)),
            {},
            "http://a.example",
            COOKIE,
            {"samesite": "lax"},
            id="frames need TLS",
        ),
    ],
)
def test_the_flags_fit_the_situation(
    studio: Studio, site: Site, headers: dict[str, str], base: str, name: str, flags: dict[str, object]
) -> None:
    made = set_by(browser(studio, site, base).get("/", headers=headers))
    assert {COOKIE, SECURE_COOKIE} & made.keys() == {name}
    expected = {"path": "/", "max-age": str(COOKIE_S), "httponly": True, **flags}
    assert made[name] == {"value": made[name]["value"], **expected}


def test_within_tls_the_cookies_of_streamlit_stay_there_too(studio: Studio) -> None:
    site = Site(public=True, trusted_hops=1)
    plain = {"value": "2|a|b", "path": "/", "samesite": "lax"}
    assert set_by(browser(studio, site).get("/"))["_streamlit_xsrf"] == plain
    assert set_by(browser(studio, site).get("/", headers=TLS))["_streamlit_xsrf"] == {**plain, "secure": True}
    framed = Site(public=True, trusted_hops=1, embed_origins=("https://blog.example",))
    assert set_by(browser(studio, framed).get("/", headers=TLS))["_streamlit_xsrf"] == {
        **plain,
        "samesite": "none",
        "secure": True,
        "partitioned": True,
    }


@pytest.mark.parametrize("how", ["forged", "another secret", "another purpose", "damaged", "too old", "empty"])
def test_a_cookie_that_is_not_good_makes_a_new_visitor(studio: Studio, clock: Clock, how: str, tmp_path: Path) -> None:
    good = studio.visitors.cookie("v-somebody")
    if how == "too old":
        clock.ahead = COOKIE_S + 1
    value = {
        "forged": "InYtc29tZWJvZHki." + good.split(".", 1)[1][:-2] + "AA",
        "another secret": good[:-4] + "AAAA",
        "another purpose": studio.visitors.session_pass("v-somebody"),
        "damaged": good[:20],
        "too old": good,
        "empty": "",
    }[how]
    made = set_by(browser(studio).get("/", headers={"cookie": f"{COOKIE}={value}"}))
    owner = studio.visitors.of_cookies({COOKIE: str(made[COOKIE]["value"])})
    assert owner not in (None, "v-somebody")


def test_a_good_cookie_is_renewed_now_and_then_for_the_same_visitor(studio: Studio, clock: Clock) -> None:
    client = known_as(studio, "v-ada")
    clock.ahead = RENEW_S - 60
    assert COOKIE not in set_by(client.get("/"))
    clock.ahead = RENEW_S + 60
    made = set_by(client.get("/"))
    assert studio.visitors.of_cookies({COOKIE: str(made[COOKIE]["value"])}) == "v-ada"
    clock.ahead = RENEW_S + COOKIE_S
    assert studio.visitors.of_cookies({COOKIE: str(made[COOKIE]["value"])}) == "v-ada"


def test_whoever_came_without_tls_stays_the_same_visitor_with_it(studio: Studio) -> None:
    cookie = f"{COOKIE}={studio.visitors.cookie('v-ada')}"
    made = set_by(browser(studio, base="https://a.example").get("/", headers={"cookie": cookie}))
    assert studio.visitors.of_cookies({SECURE_COOKIE: str(made[SECURE_COOKIE]["value"])}) == "v-ada"


def test_a_cookie_that_a_neighbour_planted_does_not_win(studio: Studio) -> None:
    mine, planted = studio.visitors.cookie("v-ada"), studio.visitors.cookie("v-eve")
    assert studio.visitors.of_cookies({COOKIE: planted, SECURE_COOKIE: mine}) == "v-ada"
    assert studio.visitors.of_cookies({COOKIE: planted, SECURE_COOKIE: "damaged"}) == "v-eve"


@pytest.mark.parametrize("path", ["/data.json", "/main.js", "/error", "/_stcore/health", "/images/x", "/api/typo"])
def test_only_pages_set_it(studio: Studio, path: str) -> None:
    assert not {COOKIE, SECURE_COOKIE} & set_by(browser(studio).get(path)).keys()


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_only_a_get_sets_it(studio: Studio, method: str) -> None:
    assert COOKIE not in set_by(browser(studio).request(method, "/"))


def test_a_browser_that_has_the_page_but_no_cookie_gets_both(studio: Studio) -> None:
    client = browser(studio)
    first = client.get("/", headers={"if-none-match": '"page"'})
    assert (first.status_code, COOKIE in set_by(first)) == (200, True)
    assert client.get("/", headers={"if-none-match": '"page"'}).status_code == 304


def test_personal_mode_sets_no_cookie_and_needs_none(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    studio.start()
    try:
        client = browser(studio)
        assert not {COOKIE, SECURE_COOKIE} & set_by(client.get("/")).keys()
        job = done(studio, "me")
        assert job.image is not None
        assert client.get(f"/images/{job.image.name}").status_code == 200
        assert client.get(f"/download/{job.id}").status_code == 200
        live = client.get("/api/live").json()
        assert ([card["id"] for card in live["cards"]], "you" in live) == ([job.id], False)
        assert client.get("/continue/" + "a" * 22).status_code == 404
    finally:
        studio.stop(5)


def test_a_studio_that_is_out_of_order_still_shows_its_page() -> None:
    def broken() -> Studio:
        raise ConfigurationError("The folder cannot be written.")

    for site in (Site(), Site(public=True)):
        front = Front(streamlit(), get_studio=broken, get_site=lambda site=site: site)  # type: ignore[misc]
        response = Browser(front).get("/")
        assert (response.status_code, COOKIE in set_by(response)) == (200, False)

    def no_site() -> Site:
        raise ConfigurationError("REVE_MODE: wrong")

    client = Browser(Front(streamlit(), get_studio=broken, get_site=no_site))
    assert client.get("/").status_code == 200
    assert client.get("/api/live").status_code == 503


# ---------------------------------------------------------------- whose is what


def refusal(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    return response.status_code, response.content, {**response.headers, "date": ""}


def test_anothers_picture_is_a_404_byte_for_byte_like_one_that_never_was(studio: Studio) -> None:
    job = done(studio, "v-ada")
    assert job.image is not None
    ada, eve, nobody = known_as(studio, "v-ada"), known_as(studio, "v-eve"), browser(studio)
    never = job.image.name.replace(job.id, "f" * 32)
    for prefix in ("/images/", "/app/static/images/"):
        for name, absent in (
            (job.image.name, never),
            (job.image.thumbnail, never.replace(".png", "-thumb.webp")),
        ):
            assert ada.get(prefix + name).status_code == 200
            for stranger in (eve, nobody):
                for headers in ({}, {"range": "bytes=0-9"}, {"if-none-match": f'"{name}"'}, {"if-none-match": "*"}):
                    got = refusal(stranger.get(prefix + name, headers=headers))
                    assert got == refusal(stranger.get(prefix + absent, headers=headers))
                    assert got[0] == 404
                assert refusal(stranger.request("HEAD", prefix + name)) == refusal(
                    stranger.request("HEAD", prefix + absent)
                )


def test_anothers_download_is_a_404_byte_for_byte_like_one_that_never_was(studio: Studio) -> None:
    job = done(studio, "v-ada")
    assert known_as(studio, "v-ada").get(f"/download/{job.id}").content.startswith(b"\x89PNG")
    for stranger in (known_as(studio, "v-eve"), browser(studio)):
        got = refusal(stranger.get(f"/download/{job.id}"))
        assert got == refusal(stranger.get(f"/download/{'f' * 32}"))
        assert got[0] == 404


def test_anothers_export_is_a_404_like_one_that_never_was(studio: Studio) -> None:
    job = done(studio, "v-ada")
    token = studio.shelf.prepare_export([job.id], owner="v-ada")
    for stranger in (known_as(studio, "v-eve"), browser(studio)):
        got = refusal(stranger.get(f"/exports/{token}"))
        assert got == refusal(stranger.get(f"/exports/{'x' * 22}"))
        assert got[0] == 404
    with zipfile.ZipFile(io.BytesIO(known_as(studio, "v-ada").get(f"/exports/{token}").content)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 1


def test_each_sees_their_own_news_and_nobody_sees_none(studio: Studio) -> None:
    job = done(studio, "v-ada")
    ada, eve = known_as(studio, "v-ada").get("/api/live").json(), known_as(studio, "v-eve").get("/api/live").json()
    assert [card["id"] for card in ada["cards"]] == [job.id]
    assert "key" not in ada["cards"][0]
    assert eve["cards"] == []
    assert ada["you"] == studio.visitors.tag("v-ada") != eve["you"]
    assert browser(studio).get("/api/live").status_code == 401


def test_a_program_acts_for_the_owner_of_its_token(studio: Studio) -> None:
    made, token = studio.visitors.make_token("script")
    job = done(studio, made.owner)
    assert job.image is not None
    client = known_as(studio, "v-eve")
    bearer = {"authorization": f"Bearer {token}"}
    assert client.get(f"/images/{job.image.name}").status_code == 404
    assert client.get(f"/images/{job.image.name}", headers=bearer).status_code == 200
    assert client.get(f"/images/{job.image.name}", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/api/live", headers={"authorization": "Basic YTpi"}).json()["you"] == studio.visitors.tag(
        "v-eve"
    )


# ---------------------------------------------------------------- where cookies do not come back


def test_a_page_without_cookies_shows_its_pass_and_gets_keys(studio: Studio, clock: Clock) -> None:
    job = done(studio, "v-alone")
    assert job.image is not None
    client = browser(studio)
    shown = {"x-reve-visitor": studio.visitors.session_pass("v-alone")}
    [card] = client.get("/api/live", headers=shown).json()["cards"]
    assert client.get(f"/images/{card['thumbnail']}?k={card['key']}").status_code == 200
    assert client.get(f"/images/{card['thumbnail']}").status_code == 404
    clock.ahead = SESSION_S + 60
    assert client.get("/api/live", headers=shown).status_code == 401
    assert client.get("/api/live", headers={"x-reve-visitor": "forged"}).status_code == 401


def test_the_pass_wins_over_a_cookie_since_the_page_was_drawn_for_it(studio: Studio) -> None:
    client = known_as(studio, "v-ada")
    shown = {"x-reve-visitor": studio.visitors.session_pass("v-alone")}
    assert client.get("/api/live", headers=shown).json()["you"] == studio.visitors.tag("v-alone")


def test_a_key_opens_one_address_today_and_tomorrow(studio: Studio, clock: Clock) -> None:
    job = done(studio, "v-alone")
    assert job.image is not None
    token = studio.shelf.prepare_export([job.id], owner="v-alone")
    client, key = browser(studio), studio.visitors.key
    image, thumbnail = job.image.name, job.image.thumbnail
    paths = {f"/images/{image}": image, f"/download/{job.id}": job.id, f"/exports/{token}": token}
    for path, name in paths.items():
        assert client.get(f"{path}?k={key(name)}").status_code == 200
        for wrong in (key(thumbnail), "", "x" * 22, key(name)[:-1]):
            assert client.get(f"{path}?k={wrong}").status_code == 404
    old = key(image)
    for ahead, status in ((24 * 3600, 200), (48 * 3600, 404)):
        clock.ahead = ahead
        assert client.get(f"/images/{image}?k={old}").status_code == status


# ---------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("pictures.example", True),
        ("PICTURES.example:8501", True),
        ("www.pictures.example", True),
        ("evil.example", False),
        ("pictures.example.evil", False),
        ("127.0.0.1", False),
        ("", False),
        ("pictures.example, evil.example", False),
    ],
)
def test_only_hosts_that_are_listed_are_answered(studio: Studio, host: str, answered: bool) -> None:
    site = Site(public=True, allowed_hosts=("pictures.example", "*.pictures.example"))
    client = known_as(studio, "v-ada", site)
    for path in ("/", "/api/live", "/main.js"):
        response = client.get(path, headers={"host": host})
        assert (response.status_code == 200) is answered, path
        if not answered:
            assert (response.status_code, response.json()["code"]) == (400, "unknown_host")
    assert client.get("/_stcore/health", headers={"host": host}).text == "ok"
    sent = client.websocket("/_stcore/stream", host)
    assert [message["type"] for message in sent] == (
        ["websocket.accept", "websocket.send", "websocket.close"] if answered else ["websocket.close"]
    )
    if not answered:
        assert sent[0]["code"] == 1008


def test_a_request_that_names_two_hosts_names_none() -> None:
    site = Site(allowed_hosts=("pictures.example",))
    one = (b"host", b"pictures.example")
    assert is_for_us({"headers": [one]}, site)
    assert not is_for_us({"headers": [one, one]}, site)
    assert not is_for_us({"headers": []}, site)


def test_a_websocket_is_left_alone(studio: Studio) -> None:
    accepted, said, _ = browser(studio).websocket("/_stcore/stream", "studio.example")
    assert "set-cookie" not in dict(accepted["headers"])
    assert said["text"] == "hello"


# ---------------------------------------------------------------- another device

SAME = {"sec-fetch-site": "same-origin", "origin": "http://studio.example"}


def test_the_link_asks_and_the_button_does_it_once(studio: Studio) -> None:
    token = studio.visitors.hand_over("v-ada")
    phone = browser(studio)
    for method in ("HEAD", "GET", "GET"):
        question = phone.request(method, f"/continue/{token}")
        assert (question.status_code, COOKIE in set_by(question)) == (200, False)
    assert 'method="post"' in question.text
    assert "of its own" not in question.text
    taken = phone.post(f"/continue/{token}", headers=SAME)
    assert (taken.status_code, taken.headers["location"]) == (303, "/")
    made = set_by(taken)[COOKIE]
    assert (made["httponly"], made["samesite"]) == (True, "lax")
    assert studio.visitors.of_cookies({COOKIE: str(made["value"])}) == "v-ada"
    for method in ("GET", "POST"):
        over = browser(studio).request(method, f"/continue/{token}", headers=SAME)
        assert (over.status_code, COOKIE in set_by(over)) == (410, False)
        assert "This link is over" in over.text


def test_the_link_works_for_a_quarter_of_an_hour(studio: Studio, clock: Clock) -> None:
    token = studio.visitors.hand_over("v-ada")
    clock.ahead = PASS_S - 5
    assert browser(studio).get(f"/continue/{token}").status_code == 200
    clock.ahead = PASS_S + 5
    assert browser(studio).get(f"/continue/{token}").status_code == 410
    assert browser(studio).post(f"/continue/{token}", headers=SAME).status_code == 410


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://evil.studio.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://studio.example:81"},
    ],
)
def test_another_site_presses_the_button_for_nobody(studio: Studio, headers: dict[str, str]) -> None:
    token = studio.visitors.hand_over("v-eve")
    refused = browser(studio).post(f"/continue/{token}", headers=headers)
    assert (refused.status_code, COOKIE in set_by(refused)) == (403, False)
    assert studio.visitors.waiting(token) == "v-eve"


def test_without_tls_a_browser_sends_its_origin_alone(studio: Studio) -> None:
    token = studio.visitors.hand_over("v-ada")
    assert browser(studio).post(f"/continue/{token}", headers={"origin": "http://studio.example"}).status_code == 303


def test_what_stays_behind_is_said_before_the_button(studio: Studio) -> None:
    done(studio, "v-phone")
    token = studio.visitors.hand_over("v-ada")
    phone = known_as(studio, "v-phone")
    assert "1 picture of its own" in phone.get(f"/continue/{token}").text
    phone.post(f"/continue/{token}", headers=SAME)
    assert len(studio.board.feed(owner="v-phone").cards) == 1
    assert studio.board.feed(owner="v-ada").cards == []


def test_the_device_that_made_the_link_uses_nothing_up(studio: Studio) -> None:
    token = studio.visitors.hand_over("v-ada")
    page = known_as(studio, "v-ada").get(f"/continue/{token}")
    assert "already here" in page.text
    assert "<form" not in page.text


@pytest.mark.parametrize("token", ["", "x", "a" * 22, "a" * 5000, "..%2f..%2fx", "%0a", "a" * 21 + "é"])
def test_a_link_that_never_was_is_over(studio: Studio, token: str) -> None:
    for method in ("GET", "POST"):
        assert browser(studio).request(method, f"/continue/{token}", headers=SAME).status_code == 410


def test_its_pages_run_nothing_are_framed_by_nobody_and_kept_by_nobody(studio: Studio) -> None:
    token = studio.visitors.hand_over("v-ada")
    for page in (browser(studio).get(f"/continue/{token}"), browser(studio).get("/continue/over")):
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe-inline" not in policy
        assert "<script" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "noindex" in page.headers["x-robots-tag"]
    assert "form-action 'self'" in browser(studio).get(f"/continue/{token}").headers["content-security-policy"]


def test_it_knows_get_and_post_only(studio: Studio) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert browser(studio).request(method, f"/continue/{'a' * 22}").status_code == 405


def test_simple_cookie_reads_what_is_set(studio: Studio) -> None:
    """The standard library's own reader agrees with the header as it stands there."""
    line = next(
        line
        for line in browser(studio, base="https://a.example").get("/").headers.get_list("set-cookie")
        if line.startswith(SECURE_COOKIE)
    )
    [(name, morsel)] = SimpleCookie(line).items()
    assert (name, morsel["path"], morsel["samesite"], morsel["secure"]) == (SECURE_COOKIE, "/", "Lax", True)
