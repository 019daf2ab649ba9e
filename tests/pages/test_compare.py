"""The Compare page on the real main script: the form and its price, the list, and what can be done with one comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.comparing import asking
from reve_core.compare.models import Axes, Comparison
from reve_core.models import PERSONAL, JobRequest, JobStatus
from reve_core.service import Studio
from tests.fakes import GatedProvider
from tests.pages.conftest import data_of, send, settle

FORM, LIST, SHEET, GRID, VIEWER = "reve_compare_form", "reve_comparisons", "reve_comparison", "reve_grid", "reve_viewer"
MARKUP = "**bold** ![x](http://127.0.0.1:9/b.png) <img src=x onerror=alert(1)>"
FOX, HERON = "a red fox", "a grey heron"

Open = Callable[..., AppTest]


def filled(prompts: str = f"{FOX}\n{HERON}", **changes: Any) -> dict[str, Any]:
    rest = {
        "models": ["fake/fake-1"],
        "ratios": ["1:1"],
        "seeds": "",
        "samples": 1,
        "title": "",
        "question": "",
        "cap": "",
    }
    return {"prompts": prompts, **rest, "reuse": True, **changes}


def ask(at: AppTest, do: str = "plan", key: str = "k" * 32, **form: Any) -> AppTest:
    return send(at, FORM, "act", {"do": do, "n": 1, "key": key, "form": filled(**form)})


def answer(at: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = data_of(at, FORM)["answer"]
    return found


def make(studio: Studio, *prompts: str, **axes: Any) -> Comparison:
    made = studio.comparisons.make(Axes(prompts=prompts or (FOX, HERON), **axes), owner=PERSONAL)
    settle(studio)
    return studio.comparisons.get(made.id, owner=PERSONAL)


def act(at: AppTest, do: str, **more: Any) -> AppTest:
    return send(at, SHEET, "act", {"do": do, **more})


def said(at: AppTest) -> str:
    return str(data_of(at, SHEET)["said"]["text"])


def jobs(studio: Studio) -> int:
    return sum(studio.counts(owner=PERSONAL).values())


# -- the form


def test_the_price_stands_there_before_anything_is_made(studio: Studio, open_page: Open) -> None:
    studio.submit(JobRequest(prompt=FOX, provider="fake", model="fake-1"))
    settle(studio)
    told = answer(ask(open_page("compare.py"), prompts=f"a {{red|blue}} fox\n{HERON}", samples=2))
    assert told["says"].startswith("6 pictures: 1 you already have, 5 new, about 50 credits / $0.07, ")
    assert told["says"].endswith(" s")
    assert (told["button"], told["ready"]) == ("Make 5 pictures", True)
    assert ["".join(text for _, text in pieces) for pieces in told["prompts"]] == [FOX, "a blue fox", HERON]
    assert ["+", "blue fox"] in told["prompts"][1]
    assert jobs(studio) == 1


def test_a_cap_says_what_it_holds_back(open_page: Open) -> None:
    told = answer(ask(open_page("compare.py"), samples=4, cap="0.07"))
    assert "3 held back" in told["says"]
    assert told["held"] == "The limit of $0.07 pays for 5 of the new ones; 3 wait until you raise it."
    assert told["button"] == "Make 5 pictures"
    none = answer(ask(open_page("compare.py"), cap="0.01"))
    assert none["ready"] is False
    assert "less than a single picture" in none["held"]


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        pytest.param({"prompts": "a " + "{b|c}" * 13}, "prompts", "8,192 prompts", id="too many variants"),
        pytest.param({"prompts": "\n".join(map(str, range(13)))}, "prompts", "13 prompts", id="too many lines"),
        pytest.param({"prompts": "x" * 201 + "\nb"}, "prompts", "201", id="a prompt that is too long"),
        pytest.param({"cap": "0"}, "cap_usd", "more than 0", id="a limit of nothing"),
        pytest.param({"cap": "-1"}, "cap_usd", "more than 0", id="a limit below nothing"),
        pytest.param({"cap": "much"}, "cap_usd", "such as 2.50", id="a limit in words"),
        pytest.param({"cap": "²"}, "cap_usd", "such as 2.50", id="a digit that is no number"),
        pytest.param({"seeds": "1, two"}, "seeds", "whole numbers", id="a seed in words"),
        pytest.param({"seeds": "9999999999"}, "seeds", "from 0 to 4,294,967,295", id="a seed that is too large"),
        pytest.param({"seeds": "99999999999999"}, "seeds", "from 0 to 4,294,967,295", id="a seed of many digits"),
        pytest.param({"seeds": "-1"}, "seeds", "from 0 to 4,294,967,295", id="a seed below nothing"),
        pytest.param({"samples": 9}, "samples", "1 to 8", id="too many samples"),
        pytest.param({"samples": True}, "samples", "1 to 8", id="a truth value for a number"),
        pytest.param({"title": "t" * 121}, "title", "120", id="a title that is too long"),
        pytest.param({"models": ["nobody/x"]}, "makers", "nobody", id="a model that is not here"),
        pytest.param({"models": "fake"}, "models", "Reload", id="a form that is torn"),
        pytest.param({"prompts": None}, "prompts", "Reload", id="a form without its text"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_made(
    studio: Studio, open_page: Open, form: dict[str, Any], field: str, words: str
) -> None:
    at = open_page("compare.py")
    for do in ("plan", "make"):
        if do == "plan" and "title" in form:
            continue  # a plan has no title
        told = answer(ask(at, do, **form))
        assert words in told["problem"]
        assert told["field"] == field
        assert not told.get("early")
    assert studio.comparisons.listed(owner=PERSONAL) == []
    assert jobs(studio) == 0


def test_whoever_has_only_begun_has_made_no_mistake(open_page: Open) -> None:
    at = open_page("compare.py")
    for prompts in ("", "   \n", FOX):
        assert answer(ask(at, prompts=prompts))["early"]
        assert not answer(ask(at, "make", prompts=prompts))["early"]


def test_the_button_makes_it_and_shows_it(studio: Studio, open_page: Open) -> None:
    at = ask(open_page("compare.py"), "make", title="Animals", question="Which?", samples=2, ratios=["1:1", "3:2"])
    [made] = studio.comparisons.listed(owner=PERSONAL)
    assert at.query_params["c"] == made.id
    assert data_of(at, SHEET)["title"] == "Animals"
    assert (made.question, made.samples, made.aspect_ratios) == ("Which?", 2, ("1:1", "3:2"))
    assert jobs(studio) == 8


def test_the_same_form_sent_twice_is_made_once(studio: Studio, open_page: Open) -> None:
    at = open_page("compare.py")
    ask(at, "make")
    ask(open_page("compare.py"), "make")
    assert len(studio.comparisons.listed(owner=PERSONAL)) == 1
    ask(open_page("compare.py"), "make", key="another", reuse=False)
    assert len(studio.comparisons.listed(owner=PERSONAL)) == 2
    assert jobs(studio) == 4


@pytest.mark.parametrize("message", [None, [], "make", {"do": "make"}, {"do": "make", "form": []}])
def test_a_message_that_no_form_sends_does_nothing(studio: Studio, open_page: Open, message: object) -> None:
    at = send(open_page("compare.py"), FORM, "act", message)
    assert not at.exception
    assert studio.comparisons.listed(owner=PERSONAL) == []


@pytest.mark.parametrize("prompt", [FOX, "a {red|blue} fox", r"a \{b|c\}", "{", "a {b} |", "two\nlines"])
def test_a_prompt_put_into_the_form_means_itself(prompt: str) -> None:
    asked = asking.read(filled(f"{asking.line(prompt)}\nanother"))
    assert asked.axes.prompts == (prompt.replace("\n", " "), "another")


def test_an_empty_page_teaches_and_fills_in_an_example(studio: Studio, open_page: Open) -> None:
    at = open_page("compare.py")
    data = data_of(at, LIST)
    assert data["items"] == []
    assert len(data["example"]) == 2
    at = send(at, LIST, "act", {"do": "example"})
    fill = data_of(at, FORM)["fill"]
    told = answer(ask(at, prompts=fill["prompts"], samples=fill["samples"]))
    assert len(told["prompts"]) >= 2
    assert told["ready"]


# -- the list


def test_the_list_has_the_newest_first_and_opens_them(studio: Studio, open_page: Open) -> None:
    first = make(studio)
    second = make(studio, MARKUP, HERON, samples=2)
    at = open_page("compare.py")
    newest, oldest = data_of(at, LIST)["items"]
    assert [newest["id"], oldest["id"]] == [second.id, first.id]
    assert (oldest["says"], oldest["pending"], len(oldest["thumbs"])) == ("2 pictures", 0, 2)
    assert newest["about"] == "2 prompts · 2 of each"
    assert len(newest["thumbs"]) == 4
    assert oldest["title"] == "red fox or grey heron"
    at = send(at, LIST, "act", {"do": "open", "id": first.id})
    assert data_of(at, SHEET)["id"] == first.id


def test_the_list_counts_the_votes(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    [item] = data_of(open_page("compare.py"), LIST)["items"]
    assert item["votes"] == ""
    studio.polls.score(made, [(*pair, "left") for pair in studio.polls.pairs(made)])
    [item] = data_of(open_page("compare.py"), LIST)["items"]
    assert item["votes"] == "1 vote"


@pytest.mark.parametrize(
    ("tab", "piece_name"), [("results", "reve_results"), ("score", "reve_scoring"), ("share", "reve_linking")]
)
def test_each_tab_has_an_address_of_its_own(studio: Studio, open_page: Open, tab: str, piece_name: str) -> None:
    made = make(studio)
    at = open_page("compare.py", c=made.id, tab=tab)
    assert not at.exception
    assert data_of(at, SHEET)["tab"] == tab
    assert data_of(at, piece_name)["id"] == made.id
    at = act(at, "tab", tab="grid")
    assert "tab" not in at.query_params
    assert data_of(act(at, "tab", tab="nowhere"), SHEET)["tab"] == "grid"


def test_the_files_of_one_are_where_the_page_says(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    [files] = [
        node.proto.body
        for node in open_page("compare.py", c=made.id, tab="share").get("html")
        if '<section class="reve-exports' in node.proto.body
    ]
    for name in ("export.html", "export.json", "contact.png", "originals.zip", "cells.csv", "votes.csv"):
        assert f'href="/download/comparisons/{made.id}/{name}"' in files


def test_a_file_is_brought_in_as_the_same_comparison(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    data = b"".join(studio.exchange.as_json(made.id, owner=PERSONAL))
    at = open_page("compare.py")
    at = at.file_uploader[0].upload("comparison.json", data, "application/json").run()
    assert data_of(at, SHEET)["id"] != made.id
    assert said(at) == "Imported: 2 pictures."
    at = open_page("compare.py")
    at = at.file_uploader[0].upload("x.json", b"{}", "application/json").run()
    assert any('role="alert"' in node.proto.body for node in at.get("html"))
    assert len(studio.comparisons.listed(owner=PERSONAL)) == 2


def test_the_list_says_how_far_one_is(studio: Studio, open_page: Open, provider: Any) -> None:
    made = make(studio)
    cell = next(iter(studio.comparisons.grid(made.id, owner=PERSONAL).cells.values()))
    studio.shelf.trash([str(cell.job_id)], owner=PERSONAL)
    [item] = data_of(open_page("compare.py"), LIST)["items"]
    assert item["says"] == "1 of 2 pictures"
    studio.comparisons.remove(made.id, [cell.key], owner=PERSONAL)
    [item] = data_of(open_page("compare.py"), LIST)["items"]
    assert item["says"] == "1 picture"


# -- one comparison


def test_a_link_to_one_can_be_opened_at_any_time(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    data = data_of(open_page("compare.py", c=made.id), SHEET)
    assert data["live"] == {"url": f"/api/live/comparison/{made.id}"}
    assert (data["title"], data["named"]) == ("", "red fox or grey heron")
    assert data["tab"] == "grid"


@pytest.mark.parametrize("comparison_id", ["0" * 32, "../../x", "<b>"])
def test_a_link_that_leads_nowhere_says_so_and_leads_back(open_page: Open, comparison_id: str) -> None:
    at = open_page("compare.py", c=comparison_id)
    assert not at.exception
    assert any("No such comparison" in node.proto.body for node in at.get("html"))
    at = at.button(key="compare_missing").click().run()
    assert data_of(at, LIST)["items"] == []


def test_an_a_vs_a_row_comes_by_one_press_and_says_its_price_before(studio: Studio, open_page: Open) -> None:
    made = make(studio, samples=2)
    at = open_page("compare.py", c=made.id)
    assert data_of(at, SHEET)["twin"] == "2 pictures, about 20 credits / $0.03"
    at = act(at, "twin", row="r1")
    assert said(at).startswith("Added 2 pictures: about 20 credits")
    assert [row.id for row in studio.comparisons.get(made.id, owner=PERSONAL).rows] == ["r1", "r1-1", "r2"]


def test_prompts_and_samples_are_added_for_the_price_that_was_shown(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    at = open_page("compare.py", c=made.id)
    told = data_of(act(at, "plan_add", n=7, prompts="a {tall|small} crane"), SHEET)["answer"]
    assert told["n"] == 7
    assert told["says"].startswith("2 pictures: about 20 credits")
    assert told["button"] == "Make 2 pictures"
    assert jobs(studio) == 2
    assert data_of(act(at, "add", n=8, prompts="a {tall|small} crane"), SHEET)["answer"] == {
        "of": made.id,
        "n": 8,
        "made": True,
    }
    assert jobs(studio) == 4
    told = data_of(act(at, "plan_samples", n=9, samples=2), SHEET)["answer"]
    assert told["says"].startswith("4 pictures: ")
    act(at, "samples", n=10, samples=2)
    assert jobs(studio) == 8
    for prompts in (FOX, "", "a {b|c|d}" * 3):
        assert data_of(act(at, "add", n=11, prompts=prompts), SHEET)["answer"]["problem"]
    for samples in (9, "2", 1, None):
        assert data_of(act(at, "samples", n=12, samples=samples), SHEET)["answer"]["problem"]
    assert jobs(studio) == 8


def test_what_is_missing_is_priced_and_made(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    lost = [cell.job_id for cell in studio.comparisons.grid(made.id, owner=PERSONAL).cells.values() if cell.job_id][:1]
    studio.shelf.trash(lost, owner=PERSONAL)
    studio.shelf.purge(lost, owner=PERSONAL)
    at = act(open_page("compare.py", c=made.id), "missing")
    missing = data_of(at, SHEET)["missing"]
    assert missing["pulse"] == studio.comparisons.pulse(made.id, owner=PERSONAL)
    assert (missing["new"], missing["held"], missing["button"]) == (1, 0, "Make the missing one")
    assert missing["says"] == "about 10 credits / $0.01 to make"
    assert said(act(at, "again")) == "1 picture on its way."
    settle(studio)
    assert data_of(act(at, "missing"), SHEET)["missing"]["new"] == 0


def test_a_cell_can_be_run_again_removed_and_opened(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    first, second = studio.comparisons.grid(made.id, owner=PERSONAL).cells.values()
    at = open_page("compare.py", c=made.id)
    assert said(act(at, "rerun", keys=[first.key])) == "1 picture on its way."
    assert "out of the grid" in said(act(at, "remove", keys=[second.key]))
    settle(studio)
    left = studio.comparisons.grid(made.id, owner=PERSONAL).cells.values()
    assert [cell.key for cell in left] == [first.key]
    job = next(iter(left)).job
    assert job is not None
    at = act(at, "open", keys=[first.key])
    assert data_of(at, VIEWER)["view"]["id"] == job.id


def test_its_title_question_and_limit_are_changed(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    at = act(open_page("compare.py", c=made.id), "title", title="  Animals ")
    assert data_of(at, SHEET)["title"] == "Animals"
    at = act(at, "describe", n=3, question="Which one?", cap="$2,50")
    assert data_of(at, SHEET)["answer"]["made"]
    changed = studio.comparisons.get(made.id, owner=PERSONAL)
    assert (changed.question, changed.cap_usd) == ("Which one?", 2.5)
    assert data_of(act(at, "describe", n=4, question="Which one?", cap="0"), SHEET)["answer"]["problem"]
    assert "120" in said(act(at, "title", title="t" * 200))
    assert studio.comparisons.get(made.id, owner=PERSONAL).title == "Animals"


def test_a_row_is_removed_and_the_last_one_stays(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    at = act(open_page("compare.py", c=made.id), "remove_row", row="r1")
    assert [row.prompt for row in studio.comparisons.get(made.id, owner=PERSONAL).rows] == [HERON]
    assert "last row" in said(act(at, "remove_row", row="r2"))
    assert studio.counts(owner=PERSONAL)[JobStatus.DONE] == 2


def test_deleting_leads_back_to_the_list_and_keeps_the_pictures(studio: Studio, open_page: Open) -> None:
    made = make(studio)
    at = act(open_page("compare.py", c=made.id), "delete")
    assert data_of(at, LIST)["items"] == []
    assert "c" not in at.query_params
    assert studio.counts(owner=PERSONAL)[JobStatus.DONE] == 2


def test_a_new_one_from_this_has_its_prompts_in_the_form(studio: Studio, open_page: Open) -> None:
    made = make(studio, "a {braced} fox", HERON, samples=3, seeds=(7,))
    fill = data_of(act(open_page("compare.py", c=made.id), "again_like"), FORM)["fill"]
    again = asking.read(filled(**{name: value for name, value in fill.items() if name != "n"}))
    assert again.axes == made.axes


@pytest.mark.parametrize("message", [None, [], {"do": []}, {"do": "twin", "row": "r9"}, {"do": "rerun", "keys": ["x"]}])
def test_a_message_that_no_grid_sends_changes_nothing(studio: Studio, open_page: Open, message: object) -> None:
    made = make(studio)
    at = send(open_page("compare.py", c=made.id), SHEET, "act", message)
    assert not at.exception
    assert studio.comparisons.get(made.id, owner=PERSONAL) == made
    assert jobs(studio) == 2


class TestWhileItIsMade:
    @pytest.fixture
    def provider(self) -> GatedProvider:
        return GatedProvider(idempotent=True)

    def test_the_rest_can_be_cancelled(self, studio: Studio, open_page: Open, provider: GatedProvider) -> None:
        made = studio.comparisons.make(Axes(prompts=(FOX, HERON), samples=2), owner=PERSONAL)
        assert provider.started.wait(5)
        [item] = data_of(open_page("compare.py"), LIST)["items"]
        assert (item["says"], item["pending"]) == ("0 of 4 pictures", 4)
        at = act(open_page("compare.py", c=made.id), "cancel")
        assert said(at) == "4 pictures stopped."
        provider.gate.set()
        settle(studio)
        assert said(act(at, "cancel")) == "There was nothing left to stop."


# -- from the gallery


def test_pictures_chosen_in_the_gallery_become_a_comparison(studio: Studio, open_page: Open) -> None:
    ids = [job.id for prompt in (FOX, HERON) for job in studio.submit(JobRequest(prompt=prompt))]
    settle(studio)
    at = send(open_page("gallery.py"), GRID, "act", {"do": "compare", "ids": ids})
    [made] = studio.comparisons.listed(owner=PERSONAL)
    assert data_of(at, SHEET)["id"] == made.id
    assert [row.prompt for row in made.rows] == [FOX, HERON]
    assert jobs(studio) == 2
    at = send(open_page("gallery.py"), GRID, "act", {"do": "compare", "ids": ids[:1]})
    assert "at least two" in data_of(at, GRID)["message"]["text"]


def test_a_picture_becomes_prompt_a_of_a_new_form(studio: Studio, open_page: Open) -> None:
    [job] = studio.submit(JobRequest(prompt="a {red|blue} fox", aspect_ratio="3:2"))
    settle(studio)
    at = send(open_page("gallery.py", image=job.id), VIEWER, "act", {"do": "compare_with", "id": job.id})
    fill = data_of(at, FORM)["fill"]
    assert fill["prompts"].endswith("\n")
    assert (fill["models"], fill["ratios"]) == (["fake/fake-1"], ["3:2"])
    told = answer(ask(open_page("compare.py"), prompts=fill["prompts"] + HERON, ratios=["3:2"]))
    assert told["says"].startswith("2 pictures: 1 you already have, 1 new")
