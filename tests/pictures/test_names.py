from __future__ import annotations

import re

import pytest

from reve_core.pictures.names import disposition, friendly


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a heron, wading at dawn", "a-heron-wading-at-dawn.png"),
        ("Fox!", "Fox.png"),
        ("朝の鷺", "朝の鷺.png"),
        ("हिन्दी बगुला", "हिन्दी-बगुला.png"),
        ("../../etc/passwd", "etc-passwd.png"),
        ("C:\\Windows\\evil.exe", "C-Windows-evil-exe.png"),
        ("", "picture.png"),
        ("🪶🪶", "picture.png"),
        ("...", "picture.png"),
        ("con", "picture-con.png"),
        ("a\r\nSet-Cookie: x", "a-Set-Cookie-x.png"),
        ("gnp\u202egpj", "gnp-gpj.png"),
        ("lone \ud800 surrogate", "lone-surrogate.png"),
    ],
)
def test_a_name_begins_like_the_prompt_and_is_safe_everywhere(prompt: str, name: str) -> None:
    assert friendly(prompt, ".png") == name


def test_a_long_prompt_ends_at_a_word() -> None:
    assert friendly("heron " * 100, ".png") == "-".join(["heron"] * 10) + ".png"
    assert friendly("鷺" * 1000, ".png") == "鷺" * 60 + ".png"
    assert len(friendly("鷺" * 1000, ".webp").encode()) <= 255


def test_a_plain_name_needs_one_spelling() -> None:
    assert disposition("inline", "a-heron.png") == 'inline; filename="a-heron.png"'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Ærø héron.png", "attachment; filename=\"r-heron.png\"; filename*=UTF-8''%C3%86r%C3%B8%20h%C3%A9ron.png"),
        ("朝.png", "attachment; filename=\"picture.png\"; filename*=UTF-8''%E6%9C%9D.png"),
        ('a"; x="b.png', "attachment; filename=\"a-x-b.png\"; filename*=UTF-8''a%22%3B%20x%3D%22b.png"),
    ],
)
def test_a_foreign_name_has_a_plain_one_beside_it(name: str, value: str) -> None:
    assert disposition("attachment", name) == value


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "a\x00b", "\ud800", "", "é" * 500])
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    assert re.fullmatch(r"[\x20-\x7e]+", disposition("attachment", name))
