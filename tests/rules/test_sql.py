"""
No value is ever written into SQL: every statement is put together from the program's own words, and values are bound.

A piece of a statement is ours where it leads back to literals: through constants, both sides of a choice, joins, loops over
literals, and parameters whose every caller hands over what is ours.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from reve_core.settings import ROOT

EXECUTES = ("execute", "executemany", "executescript", "row")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sources:
    """The program's files as trees, and what their names stand for."""

    def __init__(self, *texts: str) -> None:
        self.trees = [ast.parse(text) for text in texts]
        self.functions = {
            each.name: each for tree in self.trees for each in ast.walk(tree) if isinstance(each, Function)
        }
        self.constants = {
            target.id: each.value
            for tree in self.trees
            for each in tree.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }

        self.calls = [call for tree in self.trees for call in _calls(tree, None)]

    def statements(self) -> Iterator[tuple[ast.expr, Function | None]]:
        """Whatever is executed, with the function around it."""
        for call, around in self.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in EXECUTES and call.args:
                yield call.args[0], around

    def is_ours(self, piece: ast.expr, around: Function | None, seen: frozenset[str] = frozenset()) -> bool:
        def ours(each: ast.expr) -> bool:
            return self.is_ours(each, around, seen)

        match piece:
            case ast.Constant():
                return True
            case ast.JoinedStr(values=parts):
                return all(ours(each.value) for each in parts if isinstance(each, ast.FormattedValue))
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
                return ours(one) and ours(other)
            case ast.BinOp(left=one, op=ast.Mult()) | ast.Starred(value=one):
                return ours(one)
            case ast.Tuple(elts=several) | ast.List(elts=several) | ast.Set(elts=several):
                return all(ours(each) for each in several)
            case ast.Dict(keys=several):
                return all(each is not None and ours(each) for each in several)
            case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner):
                return ours(inner)
            case ast.Call(func=ast.Name(id="int" | "len" | "range")):
                return True
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[several]):
                return ours(several)
            case ast.Call(func=ast.Attribute(value=text, attr="replace"), args=several):
                return ours(text) and all(ours(each) for each in several)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                made = self.functions[name]
                given = [each.value for each in ast.walk(made) if isinstance(each, ast.Return) and each.value]
                return all(self.is_ours(_first(each), made, seen) for each in given)
            case ast.Name(id=name):
                here = f"{around.name if around else ''}.{name}"
                return here in seen or self._stands_for_ours(name, around, seen | {here})
        return False

    def _stands_for_ours(self, name: str, around: Function | None, seen: frozenset[str]) -> bool:
        given = list(_given(name, around)) if around is not None else []
        if given:
            return all(self.is_ours(value, where, seen) for value, where in given)
        if around is not None and (place := _place(name, around)) is not None:
            handed = [
                (value, caller)
                for call, caller in self.calls
                if _calls_it(call, around)
                for value in _handed(call, name, place)
            ]
            return bool(handed) and all(self.is_ours(value, caller, seen) for value, caller in handed)
        return name in self.constants and self.is_ours(self.constants[name], None, seen)


def _calls(node: ast.AST, around: Function | None) -> Iterator[tuple[ast.Call, Function | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, around
        yield from _calls(child, child if isinstance(child, Function) else around)


def _calls_it(call: ast.Call, function: Function) -> bool:
    """Methods are called on something, other functions by their name alone or, where they are static, on ``self``."""
    match call.func:
        case ast.Name(id=name):
            return name == function.name
        case ast.Attribute(value=of, attr=name):
            is_method = any(each.arg in ("self", "cls") for each in function.args.args[:1])
            return name == function.name and (is_method or (isinstance(of, ast.Name) and of.id == "self"))
    return False


def _place(name: str, function: Function) -> int | None:
    """Which parameter that is, ``self`` not counted; -1 for one that is only given by name."""
    names = [each.arg for each in function.args.args if each.arg not in ("self", "cls")]
    if name in names:
        return names.index(name)
    return -1 if name in [each.arg for each in function.args.kwonlyargs] else None


def _handed(call: ast.Call, name: str, place: int) -> Iterator[ast.expr]:
    if 0 <= place < len(call.args):
        yield call.args[place]
    yield from (each.value for each in call.keywords if each.arg == name)


def _first(value: ast.expr) -> ast.expr:
    """Of several values, the one that is text; what is bound comes behind it."""
    if isinstance(value, ast.IfExp):
        return ast.IfExp(value.test, _first(value.body), _first(value.orelse))
    return value.elts[0] if isinstance(value, ast.Tuple) else value


def _given(name: str, around: Function) -> Iterator[tuple[ast.expr, Function]]:
    """Everything that this name is set to, or that is put into it, and the innermost function in which that is done."""
    for node, where in _within(around, around):
        values: Iterator[ast.expr] = iter(())
        match node:
            case ast.Assign(targets=targets, value=value):
                values = (each for target in targets for each in _unpacked(name, target, value))
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value) if value:
                values = _unpacked(name, target, value)
            case ast.For(target=target, iter=several) | ast.comprehension(target=target, iter=several):
                values = _looped(name, target, several)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=held), attr="append" | "extend"), args=[value]):
                values = iter([value] if held == name else [])
        yield from ((each, where) for each in values)


def _within(node: ast.AST, around: Function) -> Iterator[tuple[ast.AST, Function]]:
    for child in ast.iter_child_nodes(node):
        yield child, around
        yield from _within(child, child if isinstance(child, Function) else around)


def _unpacked(name: str, target: ast.expr, value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        for number, each in enumerate(target.elts):
            if isinstance(each, ast.Name) and each.id == name:
                # Of what a function of ours returns, the text comes first.
                yield value.elts[number] if isinstance(value, ast.Tuple) else value if number == 0 else each


def _looped(name: str, target: ast.expr, several: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield several
    elif isinstance(target, ast.Tuple):
        for number, each in enumerate(target.elts):
            if isinstance(each, ast.Name) and each.id == name:
                rows = several.elts if isinstance(several, ast.Tuple | ast.List) else []
                yield from (row.elts[number] for row in rows if isinstance(row, ast.Tuple))


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources(*(path.read_text(encoding="utf-8") for path in sorted((ROOT / "reve_core" / "store").rglob("*.py"))))


def test_every_statement_is_put_together_from_our_own_words(sources: Sources) -> None:
    statements = list(sources.statements())
    assert len(statements) > 200
    assert [
        (around.name if around else "", ast.unparse(each)[:200])
        for each, around in statements
        if not sources.is_ours(each, around)
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "def find(db, words):\n    db.execute(f\"select * from jobs where prompt = '{words}'\")",
        'def find(db, words):\n    db.execute("select * from jobs where prompt = \'" + words + "\'")',
        "def find(db, words):\n    db.execute(\"select * from jobs where prompt = '%s'\" % words)",
        "def find(db, words):\n    db.execute(\"select * from jobs where prompt = '{}'\".format(words))",
        'def find(db, order):\n    db.execute(f"select * from jobs order by {order}")\ndef ask(db, request):\n    find(db, request.order)',
        'def find(db, request):\n    where = ["true"]\n    where.append(request.words)\n    db.execute(f"select {\' and \'.join(where)}")',
        "def find(db, cells):\n    for cell in cells:\n        db.execute(f\"select * from cells where key = '{cell}'\")",
    ],
)
def test_a_value_in_a_statement_would_be_found(text: str) -> None:
    sources = Sources(text)
    assert not all(sources.is_ours(each, around) for each, around in sources.statements())


def test_a_statement_of_our_own_words_is_let_through() -> None:
    sources = Sources(
        '_OF = "owner = ?"\n'
        'def count(db, table, owner):\n    db.execute(f"select count(*) from {table} where {_OF}", (owner,))\n'
        'def both(db, owner):\n    for name in ("jobs", "shares"):\n        count(db, name, owner)\n'
    )
    assert all(sources.is_ours(each, around) for each, around in sources.statements())
