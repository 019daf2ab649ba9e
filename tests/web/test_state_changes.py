"""Whatever changes something over HTTP: known by name here, refused to other sites, and read no further than it may be."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from reve_core.web.front import OURS
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import asking, filled, operations

# What takes a body or changes something without being one of the API's operations, which tests/web/test_crosssite.py goes
# through one by one.
FORMS = ["/c/AAAAAAAAAAAAAAAAAAAAAA", "/continue/AAAAAAAAAAAAAAAAAAAAAA"]
READ_ONLY = ["/images/x", "/download/x", "/exports/x", "/examples/x", "/s/x", "/oembed", "/app/static/images/x",
             "/api/live", "/healthz", "/readyz", "/metrics", "/robots.txt", "/favicon.ico"]  # fmt: skip
MB = 1024 * 1024


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    studio = build_studio(tmp_path_factory.mktemp("public"), FakeProvider(), public=True)
    with asking(studio) as client:
        yield client
    studio.stop(0)


def test_no_prefix_of_ours_is_forgotten_here() -> None:
    named = {path.split("/")[1] for path in [*FORMS, *READ_ONLY, *(name.split(" ")[1] for name in operations())]}
    assert named - {"app"} == OURS - {"share"}  # kept free for links


@pytest.mark.parametrize("path", READ_ONLY)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_address_that_is_only_read_knows_no_other_method(public: httpx.Client, path: str, method: str) -> None:
    assert public.request(method, path, content=b"x").status_code in (404, 405)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_form_of_another_site_changes_nothing(public: httpx.Client, path: str, headers: dict[str, str]) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = public.post(path, content=b"ballot=AAAAAAAAAAAAAAAAAAAA&choice=left", headers=headers | kind)
    assert answer.status_code in (403, 404, 410)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_5_mb_is_not_read(public: httpx.Client, path: str) -> None:
    def pieces():  # type: ignore[no-untyped-def]
        yield from [b"ballot=x&" * 7000] * 80

    for content in (b"x" * (5 * MB), pieces()):
        try:
            answer = public.post(path, content=content, headers={"Content-Type": "application/x-www-form-urlencoded"})
        except httpx.TransportError:  # hung up on
            continue
        assert 400 <= answer.status_code < 500


def test_nobody_in_particular_changes_nothing_in_public_mode(public: httpx.Client, tmp_path: Path) -> None:
    for name in operations():
        method, path = name.split(" ")
        if method != "GET":
            answer = public.request(method, filled(path), json={"prompt": "heron"})
            assert answer.status_code in (401, 404, 415, 422), name
            assert "Location" not in answer.headers
