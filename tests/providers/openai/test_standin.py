"""The stand-in is itself held to what is known of the servers: a kind stand-in would hide mistakes."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standin.drawing import tiny_png
from tests.standin.openai import KEY, ImagesServer

BODY = {"model": "gpt-image-2", "prompt": "a red fox", "size": "1536x1024"}
HEADERS = {"Authorization": f"Bearer {KEY}"}


def ask(server: ImagesServer, **fields: Any) -> httpx.Response:
    body = {**BODY, "model": server.models[-1] if server.dialect.name != "openai" else "gpt-image-2", **fields}
    return httpx.post(f"{server.base}/images/generations", json=body, headers=HEADERS)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"seed": 1}, "unknown_parameter"),
        ({"response_format": "b64_json"}, "unknown_parameter"),
        ({"style": "vivid"}, "unknown_parameter"),
        ({"model": ""}, "missing_required_parameter"),
        ({"model": "gpt-image-9"}, "model_not_found"),
        ({"prompt": ""}, "missing_required_parameter"),
        ({"prompt": "x" * 32_001}, "string_above_max_length"),
        ({"n": 11}, "invalid_value"),
        ({"size": "1000x1000"}, "invalid_value"),
        ({"size": "1536 by 1024"}, "invalid_value"),
        ({"size": "3840x1024"}, "invalid_value"),
        ({"model": "gpt-image-1.5", "size": "1536x864"}, "invalid_value"),
    ],
)
def test_openai_is_strict_and_a_refusal_costs_nothing(server: ImagesServer, changes: dict[str, Any], code: str) -> None:
    answer = ask(server, **changes)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["code"] == code
    assert len(server.ledger) == 0


def test_the_key_is_looked_at_before_the_body(server: ImagesServer) -> None:
    answer = httpx.post(f"{server.base}/images/generations", json={"nonsense": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_the_tokens_add_up(server: ImagesServer) -> None:
    body = ask(server, n=2).json()
    usage = body["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] == sum(usage["input_tokens_details"].values())
    assert len(body["data"]) == 2


@pytest.mark.parametrize(
    ("dialect", "form"),
    [("vllm", "b64_json"), ("sglang", "b64_json"), ("sdcpp", "b64_json"), ("localai", "url"), ("gateway", "url")],
)
def test_each_delivers_its_own_way(dialect: str, form: str) -> None:
    with ImagesServer(dialect=dialect) as server:
        [entry] = ask(server).json()["data"]
        assert list(entry) == [form]
        if form == "url":
            assert entry["url"].startswith("/generated-images/")
            assert httpx.get(server.url + entry["url"]).content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("dialect", "error"),
    [
        ("vllm", {"detail": "prompt: field required"}),
        ("sdcpp", {"error": "prompt: field required"}),
    ],
)
def test_each_complains_its_own_way(dialect: str, error: dict[str, str]) -> None:
    with ImagesServer(dialect=dialect) as server:
        assert ask(server, prompt="").json() == error


def test_an_address_expires() -> None:
    with ImagesServer(dialect="localai", expire=1) as server:
        url = server.url + ask(server).json()["data"][0]["url"]
        assert [httpx.get(url).status_code for _ in range(2)] == [200, 403]


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("image[]", "1:1")], 200),
        ([("image", "1:1")], 200),
        ([("image[]", "1:1"), ("image[]", "3:2"), ("mask", "1:1")], 200),
        ([("image[]", "1:1"), ("mask", "3:2")], 400),
        ([("mask", "1:1")], 400),
    ],
)
def test_edits_look_at_their_pictures(server: ImagesServer, files: list[tuple[str, str]], status: int) -> None:
    parts = [(name, (f"{n}.png", tiny_png(ratio, 12, bytes(10)), "image/png")) for n, (name, ratio) in enumerate(files)]
    answer = httpx.post(f"{server.base}/images/edits", data=BODY, files=parts, headers=HEADERS)
    assert answer.status_code == status, answer.text
    if status == 200:
        png = base64.b64decode(answer.json()["data"][0]["b64_json"])
        assert struct.unpack(">II", png[16:24]) == (48, 32)


def test_only_paid_dialects_have_a_till() -> None:
    for dialect, charges in (("gateway", 1), ("sglang", 0)):
        with ImagesServer(dialect=dialect) as server:
            assert ask(server).status_code == 200
            assert len(server.ledger) == charges


def test_it_runs_as_a_process_and_is_switched_from_outside(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "tests.standin.openai", "--port", "0", "--draw", "tiny", "--ledger", str(ledger)]
    with subprocess.Popen([*command, "--dialect", "gateway"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            base = process.stdout.readline().split()[-1]
            switches = base.removesuffix("/v1") + "/_standin/"
            body = {**BODY, "model": "flux-pro"}
            httpx.post(switches + "faults", json={"faults": ["no_credits"]}).raise_for_status()
            refused = httpx.post(f"{base}/images/generations", json=body, headers=HEADERS)
            assert refused.status_code == 429
            assert httpx.post(f"{base}/images/generations", json=body, headers=HEADERS).status_code == 200
            assert len(httpx.get(switches + "ledger").json()["charges"]) == 1
            assert len(httpx.get(switches + "requests").json()["requests"]) == 2
            httpx.post(switches + "settings", json={"dialect": "openai"}).raise_for_status()
            assert (
                httpx.post(f"{base}/images/generations", json={**BODY, "seed": 1}, headers=HEADERS).status_code == 400
            )
        finally:
            process.terminate()
            assert process.wait(10) == 0
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 1
