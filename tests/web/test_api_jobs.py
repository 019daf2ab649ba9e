"""Jobs created and read: one, several of one prompt, a batch that is queued whole or not at all."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from reve_core.service import Studio
from tests.fakes import GatedProvider
from tests.web.door import ended, made, refusal


def test_a_job_is_created_with_its_address_and_every_default_filled_in(client: httpx.Client) -> None:
    answer = client.post("/api/v1/jobs", json={"prompt": "heron"})
    [job] = answer.json()["jobs"]
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["prompt"], job["provider"], job["model"]) == ("heron", "fake", "fake-1")
    assert (job["status"], job["aspect_ratio"], job["label"]) == ("queued", "1:1", "AI-generated")
    assert (job["image"], job["error"], job["can"]) == (None, None, ["cancel"])
    assert isinstance(job["seed"], int)
    assert datetime.fromisoformat(job["created_at"]).utcoffset() is not None


def test_what_was_asked_for_is_kept_untouched(client: httpx.Client) -> None:
    prompt = '  <b>*Heron*</b> "quoted" \U0001f426 \u202e $x$ :red[no]\n'
    asked = {"prompt": prompt, "aspect_ratio": "16:9", "seed": 2**32 - 1, "provider": "fake", "model": "fake-1"}
    answer = client.post("/api/v1/jobs", json=asked)
    [job] = answer.json()["jobs"]
    assert {name: job[name] for name in asked} == asked
    assert answer.headers["content-type"] == "application/json"  # and never a type that a browser would run


def test_n_makes_that_many_jobs_each_with_a_seed_of_its_own(client: httpx.Client) -> None:
    answer = client.post("/api/v1/jobs", json={"prompt": "heron", "n": 4, "seed": 2**32 - 2})
    assert "location" not in answer.headers
    assert [job["seed"] for job in answer.json()["jobs"]] == [2**32 - 2, 2**32 - 1, 0, 1]
    assert len({job["id"] for job in answer.json()["jobs"]}) == 4


def test_a_batch_is_queued_in_its_order(client: httpx.Client) -> None:
    answer = client.post("/api/v1/jobs", json={"jobs": [{"prompt": "heron", "n": 2}, {"prompt": "fox"}]})
    assert [job["prompt"] for job in answer.json()["jobs"]] == ["heron", "heron", "fox"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"prompt": "x" * 201}, "jobs.2.prompt"),
        ({"prompt": " "}, "jobs.2.prompt"),
        ({"prompt": "fox", "aspect_ratio": "7:5"}, "jobs.2.aspect_ratio"),
        ({"prompt": "fox", "provider": "nobody"}, "jobs.2.provider"),
        ({"prompt": "fox", "model": "fake-9"}, "jobs.2.model"),
        ({"prompt": "fox", "n": 99}, "jobs.2.n"),
        ({"prompt": "fox", "colour": "red"}, "jobs.2.colour"),
        ({"promt": "fox"}, "jobs.2.promt"),
        ("fox", "jobs.2"),
    ],
)
def test_one_bad_item_stops_the_whole_batch_and_is_named(
    studio: Studio, client: httpx.Client, bad: object, field: str
) -> None:
    before = studio.counts()
    answer = client.post("/api/v1/jobs", json={"jobs": [{"prompt": "heron"}, {"prompt": "owl"}, bad]})
    assert refusal(answer, 422, "invalid")["errors"][0]["field"] == field
    assert sum(studio.counts().values()) == sum(before.values())


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"jobs": []}, "jobs"),
        ({"jobs": [{"prompt": "heron"}] * 101}, "jobs"),
        ({"jobs": [{"prompt": "heron", "n": 16}] * 13}, "jobs"),  # 208 pictures
        ({"jobs": [{"prompt": "heron"}], "prompt": "heron"}, "prompt"),
        ({"jobs": {"prompt": "heron"}}, "jobs"),
        ({"prompt": "heron", "promt": "x"}, "promt"),
        ({"prompt": "heron", "callback_url": "https://hooks.example/"}, "callback_url"),
    ],
)
def test_a_wrong_shape_is_refused_by_its_field(client: httpx.Client, asked: object, field: str) -> None:
    answer = client.post("/api/v1/jobs", json=asked)
    assert answer.status_code == 422
    assert refusal(answer, 422, answer.json()["code"])["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        pytest.param({"promt": "fox"}, "promt: There is no such field.", id="the misspelt name comes first"),
        pytest.param({}, "prompt: This field is needed.", id="a field is missing"),
        pytest.param({"jobs": []}, "jobs: Give at least 1.", id="no jobs at all"),
        pytest.param({"jobs": [{"prompt": "fox"}] * 101}, "jobs: Give at most 100.", id="too many jobs"),
    ],
)
def test_a_mistake_is_told_in_words_for_people(client: httpx.Client, asked: object, detail: str) -> None:
    assert refusal(client.post("/api/v1/jobs", json=asked), 422, "invalid")["detail"] == detail


def test_all_200_pictures_of_the_largest_request_are_queued_in_one_order(client: httpx.Client) -> None:
    answer = client.post("/api/v1/jobs", json={"jobs": [{"prompt": "heron", "n": 2}] * 100})
    assert len({job["id"] for job in answer.json()["jobs"]}) == 200


# ---------------------------------------------------------------- read


def test_a_finished_job_leads_to_its_picture_by_every_address(studio: Studio, client: httpx.Client) -> None:
    job_id = ended(studio, client, "heron in the reeds")
    job = client.get(f"/api/v1/jobs/{job_id}").json()
    image = job["image"]
    assert (job["status"], job["can"]) == ("done", ["share", "delete"])
    assert (job["credits_used"], job["usd_used"]) == (10, None)
    assert job["layout"]["regions"][0]["label"] == "<thing>"
    by_name, by_job = client.get(image["url"]), client.get(f"/api/v1/jobs/{job_id}/image")
    assert by_name.content == by_job.content
    assert (len(by_job.content), by_job.headers["content-type"]) == (image["size"], image["mime"])
    assert by_job.headers["cache-control"] == "private, no-cache"
    small = client.get(f"/api/v1/jobs/{job_id}/thumbnail")
    assert (small.headers["content-type"], small.content) == ("image/webp", client.get(image["thumbnail_url"]).content)
    tag = by_job.headers["etag"]
    assert client.get(f"/api/v1/jobs/{job_id}/image", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("part", ["image", "thumbnail"])
def test_there_is_no_picture_before_there_is_one(held: httpx.Client, part: str) -> None:
    job_id = made(held.post("/api/v1/jobs", json={"prompt": "heron"}))
    refusal(held.get(f"/api/v1/jobs/{job_id}/{part}"), 404, "not_found")


def test_a_place_in_line_is_told_and_moves_up(held: httpx.Client, gated: GatedProvider) -> None:
    made(held.post("/api/v1/jobs", json={"prompt": "first"}))
    assert gated.started.wait(timeout=10)
    fox, owl = (made(held.post("/api/v1/jobs", json={"prompt": prompt})) for prompt in ("fox", "owl"))
    assert held.get(f"/api/v1/jobs/{owl}").json()["position"] == 2
    held.post(f"/api/v1/jobs/{fox}/cancel")
    assert held.get(f"/api/v1/jobs/{owl}").json()["position"] == 1


def test_providers_are_told_with_what_they_can_do_and_cost(client: httpx.Client) -> None:
    answer = client.get("/api/v1/providers")
    [provider] = answer.json()["providers"]
    assert (provider["name"], provider["title"], provider["paused"]) == ("fake", "Fake", False)
    able = provider["models"][0]["capabilities"]
    assert able["aspect_ratios"][0] == "1:1"
    assert able["price"] == {"credits": 10, "usd": pytest.approx(10 / 750), "as_of": "", "source": ""}
    assert (able["seed"], able["preview"], able["resumes"], able["note"]) == (True, False, False, "")
    low, high = provider["models"][0]["usual_s"]
    assert 0 <= low <= high <= 3
    assert (provider["reason"], provider["until"]) == ("", None)
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/api/v1/providers", headers=known).status_code == 304
