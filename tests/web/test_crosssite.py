"""Other sites in the same browser change nothing, and read only where the operator lists them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import asking, filled, made, operations, refusal

JSON = {"Content-Type": "application/json"}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://["},
    {"Origin": "http://127.0.0.1"},  # another port is another site's server
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site", "Authorization": "Basic dXNlcjpwYXNz"},
    {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer"},
    {"Sec-Fetch-Site": "cross-site", "X-Reve-Visitor": "x"},
    {"Origin": "https://evil.example", "Cookie": "reve_visitor=x"},
]
CHANGES = [name for name, each in operations().items() if each.method != "GET"]


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_changes_nothing_with_a_visitors_browser(
    client: httpx.Client, operation: str, headers: dict[str, str]
) -> None:
    method, path = operation.split(" ")
    answer = client.request(method, filled(path), headers={**JSON, **headers}, content=b'{"prompt": "heron"}')
    if headers.get("Authorization") == "Bearer":
        refusal(answer, 401, "not_allowed")  # a browser never sends that by itself
    else:
        refusal(answer, 403, "cross_site")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "HOST"}]
)
def test_the_own_page_and_programs_may(client: httpx.Client, headers: dict[str, str]) -> None:
    own = str(client.base_url).rstrip("/")
    headers = {name: value.replace("HOST", own) for name, value in headers.items()}
    made(client.post("/api/v1/jobs", json={"prompt": "heron"}, headers=headers))


def test_only_an_origin_that_is_listed_may_read_answers_and_only_with_a_token(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    token = studio.visitors.make_token("a page")[1]
    listed, other = "https://friend.example", "https://evil.example"
    with asking(studio, Site(cors_origins=(listed,))) as client:
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        preflight = client.options("/api/v1/jobs", headers={"Origin": listed, **asked})
        assert preflight.headers["access-control-allow-origin"] == listed
        assert "access-control-allow-credentials" not in preflight.headers
        refused = client.options("/api/v1/jobs", headers={"Origin": other, **asked})
        assert "access-control-allow-origin" not in refused.headers
        for origin, allowed in ((listed, listed), (other, None)):
            answer = client.get("/api/v1/jobs", headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
        body = {"json": {"prompt": "heron"}}
        theirs = {"Origin": listed, "Sec-Fetch-Site": "cross-site"}
        refusal(client.post("/api/v1/jobs", headers=theirs, **body), 403, "cross_site")  # type: ignore[arg-type]
        made(client.post("/api/v1/jobs", headers={**theirs, "Authorization": f"Bearer {token}"}, **body))  # type: ignore[arg-type]
    studio.stop(0)
