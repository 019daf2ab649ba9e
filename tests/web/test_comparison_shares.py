"""Links to comparisons over real HTTP: the grid to look at, what it keeps back, the result, the card, the frame, oEmbed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image

from reve_core.compare.models import Comparison
from reve_core.errors import ComparisonNotFound, JobNotFound, PromptRefused, ShareNotFound
from reve_core.grants import Link
from reve_core.models import JobRequest, Picture
from reve_core.pictures import versus
from reve_core.ports import CallContext
from reve_core.web.site import Site
from tests.fakes import FakeProvider, png
from tests.pictures.samples import chunk, with_chunk
from tests.web.polling import ANNA, FOX, HERON, PHONE, Booth, polling
from tests.web.test_shares import HOSTILE, Page

SECRET = "zanzibar xylophone"


class Talkative(FakeProvider):
    """Writes the prompt into its files, and into what it says when it refuses."""

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        if "refuse" in request.prompt:
            raise PromptRefused(f"We do not draw “{request.prompt}”.")
        made = super().generate(request, context)
        data = png(f"{request.prompt} {request.seed}")
        return replace(made, data=with_chunk(data, chunk(b"tEXt", b"Description\0" + request.prompt.encode("utf-8"))))


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    provider = Talkative()
    able = provider.models[0].capabilities.model_copy(update={"max_prompt_chars": 10_000})
    provider._models = (provider.models[0].model_copy(update={"capabilities": able}),)
    with polling(tmp_path_factory.mktemp("links"), provider) as booth:
        yield booth


@pytest.fixture(autouse=True)
def _own_site(booth: Booth) -> None:
    booth.site = Site(public=True)


def data_of(answer: httpx.Response) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="comparison">(.*?)</script>', answer.text, re.S)
    found: dict[str, Any] = json.loads(text)
    return found


def job_ids(booth: Booth, link: Link) -> list[str]:
    cells = booth.studio.polls._grids.cells(link.share.comparison_id or "")
    return [cell.job_id for cell in cells if cell.job_id]


# ---------------------------------------------------------------- making


def test_only_the_owner_makes_lists_and_ends_a_link(booth: Booth) -> None:
    made = booth.comparison()
    with pytest.raises(ComparisonNotFound):
        booth.studio.comparison_shares.make(made.id, owner="v-bert")
    link = booth.link(made)
    found = booth.studio.shares.links(ANNA)[0]
    assert (found.share, found.state, found.token, found.job) == (link.share, "open", link.token, None)
    assert found.comparison is not None
    assert found.comparison.id == made.id
    assert link.share.id not in [each.share.id for each in booth.studio.shares.links("v-bert")]
    with pytest.raises(ShareNotFound):
        booth.studio.shares.revoke(link.share.id, owner="v-bert")


def test_links_to_pictures_and_to_comparisons_stand_in_one_list_and_open_each_its_own(booth: Booth) -> None:
    compared = booth.link()
    [job_id, *_] = job_ids(booth, compared)
    picture = booth.studio.shares.make(job_id, owner=ANNA)
    listed = [link.share.id for link in booth.studio.shares.links(ANNA, limit=2)]
    assert listed == [picture.share.id, compared.share.id]
    for wrong in (f"/s/{compared.token}", f"/c/{picture.token}", f"/s/{compared.token}/card.jpg"):
        assert httpx.get(booth.url + wrong).status_code == 404
    with pytest.raises(JobNotFound):
        booth.studio.shares.make(compared.share.comparison_id or "", owner=ANNA)


def test_programs_find_both_kinds_in_the_list_of_shares(booth: Booth) -> None:
    link = booth.link(may_vote=False)
    headers = {"Cookie": f"reve_visitor={booth.studio.visitors.cookie(ANNA)}"}
    [first, *_] = httpx.get(f"{booth.url}/api/v1/shares", headers=headers).json()["shares"]
    assert first["url"] == f"/c/{link.token}"
    assert (first["job_id"], first["comparison_id"]) == (None, link.share.comparison_id)
    assert first["may_vote"] is False


def test_the_database_holds_no_token(booth: Booth) -> None:
    link = booth.link()
    assert link.token is not None
    store = booth.studio.polls._grids
    with store.connections.read() as db:  # type: ignore[attr-defined]
        whole = (
            "".join(db.iterdump()) if hasattr(db, "iterdump") else repr(db.execute("select * from shares").fetchall())
        )
    assert link.token not in whole


# ---------------------------------------------------------------- looking


def test_a_link_to_look_at_shows_the_grid_and_asks_nothing(booth: Booth) -> None:
    link = booth.link(booth.comparison(FOX, HERON, samples=2), may_vote=False)
    answer = booth.person().open(link)
    assert answer.status_code == 200
    assert not answer.history
    assert "set-cookie" not in answer.headers
    data = data_of(answer)
    assert [row["prompt"] for row in data["rows"]] == [FOX, HERON]
    assert not any(row["hidden"] for row in data["rows"])
    assert len(data["cells"]) == 4
    assert all(cell["can"] == [] for cell in data["cells"])
    assert "Nobody has voted yet." in Page(answer.text).text
    assert Page(answer.text).all("form") == []
    form = {"ballot": "A" * 22, "choice": "left"}
    assert httpx.post(f"{booth.url}/c/{link.token}", data=form).status_code == 404


def test_the_page_s_policy_names_its_script_and_its_style(booth: Booth) -> None:
    answer = booth.person().open(booth.link(may_vote=False))
    policy = answer.headers["content-security-policy"]
    [css] = re.findall(r"<style>(.*?)</style>", answer.text, re.S)
    [code] = re.findall(r"<script>(.*?)</script>", answer.text, re.S)
    for kind, text in (("style", css), ("script", code)):
        named = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{named}'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy


def test_its_pictures_come_bare_from_addresses_of_this_link_alone(booth: Booth) -> None:
    made = booth.comparison(SECRET, HERON)
    link, other = booth.link(made, may_vote=False), booth.link(made, may_vote=False)
    person = booth.person()
    data, elsewhere = data_of(person.open(link)), data_of(person.open(other))
    for cell, same in zip(data["cells"], elsewhere["cells"], strict=True):
        for which, side in (("src", 64), ("full", 64)):
            answer = person.client.get(cell[which])
            assert answer.status_code == 200
            assert b"zanzibar" not in answer.content
            with Image.open(io.BytesIO(answer.content)) as picture:
                assert picture.width == side
            assert answer.headers["cache-control"] == "private, no-cache"
            assert person.client.get(cell[which], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        assert cell["key"] != same["key"]
        assert person.client.get(f"/c/{link.token}/p/{same['key']}").status_code == 404
        assert person.client.get(f"/images/{cell['key']}").status_code == 404


def test_a_hidden_prompt_occurs_nowhere(booth: Booth) -> None:
    made = booth.comparison(SECRET, f"{SECRET} refuse")
    link, person = booth.link(made, may_vote=False, show_prompt=False), booth.person()
    page = person.open(link)
    data = data_of(page)
    done = [cell for cell in data["cells"] if cell["state"] == "done"]
    paths = ["", "/embed", "/data", "/result", f"/d/{done[0]['key']}"]
    answers = [page, *(person.open(link, path) for path in paths), person.client.get(done[0]["full"])]
    answers.append(httpx.get(f"{booth.url}/oembed", params={"url": f"{booth.url}/c/{link.token}"}))
    for answer in answers:
        assert answer.status_code == 200
        whole = f"{answer.headers} {answer.content.decode('latin-1')}".lower()
        assert "zanzibar" not in whole
        assert "xylophone" not in whole
    assert [row["name"] for row in data["rows"]] == ["A", "B"]
    assert data["diffs"] == {}


def test_the_names_by_which_the_owner_knows_things_are_never_told(booth: Booth) -> None:
    link = booth.link(may_vote=False)
    person = booth.person()
    key = data_of(person.open(link))["cells"][0]["key"]
    cells = booth.studio.polls._grids.cells(link.share.comparison_id or "")
    secrets = [
        link.share.id,
        link.share.comparison_id or "",
        ANNA,
        *(cell.key for cell in cells),
        *job_ids(booth, link),
    ]
    for what in ("", "/embed", "/data", "/result", f"/d/{key}", f"/p/{key}", f"/p/{key}/small"):
        answer = person.open(link, what)
        assert answer.status_code == 200
        whole = f"{answer.headers} {answer.content.decode('latin-1')}"
        assert not [secret for secret in secrets if secret in whole]


def test_what_a_provider_said_to_the_owner_stays_with_the_owner(booth: Booth) -> None:
    link = booth.link(booth.comparison(FOX, "please refuse this"), may_vote=False)
    page = booth.person().open(link)
    assert "We do not draw" not in page.text
    assert [cell["state"] for cell in data_of(page)["cells"]] == ["done", "gone"]


def test_details_tell_the_layout_and_no_cost(booth: Booth) -> None:
    link, person = booth.link(may_vote=False), booth.person()
    key = data_of(person.open(link))["cells"][0]["key"]
    told = person.open(link, f"/d/{key}").json()
    assert [region["label"] for region in told["regions"]] == ["<thing>"]
    assert {name for name, _ in told["facts"]} == {"Made by", "Shape", "Size"}


@pytest.mark.parametrize("prompt", HOSTILE)
def test_what_an_owner_typed_is_text_to_who_looks(booth: Booth, prompt: str) -> None:
    plain = booth.link(booth.comparison("one", "two"), may_vote=False)
    made = booth.comparison(prompt, "something else")
    booth.studio.comparisons.describe(made.id, owner=ANNA, title=prompt[:100], question=prompt[:150])
    booth.studio.comparisons.describe(plain.share.comparison_id or "", owner=ANNA, question="Which?")
    person = booth.person()
    answers = [person.open(link) for link in (booth.link(made, may_vote=False), plain)]
    tags = [[name for name, _ in Page(answer.text).tags] for answer in answers]
    assert tags[0] == tags[1]
    assert data_of(answers[0])["rows"][0]["prompt"].strip() == prompt.strip()


def test_the_page_is_told_when_something_is_new_and_little_while_nothing_is(booth: Booth) -> None:
    made = booth.comparison()
    looks, votes, person = booth.link(made, may_vote=False), booth.link(made), booth.person()
    rev = data_of(person.open(looks))["rev"]
    assert person.open(looks, f"/result?rev={rev}").json() == {"rev": rev}
    person.say(votes, "left")
    news = person.open(looks, f"/result?rev={rev}").json()
    assert news["rev"] != rev
    assert news["result"]["told"] == "1 vote by 1 person."
    assert person.open(looks, "/data").json()["rev"] == news["rev"]
    assert booth.studio.comparisons.freeze(made.id, True, owner=ANNA).frozen_at
    assert person.open(looks, "/result").json()["closed"] is True


def test_a_grid_of_hundreds_is_light(booth: Booth) -> None:
    prompts = tuple(f"{number} {'a very long prompt indeed ' * 60}" for number in range(8))
    link = booth.link(booth.comparison(*prompts, samples=4), may_vote=False)
    answer = booth.person().open(link)
    sent = int(answer.headers["content-length"])
    assert answer.headers["content-encoding"] == "gzip"
    assert sent < 80_000
    assert len(data_of(answer)["cells"]) == 32


def test_a_picture_in_the_trash_is_not_shown(booth: Booth) -> None:
    link, person = booth.link(may_vote=False), booth.person()
    cell = data_of(person.open(link))["cells"][0]
    tag = person.client.get(cell["src"]).headers["etag"]
    booth.studio.shelf.trash(job_ids(booth, link), owner=ANNA)
    for which in ("src", "full"):
        assert person.client.get(cell[which], headers={"If-None-Match": tag}).status_code == 404
    assert {each["state"] for each in data_of(person.open(link))["cells"]} == {"gone"}


# ---------------------------------------------------------------- after a vote


def test_before_the_last_vote_the_grid_stays_shut_and_then_opens_for_that_voter(booth: Booth) -> None:
    made = booth.comparison(FOX, HERON, samples=2)
    link, person, other = booth.link(made, show_grid=True), booth.person(), booth.person()
    other.open(link)
    for _ in range(4):
        for what in ("/data", "/p/" + "A" * 22, "/d/" + "A" * 22):
            assert person.open(link, what).status_code == 404
        assert person.open(link, "/grid").url.path == f"/c/{link.token}"
        person.say(link, "tie")
    done = person.open(link, "/done")
    assert Page(done.text).all("a", href=f"/c/{link.token}/grid")
    data = data_of(person.open(link, "/grid"))
    cell = data["cells"][0]
    assert person.client.get(cell["src"]).status_code == 200
    assert person.open(link, "/data").json()["cells"] == data["cells"]
    # What one voter may see, another may not: not even under the same address.
    assert other.client.get(cell["src"]).status_code == 404
    assert httpx.get(booth.url + cell["src"]).status_code == 404


def test_without_the_owner_s_leave_the_grid_never_opens(booth: Booth) -> None:
    link, person = booth.link(), booth.person()
    person.say(link, "tie")
    assert "/grid" not in person.open(link, "/done").text
    assert person.open(link, "/grid").url.path.endswith("/done")
    assert person.open(link, "/data").status_code == 404


def test_a_closed_vote_opens_its_grid_to_everybody(booth: Booth) -> None:
    made = booth.comparison()
    link = booth.link(made, show_grid=True)
    booth.studio.comparisons.freeze(made.id, True, owner=ANNA)
    person = booth.person()
    cell = data_of(person.open(link, "/grid"))["cells"][0]
    assert person.client.get(cell["full"]).status_code == 200


def test_before_their_own_vote_nobody_is_told_how_it_stands(booth: Booth) -> None:
    link, person, other = booth.link(), booth.person(), booth.person()
    other.say(link, "left")
    person.open(link)
    assert person.open(link, "/result").status_code == 404
    assert httpx.get(f"{booth.url}/c/{link.token}/result").status_code == 404
    person.say(link, "left")
    assert person.open(link, "/result").json()["result"]["told"] == "2 votes by 2 people."


# ---------------------------------------------------------------- card, frame, oEmbed


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    draw = versus.versus
    monkeypatch.setattr(versus, "versus", lambda *given, **how: calls.append(how) or draw(*given, **how))
    return calls


def test_the_card_of_a_comparison_tells_words_and_the_vote(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = drawn(monkeypatch)
    made = booth.comparison()
    looks, votes = booth.link(made, may_vote=False), booth.link(made)
    booth.person().say(votes, "tie")
    answer = booth.person().open(looks, "/card.jpg")
    with Image.open(io.BytesIO(answer.content)) as card:
        assert (card.format, card.size) == ("JPEG", (1200, 630))
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    [how] = calls
    assert (how["left_words"], how["right_words"], how["names"]) == ("fox", "heron", ("A", "B"))
    assert how["tally"].startswith("1 vote")


def test_the_card_of_an_open_vote_spoils_nothing(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = drawn(monkeypatch)
    made = booth.comparison()
    link = booth.link(made)
    for _ in range(2):
        booth.person().say(link, "left")
    booth.person().open(link, "/card.jpg")
    [how] = calls
    assert how["hidden"]
    assert (how["left_words"], how["right_words"], how["names"]) == ("", "", ("", ""))
    assert how["tally"] == "2 people have voted: not decided yet"
    booth.studio.comparisons.freeze(made.id, True, owner=ANNA)
    booth.person().open(link, "/card.jpg")
    assert calls[1]["left_words"] == "fox"


def test_a_card_is_drawn_again_only_when_it_says_something_else(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = drawn(monkeypatch)
    link, person = booth.link(), booth.person()
    first = person.open(link, "/card.jpg")
    assert person.open(link, "/card.jpg").content == first.content
    assert person.open(link, "/card.jpg", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert len(calls) == 1
    person.say(link, "left")
    assert person.open(link, "/card.jpg").headers["etag"] != first.headers["etag"]


def test_a_hidden_prompt_is_not_on_the_card(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = drawn(monkeypatch)
    link = booth.link(booth.comparison(SECRET, HERON), may_vote=False, show_prompt=False)
    booth.person().open(link, "/card.jpg")
    assert "zanzibar" not in repr(calls)
    assert calls[0]["names"] == ("A", "B")


def test_previews_get_absolute_addresses_and_the_question(booth: Booth) -> None:
    booth.site = Site(public=True, public_url="https://pictures.example")
    for link in (booth.link(), booth.link(may_vote=False)):
        page = Page(httpx.get(f"{booth.url}/c/{link.token}", headers={"User-Agent": "WhatsApp/2"}).text)
        address = f"https://pictures.example/c/{link.token}"
        assert page.meta("og:url") == address
        assert page.meta("og:image") == page.meta("twitter:image") == f"{address}/card.jpg"
        assert page.meta("twitter:card") == "summary_large_image"
        assert page.meta("og:title") == ("Which picture is better?" if link.share.may_vote else "fox or heron")
        about = f"{page.meta('og:title')} {page.meta('og:description')}"
        assert about.count("Which picture is better?") == 1
        assert "noindex" in (page.meta("robots") or "")


@pytest.mark.parametrize("agent", [PHONE, "WhatsApp/2"])
def test_before_the_vote_no_address_of_a_link_tells_the_words_that_differ(booth: Booth, agent: str) -> None:
    link, person = booth.link(show_grid=True), booth.person(**{"User-Agent": agent})
    answers = [person.open(link, what) for what in ("", "/embed", "/done", "/grid")]
    answers.append(httpx.get(f"{booth.url}/oembed", params={"url": f"{booth.url}/c/{link.token}"}))
    for answer in answers:
        assert answer.status_code == 200
        assert not re.search("fox|heron", f"{answer.headers} {answer.text}")
    booth.studio.comparisons.describe(link.share.comparison_id or "", owner=ANNA, title="Two animals")
    assert "<title>Two animals" in person.open(link).text


def test_a_closed_link_is_called_by_what_differs(booth: Booth) -> None:
    made = booth.comparison()
    link = booth.link(made)
    booth.studio.comparisons.freeze(made.id, True, owner=ANNA)
    page = Page(booth.person().open(link).text)
    assert page.meta("og:title") == "fox or heron"


def ranked(booth: Booth, made: Comparison, *names: str) -> None:
    """One person votes on every pair, always for whom stands first in ``names``."""
    polls = booth.studio.polls
    while (ballot := polls.next_ballot(made, "w-fan")) is not None:
        cells = [polls._grids.cell(made.id, key) for key in (ballot.left, ballot.right)]
        left, right = (names.index(made.name_of(cell.place.row)) for cell in cells if cell)
        polls.cast(made, ballot.id, "left" if left < right else "right", voter="w-fan")


def test_the_card_of_three_shows_the_first_two_and_after_votes_the_leader_and_the_next(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = drawn(monkeypatch)
    made = booth.comparison(FOX, HERON, "a red owl in snow")
    link, person = booth.link(made, may_vote=False), booth.person()
    assert "A, “fox”; B, “heron”. No votes yet." in (Page(person.open(link).text).meta("og:image:alt") or "")
    first = person.open(link, "/card.jpg").content
    ranked(booth, made, "C", "B", "A")
    second = person.open(link, "/card.jpg").content
    assert [how["names"] for how in calls] == [("A", "B"), ("C", "B")]
    assert (calls[1]["left_words"], calls[1]["right_words"]) == ("owl", "heron")
    assert calls[1]["tally"].startswith("3 votes: C ")
    assert first != second
    page = Page(person.open(link).text)
    for name in ("og:image:alt", "twitter:image:alt"):
        alt = page.meta(name) or ""
        assert alt.startswith("Two pictures side by side: C, “owl”; B, “heron”. 3 votes: C ")
        assert "Which" not in alt


def test_on_the_card_the_next_takes_the_place_of_a_picture_that_is_gone(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = drawn(monkeypatch)
    made = booth.comparison(FOX, HERON, "a red owl in snow")
    ranked(booth, made, "C", "B", "A")
    lost = [cell.job_id for cell in booth.studio.polls._grids.cells(made.id) if made.name_of(cell.place.row) == "B"]
    booth.studio.shelf.trash([job_id for job_id in lost if job_id], owner=ANNA)
    booth.person().open(booth.link(made, may_vote=False), "/card.jpg")
    assert calls[0]["names"] == ("C", "A")


def test_the_card_of_an_open_vote_is_described_without_its_words(booth: Booth) -> None:
    page = Page(booth.person().open(booth.link()).text)
    assert page.meta("og:image:alt") == "Two pictures side by side, and the question: Which picture is better?"


def test_search_engines_are_let_in_only_where_the_owner_publishes(booth: Booth) -> None:
    made = booth.comparison()
    for published in (False, True):
        answer = booth.person().open(booth.link(made, may_vote=False, published=published))
        assert ("noindex" in answer.headers.get("x-robots-tag", "")) != published
        assert ("noindex" in (Page(answer.text).meta("robots") or "")) != published


def test_a_vote_in_a_frame_opens_in_a_tab_of_its_own(booth: Booth) -> None:
    link = booth.link()
    answer = httpx.get(f"{booth.url}/c/{link.token}/embed", headers={"User-Agent": PHONE})
    assert answer.status_code == 200
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    page = Page(answer.text)
    assert page.all("form") == page.all("script") == []
    for anchor in page.all("a"):
        assert (anchor["target"], anchor["rel"]) == ("_blank", "noopener")
        assert (anchor["href"] or "").endswith(f"/c/{link.token}")


def test_a_comparison_can_be_looked_at_in_a_frame(booth: Booth) -> None:
    answer = httpx.get(f"{booth.url}/c/{booth.link(may_vote=False).token}/embed")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert len(data_of(answer)["cells"]) == 2


@pytest.mark.parametrize("may_vote", [True, False])
def test_the_page_leads_to_an_oembed_answer(booth: Booth, may_vote: bool) -> None:
    link = booth.link(may_vote=may_vote)
    page = Page(httpx.get(f"{booth.url}/c/{link.token}", headers={"User-Agent": "Slackbot"}).text)
    [as_json] = page.all("link", type="application/json+oembed")
    told = httpx.get(as_json["href"] or "").json()
    assert (told["type"], told["title"]) == ("rich", "Which picture is better?" if may_vote else "fox or heron")
    [frame] = Page(told["html"]).all("iframe")
    assert frame["src"] == f"{booth.url}/c/{link.token}/embed"
    assert httpx.get(told["thumbnail_url"]).status_code == 200
    room = {"url": f"{booth.url}/c/{link.token}", "maxwidth": "300", "maxheight": "280"}
    small = httpx.get(f"{booth.url}/oembed", params=room).json()
    assert small["width"] <= 300
    assert small["height"] <= 280
    booth.studio.shares.revoke(link.share.id, owner=ANNA)
    assert httpx.get(as_json["href"] or "").status_code == 410


def test_every_answer_is_sealed(booth: Booth) -> None:
    for link in (booth.link(), booth.link(may_vote=False)):
        for what in ("", "/embed", "/card.jpg"):
            answer = booth.person().open(link, what)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] in ("no-store", "private, no-cache")


def test_looking_counts_each_time(booth: Booth) -> None:
    link, person = booth.link(may_vote=False), booth.person()
    person.open(link)
    person.open(link)
    person.open(link, "/embed")
    person.open(link, "/result")
    assert booth.views(link) == 2
