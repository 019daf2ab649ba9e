"""Try a moderation policy: see what it says about texts, or whether its file can be used."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reve_core.errors import BadInput
from reve_core.guard.moderation import Action, Moderator, Verdict
from reve_core.guard.moderation.messages import KNOWN
from reve_core.guard.moderation.policy import load

_MOST_BYTES = 50_000_000
_REFUSED = "refuse"
_SHOWN = 60  # characters of a text


@dataclass(frozen=True, slots=True)
class _Case:
    """``expected`` is allow, review, block, refuse (review or block), a category, or nothing where none was given."""

    line: int
    text: str
    expected: str = ""

    def is_met_by(self, verdict: Verdict) -> bool:
        refused = verdict.action is not Action.ALLOW
        if self.expected == _REFUSED:
            return refused
        return self.expected in ("", verdict.action.value) or (refused and self.expected == verdict.category)


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    test = commands.add_parser("test", help="judge the texts of a file; fails where a label is missed")
    test.add_argument(
        "file",
        help='one text a line, or JSON lines: {"text": "…", "expect": "allow"|"refuse"|"block"|"review"|a category}; '
        "- reads the standard input",
    )
    test.add_argument(
        "--policy", type=Path, metavar="TOML", help="judge by this policy (default: the one that comes along)"
    )
    test.add_argument("--missed", action="store_true", help="show only what was judged otherwise than expected")
    test.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    check = commands.add_parser("check", help="say whether a policy file can be used, and what is in it")
    check.add_argument("file", type=Path)


def run(options: argparse.Namespace) -> int:
    return _check(options.file) if options.what == "check" else _test(options)


def _check(file: Path) -> int:
    policy = load(file)
    counts = Counter(rule.category for rule in policy.rules)
    print(f"Policy {policy.version}: {policy.terms.count:,} terms, texts up to {policy.max_chars:,} characters.")
    for category, count in sorted(counts.items()):
        note = "" if category in KNOWN else "  (not one we know: visitors are told in general words)"
        print(f"  {category:16} {count} rule{'s' if count != 1 else ''}{note}")
    return 0


def _test(options: argparse.Namespace) -> int:
    moderator = Moderator(options.policy)
    judged = [(case, moderator.judge(case.text)) for case in _cases(options.file)]
    for case, verdict in judged:
        met = case.is_met_by(verdict)
        if options.missed and met:
            continue
        if options.json:
            print(json.dumps(_row(case, verdict, met), ensure_ascii=True))
        else:
            print(_line(case, verdict, met))
    missed = sum(not case.is_met_by(verdict) for case, verdict in judged)
    if not options.json:
        print(f"\n{len(judged):,} texts judged by policy {moderator.version}.")
        _table(judged)
        if missed:
            print(f"{missed:,} judged otherwise than expected.")
    return 1 if missed else 0


def _cases(name: str) -> Iterator[_Case]:
    try:
        raw = sys.stdin.buffer.read(_MOST_BYTES + 1) if name == "-" else Path(name).read_bytes()
        text = raw.decode()
    except OSError as exc:
        raise BadInput(f"{name} cannot be read ({type(exc).__name__}).") from exc
    except UnicodeDecodeError as exc:
        raise BadInput(f"{name} is not UTF-8 text.") from exc
    if len(raw) > _MOST_BYTES:
        raise BadInput(f"{name} is larger than {_MOST_BYTES // 1_000_000} MB.")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        yield (
            _parsed(line, number)
            if line.lstrip().startswith("{") and line.rstrip().endswith("}")
            else _Case(number, line)
        )


def _parsed(line: str, number: int) -> _Case:
    try:
        found = json.loads(line)
    except ValueError:
        return _Case(number, line)  # a prompt may have braces too
    text, expected = found.get("text"), found.get("expect", found.get("category", ""))
    if not isinstance(text, str) or not isinstance(expected, str):
        raise BadInput(f'Line {number}: write {{"text": "…", "expect": "allow"}}, both texts.')
    if expected not in ("", _REFUSED, *KNOWN, *(action.value for action in Action)) and not expected.isidentifier():
        raise BadInput(f"Line {number}: {expected!r} is neither an action nor a category.")
    return _Case(number, text, expected)


def _row(case: _Case, verdict: Verdict, met: bool) -> dict[str, object]:
    return {
        "line": case.line,
        "action": verdict.action.value,
        "category": verdict.category,
        "severity": verdict.severity,
        "rule": verdict.rule,
        "view": verdict.view,
        "policy": verdict.policy,
        "expect": case.expected,
        "met": met,
    }


def _line(case: _Case, verdict: Verdict, met: bool) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in case.text).split())
    columns = [
        "  " if met else "✗ ",
        f"{case.line:5}",
        f"{verdict.action.value:6}",
        f"{verdict.category:13}",
        f"{verdict.rule:26}",
        f"{verdict.view:9}",
        text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…",
    ]
    return "  ".join(columns).rstrip()


def _table(judged: list[tuple[_Case, Verdict]]) -> None:
    """Recall for each label that means refusing, and how much of what is to be allowed was not."""
    labelled = [(case, verdict) for case, verdict in judged if case.expected]
    if not labelled:
        return
    print(f"\n{'expected':16} {'texts':>6} {'refused':>8} {'as said':>8}")
    for expected in sorted({case.expected for case, _ in labelled}):
        rows = [(case, verdict) for case, verdict in labelled if case.expected == expected]
        refused = sum(verdict.action is not Action.ALLOW for _, verdict in rows)
        met = sum(case.is_met_by(verdict) for case, verdict in rows)
        print(f"{expected:16} {len(rows):6} {refused:8} {met:8}")
    for title, chosen in (
        ("recall", [verdict for case, verdict in labelled if case.expected != Action.ALLOW]),
        ("false positives", [verdict for case, verdict in labelled if case.expected == Action.ALLOW]),
    ):
        if chosen:
            print(f"{title:16} {sum(verdict.action is not Action.ALLOW for verdict in chosen) / len(chosen):.1%}")
