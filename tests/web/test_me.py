"""What is stored about whoever asks, over HTTP: told, handed over as a file, deleted, and the cookie taken back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from reve_core.compare.models import Axes
from reve_core.errors import JobNotFound
from reve_core.guarding import Verdicts
from reve_core.keeping import Keeping, Recipient
from reve_core.models import JobRequest
from reve_core.pictures.check import Caps
from reve_core.pictures.metadata import read
from reve_core.service import Studio
from reve_core.visitors import COOKIE, SECURE_COOKIE
from reve_core.web.site import Site
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.door import asking, refusal

ANNA = "v-anna"
CAPS = Caps(max_bytes=8_000_000, max_pixels=4_000_000)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = build_studio(
        tmp_path_factory.mktemp("data"),
        FakeProvider(),
        public=True,
        keeping=Keeping(failed_days=1, picture_days=7, comparison_days=30),
        recipients=[Recipient("Fake (fake.example)", "your prompt")],
    )
    with running(made):
        yield made


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[httpx.Client]:
    with asking(studio) as client:
        yield client


def cookie(studio: Studio, owner: str = ANNA) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={studio.visitors.cookie(owner)}"}


def made(studio: Studio, owner: str, prompt: str = "a heron") -> str:
    [job] = studio.submit(JobRequest(prompt=prompt), owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return job.id


def test_it_is_told_what_is_stored_how_long_and_who_is_sent_what(studio: Studio, client: httpx.Client) -> None:
    made(studio, "v-told")
    told = client.get("/api/v1/me", headers=cookie(studio, "v-told")).json()
    assert (told["jobs"], told["pictures"], told["comparisons"], told["votes"]) == (1, 1, 0, 0)
    assert told["bytes"] > 0
    assert {"what": "Pictures and their prompts", "how_long": "7 days, favourites too"} in told["kept"]
    assert told["sent_to"] == [{"name": "Fake (fake.example)", "purpose": "your prompt"}]


def test_deleting_takes_the_cookies_back_and_leaves_nothing(studio: Studio, client: httpx.Client) -> None:
    job_id = made(studio, ANNA)
    answer = client.delete("/api/v1/me", headers=cookie(studio))
    assert answer.json() == {"jobs": 1, "pictures": 1, "comparisons": 0, "links": 0, "votes": 0}
    cleared = answer.headers.get_list("set-cookie")
    assert any(line.startswith(f"{COOKIE}=; Max-Age=0; Path=/") for line in cleared)
    assert client.get(f"/api/v1/jobs/{job_id}", headers=cookie(studio)).status_code == 404
    assert client.get("/api/v1/me", headers=cookie(studio)).json()["jobs"] == 0
    # Again is fine.
    assert client.delete("/api/v1/me", headers=cookie(studio)).status_code == 200


def test_within_tls_the_cookie_that_only_this_host_can_set_is_taken_back_too(studio: Studio) -> None:
    site = Site(public=True, trusted_hops=1, embed_origins=("https://blog.example",))
    with asking(studio, site) as client:
        sent = {**cookie(studio), "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        cleared = client.delete("/api/v1/me", headers=sent).headers.get_list("set-cookie")
    [line] = [line for line in cleared if line.startswith(f"{SECURE_COOKIE}=;")]
    assert "Max-Age=0" in line
    assert {"Secure", "Partitioned", "SameSite=None"} <= set(line.split("; "))


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_another_site_cannot_delete_with_somebodys_browser(
    studio: Studio, client: httpx.Client, headers: dict[str, str]
) -> None:
    job_id = made(studio, "v-lured")
    refusal(client.delete("/api/v1/me", headers=cookie(studio, "v-lured") | headers), 403, "cross_site")
    assert studio.get(job_id, owner="v-lured").image is not None


def test_one_persons_app_refuses(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio, asking(studio) as client:
        [job] = studio.submit(JobRequest(prompt="a heron"))
        answer = refusal(client.delete("/api/v1/me"), 409, "wrong_state")
        assert "data folder" in answer["detail"]
        assert studio.get(job.id).request.prompt == "a heron"
        assert client.get("/api/v1/me").json()["kept"][0]["how_long"] == "until you delete them"


def test_the_file_holds_everything_about_them_and_nothing_of_anybody_elses(
    studio: Studio, client: httpx.Client
) -> None:
    made(studio, "v-other", "somebody else's")
    mine = made(studio, "v-file", "a heron at dawn")
    binned = made(studio, "v-file", "thrown away")
    studio.shelf.trash([binned], owner="v-file")
    grid = studio.comparisons.make(Axes(prompts=("an auk", "an owl")), owner="v-file", title="Birds", question="Which?")
    until(lambda: studio.comparisons.summaries([grid], faces=0)[0].done == 2)
    studio.polls.score(grid, [(*pair, "left") for pair in studio.polls.pairs(grid, count=1)])
    studio.shares.make(mine, owner="v-file")
    now = datetime.now(UTC)
    studio._store.note(Verdicts(now, "v-file", "prompt", "block", "weapons"))  # type: ignore[attr-defined]
    answer = client.get("/api/v1/me/export", headers=cookie(studio, "v-file"))
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="my-data.zip"' in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    pictures = [name for name in names if name.endswith(".png")]
    assert len(pictures) == 4
    assert {read(archive.read(name), CAPS).prompt for name in pictures} == {  # type: ignore[union-attr]
        "a heron at dawn",
        "thrown away",
        "an auk",
        "an owl",
    }
    data = json.loads(archive.read("data.json"))
    assert {job["prompt"] for job in data["jobs"]} == {"a heron at dawn", "thrown away", "an auk", "an owl"}
    assert [(each["title"], each["question"]) for each in data["comparisons"]] == [("Birds", "Which?")]
    assert [link["picture"] for link in data["links"]] == [mine]
    assert [vote["choice"] for vote in data["votes"]] == ["left"]
    assert [event["category"] for event in data["moderation"]] == ["weapons"]
    assert data["sent_to"] == [{"name": "Fake (fake.example)", "purpose": "your prompt"}]
    assert f"comparisons/0001_{grid.id[:8]}.json" in names
    assert b"somebody else" not in answer.content
    # Names are ours alone, none is made from what somebody typed.
    assert not [name for name in names if "heron" in name or ".." in name]


def test_an_exported_comparison_can_be_imported(studio: Studio, client: httpx.Client) -> None:
    grid = studio.comparisons.make(Axes(prompts=("an ibis", "an emu")), owner="v-back")
    until(lambda: studio.comparisons.summaries([grid], faces=0)[0].done == 2)
    archive = zipfile.ZipFile(io.BytesIO(client.get("/api/v1/me/export", headers=cookie(studio, "v-back")).content))
    [name] = [name for name in archive.namelist() if name.startswith("comparisons/")]
    brought = studio.exchange.bring(archive.read(name), owner="v-elsewhere")
    assert brought.pictures == 2


def test_each_visitors_prepared_files_are_their_own_to_push_out(studio: Studio) -> None:
    first = studio.privacy.prepare_export(ANNA)
    for _ in range(60):
        last = studio.privacy.prepare_export("v-greedy")
    assert next(studio.shelf.export(first, ANNA))
    assert next(studio.shelf.export(last, "v-greedy"))
    for _ in range(5):
        studio.privacy.prepare_export(ANNA)
    with pytest.raises(JobNotFound):
        studio.shelf.export(first, ANNA)
