"""The page about the HTTP API: cheap, however often it is asked for, and written for the address that it was asked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from reve_core.web.api import reference, table


def test_the_page_is_put_together_once_and_names_each_askers_own_address(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    table._page.cache_clear()
    made: list[str] = []
    page = reference.page

    def counted(document: Mapping[str, Any], base: str) -> str:
        made.append(base)
        return page(document, base)

    monkeypatch.setattr(reference, "page", counted)
    for host in ("127.0.0.1:1", "127.0.0.1:2"):
        answer = client.get("/api/v1/docs", headers={"Host": host})
        assert answer.status_code == 200
        assert f"http://{host}" in answer.text
        assert "this.server.invalid" not in answer.text
    assert len(made) == 1
