"""The price table: data with a date and a source, and lines of one's own over it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError
from reve_core.ports import ListPrice
from reve_core.providers.prices import SHIPPED, PriceTable

LINE = '[[price]]\nprovider = "{}"\nmodel = "{}"\nusd = {}\nas_of = 2026-11-01\nsource = "our contract"\n'


def own(tmp_path: Path, *lines: tuple[str, str, float]) -> PriceTable:
    path = tmp_path / "prices.toml"
    path.write_text("".join(LINE.format(*line) for line in lines), encoding="utf-8")
    return PriceTable.read(path)


def test_every_line_that_comes_along_can_be_used_and_has_a_date_and_a_source() -> None:
    lines = list(PriceTable.read()._lines.values())
    assert lines
    for line in lines:
        assert line.as_of <= datetime.now(UTC).date()
        assert line.source.strip()
    assert len(lines) == SHIPPED.read_text(encoding="utf-8").count("[[price]]")  # none hides another


def test_a_line_of_ones_own_goes_before_the_one_that_comes_along(tmp_path: Path) -> None:
    model = "reve/2.1/text-to-image"
    before = PriceTable.read().find(model, "fal")
    assert before is not None
    found = own(tmp_path, ("fal", model, 0.11)).find(model, "fal")
    assert found is not None
    assert (found.usd, found.source, found.as_of) == (0.11, "our contract", date(2026, 11, 1))
    assert before.usd != found.usd


def test_the_others_that_come_along_stay(tmp_path: Path) -> None:
    assert own(tmp_path, ("fal", "another", 1)).find("reve/2.1/text-to-image", "fal") is not None


def test_a_providers_own_name_goes_before_its_kind_and_a_model_before_all_models(tmp_path: Path) -> None:
    table = own(tmp_path, ("openai", "*", 1), ("openai", "big", 2), ("lab", "*", 3), ("lab", "big", 4))

    def usd(model: str, *names: str) -> float | None:
        found = table.find(model, *names)
        return None if found is None else found.usd

    assert usd("big", "lab", "openai") == 4
    assert usd("small", "lab", "openai") == 3
    assert usd("big", "other", "openai") == 2
    assert usd("small", "other", "openai") == 1
    assert usd("small", "nobody") is None


def test_of_two_lines_for_the_same_the_last_one_holds(tmp_path: Path) -> None:
    found = own(tmp_path, ("lab", "x", 1), ("lab", "x", 2)).find("x", "lab")
    assert found is not None
    assert found.usd == 2


def test_tokens_can_be_priced_too(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(LINE.format("lab", "x", 0.04) + "input_usd_per_million = 5\noutput_usd_per_million = 30\n")
    found = PriceTable.read(path).find("x", "lab")
    assert found is not None
    assert isinstance(found, ListPrice)
    assert (found.input_usd_per_million, found.output_usd_per_million) == (5, 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("[[price]]\nprovider = 'x'", "Price 1", id="a line that lacks most"),
        pytest.param(LINE.format("x", "y", 1) + LINE.format("x", "z", -1), "Price 2", id="less than nothing"),
        pytest.param(LINE.format("x", "y", 1) + "colour = 1", "colour", id="an unknown field"),
        pytest.param(LINE.format("x", "y", 1) + 'per = "dozen"', "per", id="an unknown unit"),
        pytest.param("[price]\nusd = 1", "double brackets", id="single brackets"),
        pytest.param("[[price]\n", "line 1", id="broken"),
        pytest.param('[[price]]\nprovider = "sk-canary\n', "line 2", id="broken at a text"),
    ],
)
def test_a_mistake_in_it_is_told_with_where_it_is(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"prices\.toml") as error:
        PriceTable.read(path)
    assert words in str(error.value)
    assert "canary" not in str(error.value)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="REVE_PRICES_FILE"):
        PriceTable.read(tmp_path / "none.toml")
