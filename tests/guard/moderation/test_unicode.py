"""Characters that are chosen to cost time or room: the text that is judged does not grow with them."""

import pytest

from reve_core.guard.moderation.fold import fold


@pytest.mark.parametrize(
    "text",
    [
        "\ufdfa" * 2000,
        "a" + "\u0301" * 4000,
        "\u202e" * 4000,
        "\U0001d54f" * 2000,
        "\u200d\ufe0f" * 2000,
        "\u3300" * 2000,
    ],
    ids=[
        "a ligature of eighteen letters",
        "marks on a letter",
        "turning round",
        "letters of mathematics",
        "joiners",
        "squares",
    ],
)
def test_a_text_does_not_grow_when_it_is_folded(text: str) -> None:
    assert len(fold(text)) <= 4 * len(text)
