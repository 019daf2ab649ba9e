"""The exported file's markup: one file that holds everything, lets nothing else in, and that no text can break out of."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from reve_core.compare import player
from tests.browser.player_data import HOSTILE, row, two_by_two


class Reading(HTMLParser):
    """What a browser's parser finds: the elements in order, and the text in each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append("")
        self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside[-1] += data

    def texts(self, tag: str) -> list[str]:
        return [text for (name, _), text in zip(self.tags, self.inside, strict=True) if name == tag]


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_data_comes_back_whole_whatever_it_says() -> None:
    data = two_by_two(rows=[row(1, HOSTILE), row(2, "<!--<script>\u2029 \ud800 &lt; ]]>")])
    data_text, _ = Reading(player.document(data, "x")).texts("script")
    assert json.loads(data_text) == data
    assert not re.search("[<>&\u2028\u2029]", data_text)


def test_hostile_text_makes_no_element() -> None:
    plain = Reading(player.document(two_by_two(), "Plain"))
    data = two_by_two(question=HOSTILE, rows=[row(1, HOSTILE), row(2, HOSTILE)])
    hostile = Reading(player.document(data, HOSTILE + "\x00\ud800"))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    player.document(data, HOSTILE + "\x00\ud800").encode()  # it can be written to a file


def test_the_policy_lets_in_only_this_file_s_own_style_and_script() -> None:
    page = Reading(player.document(two_by_two(), "x"))
    [policy] = [
        attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv") and tag == "meta"
    ]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["script-src"] == hashed(page.texts("script")[1])
    assert rules["style-src"] == hashed(page.texts("style")[0])


def test_the_file_asks_for_nothing_and_has_no_inline_styles_or_handlers() -> None:
    page = Reading(player.document(two_by_two(), "x"))
    names = {name for _, attributes in page.tags for name in attributes}
    assert names.isdisjoint({"src", "href", "style", "action"})
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in player.style()
    assert "@import" not in player.style()


def test_the_player_writes_no_html_and_declares_one_name() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", player.script())
    assert re.findall(r"^(?:const|let|var|function|class) (\w+)", player.script().splitlines()[0]) == ["compareMount"]
    assert "</" not in player.script()  # nothing in it can end a script element


def test_every_rule_of_the_style_stays_within_the_player() -> None:
    css = re.sub(r"/\*.*?\*/", "", player.style(), flags=re.DOTALL)
    css = re.sub(r"@keyframes [^{]+\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", css)
    selectors = [one for group in re.findall(r"([^{}]+)\{", css) if "@" not in group for one in group.split(",")]
    outside = [one.strip() for one in selectors if not re.match(r"\.cmp\b", one.strip()) and ":not(" not in one]
    assert outside == []


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError):
        player.document({"rows": [], "columns": [], "cells": [], "zoom": float("nan")}, "x")
