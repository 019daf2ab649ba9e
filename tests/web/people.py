"""Anna, another visitor, programs with tokens, and nobody: who they are in public mode, and what each may do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from reve_core.grants import ApiToken
from reve_core.models import Job, JobRequest
from reve_core.service import Studio
from reve_core.visitors import COOKIE
from reve_core.web.who import KEY, PASS_HEADER
from tests.building import until


@dataclass(frozen=True)
class Row:
    """
    How an operation answers to Anna, and what she needs for it: a job in that ``state``, or nothing in particular.

    ``nobody`` is the status for those who are not known, ``other`` for another visitor; where the address names a job, or
    a share, both are 404 as for one that never was.
    """

    status: int
    state: str = ""
    other: int = 404
    nobody: int = 404
    body: dict[str, Any] | None = None
    params: dict[str, str] = field(default_factory=dict)


# A comparison as a file, without pictures.
_COLUMN = {"provider": "fake", "model": "fake-1", "aspect_ratio": "1:1"}
EXPORTED = {
    "format": "reve-studio-comparison/1",
    "exported_at": "2027-01-15T08:00:00Z",
    "comparison": {
        "made_at": "2027-01-15T08:00:00Z",
        "makers": [{"provider": "fake", "model": "fake-1"}],
        "aspect_ratios": ["1:1"],
        "samples": 1,
    },
    "rows": [{"id": "a", "prompt": "an auk"}, {"id": "b", "prompt": "an owl"}],
    "columns": [{"id": "c", **_COLUMN, "sample": 1}],
    "cells": [{"key": "1", "row": "a", "column": "c", "state": "held"}],
}


# A new operation needs a row here: the test below says so.
ROWS = {
    "POST /api/v1/jobs": Row(201, other=201, nobody=401, body={"prompt": "heron"}),
    "GET /api/v1/jobs": Row(200, other=200, nobody=401),
    "GET /api/v1/jobs/{job_id}": Row(200, "done"),
    "DELETE /api/v1/jobs/{job_id}": Row(204, "done", params={"for_good": "true"}),
    "POST /api/v1/jobs/{job_id}/cancel": Row(200, "queued"),
    "POST /api/v1/jobs/{job_id}/retry": Row(200, "failed"),
    "POST /api/v1/jobs/{job_id}/resolve": Row(200, "unknown", body={"how": "give_up"}),
    "POST /api/v1/jobs/{job_id}/restore": Row(200, "trashed"),
    "GET /api/v1/jobs/{job_id}/image": Row(200, "done"),
    "GET /api/v1/jobs/{job_id}/thumbnail": Row(200, "done"),
    "POST /api/v1/jobs/{job_id}/shares": Row(201, "done", body={}),
    "GET /api/v1/shares": Row(200, other=200, nobody=401),
    "DELETE /api/v1/shares/{share_id}": Row(204, "shared"),
    "POST /api/v1/comparisons/import": Row(201, other=201, nobody=401, body=EXPORTED),
    "POST /api/v1/comparisons/quote": Row(200, other=200, nobody=401, body={"prompts": ["heron", "wren"]}),
    "POST /api/v1/comparisons": Row(201, other=201, nobody=401, body={"prompts": ["heron", "wren"]}),
    "GET /api/v1/comparisons": Row(200, other=200, nobody=401),
    "GET /api/v1/comparisons/{comparison_id}": Row(200, "compared"),
    "PATCH /api/v1/comparisons/{comparison_id}": Row(200, "compared", body={"title": "Birds"}),
    "DELETE /api/v1/comparisons/{comparison_id}": Row(204, "compared"),
    "POST /api/v1/comparisons/{comparison_id}/rows": Row(201, "compared", body={"prompts": ["a third"]}),
    "DELETE /api/v1/comparisons/{comparison_id}/rows/{row_id}": Row(204, "compared, a row"),
    "POST /api/v1/comparisons/{comparison_id}/cells/run": Row(200, "compared", body={}),
    "POST /api/v1/comparisons/{comparison_id}/cells/cancel": Row(200, "compared", body={}),
    "POST /api/v1/comparisons/{comparison_id}/cells/remove": Row(200, "compared", body={"cells": []}),
    "GET /api/v1/comparisons/{comparison_id}/result": Row(200, "compared"),
    "POST /api/v1/comparisons/{comparison_id}/shares": Row(201, "compared", body={}),
    "GET /api/v1/comparisons/{comparison_id}/export.html": Row(200, "compared"),
    "GET /api/v1/comparisons/{comparison_id}/export.json": Row(200, "compared"),
    "GET /api/v1/comparisons/{comparison_id}/cells.csv": Row(200, "compared"),
    "GET /api/v1/comparisons/{comparison_id}/votes.csv": Row(200, "compared"),
    "GET /api/v1/comparisons/{comparison_id}/contact.png": Row(200, "compared"),
    "GET /api/v1/comparisons/{comparison_id}/originals.zip": Row(200, "compared"),
    "GET /api/v1/providers": Row(200, other=200, nobody=200),
    "GET /api/v1/me": Row(200, other=200, nobody=401),
    "GET /api/v1/me/export": Row(200, other=200, nobody=401),
    "DELETE /api/v1/me": Row(200, other=200, nobody=401),
    "GET /api/v1/me/standing": Row(200, other=200, nobody=401),
    "POST /generate": Row(200, other=200, nobody=401, body={"prompt": "heron"}),
    "GET /status/{job_id}": Row(200, "done"),
}
NAMING = [name for name in ROWS if "{" in name]
OWNERS = ("her cookie", "her page's pass", "her API token")
OTHERS = ("another visitor", "another API token")
NOBODIES = ("nobody", "a forged cookie", "the holder of a share link", "the holder of a picture's key")
ADDRESSES = (
    "/images/{image}",
    "/images/{thumbnail}",
    "/app/static/images/{image}",
    "/download/{job}",
    "/exports/{export}",
    "/download/comparisons/{compared}/export.html",
    "/download/comparisons/{compared}/export.json",
    "/download/comparisons/{compared}/cells.csv",
    "/download/comparisons/{compared}/votes.csv",
    "/download/comparisons/{compared}/contact.png",
    "/download/comparisons/{compared}/originals.zip",
)


def filled(path: str, thing: str) -> str:
    """The path with the thing in its place; where it has two places, the thing has two parts with a slash between."""
    first, _, second = thing.partition("/")
    parts = iter((first, second or first))
    return re.sub(r"{\w+}", lambda _: next(parts), path)


class World:
    """A public studio, and what each person sends along."""

    def __init__(self, studio: Studio, client: httpx.Client) -> None:
        self.studio, self.client = studio, client
        visitors = studio.visitors
        anna, token = visitors.make_token("Anna's script")
        self.anna: ApiToken = anna
        self.owner = anna.owner
        cookie = visitors.cookie(anna.owner)
        done = self.job("done")
        share = studio.shares.make(done.id, owner=self.owner)
        assert done.image is not None
        self.key = visitors.key(done.image.name)
        self.sent: dict[str, dict[str, str]] = {
            "her cookie": {"Cookie": f"{COOKIE}={cookie}"},
            "her page's pass": {PASS_HEADER: visitors.session_pass(anna.owner)},
            "her API token": {"Authorization": f"Bearer {token}"},
            "another visitor": {"Cookie": f"{COOKIE}={visitors.cookie(visitors.new())}"},
            "another API token": {"Authorization": f"Bearer {visitors.make_token('another script')[1]}"},
            "nobody": {},
            "a forged cookie": {"Cookie": f"{COOKIE}={cookie[:-2]}AA", PASS_HEADER: cookie},
            "the holder of a share link": {"Cookie": f"{COOKIE}={share.token}", PASS_HEADER: str(share.token)},
            "the holder of a picture's key": {PASS_HEADER: self.key},
        }

    def job(self, state: str) -> Job:
        """A new job of Anna's in that state."""
        words = {"failed": "refuse", "unknown": "lose"}.get(state, "a secret heron")
        name = "paused" if state == "queued" else "fake"
        [job] = self.studio.submit(JobRequest(prompt=words, provider=name), owner=self.owner)
        if state != "queued":
            until(lambda: not self.read(job.id).status.is_pending)
        if state == "trashed":
            self.studio.shelf.trash([job.id], owner=self.owner)
        return self.read(job.id)

    def read(self, job_id: str) -> Job:
        return self.studio.get(job_id, owner=self.owner)

    def thing(self, row: Row) -> str:
        """What the address of an operation is to name."""
        if row.state == "shared":
            return self.studio.shares.make(self.job("done").id, owner=self.owner).share.id
        if row.state.startswith("compared"):
            jobs = [self.job("done").id for _ in range(2)]
            made = self.studio.comparisons.of_pictures(jobs, owner=self.owner)
            if not row.state.endswith("a row"):
                return made.id
            made = self.studio.comparisons.extend(made.id, owner=self.owner, twin_of="r1")
            return f"{made.id}/{made.rows[-1].id}"
        return self.job(row.state).id if row.state else ""

    def ask(self, who: str, operation: str, thing: str, *, method: str = "") -> httpx.Response:
        row, (verb, path) = ROWS[operation], operation.split(" ")
        params = row.params | ({KEY: self.key} if who == "the holder of a picture's key" else {})
        return self.client.request(
            method or verb,
            filled(path, thing),
            json=row.body,
            params=params,
            headers=self.sent[who],
        )
