"""
Whoever stands before visitors says whose jobs are meant.

The service's methods mean the personal owner where nobody is named, which suits the command line and is wrong in a page:
there it would show strangers the same gallery. So the sources of the pages and of the HTTP door are read for it. The same
goes for where an order comes from: unsaid, no address would have a limit, and nobody's own key would pay.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core.board import Board
from reve_core.comparisons import Comparisons
from reve_core.service import Studio
from reve_core.shares import Shares
from reve_core.shelf import Shelf

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "pages").rglob("*.py"), *(ROOT / "reve_core" / "web").rglob("*.py")])
SERVICES = {"studio": Studio, "get()": Studio, "get_studio()": Studio, "board": Board, "shelf": Shelf, "shares": Shares}
ORDERING = {"studio": Studio, "get()": Studio, "get_studio()": Studio, "comparisons": Comparisons}


def taking(parameter: str, kind: type) -> dict[str, int]:
    """The methods that take it, and where it stands among the arguments."""
    found = {}
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        parameters = list(inspect.signature(method).parameters)
        if not name.startswith("_") and parameter in parameters:
            found[name] = parameters.index(parameter) - 1
    return found


OWNED = {said: taking("owner", kind) for said, kind in SERVICES.items()}
FROM = {said: taking("origin", kind) for said, kind in ORDERING.items()}


def forgotten(source: str) -> Iterator[str]:
    """Calls of the service that leave the owner open, and filters for jobs of anybody."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        named = any(keyword.arg in ("owner", None) for keyword in node.keywords)
        if isinstance(node.func, ast.Name) and node.func.id == "JobFilter" and not named:
            yield ast.unparse(node)
        if isinstance(node.func, ast.Attribute) and not named:
            receiver = ast.unparse(node.func.value)
            for said, methods in OWNED.items():
                place = methods.get(node.func.attr)
                if receiver.endswith(said) and place is not None and len(node.args) <= place:
                    yield ast.unparse(node)
                    break


def unsaid(source: str) -> Iterator[str]:
    """Calls that may order something, also through another function, and do not say where that comes from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and not any(keyword.arg == "origin" for keyword in node.keywords):
            for method in (node.func, *node.args):
                if isinstance(method, ast.Attribute):
                    receiver = ast.unparse(method.value)
                    if any(receiver.endswith(said) and method.attr in methods for said, methods in FROM.items()):
                        yield ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_order_says_where_it_comes_from(path: Path) -> None:
    assert list(unsaid(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_call_of_the_service_says_for_whom(path: Path) -> None:
    assert list(forgotten(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "who.py"], ids=lambda path: path.name)
def test_nobody_before_visitors_takes_them_for_the_one_owner(path: Path) -> None:
    assert "PERSONAL" not in path.read_text(encoding="utf-8")


def test_a_forgotten_owner_is_found() -> None:
    assert {"submit", "get", "retry_failed"} <= OWNED["studio"].keys()
    assert "feed" in OWNED["board"]
    assert {"star", "download", "prepare_export"} <= OWNED["shelf"].keys()
    for source in (
        "studio.board.feed(limit=1)",
        "bootstrap.get().get(x)",
        "studio.shelf.trash([x])",
        "JobFilter(words='a')",
    ):
        assert list(forgotten(source)), source
    for source in (
        "studio.board.feed(owner=me())",
        "shelf.download(job_id, owner)",
        "{}.get(x)",
        "JobFilter(owner=me())",
    ):
        assert not list(forgotten(source)), source


def test_a_forgotten_origin_is_found() -> None:
    assert {"submit", "order", "retry", "retry_failed", "resolve"} <= FROM["studio"].keys()
    assert {"make", "of_pictures", "extend", "run_again"} == FROM["comparisons"].keys()
    for source in (
        "studio.submit(request, owner=me())",
        "bootstrap.get().retry(x, owner=me())",
        "studio.comparisons.extend(x, owner=me(), **more)",
        "said(new, comparisons.make, axes, owner=owner)",
    ):
        assert list(unsaid(source)), source
    for source in (
        "studio.submit(request, owner=me(), origin=origin())",
        "said(new, comparisons.make, axes, owner=owner, origin=call.origin)",
        "items.extend(more)",
    ):
        assert not list(unsaid(source)), source
