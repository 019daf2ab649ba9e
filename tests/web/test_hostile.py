"""Addresses that nobody with good intentions asks for, and prompts that would like to be more than text."""

from __future__ import annotations

import json

import httpx
import pytest

from reve_core.service import Studio
from reve_core.web.front import OURS
from reve_core.web.operating import ADDRESSES
from tests.web.door import PAGE, SEALS, ended
from tests.web.servers import exchange


@pytest.fixture(scope="module")
def port(client: httpx.Client) -> int:
    assert client.base_url.port is not None
    return client.base_url.port


TRAVERSALS = [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5creve.db", "%2e%2e/%2e%2e/reve.db", "..;/reve.db",
    "%00", "x%00.png", "%c0%ae%c0%ae/reve.db", "//etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd", "\\\\host\\share",
    "%0d%0aX-Injected:%20yes", "a" * 6000, "%ff%fe", "reve.db", "..", ".", "*",
]  # fmt: skip


@pytest.mark.parametrize("place", ["/images/{}", "/status/{}", "/api/v1/jobs/{}", "/api/v1/jobs/{}/image", "/s/{}",
                                   "/download/{}", "/exports/{}", "/examples/{}", "/app/static/images/{}"])  # fmt: skip
@pytest.mark.parametrize("name", TRAVERSALS)
def test_no_name_leads_out_of_its_folder_or_to_a_fault(port: int, place: str, name: str) -> None:
    request = f"GET {place.format(name)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = exchange(port, request.encode("latin-1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] in (b"400", b"404"), answer[:200]
    assert b"SQLite format 3" not in body
    assert b"root:" not in body
    assert b"\r\nx-injected" not in head.lower()
    assert PAGE.encode() not in body


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PROPFIND"])
@pytest.mark.parametrize("rest", ["", "/", "/nothing/here", "/%0a", "//", "/..%2f", "/x%3fy"])
@pytest.mark.parametrize("first", sorted(OURS))
def test_nothing_below_a_prefix_of_ours_falls_through_to_the_page(
    client: httpx.Client, first: str, rest: str, method: str
) -> None:
    answer = client.request(method, f"/{first}{rest}")
    assert PAGE not in answer.text
    if first in ADDRESSES and not rest and answer.status_code == 200:  # what it says: see test_operating
        return
    assert 400 <= answer.status_code < 500, answer.status_code
    if first in ("s", "c"):  # people who open a wrong link get a page to read
        return
    assert answer.headers["content-type"] in ("application/problem+json", "application/json")
    assert answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"
    assert SEALS.items() <= dict(answer.headers).items()


def test_what_only_looks_like_a_prefix_of_ours_is_streamlits(client: httpx.Client) -> None:
    assert [client.get(path).text for path in ("/apis", "/sharing", "/Status/x", "/x/api")] == [PAGE] * 4


MARKUP = "<script>alert(1)</script> ![x](https://evil.example/x.png) **bold** :red[x] $x$ {{7*7}} \u202e"


def test_what_was_typed_comes_back_as_data_and_never_as_a_page(studio: Studio, client: httpx.Client) -> None:
    job_id = ended(studio, client, MARKUP)
    for path in (f"/api/v1/jobs/{job_id}", "/api/v1/jobs", "/api/live", f"/status/{job_id}"):
        answer = client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert SEALS.items() <= dict(answer.headers).items()
        assert MARKUP in json.dumps(answer.json(), ensure_ascii=False) or path.startswith("/status")
    refused = client.post("/api/v1/jobs", json={"prompt": "x", "provider": "<script>", MARKUP: 1})
    assert refused.headers["content-type"] == "application/problem+json"
    name = client.get(f"/download/{job_id}").headers["content-disposition"]
    assert name.startswith("attachment; ")
    assert not set("<>\r\n") & set(name)
