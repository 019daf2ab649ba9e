"""The Create page without a browser: what it offers, and what becomes of what the browser sends."""

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts import composer, feed, form
from reve_core.errors import BadInput, OutcomeUnknown, PromptRefused
from reve_core.examples import examples, picture_path, surprises
from reve_core.models import Job, JobRequest, JobStatus, Picture, Quote
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.fakes import FakeProvider
from tests.pages.conftest import build_studio, data_of, send, settle

Open = Callable[..., AppTest]
FOX = "a fox in the snow"


@pytest.fixture
def provider() -> FakeProvider:
    def answer(request: JobRequest, _: CallContext) -> Picture | None:
        if "refuse" in request.prompt:
            raise PromptRefused("Declined: it may show a real person.")
        if "vanish" in request.prompt:
            raise OutcomeUnknown("The connection broke after the request was sent.")
        return None

    return FakeProvider(before=answer)


def submit(at: AppTest, **changes: Any) -> AppTest:
    sent = {"prompt": FOX, "ratio": "3:2", "count": 1, "model": "fake/fake-1", "seed": "", "n": 1} | changes
    return send(at, composer.NAME, "submit", sent)


def act(at: AppTest, job: Job, what: str) -> AppTest:
    return send(at, feed.NAME, "act", {"id": job.id, "what": what, "n": time.time_ns()})


def newest(studio: Studio) -> Job:
    return studio.get(studio.board.feed().cards[0]["id"])


def test_price_and_wait_stand_beside_the_button_before_it_is_pressed(open_page: Open) -> None:
    quotes = data_of(open_page(), composer.NAME)["models"][0]["quotes"]
    assert [quote["price"] for quote in quotes] == [
        "10 credits · about $0.01",
        "20 credits · about $0.03",
        "30 credits · about $0.04",
        "40 credits · about $0.05",
    ]
    assert quotes[0]["wait"] == "1–3 s"
    assert quotes[3]["wait"] == "2–6 s"  # two at a time


def test_a_paused_provider_takes_jobs_but_promises_no_time(open_page: Open, studio: Studio) -> None:
    studio.pause("fake", "Out of credits.")
    at = submit(open_page())
    model = data_of(at, composer.NAME)["models"][0]
    assert model["paused"] == "Fake is paused: Out of credits. What you create now waits in line."
    assert model["quotes"][0]["wait"] == "Once it goes on"
    card = data_of(at, feed.NAME)["cards"][0]
    assert (card["status"], card["wait"]) == ("queued", "")


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        pytest.param(Quote(0, 0, 1, 2), "Free", id="nothing is charged"),
        pytest.param(Quote(1, 0, 1, 2), "1 credit", id="one of them"),
        pytest.param(Quote(1500, 2.0, 1, 2), "1,500 credits · about $2.00", id="credits and money"),
        pytest.param(Quote(1, 0.001, 1, 2), "1 credit · less than $0.01", id="what a credit is worth"),
        pytest.param(Quote(0, 0.25, 1, 2), "$0.25", id="dollars of a provider that counts in them"),
        pytest.param(Quote(0, 0.003, 1, 2), "$0.003", id="tenths of a cent"),
        pytest.param(Quote(0, 0.0001, 1, 2), "less than $0.001", id="next to nothing is not free"),
    ],
)
def test_a_price_reads_as_words(quote: Quote, words: str) -> None:
    assert form.price_words(quote) == words


def test_pressing_the_button_queues_that_many_pictures_and_answers_at_once(open_page: Open, studio: Studio) -> None:
    at = submit(open_page(), count=3, seed="7")
    assert data_of(at, composer.NAME)["answer"] == {"n": 1, "said": "3 pictures are on their way."}
    settle(studio)
    jobs = [studio.get(card["id"]) for card in studio.board.feed().cards]
    assert {job.request.seed for job in jobs} == {7, 8, 9}
    assert {(job.request.prompt, job.request.aspect_ratio) for job in jobs} == {(FOX, "3:2")}


def test_what_is_sent_to_a_paused_provider_is_said_to_wait(open_page: Callable[..., AppTest], studio: Studio) -> None:
    studio.pause("fake")
    at = submit(open_page())
    assert data_of(at, composer.NAME)["answer"] == {"n": 1, "said": "Your picture waits in line."}


def test_the_new_cards_come_with_the_same_answer(open_page: Open) -> None:
    at = submit(open_page(), count=2)
    assert [card["prompt"] for card in data_of(at, feed.NAME)["cards"]] == [FOX, FOX]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"prompt": "  "}, "The prompt is empty", id="nothing typed"),
        pytest.param({"prompt": "x" * 201}, "Shorten it by 1", id="too long"),
        pytest.param({"ratio": "7:1"}, "cannot make the ratio", id="a ratio the model has not"),
        pytest.param({"seed": "9" * 10}, "whole number from 0", id="a seed past the end"),
        pytest.param({"seed": "٣"}, "whole number from 0", id="a digit of another script"),
        pytest.param({"count": 99}, "Choose 1 to 4", id="more than the page offers"),
        pytest.param({"count": "many"}, "Choose 1 to 4", id="no number at all"),
        pytest.param({"prompt": ["x"]}, "did not arrive whole", id="not even text"),
        pytest.param({"model": "gone/gone-1"}, "no provider called", id="a provider that is not here"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence_and_costs_nothing(
    open_page: Open, studio: Studio, provider: FakeProvider, changes: dict[str, Any], words: str
) -> None:
    at = submit(open_page(), **changes)
    assert words in data_of(at, composer.NAME)["answer"]["problem"]
    assert not at.exception
    assert studio.board.feed().cards == []
    assert provider.prompts == []


def test_ten_more_can_be_queued_while_the_first_is_made(open_page: Open, studio: Studio) -> None:
    at = open_page()
    for n in range(11):
        at = submit(at, n=n)
    settle(studio)
    assert studio.counts()[JobStatus.DONE] == 11


def test_reuse_puts_every_setting_back_into_the_form(open_page: Open, studio: Studio) -> None:
    at = submit(open_page(), seed="7")
    settle(studio)
    at = act(at, newest(studio), "reuse")
    fill = data_of(at, composer.NAME)["fill"]
    assert (fill["prompt"], fill["ratio"], fill["seed"], fill["model"]) == (FOX, "3:2", "7", "fake/fake-1")


def test_reuse_of_the_prompt_alone_leaves_the_other_choices(open_page: Open, studio: Studio) -> None:
    at = submit(open_page())
    settle(studio)
    fill = data_of(act(at, newest(studio), "reuse_prompt"), composer.NAME)["fill"]
    assert fill["prompt"] == FOX
    assert not {"ratio", "seed", "model"} & set(fill)


@pytest.mark.parametrize(("what", "ratio"), [("all", "3:2"), ("prompt", None)])
def test_what_another_page_hands_over_fills_the_form(
    open_page: Open, studio: Studio, what: str, ratio: str | None
) -> None:
    at = submit(open_page())
    settle(studio)
    at.session_state["reuse"] = {"job_id": newest(studio).id, "what": what}
    fill = data_of(at.run(), composer.NAME)["fill"]
    assert (fill["prompt"], fill.get("ratio")) == (FOX, ratio)
    assert "reuse" not in at.session_state


def test_a_handed_over_job_that_is_gone_leaves_the_form_alone(open_page: Open) -> None:
    at = open_page()
    at.session_state["reuse"] = {"job_id": "0" * 32, "what": "all"}
    assert data_of(at.run(), composer.NAME)["fill"] is None


def test_a_star_given_on_a_card_stays(open_page: Open, studio: Studio) -> None:
    at = submit(open_page())
    settle(studio)
    at = act(at, newest(studio), "star")
    assert newest(studio).starred
    act(at, newest(studio), "unstar")
    assert not newest(studio).starred


def test_a_refused_job_can_be_tried_again_from_its_card(
    open_page: Open, studio: Studio, provider: FakeProvider
) -> None:
    at = submit(open_page(), prompt="refuse this")
    settle(studio)
    assert newest(studio).error == "Declined: it may show a real person."
    act(at, newest(studio), "retry")
    settle(studio)
    assert provider.prompts == ["refuse this"] * 2


def test_an_unclear_job_is_run_again_only_on_request_and_can_be_given_up(
    open_page: Open, studio: Studio, provider: FakeProvider
) -> None:
    at = submit(open_page(), prompt="vanish")
    settle(studio)
    assert newest(studio).status is JobStatus.UNKNOWN
    at = act(at, newest(studio), "rerun")
    settle(studio)
    assert len(provider.prompts) == 2
    at = act(at, newest(studio), "give_up")
    assert data_of(at, feed.NAME)["note"]["text"] == "Given up."


def test_a_button_that_comes_too_late_says_so(open_page: Open, studio: Studio) -> None:
    at = submit(open_page())
    settle(studio)
    at = act(at, newest(studio), "cancel")
    assert data_of(at, feed.NAME)["note"]["text"] == "This job has already ended."


@pytest.mark.parametrize("what", ["purge", "__class__", None, 7])
def test_an_unknown_word_from_the_browser_does_nothing(open_page: Open, studio: Studio, what: Any) -> None:
    at = submit(open_page())
    settle(studio)
    assert not act(at, newest(studio), what).exception
    assert newest(studio).status is JobStatus.DONE


def test_a_picture_made_here_gives_its_settings_back(open_page: Open, studio: Studio) -> None:
    at = submit(open_page(), seed="7")
    settle(studio)
    file = studio.shelf.download(newest(studio).id)
    at.file_uploader[0].set_value((file.filename, file.data, "image/png"))
    fill = data_of(at.run(), composer.NAME)["fill"]
    assert (fill["prompt"], fill["seed"], fill["note"]) == (FOX, "7", "These are the settings of that picture.")


def test_a_picture_from_elsewhere_says_that_it_holds_no_settings(open_page: Open) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    at = open_page()
    at.file_uploader[0].set_value(("x.png", out.getvalue(), "image/png"))
    assert any("holds no settings" in node.proto.body for node in at.run().get("html"))


def test_a_broken_upload_says_what_is_wrong_with_it(open_page: Open) -> None:
    at = open_page()
    at.file_uploader[0].set_value(("x.png", b"\x89PNG\r\n\x1a\nrubbish", "image/png"))
    at.run()
    assert not at.exception
    assert data_of(at, composer.NAME)["fill"] is None


def test_only_what_a_model_can_do_is_offered(tmp_path: Any) -> None:
    service = build_studio(tmp_path, FakeProvider(), FakeProvider(name="plain", seed=False))
    offered = {choice["key"]: choice for choice in form.choices(service)}
    assert list(offered) == ["fake/fake-1", "plain/plain-1"]
    assert offered["fake/fake-1"]["seed"]
    assert not offered["plain/plain-1"]["seed"]
    assert dict(offered["plain/plain-1"]["ratios"])["16:9"] == pytest.approx(16 / 9)
    service.stop(1)


def test_a_first_visit_teaches_with_pictures_that_exist(open_page: Open) -> None:
    starts = data_of(open_page(), feed.NAME)["starts"]
    assert 8 <= len(starts) <= 12
    assert all(picture_path(start["src"].removeprefix("/examples/")) for start in starts)


def test_every_example_and_surprise_could_be_submitted_as_it_is() -> None:
    prompts = [example.prompt for example in examples()] + list(surprises())
    assert len(set(prompts)) == len(prompts)
    assert all(prompt == prompt.strip() and 10 < len(prompt) < 120 for prompt in prompts)
    assert len(surprises()) >= 50


@pytest.mark.parametrize("name", ["../__init__.py", "fox.webp/..", "FOX.webp", "fox.png", "", ".webp", "fox.webp\n"])
def test_only_a_pictures_own_name_leads_to_an_example(name: str) -> None:
    assert picture_path(name) is None


def test_reading_a_form_keeps_the_prompt_as_it_was_typed() -> None:
    request, count = form.read(
        {"prompt": "  two\nlines <b> ", "ratio": "1:1", "count": 2, "model": "a/b/c", "seed": "0"}
    )
    assert (request.prompt, request.provider, request.model, request.seed, count) == (
        "  two\nlines <b> ",
        "a",
        "b/c",
        0,
        2,
    )


def test_a_truth_value_is_no_number_of_pictures() -> None:
    with pytest.raises(BadInput):
        form.read({"prompt": "x", "count": True})
