"""Comparisons over HTTP: priced, made, looked at, changed, exported, and brought in again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import MutableMapping
from typing import Any

import anyio
import httpx
import pytest

from reve_core.compare.models import Axes
from reve_core.exchange.payload import MAX_FILE
from reve_core.models import PERSONAL
from reve_core.service import Studio
from reve_core.web.who import KEY
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.door import SEALS, asking, front, refusal

Json = dict[str, Any]
AT = "/api/v1/comparisons"
WAIT = {"Prefer": "wait=30"}


def make(client: httpx.Client, *, headers: dict[str, str] | None = None, **order: object) -> Json:
    """A comparison whose pictures are there."""
    answer = client.post(AT, json={"prompts": ["a kite", "a gull"], **order}, headers={**WAIT, **(headers or {})})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def read(client: httpx.Client, comparison_id: str) -> Json:
    found: Json = client.get(f"{AT}/{comparison_id}").json()
    return found


def states(comparison: Json) -> list[str]:
    return [cell["state"] for cell in comparison["cells"]]


# ---------------------------------------------------------------- making


def test_a_quote_says_what_making_it_then_does(client: httpx.Client) -> None:
    order = {"template": "a {big|small} quoted bird", "samples": 3}
    before = client.get("/api/v1/jobs").json()["jobs"]
    quoted = client.post(f"{AT}/quote", json=order).json()
    assert (quoted["pictures"], quoted["have"], quoted["new"], quoted["held"]) == (6, 0, 6, 0)
    assert quoted["says"].startswith("6 pictures: about 60 credits / $0.08, ")
    assert client.get("/api/v1/jobs").json()["jobs"] == before
    made = client.post(AT, json=order, headers=WAIT)
    assert made.status_code == 201
    assert made.headers["location"] == f"{AT}/{made.json()['id']}"
    assert states(made.json()) == ["done"] * 6
    assert [row["prompt"] for row in made.json()["rows"]] == ["a big quoted bird", "a small quoted bird"]
    again = client.post(f"{AT}/quote", json={**order, "samples": 4}).json()
    assert (again["have"], again["new"]) == (6, 2)


def test_every_cell_leads_to_its_job_and_its_picture(client: httpx.Client) -> None:
    made = make(client, seeds=[4, 9], aspect_ratios=["3:2"])
    assert [row["name"] for row in made["rows"]] == ["A", "B"]
    assert [column["seed"] for column in made["columns"]] == [4, 9]
    for cell in made["cells"]:
        job = client.get(f"/api/v1/jobs/{cell['job_id']}").json()
        assert (job["image"], job["seed"]) == (cell["image"], cell["seed"])
        assert client.get(cell["image"]["url"]).headers["content-type"] == "image/png"


def test_the_same_key_makes_it_only_once(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "foxes-1"}
    answers = [client.post(AT, json={"prompts": ["one fox", "two foxes"]}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true"]
    refusal(client.post(AT, json={"prompts": ["one", "other"]}, headers=key), 409, "idempotency_conflict")


def test_the_same_key_compares_the_same_pictures_only_once(client: httpx.Client, done: str) -> None:
    other = make(client)["cells"][0]["job_id"]
    key = {"Idempotency-Key": "pictures-1"}
    order = {"pictures": [done, other], "title": "Two birds", "question": "Which?"}
    answers = [client.post(AT, json=order, headers=key) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert (answers[0].json()["title"], answers[0].json()["question"]) == ("Two birds", "Which?")
    assert {cell["job_id"] for cell in answers[0].json()["cells"]} == {done, other}
    assert all(cell["adopted"] for cell in answers[0].json()["cells"])


def test_a_cap_holds_back_and_raising_it_lets_the_rest_through(client: httpx.Client) -> None:
    made = make(client, prompts=["a capped kite", "a capped gull"], cap_usd=0.02)
    assert sorted(states(made)) == ["done", "held"]
    refusal(client.post(f"{AT}/{made['id']}/cells/run", json={}), 409, "wrong_state")
    assert client.patch(f"{AT}/{made['id']}", json={"cap_usd": None}).json()["cap_usd"] is None
    planned = client.post(f"{AT}/{made['id']}/cells/run", json={"dry_run": True}).json()
    assert (planned["count"], planned["plan"]["new"]) == (0, 1)
    assert client.post(f"{AT}/{made['id']}/cells/run", json={}).json()["count"] == 1
    done = client.get(f"{AT}/{made['id']}", headers=WAIT)
    assert done.headers["preference-applied"] == "wait=30"
    assert states(done.json()) == ["done", "done"]


def test_one_like_another_takes_what_is_not_said_from_it(client: httpx.Client) -> None:
    first = make(client, samples=2, aspect_ratios=["2:3"], cap_usd=5)
    second = client.post(AT, json={"from": first["id"], "prompts": ["an owl", "a jay"]}).json()
    assert [row["prompt"] for row in second["rows"]] == ["an owl", "a jay"]
    assert (second["samples"], second["aspect_ratios"], second["cap_usd"]) == (2, ["2:3"], 5)
    third = client.post(AT, json={"from": first["id"], "cap_usd": None, "reuse": False, "samples": 1}).json()
    assert [row["prompt"] for row in third["rows"]] == ["a kite", "a gull"]
    assert (third["samples"], third["cap_usd"]) == (1, None)
    assert not any(cell["adopted"] for cell in third["cells"])


@pytest.mark.parametrize(
    ("order", "status", "field", "words"),
    [
        pytest.param({}, 422, "prompts", "Give what to compare", id="nothing"),
        pytest.param({"prompts": ["a fox"]}, 422, "prompts", "needs two things", id="one prompt only"),
        pytest.param({"prompts": ["a", "a"]}, 422, "prompts", "the same", id="the same prompt twice"),
        pytest.param({"prompts": ["a", " "]}, 422, "prompts.1", "empty", id="an empty prompt, by its number"),
        pytest.param({"prompts": ["a"] * 13}, 422, "prompts", "at most 12", id="13 prompts"),
        pytest.param({"template": "{a|b}" * 14}, 422, "template", "16,384 prompts", id="a template of thousands"),
        pytest.param({"template": "{a|b}" * 10_000}, 422, "template", "10", id="a template of more than atoms"),
        pytest.param({"prompts": ["a", "b"], "template": "c"}, 422, "prompts", "either", id="prompts and a template"),
        pytest.param({"prompts": ["a", "b"], "pictures": ["x", "y"]}, 422, "pictures", "either", id="pictures too"),
        pytest.param({"prompts": ["a", "b"], "cap_usd": 0}, 422, "cap_usd", "more than 0", id="a cap of 0"),
        pytest.param({"prompts": ["a", "b"], "samples": 9}, 422, "samples", "", id="9 samples"),
        pytest.param({"prompts": ["a", "b"], "sample": 2}, 422, "sample", "no such field", id="a misspelt field"),
        pytest.param({"prompts": ["a", "b"], "makers": [{"provider": "x"}]}, 422, "provider", "no provider", id="x"),
        pytest.param({"prompts": ["a", "b"], "aspect_ratios": ["7:7"]}, 422, "aspect_ratio", "7:7", id="a ratio"),
        pytest.param({"pictures": ["0" * 32]}, 422, "pictures", "at least two", id="one picture"),
        pytest.param({"pictures": ["0" * 32, "1" * 32]}, 404, "", "no such job", id="pictures that are not there"),
        pytest.param({"from": "0" * 32}, 404, "", "no such comparison", id="like one that is not there"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_field_and_a_sentence(
    client: httpx.Client, order: Json, status: int, field: str, words: str
) -> None:
    before = client.get(AT).json()
    answer = client.post(AT, json=order)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert words in problem["detail"]
    if field:
        assert field in [each["field"] for each in problem["errors"]]
    assert client.get(AT).json() == before


# ---------------------------------------------------------------- looking


def test_an_etag_saves_what_is_known_and_changes_with_it(client: httpx.Client) -> None:
    made = make(client, prompts=["a tagged kite", "a tagged gull"])
    for path in (f"{AT}/{made['id']}", f"{AT}/{made['id']}/result", AT):
        first = client.get(path)
        known = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
    tag = client.get(f"{AT}/{made['id']}").headers["etag"]
    client.patch(f"{AT}/{made['id']}", json={"title": "Another name"})
    answer = client.get(f"{AT}/{made['id']}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["title"]) == (200, "Another name")


def test_the_list_comes_in_pages_newest_first(client: httpx.Client) -> None:
    made = [make(client)["id"] for _ in range(3)]
    first = client.get(AT, params={"limit": 2}).json()
    assert [one["id"] for one in first["comparisons"]] == [made[2], made[1]]
    second = client.get(AT, params={"limit": 2, "cursor": first["next"]}).json()
    assert second["comparisons"][0]["id"] == made[0]


def test_the_result_counts_votes_and_says_so(studio: Studio, client: httpx.Client) -> None:
    made = make(client, prompts=["a judged kite", "a judged gull"])
    comparison = studio.comparisons.get(made["id"], owner=PERSONAL)
    for voter in ("bert", "carl"):
        ballot = studio.polls.next_ballot(comparison, voter)
        assert ballot is not None
        studio.polls.cast(comparison, ballot.id, "left", voter=voter)
    told = client.get(f"{AT}/{made['id']}/result").json()
    assert (told["votes"], told["by_visitors"], told["by_owner"]) == (2, 2, 0)
    assert told["words"].startswith("2 votes: ")
    assert told["questions"][0]["kind"] == "prompts"
    assert client.get(f"{AT}/{made['id']}/result", params={"by": "owner"}).json()["votes"] == 0
    refusal(client.get(f"{AT}/{made['id']}/result", params={"by": "nobody"}), 422, "invalid")


# ---------------------------------------------------------------- changing


def test_only_what_is_sent_is_changed(client: httpx.Client) -> None:
    made = make(client, title="Birds", question="Which?", cap_usd=3)
    frozen = client.patch(f"{AT}/{made['id']}", json={"frozen": True}).json()
    assert frozen["frozen_at"]
    assert (frozen["title"], frozen["question"], frozen["cap_usd"]) == ("Birds", "Which?", 3)
    opened = client.patch(f"{AT}/{made['id']}", json={"frozen": False, "question": "Why?"}).json()
    assert (opened["frozen_at"], opened["question"], opened["title"]) == (None, "Why?", "Birds")
    refusal(client.patch(f"{AT}/{made['id']}", json={"cap_usd": -1}), 422, "bad_input")
    refusal(client.patch(f"{AT}/{made['id']}", json={"name": "x"}), 422, "invalid")


def test_rows_are_priced_added_repeated_and_taken_out(client: httpx.Client) -> None:
    made = make(client, samples=2)
    at = f"{AT}/{made['id']}"
    quoted = client.post(f"{at}/rows", json={"template": "a {red|blue} wren", "dry_run": True})
    assert (quoted.status_code, quoted.json()["new"]) == (200, 4)
    assert read(client, made["id"])["rows"] == made["rows"]
    added = client.post(f"{at}/rows", json={"template": "a {red|blue} wren"})
    assert added.status_code == 201
    assert [row["prompt"] for row in added.json()["rows"]][2:] == ["a red wren", "a blue wren"]
    twin = client.post(f"{at}/rows", json={"twin_of": "r1"}).json()
    assert [row["name"] for row in twin["rows"]] == ["A", "A′", "B", "C", "D"]
    more = client.post(f"{at}/rows", json={"samples": 3}).json()
    assert len(more["cells"]) == 15
    assert client.delete(f"{at}/rows/r1").status_code == 204
    assert [row["id"] for row in read(client, made["id"])["rows"]] == ["r2", "r3", "r4"]
    refusal(client.delete(f"{at}/rows/r1"), 422, "bad_input")
    refusal(client.post(f"{at}/rows", json={}), 422, "bad_input")
    refusal(client.post(f"{at}/rows", json={"prompts": ["x"], "template": "y"}), 422, "bad_input")
    refusal(client.post(f"{at}/rows", json={"samples": 1}), 422, "bad_input")


def test_cells_are_run_again_cancelled_and_removed(held: httpx.Client) -> None:
    made = held.post(AT, json={"prompts": ["a held kite", "a held gull"], "samples": 2})
    at = f"{AT}/{made.json()['id']}"
    until(lambda: "running" in states(held.get(at).json()))
    pending = held.get(at)
    assert pending.headers["retry-after"] == "1"
    assert pending.json()["pending"] == 4
    waiting = [cell["key"] for cell in pending.json()["cells"] if cell["state"] == "queued"]
    assert held.post(f"{at}/cells/cancel", json={"cells": waiting[:2]}).json() == {
        "count": 2,
        "detail": "2 pictures asked to stop.",
        "plan": None,
    }
    assert states(held.get(at).json()).count("cancelled") == 2
    assert held.post(f"{at}/cells/run", json={"cells": waiting[:1]}).json()["count"] == 1
    assert held.post(f"{at}/cells/remove", json={"cells": waiting[1:2]}).json()["detail"] == "1 picture removed."
    assert len(held.get(at).json()["cells"]) == 3
    refusal(held.post(f"{at}/cells/run", json={"cells": ["x"]}), 422, "bad_input")


def test_a_failed_cell_says_why_and_spoils_no_other(client: httpx.Client) -> None:
    made = make(client, prompts=["refuse", "a fine gull"])
    failed, fine = made["cells"]
    assert (failed["state"], failed["error"]["code"]) == ("failed", "refused")
    assert (fine["state"], fine["error"]) == ("done", None)


def test_deleting_it_leaves_its_pictures(client: httpx.Client) -> None:
    made = make(client, prompts=["a kept kite", "a kept gull"])
    assert client.delete(f"{AT}/{made['id']}").status_code == 204
    refusal(client.get(f"{AT}/{made['id']}"), 404, "comparison_not_found")
    assert client.get(f"/api/v1/jobs/{made['cells'][0]['job_id']}").json()["status"] == "done"


def test_a_link_to_it_is_listed_with_the_others_and_opens_its_page(client: httpx.Client) -> None:
    made = make(client)
    link = client.post(f"{AT}/{made['id']}/shares", json={"show_prompt": False, "lasts_s": 3600})
    assert link.status_code == 201
    assert (link.json()["comparison_id"], link.json()["job_id"]) == (made["id"], None)
    assert link.json()["url"].startswith("/c/")
    assert client.get(link.json()["url"]).status_code < 400
    assert link.json()["id"] in [each["id"] for each in client.get("/api/v1/shares").json()["shares"]]


# ---------------------------------------------------------------- files


@pytest.fixture(scope="module")
def exported(client: httpx.Client) -> Json:
    return make(client, prompts=["an exported kite", "an exported gull"], title="Kite, or gull?")


@pytest.mark.parametrize(
    ("name", "mime", "saved"),
    [
        ("export.html", "text/html; charset=utf-8", "Kite-or-gull.html"),
        ("export.json", "application/json", "Kite-or-gull.json"),
        ("cells.csv", "text/csv; charset=utf-8", "Kite-or-gull-cells.csv"),
        ("votes.csv", "text/csv; charset=utf-8", "Kite-or-gull-votes.csv"),
        ("contact.png", "image/png", "Kite-or-gull.png"),
        ("originals.zip", "application/zip", "Kite-or-gull.zip"),
    ],
)
def test_each_file_is_saved_under_the_comparisons_name_and_runs_nowhere_here(
    client: httpx.Client, exported: Json, name: str, mime: str, saved: str
) -> None:
    bodies = []
    for at in (f"{AT}/{exported['id']}/{name}", f"/download/comparisons/{exported['id']}/{name}"):
        answer = client.get(at)
        assert (answer.status_code, answer.headers["content-type"]) == (200, mime)
        assert answer.headers["content-disposition"] == f'attachment; filename="{saved}"'
        assert answer.headers["cache-control"] == "no-store"
        assert SEALS.items() <= dict(answer.headers).items()
        head = client.head(at)
        assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", mime)
        bodies.append(len(answer.content))
    assert min(bodies) > 50


def test_the_files_hold_what_they_say(client: httpx.Client, exported: Json) -> None:
    at = f"{AT}/{exported['id']}"
    cells = list(csv.DictReader(io.StringIO(client.get(f"{at}/cells.csv").content.decode("utf-8-sig"))))
    assert [cell["job_id"] for cell in cells] == [cell["job_id"] for cell in exported["cells"]]
    with zipfile.ZipFile(io.BytesIO(client.get(f"{at}/originals.zip").content)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 2
    assert client.get(f"{at}/contact.png").content.startswith(b"\x89PNG")
    assert client.get(f"{at}/export.json").json()["format"] == "reve-studio-comparison/1"


def test_what_is_no_file_of_it_is_not_there(client: httpx.Client, exported: Json) -> None:
    for path in (f"{exported['id']}/export.svg", exported["id"], f"{exported['id']}/", "x/export.html", "", "../x"):
        assert client.get(f"/download/comparisons/{path}").status_code == 404
    assert client.post(f"/download/comparisons/{exported['id']}/export.html").status_code == 405


def test_a_comparison_without_pictures_has_no_originals_and_says_so(client: httpx.Client) -> None:
    made = make(client, prompts=["a dear kite", "a dear gull"], cap_usd=0.001)
    refusal(client.get(f"{AT}/{made['id']}/originals.zip"), 422, "bad_input")
    assert client.get(f"{AT}/{made['id']}/export.html").status_code == 200


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("export.json", "application/json"),
        ("export.html", "text/html; charset=utf-8"),
        ("export.html", "application/octet-stream"),
    ],
)
def test_an_exported_file_is_imported_once(client: httpx.Client, exported: Json, name: str, kind: str) -> None:
    file = client.get(f"{AT}/{exported['id']}/{name}").content
    first = client.post(f"{AT}/import", content=file, headers={"Content-Type": kind})
    assert first.status_code == 201, first.text
    made = first.json()["comparison"]
    assert (first.json()["pictures"], first.json()["again"]) == (2, False)
    assert first.headers["location"] == f"{AT}/{made['id']}"
    assert states(made) == ["done", "done"]
    assert (made["title"], made["spending"]["spent"]) == (exported["title"], 0)
    assert client.get(made["cells"][0]["image"]["url"]).headers["content-type"] == "image/webp"
    job = client.get(f"/api/v1/jobs/{made['cells'][0]['job_id']}").json()
    assert job["notes"][0].startswith("Imported from a file on ")
    again = client.post(f"{AT}/import", content=file, headers={"Content-Type": kind})
    assert (again.json()["again"], again.json()["comparison"]["id"]) == (True, made["id"])
    assert again.headers["idempotency-replayed"] == "true"


def test_what_is_no_export_is_refused_by_its_type_its_size_or_its_words(client: httpx.Client) -> None:
    at = f"{AT}/import"
    refusal(client.post(at, content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    refusal(client.post(at, content=b"{}"), 415, "unsupported_media_type")
    refusal(client.post(at, json={"cells": []}), 422, "bad_input")
    refusal(client.post(at, content=b"PK", headers={"Content-Type": "application/octet-stream"}), 422, "bad_input")


def test_a_file_that_is_too_large_is_read_no_further_than_the_limit(studio: Studio) -> None:
    piece, read, sent = b" " * (1 << 20), [0], []

    async def receive() -> MutableMapping[str, Any]:
        read[0] += len(piece)
        return {"type": "http.request", "body": piece, "more_body": read[0] < 3 * MAX_FILE}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    for announced in ((), ((b"content-length", b"%d" % (MAX_FILE + 1)),)):
        scope = {
            "type": "http",
            "method": "POST",
            "path": f"{AT}/import",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), *announced],
        }
        read[0] = 0
        sent.clear()
        anyio.run(front(studio), scope, receive, send)
        assert sent[0]["status"] == 413
        assert b"larger than 64 MB" in sent[1]["body"]
        assert read[0] <= (0 if announced else MAX_FILE + len(piece))


# ---------------------------------------------------------------- visitors without cookies


def test_a_key_in_the_address_opens_that_one_file_and_no_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        running(build_studio(tmp_path_factory.mktemp("data"), FakeProvider(), public=True)) as studio,
        asking(studio) as client,
    ):
        made = studio.comparisons.make(Axes(prompts=("a kite", "a gull")), owner="anna")
        until(lambda: all(job.status == "done" for job in _jobs(studio, made.id)))
        key = studio.visitors.key(f"{made.id}/export.html")
        at = f"/download/comparisons/{made.id}"
        opened = client.get(f"{at}/export.html", params={KEY: key})
        assert opened.status_code == 200
        assert opened.content.count(b'"full":"data:image/webp;base64,UklGR') == 2
        refusal(client.get(f"{at}/export.html"), 404, "comparison_not_found")
        refusal(client.get(f"{at}/export.json", params={KEY: key}), 404, "comparison_not_found")
        refusal(client.get(f"{AT}/{made.id}/export.html", params={KEY: key}), 404, "comparison_not_found")
        assert (
            json.loads(client.get(f"{at}/export.json", headers={"Authorization": "Bearer x"}).content)["status"] == 401
        )


def _jobs(studio: Studio, comparison_id: str) -> list[Any]:
    cells = studio.comparisons.grid(comparison_id, owner="anna").cells.values()
    return [cell.job for cell in cells]
