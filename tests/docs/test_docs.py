"""The documents say what is so: every setting, every file and every command that they name."""

import re
from pathlib import Path

import pytest

from reve_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def rows() -> dict[str, tuple[str, str]]:
    """Variable → (default, meaning), from the table in the docs."""
    found = re.findall(r"^\| `(REVE_\w+)` \| (.*?) \| (.*?) \|$", SETTINGS_PAGE, re.MULTILINE)
    return {name: (default, meaning) for name, default, meaning in found}


def test_the_settings_table_lists_every_setting_and_no_other() -> None:
    assert list(rows()) == [f"REVE_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_settings_table_gives_default_and_meaning_of(name: str) -> None:
    field = Settings.model_fields[name]
    default, meaning = rows()[f"REVE_{name.upper()}"]
    assert meaning == field.description
    if name == "data_dir":
        assert default == "`data`"
    elif field.default_factory is not None:
        assert default == "the number of cores"
    elif field.default in (None, ""):
        assert default == "none"
    else:
        assert default == f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_and_make_target_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {f"REVE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bREVE_[A-Z][A-Z_]*[A-Z]\b", text)) <= known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b`", text)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    for file, name in re.findall(r"`(tests/[\w/.]+)::(\w+)`", page.read_text(encoding="utf-8")):
        assert re.search(rf"^ *(?:async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_each_row_of_the_threats_names_a_test() -> None:
    text = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    assert len(rows) > 40
    assert [row for row in rows if "`tests/" not in row.rpartition(" | ")[2]] == []


def test_the_map_of_the_house_names_only_what_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    house = readme.partition("## The house")[2].partition("```")[2].partition("```")[0]
    names = re.findall(r"^ *([\w./]+\.(?:py|toml)|[\w./]+/)", house, re.MULTILINE)
    assert len(names) > 10
    folder = ""
    for line in house.splitlines():
        if match := re.match(r"( *)([\w./]+\.(?:py|toml)|[\w./]+/)", line):
            inside, name = match[1], match[2]
            if not inside:
                folder = name if name.endswith("/") else ""
            path = ROOT / (folder + name if inside else name)
            assert path.exists(), path
