"""What browsers are told about Streamlit's own pages, and that our own addresses keep what they say themselves."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import streamlit
from pydantic import SecretStr

from reve_core.service import Studio
from reve_core.web.front import Front
from reve_core.web.shield.headers import CLOSED, HSTS
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import PAGE, SEALS, page, refusal

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
TLS = {"x-forwarded-proto": "https"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    service = build_studio(tmp_path_factory.mktemp("data"), FakeProvider(), public=True)
    yield service
    service.stop(0)


def ask(
    studio: Studio,
    path: str,
    site: Site | None = None,
    *,
    index: Path | None = INDEX,
    base: str = "http://studio.example",
    headers: dict[str, str] | None = None,
    method: str = "GET",
) -> httpx.Response:
    front = Front(
        page, get_studio=lambda: studio, get_site=lambda: site if site is not None else Site(public=True), index=index
    )

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url=base) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asked())


def policy(response: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_a_page_runs_its_own_scripts_and_the_one_inline_script_of_this_very_streamlit(studio: Studio) -> None:
    said = policy(ask(studio, "/gallery"))
    [inline] = [part.partition("</script>")[0] for part in INDEX.read_text().split("<script>")[1:]]
    digest = b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert said["script-src"] == f"'self' blob: 'wasm-unsafe-eval' 'sha256-{digest}'"
    assert "unsafe-inline" not in said["script-src"]
    assert said["default-src"] == said["connect-src"] == "'self'"
    assert said["object-src"] == "'none'"
    assert said["frame-ancestors"] == "'self'"


def test_only_the_listed_sites_may_frame_a_page(studio: Studio) -> None:
    listed = Site(public=True, embed_origins=("https://blog.example", "https://hub.example"))
    said = policy(ask(studio, "/", listed))
    assert said["frame-ancestors"] == "'self' https://blog.example https://hub.example"


def test_without_streamlits_page_no_inline_script_is_let_through(studio: Studio, tmp_path: Path) -> None:
    for index in (None, tmp_path / "nowhere.html"):
        assert policy(ask(studio, "/", index=index))["script-src"] == "'self' blob: 'wasm-unsafe-eval'"


@pytest.mark.parametrize("path", ["/", "/gallery", "/static/js/index.js", "/media/x.png", "/_stcore/host-config"])
def test_everything_of_streamlits_is_not_sniffed_tells_no_other_site_and_is_not_listed(
    studio: Studio, path: str
) -> None:
    answer = ask(studio, path)
    assert answer.text == PAGE
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "strict-transport-security" not in answer.headers
    if path.startswith(("/media/", "/_stcore/")):
        assert answer.headers["content-security-policy"] == CLOSED


def test_a_personal_page_may_be_listed_and_has_the_same_policy(studio: Studio) -> None:
    answer = ask(studio, "/", Site())
    assert "x-robots-tag" not in answer.headers
    assert policy(answer)["default-src"] == "'self'"


@pytest.mark.parametrize(
    ("site", "base", "kept"),
    [
        pytest.param(Site(public=True, trusted_hops=1), "http://studio.example", True, id="behind a proxy with TLS"),
        pytest.param(Site(public=True), "http://studio.example", False, id="nobody of ours said that there is TLS"),
        pytest.param(Site(public=True), "https://studio.example", True, id="with TLS of its own"),
        pytest.param(Site(public=True, trusted_hops=1), "http://localhost", False, id="localhost"),
        pytest.param(Site(trusted_hops=1), "http://studio.example", False, id="personal"),
    ],
)
def test_browsers_are_told_to_stay_with_tls_where_there_is_tls(
    studio: Studio, site: Site, base: str, kept: bool
) -> None:
    for path in ("/", "/api/v1/jobs", "/s/none"):
        told = ask(studio, path, site, base=base, headers=TLS).headers.get("strict-transport-security")
        assert told == (HSTS if kept else None), path


def test_our_own_addresses_keep_their_stricter_policies(studio: Studio) -> None:
    answer = ask(studio, "/api/v1/jobs")
    assert SEALS.items() <= dict(answer.headers).items()
    share = ask(studio, "/s/none")
    assert policy(share)["default-src"] == "'none'"
    assert share.headers["x-robots-tag"] == "noindex, nofollow, noarchive, noimageindex"
    assert len(share.headers.get_list("referrer-policy")) == 1


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/interact", "/_stcore/agent/mcp"]
)
@pytest.mark.parametrize("site", [Site(), Site(public=True)], ids=["personal", "public"])
def test_what_streamlit_tells_of_itself_and_its_programs_door_are_closed(studio: Studio, path: str, site: Site) -> None:
    for method in ("GET", "POST"):
        refusal(ask(studio, path, site, method=method), 404, "not_found")


def test_a_site_does_not_show_its_token() -> None:
    assert "open-sesame" not in repr(Site(operator_token=SecretStr("open-sesame")))
