"""A canary key: whatever goes wrong, it is in no answer, no log, no file and no output."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
from websockets.sync.client import ClientConnection

from reve_core.models import JobRequest
from reve_core.store.sqlite import SqliteStore
from tests.app.process import ROOT, App
from tests.app.websocket import heard, open_socket, rerun
from tests.building import place, until
from tests.standin import StandIn
from tests.standin.fal import FalStandIn
from tests.standin.openai import ImagesServer

CANARY = "papi.canary-3f9a-not-a-real-key"


def test_the_key_is_in_no_answer_no_log_no_file_and_no_output(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with StandIn(key=CANARY) as reve:
        settings = {
            "REVE_API_KEY": CANARY,
            "REVE_API_URL": reve.url,
            "REVE_API_PER_MINUTE": "0",
            "REVE_API_CONCURRENCY": "1",
        }
        for fault in ("echo_key", "html", "reset", "garbage"):
            reve.faults.add(fault)
        reve.faults.add("status", status=401, code="PARTNER_API_TOKEN_INVALID", message=f"the key {CANARY} is wrong")
        with App(data, settings=settings) as app:
            store = SqliteStore(data / "reve.db")
            request = JobRequest(prompt="heron", aspect_ratio="1:1", provider="reve", model="reve-v2")
            place(store, *[request] * 5)
            until(lambda: not store.pending("me"), within_s=60)
            answers = [httpx.get(f"{app.url}{path}").text for path in ("/api/live", "/", "/api/typo", "/download/x")]
            assert len(store.pending("me")) == 0
            store.close()
            assert app.stop() == 0
        assert len(reve.posts()) == 5
        environment = {**os.environ, **settings, "REVE_DATA_DIR": str(data)}
        outputs = []
        for command in (["doctor"], ["jobs"], ["generate", "fox", "--provider", "reve"]):
            ran = subprocess.run(
                [sys.executable, "-m", "reve_core", *command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            outputs += [ran.stdout, ran.stderr]
    assert "REVE_API_KEY" in outputs[0]
    for text in (*answers, app.log(), *outputs):
        assert CANARY not in text
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file


FAL_CANARY = "canary-id-2b7d:canary-secret-of-fal-not-a-real-one"
LAB_CANARY = "sk-canary-5e1c-not-a-real-key"
PROVIDERS = """
[[provider]]
kind = "fal"
base_url = "{fal}"
file_hosts = ["{files}"]
poll_s = [0.05, 0.05, 0.05]
concurrency = 1

[[provider]]
kind = "openai"
name = "lab"
base_url = "{lab}"
dialect = "gateway"
models = ["flux-pro"]
key_env = "LAB_KEY"
concurrency = 1
"""


def test_the_keys_of_other_providers_are_in_no_answer_no_log_no_file_and_no_output(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with FalStandIn(key=FAL_CANARY) as fal, ImagesServer(dialect="gateway", key=LAB_CANARY) as lab:
        (tmp_path / "providers.toml").write_text(PROVIDERS.format(fal=fal.url, files=fal.files.url, lab=lab.base))
        settings = {
            "REVE_FAL_KEY": FAL_CANARY,
            "LAB_KEY": LAB_CANARY,
            "REVE_PROVIDERS_FILE": str(tmp_path / "providers.toml"),
        }
        for path in ("submit", "result"):
            fal.faults.add("echo_key", path=path)
        for fault in ("echo_key", "html", "reset"):
            lab.faults.add(fault)
        with App(data, settings=settings) as app:
            store = SqliteStore(data / "reve.db")
            models = {"fal": "reve/2.1/text-to-image", "lab": "flux-pro"}
            requests = [
                JobRequest(prompt="heron", aspect_ratio="1:1", provider=name, model=model)
                for name, model in models.items()
            ]
            place(store, *requests * 4)
            until(lambda: not store.pending("me"), within_s=60)
            answers = [httpx.get(f"{app.url}{path}").text for path in ("/", "/api/v1/providers", "/api/v1/jobs")]
            store.close()
            assert app.stop() == 0
        assert len(lab.posts()) >= 4
        assert fal.requests
        environment = {**os.environ, **settings, "REVE_DATA_DIR": str(data)}
        outputs = []
        for command in (
            ["doctor"],
            ["doctor", "--public"],
            ["models"],
            ["jobs"],
            ["generate", "fox", "--provider", "lab"],
        ):
            ran = subprocess.run(
                [sys.executable, "-m", "reve_core", *command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            outputs += [ran.stdout, ran.stderr]
    assert "LAB_KEY set" in outputs[0]
    assert "REVE_FAL_KEY set" in outputs[0]
    pieces = (FAL_CANARY, FAL_CANARY.partition(":")[2], LAB_CANARY)
    for text in (*answers, app.log(), *outputs):
        assert [piece for piece in pieces if piece in text] == []
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert [piece for piece in pieces if piece.encode() in file.read_bytes()] == [], file


SECRETS = {
    "REVE_API_KEY": CANARY,
    "REVE_OPERATOR_TOKEN": "canary-operator-token-not-a-real-one",
    "REVE_SECRET": "canary-secret-that-is-none-0123456789",
    "REVE_MODERATION_KEY": "canary-moderation-key-not-a-real-one",
    "REVE_API_PROXY_AUTHORIZATION": "Bearer canary-of-a-gateway-not-a-real-one",
    "REVE_FAL_KEY": "canary-of-fal:not-a-real-one-7531",
    "REVE_OPENAI_KEY": "sk-canary-of-images-not-a-real-one",
}
NOWHERE = {"REVE_OPENAI_URL": "http://127.0.0.1:9/v1", "REVE_OPENAI_MODELS": "gpt-image-2"}
SENT = "canary-that-a-visitor-sends-not-a-real-one"


def test_a_public_app_shows_none_of_its_secrets_to_anybody_and_writes_none_down(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = {**SECRETS, "REVE_MODE": "public", "REVE_API_URL": "http://127.0.0.1:9", **NOWHERE}
    shown: list[bytes] = []
    with App(data, settings=settings) as app, httpx.Client(base_url=app.url, timeout=60) as client:
        operator = {"Authorization": f"Bearer {SECRETS['REVE_OPERATOR_TOKEN']}"}
        for path in ("/", "/gallery", "/api/live", "/api/v1/jobs", "/api/v1/providers", "/api/v1/openapi.json",
                     "/api/v1/docs", "/api/typo", "/s/none", "/c/none", "/download/x", "/healthz", "/readyz", "/metrics",
                     "/_stcore/host-config", "/_stcore/metrics"):  # fmt: skip
            for headers in ({}, operator, {"Authorization": f"Bearer {SENT}", "Cookie": f"reve_visitor={SENT}"}):
                shown.append(client.get(path, headers=headers).content)
        told = client.get("/metrics", headers=operator)
        assert (told.status_code, b"reve_store_up 1.0" in told.content) == (200, True)
        for body in (b"{", b'{"prompt": "a fox", "provider": "reve"}', b'{"prompt": 7}'):
            for headers in (operator, {"Authorization": f"Bearer {SENT}"}, {}):
                kind = {"Content-Type": "application/json"}
                shown.append(client.post(f"/api/v1/jobs?token={SENT}", content=body, headers=headers | kind).content)
        for page in ("", "gallery", "compare", "queue", "shares"):
            made = open_socket(app)
            assert isinstance(made, ClientConnection)
            made.send(rerun(page))
            shown += [message.SerializeToString() for message in heard(made)]
            made.close()
        assert app.stop() == 0
    assert len(shown) > 70
    log = app.log()
    assert "Application startup complete" in log
    for text in (*shown, log.encode()):
        for secret in (*SECRETS.values(), "canary-of-a-gateway"):
            assert secret.encode() not in text
        assert SENT.encode() not in text
    for file in data.rglob("*"):
        if file.is_file():
            assert b"canary" not in file.read_bytes(), file
