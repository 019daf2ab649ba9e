"""Blind votes over real HTTP: who gets a pair, what a vote is, what it reveals, and what gives nothing away."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image

from reve_core.compare.models import Ballot, Comparison, Maker
from reve_core.grants import Link
from reve_core.models import JobRequest, Picture
from reve_core.web.site import Site
from tests.fakes import FakeProvider, png
from tests.web.polling import ANNA, FOX, HERON, PHONE, Booth, Person, ballot_in, polling
from tests.web.test_shares import HOSTILE, Page

BOXES = {"1:1": (1000, 1000), "16:9": (1333, 750)}


class Large(FakeProvider):
    """Draws four times as large, and not quite in the shape that was asked for."""

    def picture(self, request: JobRequest) -> Picture:
        return replace(super().picture(request), data=png(f"large {request.prompt} {request.seed}", (260, 252)))


class Odd(FakeProvider):
    """Draws in a shape of its own."""

    def picture(self, request: JobRequest) -> Picture:
        return replace(super().picture(request), data=png(f"odd {request.prompt} {request.seed}", (64, 200)))


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    providers = FakeProvider(), Large(name="large"), Odd(name="odd")
    able = providers[0].models[0].capabilities.model_copy(update={"max_prompt_chars": 10_000})
    providers[0]._models = (providers[0].models[0].model_copy(update={"capabilities": able}),)
    with polling(tmp_path_factory.mktemp("voting"), *providers) as booth:
        yield booth


@pytest.fixture(autouse=True)
def _own_site(booth: Booth) -> None:
    booth.site = Site(public=True)


@pytest.fixture(scope="module")
def two(booth: Booth) -> Comparison:
    """Two prompts, one picture each: one pair for every voter. Its votes are nobody's business."""
    return booth.comparison()


def cookies(answer: httpx.Response) -> list[str]:
    return [header for each in (*answer.history, answer) for header in each.headers.get_list("set-cookie")]


def heading(answer: httpx.Response) -> str:
    [found] = re.findall(r"<h1[^>]*>(.*?)</h1>", answer.text, re.S)
    return str(found)


# ---------------------------------------------------------------- coming in


def test_a_visitor_sees_two_pictures_the_question_and_four_answers(booth: Booth, two: Comparison) -> None:
    link = booth.link(two)
    answer = booth.person().open(link)
    assert answer.status_code == 200
    assert answer.url.path == f"/c/{link.token}"
    assert not answer.url.query
    assert len(answer.content) < 60_000
    page = Page(answer.text)
    assert heading(answer) == "Which picture is better?"
    assert [button["value"] for button in page.all("button")] == ["left", "tie", "bad", "right"]
    assert [(img["width"], img["height"]) for img in page.all("img")] == [("1000", "1000")] * 2
    assert "Pair 1 of 1" in page.text


def test_the_question_is_the_owner_s(booth: Booth) -> None:
    made = booth.comparison()
    booth.studio.comparisons.describe(made.id, owner=ANNA, question="Which fox <b>looks</b> colder?")
    answer = booth.person().open(booth.link(made))
    assert heading(answer) == "Which fox &lt;b&gt;looks&lt;/b&gt; colder?"


def test_a_voter_is_a_cookie_of_its_own_that_no_script_reads(booth: Booth, two: Comparison) -> None:
    [cookie] = cookies(booth.person().open(booth.link(two)))
    assert re.fullmatch(r"reve_voter=[^;]+; Path=/c; Max-Age=34560000; HttpOnly; SameSite=Lax", cookie)


def test_over_https_the_cookie_is_bound_to_the_host(booth: Booth, two: Comparison) -> None:
    booth.site = Site(public=True, trusted_hops=1)
    person = booth.person(**{"X-Forwarded-Proto": "https"})
    link = booth.link(two)
    [cookie] = cookies(person.client.get(f"/c/{link.token}"))
    assert re.fullmatch(r"__Host-reve_voter=[^;]+; Path=/; Secure; Max-Age=34560000; HttpOnly; SameSite=Lax", cookie)
    back = person.client.get(f"/c/{link.token}", headers={"Cookie": cookie.partition(";")[0]})
    assert ballot_in(back)


def test_the_voter_has_nothing_to_do_with_the_gallery_s_visitor(booth: Booth, two: Comparison) -> None:
    link = booth.link(two)
    person = booth.person(Cookie=f"reve_visitor={booth.studio.visitors.cookie(ANNA)}")
    start = person.client.get(f"/c/{link.token}")
    value = start.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert booth.studio.visitors.of_cookies({"reve_visitor": value}) is None
    voter = booth.studio.comparison_shares.votes.voter(booth.studio.comparison_shares.open(link.token or ""), value)
    assert voter is not None
    assert ANNA not in voter


def test_one_browser_has_another_name_in_every_comparison(booth: Booth, two: Comparison) -> None:
    person, links = booth.person(), (booth.link(two), booth.link())
    for link in links:
        person.say(link, "left")
    one, other = (booth.votes(link)[-1].voter for link in links)
    assert one != other


def test_without_cookies_nobody_votes_and_the_page_says_why(booth: Booth) -> None:
    link = booth.link()
    answer = httpx.get(f"{booth.url}/c/{link.token}", headers={"User-Agent": PHONE})
    assert answer.status_code == 303
    bare = httpx.get(f"{booth.url}{answer.headers['location']}", headers={"User-Agent": PHONE})
    assert bare.status_code == 200
    assert "Your browser sends no cookie back" in bare.text
    assert "set-cookie" not in bare.headers
    form = {"ballot": "A" * 22, "choice": "left"}
    refused = httpx.post(f"{booth.url}/c/{link.token}", data=form)
    assert refused.status_code == 403
    assert "Your browser sends no cookie back" in refused.text
    assert ballots_of(booth, link) == []


def ballots_of(booth: Booth, link: Link) -> list[object]:
    store = booth.studio.polls._grids
    with store.connections.read() as db:  # type: ignore[attr-defined]
        return list(db.execute("select * from ballots where comparison_id = ?", (link.share.comparison_id,)).fetchall())


@pytest.mark.parametrize("robot", ["WhatsApp/2.24", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "HEAD"])
def test_previews_and_robots_get_no_ballot_and_no_cookie(booth: Booth, robot: str) -> None:
    link = booth.link()
    method = "HEAD" if robot == "HEAD" else "GET"
    answer = httpx.request(method, f"{booth.url}/c/{link.token}", headers={"User-Agent": robot})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert ballots_of(booth, link) == []
    if method == "GET":
        page = Page(answer.text)
        assert page.meta("og:image") == f"{booth.url}/c/{link.token}/card.jpg"
        assert page.all("form") == []


def test_a_page_fetched_ahead_of_time_costs_no_ballot(booth: Booth) -> None:
    link = booth.link()
    booth.person(**{"Sec-Purpose": "prefetch;prerender"}).open(link)
    assert ballots_of(booth, link) == []


def test_in_personal_mode_people_vote_as_well(tmp_path: Path) -> None:
    with polling(tmp_path, public=False) as booth:
        link = booth.link(booth.comparison(owner="me"))
        for choice in ("left", "left", "tie"):
            assert booth.person().say(link, choice).status_code == 200
        assert len({vote.voter for vote in booth.votes(link)}) == 3


# ---------------------------------------------------------------- voting


def test_a_vote_leads_to_what_it_reveals(booth: Booth) -> None:
    link, person = booth.link(), booth.person()
    ballot = person.ballot(link)
    answer = person.say(link, "left", ballot)
    assert [each.status_code for each in (*answer.history, answer)] == [303, 200]
    assert answer.url.path == f"/c/{link.token}/b/{ballot}"
    [vote] = booth.votes(link)
    assert (vote.id, vote.choice) == (ballot, "left")
    name, other = ("A", "B") if _row_of(booth, vote.left) == "r1" else ("B", "A")
    page = Page(answer.text)
    assert heading(answer) == f"You chose {name}"
    assert page.text.index("fox") != page.text.index("heron")
    assert f"{name} 1" in page.text
    assert f"{other} 0" in page.text
    assert "Not decided yet" in page.text


def _row_of(booth: Booth, key: str) -> str:
    with booth.studio.polls._grids.connections.read() as db:  # type: ignore[attr-defined]
        [place] = db.execute("select place from cells where key = ?", (key,)).fetchone()
    return str(re.findall(r'"row":"([^"]+)"', place)[0])


def test_what_was_different_is_shown_after_the_vote_and_not_before(booth: Booth) -> None:
    link, person = booth.link(show_prompt=False), booth.person()
    shown = booth.link(booth.comparison("a fox at noon", "a fox at dusk"))
    before = Page(person.open(shown).text)
    assert "noon" not in _body(before)
    after = person.say(shown, "tie")
    assert re.findall(r"<mark>(.*?)</mark>", after.text) in (["noon", "dusk"], ["dusk", "noon"])
    for answer in (person.open(link), person.say(link, "tie"), person.open(link, "/done")):
        assert "heron" not in answer.text
        assert "fox" not in answer.text


def _body(page: Page) -> str:
    return " ".join(page.texts[1:])  # without the title, which names what is compared


def test_reloading_going_back_and_pressing_twice_make_no_second_vote(booth: Booth) -> None:
    link, person = booth.link(), booth.person()
    ballot = person.ballot(link)
    assert person.ballot(link) == ballot
    person.say(link, "left", ballot)
    for choice in ("left", "right", "bad"):
        answer = person.say(link, choice, ballot)
        assert answer.status_code == 200
        assert ("That first vote counts" in answer.text) == (choice != "left")
    assert person.open(link, f"/b/{ballot}").status_code == 200
    assert [vote.choice for vote in booth.votes(link)] == ["left"]


def test_nobody_is_asked_about_one_pair_twice(booth: Booth) -> None:
    link, person = booth.link(booth.comparison(FOX, HERON, samples=2)), booth.person()
    for _ in range(4):
        person.say(link, "tie")
    assert len({frozenset((vote.left, vote.right)) for vote in booth.votes(link)}) == 4
    answer = person.open(link)
    assert answer.url.path.endswith("/done")
    assert "that was all of them" in answer.text


def test_one_can_stop_and_go_on_later(booth: Booth) -> None:
    link, person = booth.link(booth.comparison(FOX, HERON, samples=2)), booth.person()
    assert person.open(link, "/done").url.path == f"/c/{link.token}"
    person.say(link, "left")
    thanks = person.open(link, "/done")
    assert heading(thanks) == "Thank you"
    assert "1 vote by 1 person." in thanks.text
    assert Page(thanks.text).all("a", href=f"/c/{link.token}")
    assert "Pair 2 of 4" in person.open(link).text


def test_three_visitors_see_what_it_came_to(booth: Booth) -> None:
    link = booth.link()
    for person in (booth.person() for _ in range(3)):
        ballot = booth.studio.polls._grids.ballot(person.ballot(link))
        assert ballot is not None
        person.say(link, "left" if _row_of(booth, ballot.left) == "r1" else "right", ballot.id)
    text = Page(person.open(link, "/done").text).text
    assert "3 votes by 3 people." in text
    assert "100 %" in text
    assert "Not decided yet" in text


@pytest.mark.parametrize(("prompts", "said"), [(2, "preferred one of the two"), (3, "each can expect against")])
def test_the_result_says_what_its_per_cents_are_shares_of(booth: Booth, prompts: int, said: str) -> None:
    link, person = booth.link(booth.comparison(*(FOX, HERON, "a red owl in snow")[:prompts])), booth.person()
    for _ in range(prompts * (prompts - 1) // 2):
        person.say(link, "left")
    text = Page(person.open(link, "/done").text).text
    assert said in text
    assert text.index("Share of") < text.index(" %")


def test_models_are_compared_with_the_prompt_in_sight_and_their_names_behind(booth: Booth) -> None:
    makers = (Maker(provider="fake", model="fake-1"), Maker(provider="large", model="large-1"))
    made = booth.comparison(FOX, makers=makers)
    shown, hidden = booth.link(made), booth.link(made, show_prompt=False)
    person = booth.person()
    before = Page(person.open(shown).text)
    assert FOX in before.text
    assert FOX not in Page(booth.person().open(hidden).text).text
    assert "Large" not in before.text
    after = Page(person.say(shown, "tie").text).text
    assert "Large" in after
    assert "Fake" in after


def test_noise_control_is_told_apart_only_afterwards(booth: Booth) -> None:
    made = booth.comparison(FOX, HERON)
    booth.studio.comparisons.extend(made.id, owner=ANNA, twin_of="r1", reuse=False)
    booth.settle(made)
    link, person = booth.link(made), booth.person()
    seen = []
    for _ in range(2):
        before = person.open(link)
        assert "same prompt" not in before.text
        seen.append("Both come from the same prompt" in person.say(link, "left", ballot_in(before)).text)
    assert sorted(seen) == [False, True]


# ---------------------------------------------------------------- nothing tells


def put(booth: Booth, person: Person, link: Link, left: str, right: str, name: str) -> str:
    """A ballot of this person with these sides."""
    shares = booth.studio.comparison_shares
    opened = shares.open(link.token or "")
    person.client.get(f"/c/{link.token}")
    voter = shares.votes.voter(opened, person.client.cookies["reve_voter"])
    assert voter is not None
    ballot = Ballot(name, opened.comparison.id, voter, left, right, opened.share.created_at)
    assert booth.studio.polls._grids.add_ballot(ballot) == ballot
    return ballot.id


def test_two_pages_with_their_sides_exchanged_differ_in_nothing_else(booth: Booth) -> None:
    link = booth.link()
    keys = [cell.key for cell in booth.studio.polls._grids.cells(link.share.comparison_id or "")]
    seen = []
    for number, sides in enumerate((keys, keys[::-1])):
        person = booth.person()
        ballot = put(booth, person, link, *sides, name=f"{number}" * 22)
        page = person.open(link)
        assert ballot_in(page) == ballot
        pictures = [person.open(link, f"/b/{ballot}/{which}") for which in ("left", "right")]
        seen.append((page, pictures, ballot))
    (one, (a, b), first), (other, (c, d), second) = seen
    assert one.text.replace(first, "X") == other.text.replace(second, "X")
    for left, right in ((one, other), (a, b), (a, c), (b, d)):
        assert left.headers.keys() == right.headers.keys()
        # Packed ids of one length may come out a byte or two apart.
        varying = {"date", "etag", "content-length"}
        assert {k: v for k, v in left.headers.items() if k not in varying} == {
            k: v for k, v in right.headers.items() if k not in varying
        }
    assert a.content == d.content
    assert b.content == c.content
    assert len({each.headers["etag"] for each in (a, b, c, d)}) == 4


def test_nothing_that_a_voter_gets_holds_a_name_of_ours(booth: Booth) -> None:
    made = booth.comparison("zanzibar", "xylophone")
    link, person = booth.link(made, show_prompt=False), booth.person()
    ballot = person.ballot(link)
    cells = booth.studio.polls._grids.cells(made.id)
    secrets = [made.id, link.share.id, ANNA, "zanzibar", "xylophone", *(cell.key for cell in cells)]
    secrets += [cell.job_id or "" for cell in cells]
    for what in ("", f"/b/{ballot}/left", f"/b/{ballot}/right", "/embed", "/card.jpg"):
        answer = person.open(link, what)
        assert answer.status_code == 200, what
        whole = f"{answer.headers} {answer.content.decode('latin-1')}"
        assert not [secret for secret in secrets if secret in whole]


@pytest.mark.parametrize("rival", ["large", "odd"])
def test_pictures_of_any_size_come_in_the_same_box_with_the_same_mark_and_nothing_else(
    booth: Booth, rival: str
) -> None:
    makers = (Maker(provider="fake", model="fake-1"), Maker(provider=rival, model=f"{rival}-1"))
    link, person = booth.link(booth.comparison(FOX, makers=makers)), booth.person()
    ballot = person.ballot(link)
    marks: set[bytes] = set()
    for which in ("left", "right"):
        answer = person.open(link, f"/b/{ballot}/{which}")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["content-disposition"] == 'inline; filename="picture.webp"'
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == BOXES["1:1"]
            assert not picture.getexif()
            assert not {"exif", "icc_profile"} & picture.info.keys()
            marks.add(picture.info["xmp"])
    assert len(marks) == 1


def test_the_box_has_the_shape_that_was_asked_for(booth: Booth) -> None:
    link, person = booth.link(booth.comparison(FOX, HERON, aspect_ratios=("16:9",))), booth.person()
    page = person.open(link)
    assert {(img["width"], img["height"]) for img in Page(page.text).all("img")} == {("1333", "750")}
    with Image.open(io.BytesIO(person.open(link, f"/b/{ballot_in(page)}/left").content)) as picture:
        assert picture.size == BOXES["16:9"]


def test_a_picture_is_kept_by_its_voter_s_browser_only_and_asked_about(booth: Booth) -> None:
    link, person = booth.link(), booth.person()
    path = f"/b/{person.ballot(link)}/left"
    answer = person.open(link, path)
    assert answer.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": answer.headers["etag"]}
    assert person.open(link, path, headers=known).status_code == 304
    assert person.open(link, path, headers={"Range": "bytes=0-9"}).content == answer.content
    booth.studio.shares.revoke(link.share.id, owner=ANNA)
    assert person.open(link, path, headers=known).status_code == 410


def test_renditions_are_deleted_with_their_picture(booth: Booth) -> None:
    made = booth.comparison()
    link, person = booth.link(made), booth.person()
    person.open(link, f"/b/{person.ballot(link)}/left")
    jobs = [cell.job for cell in booth.studio.polls._grids.cells(made.id)]
    stems = [job.image.name.removesuffix(".png") + "-vote" for job in jobs if job and job.image]
    assert all(booth.studio.blobs.find(stem) for stem in stems)
    ids = [job.id for job in jobs if job]
    booth.studio.shelf.trash(ids, owner=ANNA)
    booth.studio.shelf.purge(ids, owner=ANNA)
    assert not any(booth.studio.blobs.find(stem) for stem in stems)


# ---------------------------------------------------------------- hostile


def test_another_s_ballot_is_nobody_s(booth: Booth) -> None:
    link, one, other = booth.link(), booth.person(), booth.person()
    ballot = one.ballot(link)
    other.open(link)
    for answer in (
        other.say(link, "left", ballot),
        other.open(link, f"/b/{ballot}"),
        other.open(link, f"/b/{ballot}/left"),
        httpx.get(f"{booth.url}/c/{link.token}/b/{ballot}/left"),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
    assert booth.votes(link) == []


def test_a_ballot_of_one_comparison_opens_nothing_at_another_s_link(booth: Booth, two: Comparison) -> None:
    here, there, person = booth.link(two), booth.link(), booth.person()
    ballot = person.ballot(here)
    person.open(there)
    assert person.say(there, "left", ballot).status_code == 404
    assert person.open(there, f"/b/{ballot}/left").status_code == 404


@pytest.mark.parametrize("choice", ["", "both", "LEFT", "left\n", "0"])
def test_a_choice_that_is_none_is_refused(booth: Booth, choice: str) -> None:
    link, person = booth.link(), booth.person()
    answer = person.say(link, choice)
    assert answer.status_code == 422
    assert "That was not a vote" in answer.text
    assert booth.votes(link) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"ballot=" + b"A" * 10_000, "application/x-www-form-urlencoded", 413, id="10,000 letters"),
        pytest.param(b"", "application/x-www-form-urlencoded", 422, id="nothing"),
        pytest.param(b"\xff\xfe", "application/x-www-form-urlencoded", 422, id="no text"),
        pytest.param(b"&".join([b"a=b"] * 50), "application/x-www-form-urlencoded", 422, id="fifty fields"),
        pytest.param(b'{"choice":"left"}', "application/json", 415, id="JSON"),
        pytest.param(b"ballot=../../x&choice=left", "application/x-www-form-urlencoded", 422, id="a path"),
        pytest.param(b"ballot=%00%0d%0a&choice=left", "application/x-www-form-urlencoded", 422, id="line ends"),
    ],
)
def test_a_form_that_is_none_is_refused_in_words(
    booth: Booth, two: Comparison, body: bytes, kind: str, status: int
) -> None:
    link, person = booth.link(two), booth.person()
    person.open(link)
    answer = person.client.post(f"/c/{link.token}", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "That was not a vote" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_can_press_no_button(booth: Booth, headers: dict[str, str]) -> None:
    link, person = booth.link(), booth.person()
    answer = person.say(link, "left", person.ballot(link), headers=headers)
    assert answer.status_code == 403
    assert "Press the button yourself" in answer.text
    assert booth.votes(link) == []


def test_the_page_s_own_button_is_let_through(booth: Booth) -> None:
    link, person = booth.link(), booth.person()
    sent = {"Origin": booth.url, "Sec-Fetch-Site": "same-origin"}
    assert person.say(link, "left", person.ballot(link), headers=sent).status_code == 200


def test_a_forged_cookie_is_nobody(booth: Booth, two: Comparison) -> None:
    link, person = booth.link(two), booth.person()
    person.open(link)
    value = person.client.cookies["reve_voter"]
    for forged in (value[:-2] + "AA", "x" * 5000, "", booth.studio.visitors.cookie(ANNA)):
        answer = httpx.get(
            f"{booth.url}/c/{link.token}", headers={"Cookie": f"reve_voter={forged}", "User-Agent": PHONE}
        )
        assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/c", "/c/", "/c/short", "/c/" + "A" * 22, "/c/" + "A" * 23, "/c/%0a", "/c/%00/b/x"])
def test_what_is_no_link_gets_a_page_that_says_so(booth: Booth, path: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, booth.url + path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
        assert "noindex" in answer.headers["x-robots-tag"]


def test_below_a_link_there_is_nothing_but_its_own_addresses(booth: Booth, two: Comparison) -> None:
    link, person = booth.link(two), booth.person()
    ballot = person.ballot(link)
    for what in (
        "/",
        "/b",
        "/b/",
        "/b/x",
        f"/b/{ballot}/",
        f"/b/{ballot}/up",
        "/p/" + "A" * 22,
        "/data",
        "/result",
        "/d/x",
    ):
        answer = person.open(link, what)
        assert answer.status_code in (200, 404), what
        assert "Streamlit" not in answer.text
        assert (answer.status_code == 200) == (what == "/")
    for what in ("/done", f"/b/{ballot}"):
        assert (
            person.client.post(f"/c/{link.token}{what}", data={"ballot": ballot, "choice": "left"}).status_code == 404
        )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_every_other_method_is_refused(booth: Booth, two: Comparison, method: str) -> None:
    answer = httpx.request(method, f"{booth.url}/c/{booth.link(two).token}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("prompt", HOSTILE)
def test_what_an_owner_typed_is_text_to_voters(booth: Booth, prompt: str) -> None:
    plain = booth.link(booth.comparison("one", "two"))
    made = booth.comparison(prompt, "something else")
    booth.studio.comparisons.describe(made.id, owner=ANNA, title=prompt[:100], question=prompt[:150])
    link, person = booth.link(made), booth.person()
    tags = [name for name, _ in Page(booth.person().open(plain).text).tags]
    answer = person.open(link)
    assert [name for name, _ in Page(answer.text).tags] == tags
    assert not re.search("[\u202a-\u202e\u2066-\u2069\n]", Page(answer.text).meta("og:title") or "")
    after = Page(person.say(link, "tie", ballot_in(answer)).text)
    assert {name for name, _ in after.tags} <= set(tags) | {
        "mark",
        "span",
        "ul",
        "li",
        "b",
        "section",
        "nav",
        "h2",
        "figcaption",
    }
    assert len(after.all("script")) == 1
    assert after.all("style") == [{}]


def test_a_page_s_policy_lets_in_its_own_script_and_style_alone(booth: Booth, two: Comparison) -> None:
    answer = booth.person().open(booth.link(two))
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert re.fullmatch(r"'sha256-[^']+'", policy["script-src"])
    page = Page(answer.text)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]


# ---------------------------------------------------------------- when it ends


def test_a_closed_vote_says_so_and_shows_the_result(booth: Booth) -> None:
    made = booth.comparison()
    link, early, late = booth.link(made), booth.person(), booth.person()
    early.say(link, "left")
    ballot = late.ballot(link)
    booth.studio.comparisons.freeze(made.id, True, owner=ANNA)
    for answer in (late.say(link, "left", ballot), booth.person().open(link), early.open(link, "/done")):
        assert answer.status_code == 200
        assert heading(answer) == "The vote is closed"
        assert "1 vote by 1 person." in answer.text
        assert "<form" not in answer.text
    assert len(booth.votes(link)) == 1
    booth.studio.comparisons.freeze(made.id, False, owner=ANNA)
    assert late.say(link, "left", ballot).url.path.endswith(ballot)


@pytest.mark.parametrize("how", ["revoked", "expired", "deleted"])
def test_a_link_that_ended_shows_nothing_at_once(booth: Booth, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = booth.comparison()
    link, person = booth.link(made, lasts=timedelta(days=1)), booth.person()
    ballot = person.ballot(link)
    match how:
        case "revoked":
            booth.studio.shares.revoke(link.share.id, owner=ANNA)
        case "expired":
            late = booth.studio.comparison_shares._clock() + 86_401
            monkeypatch.setattr(booth.studio.comparison_shares, "_clock", lambda: late)
            monkeypatch.setattr(booth.studio.shares, "_clock", lambda: late)
        case _:
            booth.studio.comparisons.delete(made.id, owner=ANNA)
    for what in ("", f"/b/{ballot}", f"/b/{ballot}/left", "/done", "/card.jpg", "/embed", "/grid", "/data", "/result"):
        answer = person.open(link, what)
        assert answer.status_code == 410, what
        assert "This link has ended" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert person.say(link, "left", ballot).status_code == 410
    assert next(one for one in booth.studio.shares.links(ANNA) if one.share.id == link.share.id).state == how


def test_a_picture_in_the_trash_is_put_before_nobody(booth: Booth) -> None:
    made = booth.comparison(FOX, HERON, samples=2)
    link, person = booth.link(made), booth.person()
    ballot = person.ballot(link)
    shown = booth.studio.polls._grids.ballot(ballot)
    assert shown is not None
    job = next(c.job_id for c in booth.studio.polls._grids.cells(made.id) if c.key == shown.left)
    booth.studio.shelf.trash([job or ""], owner=ANNA)
    assert person.open(link, f"/b/{ballot}/left").status_code == 404
    assert person.ballot(link) != ballot
    booth.studio.shelf.restore([job or ""], owner=ANNA)
    assert person.open(link, f"/b/{ballot}/left").status_code == 200


def test_a_vote_whose_picture_went_stays_a_vote_and_leads_on(booth: Booth) -> None:
    made = booth.comparison(FOX, HERON, samples=2)
    link, person = booth.link(made), booth.person()
    ballot = person.ballot(link)
    person.say(link, "left", ballot)
    shown = booth.studio.polls._grids.ballot(ballot)
    assert shown is not None
    job = next(c.job_id for c in booth.studio.polls._grids.cells(made.id) if c.key == shown.left)
    booth.studio.shelf.trash([job or ""], owner=ANNA)
    answer = person.open(link, f"/b/{ballot}")
    assert answer.status_code == 200
    assert answer.url.path == f"/c/{link.token}"


def test_before_there_are_pictures_the_page_asks_to_come_back(booth: Booth) -> None:
    made = booth.comparison()
    jobs = [cell.job_id or "" for cell in booth.studio.polls._grids.cells(made.id)]
    booth.studio.shelf.trash(jobs, owner=ANNA)
    answer = booth.person().open(booth.link(made))
    assert answer.status_code == 200
    assert "nothing to vote on yet" in answer.text


# ---------------------------------------------------------------- views


def test_a_voter_counts_once_and_robots_and_the_owner_do_not(booth: Booth) -> None:
    link, person = booth.link(booth.comparison(FOX, HERON, samples=2)), booth.person()
    for _ in range(3):
        person.say(link, "tie")
    assert booth.views(link) == 1
    booth.person(**{"User-Agent": "Slackbot 1.0"}).open(link)
    owner = booth.person()
    owner.client.cookies.set("reve_visitor", booth.studio.visitors.cookie(ANNA))
    owner.open(link)
    assert booth.views(link) == 1
    booth.person().open(link)
    assert booth.views(link) == 2
