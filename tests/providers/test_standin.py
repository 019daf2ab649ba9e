"""The stand-in is itself held to the contract of the service: a kind stand-in would hide mistakes."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.building import until
from tests.standin import KEY, StandIn
from tests.standin.faults import FAULTS

BODY = {"prompt": "a red fox", "aspect_ratio": "3:2"}
V1, V2 = "/v1/image/create", "/v2/image/create"


@pytest.fixture
def client(reve: StandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=reve.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=10) as client:
        yield client


@pytest.mark.parametrize("path", [V1, V1 + "/", V2, V2 + "/"])
def test_both_forms_of_the_path_are_served(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json=BODY)
    assert answer.status_code == 200
    fields = answer.json()
    assert set(fields) - {"layout"} == {
        *("image", "version", "content_violation", "request_id", "credits_used", "credits_remaining")
    }
    assert ("layout" in fields) == path.startswith(V2)
    assert answer.headers["X-Reve-Request-Id"] == fields["request_id"]
    assert answer.headers["X-Reve-Credits-Used"] == str(fields["credits_used"])
    assert answer.headers["X-Reve-Content-Violation"] == "false"
    with Image.open(io.BytesIO(base64.b64decode(fields["image"]))) as image:
        assert image.size == (48, 32)


@pytest.mark.parametrize(
    "path",
    [
        *("/v2/image/edit", "/v2/image/analyze", "/v2/image/render", "/v2/image/image_to_layout"),
        *("/v2/image/edit_layout", "/v1/image/generations", "/v1/images/generations", "/"),
    ],
)
def test_superseded_and_invented_paths_are_not_found(client: httpx.Client, path: str) -> None:
    assert client.post(path, json=BODY).status_code == 404


def test_the_key_is_looked_at_before_the_body(reve: StandIn) -> None:
    for headers in ({}, {"Authorization": "Bearer papi.test-wrong"}, {"Authorization": KEY}):
        answer = httpx.post(reve.url + V2, json={"prompt": 1, "nonsense": 2}, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error_code"] == "PARTNER_API_TOKEN_INVALID"


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        (V2, {**BODY, "seed": 1}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "model": "x"}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "test_time_scaling": 1}, "INVALID_PARAMETER_VALUE"),
        (V1, {**BODY, "references": []}, "INVALID_PARAMETER_VALUE"),
        (V1, {**BODY, "aspect_ratio": "auto"}, "INVALID_PARAMETER_VALUE"),
        (V1, {**BODY, "aspect_ratio": "21:9"}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "aspect_ratio": "7:5"}, "INVALID_PARAMETER_VALUE"),
        (V1, {**BODY, "test_time_scaling": 0}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "version": "reve-create@20250915"}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "postprocessing": [{"process": "fit_image"}]}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "postprocessing": [{"process": "fit_image", "max_dim": 5000}]}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "postprocessing": [{"process": "sharpen"}]}, "INVALID_PARAMETER_VALUE"),
        (V2, {**BODY, "references": [{"image": {"data": "x"}}]}, "INVALID_PARAMETER_VALUE"),
        (V2, {}, "MISSING_REQUIRED_PARAMETER"),
        (V2, [], "INVALID_PARAMETER_VALUE"),
        (V1, {"prompt": "x" * 2561}, "PROMPT_TOO_LONG"),
        (V2, {"prompt": "x" * 4001}, "PROMPT_TOO_LONG"),
    ],
)
def test_a_body_the_service_would_not_take_is_a_400_and_costs_nothing(
    reve: StandIn, client: httpx.Client, path: str, fields: Any, code: str
) -> None:
    answer = client.post(path, json=fields)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == answer.headers["X-Reve-Error-Code"] == code
    assert len(reve.ledger) == 0


@pytest.mark.parametrize(("mime", "format_"), [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")])
def test_binary_mode_gives_a_picture_and_its_data_in_headers(client: httpx.Client, mime: str, format_: str) -> None:
    answer = client.post(V1, json=BODY, headers={"Accept": mime})
    assert answer.headers["Content-Type"] == mime
    assert answer.headers["X-Reve-Credits-Used"] == "18"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.format == format_


def test_the_same_request_gives_the_same_picture_and_another_one_another(client: httpx.Client) -> None:
    first, again = client.post(V2, json=BODY).json(), client.post(V2, json=BODY).json()
    assert (first["image"], first["layout"]) == (again["image"], again["layout"])
    assert client.post(V2, json={**BODY, "prompt": "a blue fox"}).json()["image"] != first["image"]


def test_pictures_can_be_as_large_and_as_heavy_as_a_test_wants() -> None:
    with StandIn(key=None, size=300, weight=200_000) as reve:
        for limit, size in ((4096, (300, 200)), (60, (60, 40))):
            steps = [{"process": "fit_image", "max_dim": limit}]
            image = base64.b64decode(httpx.post(reve.url + V2, json={**BODY, "postprocessing": steps}).json()["image"])
            assert abs(len(image) - 200_000) < 1000
            with Image.open(io.BytesIO(image)) as opened:
                opened.load()
                assert opened.size == size


def test_it_can_draw_with_the_built_in_sketch() -> None:
    with StandIn(key=None, draw="sketch", size=200) as reve:
        fields = httpx.post(reve.url + V2, json=BODY, timeout=60).json()
        with Image.open(io.BytesIO(base64.b64decode(fields["image"]))) as image:
            image.load()
            assert max(image.size) == 200
        assert fields["layout"]["regions"]


def test_prices_effects_and_balance_cost_nothing(reve: StandIn, client: httpx.Client) -> None:
    assert client.get("/v2/image/info").json()["operations"][0] == {"operation": "create", "credits": 150}
    assert client.get("/v1/image/effect").json()["effects"][0]["name"]
    assert client.get("/api/misc/balance").json() == {"budget_id": "standin", "new_balance": 1_000_000}
    assert len(reve.ledger) == 0


def test_every_charge_is_in_the_file_before_the_answer_and_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    for round_ in (1, 2):
        with StandIn(key=None, credits=480, ledger_file=file) as reve:
            answer = httpx.post(f"{reve.url}{V2}?breadcrumb=job-{round_}", json=BODY)
            lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            assert lines[-1]["key"] == f"job-{round_}"
            assert lines[-1]["request_id"] == answer.json()["request_id"]
            assert [line["left"] for line in lines] == [330, 180][:round_]
    with StandIn(key=None, credits=480, ledger_file=file) as reve:
        assert httpx.post(reve.url + V2, json=BODY).status_code == 200
        assert httpx.post(reve.url + V2, json=BODY).status_code == 402


def test_a_client_that_went_away_is_charged_all_the_same(reve: StandIn) -> None:
    reve.faults.add("hold")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(reve.url + V2, json=BODY, headers={"Authorization": f"Bearer {KEY}"}, timeout=0.3)
    until(lambda: len(reve.ledger) == 1)


def test_rules_say_when_a_fault_happens(reve: StandIn, client: httpx.Client) -> None:
    def statuses(count: int) -> list[int]:
        return [client.post(V2, json=BODY).status_code for _ in range(count)]

    reve.faults.add("rate_limited", after=1, times=2)
    assert statuses(5) == [200, 429, 429, 200, 200]
    reve.faults.add("status", status=503, times=0)
    reve.faults.add("throttled", path=V1)
    assert statuses(3) == [503, 503, 503]
    assert client.post(V1, json=BODY).status_code == 503
    reve.faults.clear()
    reve.faults.add("rate_limited", for_s=60)
    assert statuses(2) == [429, 429]
    with pytest.raises(ValueError, match="No such fault"):
        reve.faults.add("nonsense")


def test_every_fault_has_rung_the_till_or_not_as_it_says(reve: StandIn, client: httpx.Client) -> None:
    plain = [name for name in FAULTS if name not in {"hang", "hold", "drip_headers", "drip_body", "endless", "huge"}]
    for name in plain:
        reve.faults.add(name, seconds=0, megabytes=1)
        before = len(reve.ledger)
        try:
            client.post(V2, json=BODY, headers={"Accept-Encoding": "identity"}).read()
        except httpx.HTTPError:
            assert name in {"reset", "short_body", "no_end"}
        assert len(reve.ledger) - before == FAULTS[name].charges, name


def test_another_process_can_drive_it(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "tests.standin", "--port", "0", "--draw", "tiny", "--ledger", str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) as client:
                rules = {"faults": [{"name": "status", "status": 500}, "reset"]}
                assert len(client.post("/_standin/faults", json=rules).json()["faults"]) == 2
                assert client.post("/_standin/faults", json={"faults": ["nonsense"]}).status_code == 400
                assert client.post(V2, json=BODY).status_code == 500
                with pytest.raises(httpx.HTTPError):
                    client.post(V2, json=BODY)
                assert client.post(V2 + "?breadcrumb=job-9", json=BODY).status_code == 200
                till = client.get("/_standin/ledger").json()
                assert [line["key"] for line in till["charges"]] == ["", "job-9"]
                assert len(ledger.read_text(encoding="utf-8").splitlines()) == 2
                seen = client.get("/_standin/requests").json()
                assert [one["path"] for one in seen["requests"]] == [V2] * 3
                assert KEY not in json.dumps(seen)
                client.post("/_standin/settings", json={"credits": 100})
                assert client.post(V2, json=BODY).status_code == 402
                client.post("/_standin/reset")
                assert client.get("/_standin/ledger").json()["charges"] == []
        finally:
            process.terminate()
        assert process.wait(10) == 0
