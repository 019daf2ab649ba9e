"""Kinds that installed packages bring: found by their entry point, loaded only when asked for, never in place of ours."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError
from reve_core.lineup import line_up
from reve_core.ports import ENTRY_POINTS, Kind
from reve_core.providers.registry import OURS, kind_named
from reve_core.settings import Settings

TINY = """
from reve_core.ports import Kind
from reve_core.providers.sketch import SketchProvider

def make(config, house):
    made = SketchProvider(pixels=64)
    made.name = {name}
    return made

KIND = Kind(make)
"""


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, ENTRY_POINTS)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python finds packages in. What was imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path  # type: ignore[misc]
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def install(folder: Path, kind: str, module: str, code: str) -> None:
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{kind} = {module}:KIND\n")


def settings(folder: Path, *kinds: str) -> Settings:
    file = folder / "providers.toml"
    file.write_text("".join(f'[[provider]]\nkind = "{kind}"\n' for kind in kinds))
    return Settings(providers_file=file)


@pytest.mark.parametrize("name", OURS)
def test_each_kind_of_ours_is_there(name: str) -> None:
    assert isinstance(kind_named(name, ()), Kind)


def test_a_package_brings_a_kind(packages: Path) -> None:
    install(packages, "tiny", "tiny_kind", TINY.format(name="config.name"))
    assert line_up(settings(packages, "tiny")).providers["tiny"].title == "Sketch"


def test_ours_cannot_be_replaced(packages: Path) -> None:
    ours = {name: kind_named(name, ()) for name in OURS}
    for name in OURS:
        install(packages, name, f"false_{name}", "raise SystemExit('a stranger was loaded')")
        assert kind_named(name) is ours[name]


def test_a_broken_package_is_told_when_it_is_asked_for_and_only_then(packages: Path) -> None:
    install(packages, "broken", "broken_kind", "import a_library_that_nobody_has\nKIND = None")
    assert list(line_up(settings(packages)).providers) == ["sketch"]
    assert "broken_kind" not in sys.modules
    with pytest.raises(ConfigurationError) as error:
        line_up(settings(packages, "broken"))
    told = str(error.value)
    assert "kind “broken” could not be loaded from broken_kind:KIND: ModuleNotFoundError" in told
    assert "uninstall" in told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param("KIND = 'nothing'", "is no reve_core.ports.Kind", id="something else than a kind"),
        pytest.param("OTHER = 1", "could not be loaded", id="nothing of that name"),
        pytest.param(TINY.format(name="'sketch'"), "does not bear the name “odd”", id="a name of its own"),
        pytest.param(TINY.format(name="1 / 0"), "“odd” of providers.toml could not be made", id="a fault in it"),
    ],
)
def test_what_is_wrong_with_a_package_is_one_sentence(packages: Path, code: str, words: str) -> None:
    install(packages, "odd", "odd_kind", code)
    with pytest.raises(ConfigurationError) as error:
        line_up(settings(packages, "odd"))
    assert words in str(error.value)


def test_two_packages_with_the_same_kind_are_not_chosen_between() -> None:
    found = (entry("twice", "one:KIND"), entry("twice", "two:KIND"))
    with pytest.raises(
        ConfigurationError, match="Several packages bring the provider kind “twice”: one:KIND, two:KIND"
    ):
        kind_named("twice", found)


def test_an_unknown_kind_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="sketch, reve, fal, openai, diffusers, swatch"):
        kind_named("dream", (entry("swatch", "swatch:KIND"),))
