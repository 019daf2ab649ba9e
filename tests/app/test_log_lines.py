"""What visitors send cannot write lines of its own into the log of the real process, nor colour somebody's terminal."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.app.process import App
from tests.building import until

ENDS = ["\r\n", "\n", "\x1b[2J\x1b[31m", "\u2028", "\u2029", "\u202e", "\x85", "\x00", "\x0b"]
FORGED = '{"level": "error", "message": "FORGED"}'
HOSTILE = [f"a{end}{FORGED}{end}" for end in ENDS]


def test_what_a_visitor_sends_is_never_a_line_of_its_own(tmp_path: Path) -> None:
    settings = {
        "REVE_MODE": "public",
        "REVE_SECRET": "not-a-secret-since-it-stands-in-a-test-of-this-project",
        "REVE_VISITOR_PER_MINUTE": "0",
        "REVE_ADDRESS_PER_MINUTE": "0",
        "REVE_LOG_PROMPTS": "true",
        "REVE_SKETCH_DELAY_S": "0",
    }
    app = App(tmp_path / "data", launcher="uvicorn app:app", settings=settings)
    with app, httpx.Client(base_url=app.url, timeout=60) as client:
        client.get("/")
        made: list[str] = []
        for text in HOSTILE:
            for body in (
                {"prompt": text},
                {"prompt": "a fox", "model": text},
                {text: 1},
                {"prompt": "fox", "seed": text},
            ):
                answer = client.post("/api/v1/jobs", json=body)
                assert answer.status_code in (201, 422), answer.text
                made += [job["id"] for job in answer.json().get("jobs", ())]
            for path in ("/api/v1/jobs/", "/images/", "/s/", "/download/", "/gallery/", "/_stcore/"):
                assert client.get(path + quote(text, safe="")).status_code < 500
            assert client.get("/api/v1/jobs", params={"words": text, "cursor": text}).status_code < 500
        for end in ("\x1b[31m", "\x0b", "\x85"):  # what gets through in a header as it is
            lines = f"GET /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: a{end}{FORGED}\r\nX-Forwarded-For: {end}{FORGED}"
            with socket.create_connection(("127.0.0.1", app.port), timeout=30) as raw:
                raw.sendall(
                    f"{lines}\r\nAuthorization: Bearer {end}{FORGED}\r\nConnection: close\r\n\r\n".encode("latin-1")
                )
                assert raw.recv(100).startswith(b"HTTP/1.1 4")
        # A shape that is only known to be wrong when it is drawn ends up in the log as somebody's mistake or not at all.
        until(lambda: client.get("/api/v1/jobs", params={"status": "queued"}).json()["jobs"] == [], within_s=60)
        assert app.stop() == 0
    log = app.log()
    assert "Application startup complete" in log
    assert made
    assert "FORGED" in log  # it did get there, as text within a line
    # Of characters that end a line or steer a terminal there is none but the ends of our own lines.
    assert not set(log) & set("\r\x1b\u2028\u2029\u202e\x85\x00\x0b"), sorted(set(log))
    ours = [line for line in log.splitlines() if not line.startswith("INFO:  ")]  # uvicorn, before it is told how
    for line in ours:
        read = json.loads(line)
        assert read["level"] in ("info", "warning"), line
        assert "FORGED" not in (read["message"], read["logger"]), line
