"""Judging a text by a policy, and taking up a policy file that has changed."""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reve_core.errors import ConfigurationError
from reve_core.guard.moderation import messages
from reve_core.guard.moderation.decode import decoded, turned
from reve_core.guard.moderation.fold import fold
from reve_core.guard.moderation.numbers import numbers
from reve_core.guard.moderation.policy import BUNDLED, Policy, Rule, load
from reve_core.guard.moderation.scan import Hit
from reve_core.guard.moderation.views import View, backwards, readings

_LOOK_EVERY_S = 1.0
_LONGEST_PIECE = 9  # letters of a piece of a word
_MEAN_PIECE = 5  # letters of a piece, on the average
_SHORTEST_BACKWARDS = 7  # characters of a term with its two blanks: short words are too often others backwards
_OVERLAP = 500
_LONGEST_TERM = 12  # chunks


class Action(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


_ORDER = {Action.ALLOW: 0, Action.REVIEW: 1, Action.BLOCK: 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rule`` and ``view`` say why, for the log and the operator; ``policy`` is the version judged by."""

    action: Action
    category: str = ""
    severity: int = 0
    rule: str = ""
    view: str = ""
    policy: str = ""

    @property
    def message(self) -> str:
        """For the visitor; empty where the text is allowed."""
        return messages.message(self.category, held=self.action is Action.REVIEW)

    @property
    def weight(self) -> tuple[int, int]:
        """The graver of two verdicts has the greater weight."""
        return _ORDER[self.action], self.severity


class Moderator:
    """
    Judges texts; any thread may call it. The policy file is looked at once a second at most and taken up when it has
    changed; one that cannot be used changes nothing, is told to ``on_fault`` once, and stands in ``fault``.
    """

    def __init__(self, policy_file: Path | None = None, *, on_fault: Callable[[str], None] | None = None) -> None:
        """Raises ConfigurationError."""
        self._path = policy_file or BUNDLED
        self._on_fault = on_fault
        self._lock = threading.Lock()
        self._seen = _stamp(self._path)
        self._policy = load(self._path)
        self._look_at = time.monotonic() + _LOOK_EVERY_S
        self.fault: str | None = None

    @property
    def version(self) -> str:
        return self.policy().version

    def policy(self) -> Policy:
        """The newest that can be used."""
        now = time.monotonic()
        if now >= self._look_at and self._lock.acquire(blocking=False):
            # Whoever comes while one thread reads goes on with what is there.
            try:
                self._look_at = now + _LOOK_EVERY_S
                stamp = _stamp(self._path)
                if stamp != self._seen:
                    self._seen = stamp
                    if _runs_a_loop():
                        # Tens of thousands of terms take a second: everybody else's requests would wait for it.
                        threading.Thread(target=self._reload, daemon=True).start()
                    else:
                        self._reload()
            finally:
                self._lock.release()
        return self._policy

    def _reload(self) -> None:
        try:
            self._policy = load(self._path)
        except ConfigurationError as exc:
            self.fault = f"{exc} Policy {self._policy.version} stays in force."
            if self._on_fault is not None:
                self._on_fault(self.fault)
        else:
            self.fault = None

    def judge(self, text: str) -> Verdict:
        return judge(self.policy(), text)

    def judge_all(self, texts: Iterable[str]) -> Verdict:
        """The gravest verdict on any of ``texts``, or on all of them read as one: a sentence may be spread over several."""
        policy = self.policy()
        given = [text for text in texts if text]
        verdicts = [judge(policy, text) for text in given]
        if len(given) > 1 and not any(verdict.category == messages.TOO_LONG for verdict in verdicts):
            verdicts += [judge(policy, window) for window in _windows(" ".join(given), policy.max_chars)]
        return max(verdicts, key=lambda verdict: verdict.weight, default=_allowed(policy))


def _runs_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def judge(policy: Policy, text: str) -> Verdict:
    """The gravest rule that applies to ``text``. The same text and policy give the same verdict."""
    if len(text) > policy.max_chars:
        # Before any work on it: folding a megabyte would be the attack.
        return Verdict(Action.BLOCK, messages.TOO_LONG, 1, "max_chars", "", policy.version)
    hits = dict.fromkeys(_hits(policy, fold(text)))
    for other in dict.fromkeys((decoded(text), turned(text))):
        if other and other != text:
            hits |= dict.fromkeys(_hits(policy, fold(other), within="decoded"))
    found = 0
    for hit in hits:
        found |= hit.groups
    if not found:
        return _allowed(policy)
    finds = _Finds(hits)
    gravest: tuple[Rule, str] | None = None
    for rule in policy.rules:
        if gravest is not None and (gravest[0].blocks, gravest[0].severity) >= (rule.blocks, rule.severity):
            continue
        if not found & rule.none and all(found & need for need in rule.needs):
            view = finds.view_of(rule)
            if view is not None:
                gravest = rule, view
    if gravest is None:
        return _allowed(policy)
    rule, view = gravest
    action = Action.BLOCK if rule.blocks else Action.REVIEW
    return Verdict(action, rule.category, rule.severity, rule.id, view, policy.version)


def _allowed(policy: Policy) -> Verdict:
    return Verdict(Action.ALLOW, policy=policy.version)


class _Finds:
    """What was found in a text, by place. The same find in a second view is no second find."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        places: dict[tuple[int, int, int], Hit] = {}
        for hit in hits:
            places.setdefault(hit[:3], hit)
        self._hits = sorted(places.values(), key=_first)
        self._chosen: dict[int, list[Hit]] = {}

    def view_of(self, rule: Rule) -> str | None:
        """The view that gave the rule away, "text" where nothing was hidden; None where it does not apply."""
        choices = [self._of(need) for need in rule.needs]
        rarest, *others = choices if rule.ordered else sorted(choices, key=len)
        for start in rarest:
            near = [start]
            for choice in others:
                after = near[-1].last if rule.ordered else -1
                hit = next(
                    (hit for hit in _around(choice, start, rule.within) if hit not in near and hit.first >= after), None
                )
                if hit is None:
                    break
                near.append(hit)
            else:
                return next((hit.view for hit in near if hit.view != "text"), "text")
        return None

    def _of(self, groups: int) -> list[Hit]:
        if groups not in self._chosen:
            self._chosen[groups] = [hit for hit in self._hits if hit.groups & groups]
        return self._chosen[groups]


def _around(hits: list[Hit], start: Hit, within: int) -> Iterable[Hit]:
    """Those of ``hits`` at most ``within`` chunks away; all of them where that is 0."""
    if not within:
        return hits
    begin = bisect_left(hits, start.first - within - _LONGEST_TERM, key=_first)
    end = bisect_right(hits, start.last + within, key=_first)
    return (hit for hit in hits[begin:end] if hit.last >= start.first - within)


def _first(hit: Hit) -> int:
    return hit.first


def _hits(policy: Policy, folded: str, within: str = "") -> Iterator[Hit]:
    """All that is found in any spelling of a folded text."""
    for hit in _all_hits(policy, folded):
        yield Hit(hit.groups, hit.first, hit.last, within) if within else hit


def _all_hits(policy: Policy, folded: str) -> Iterator[Hit]:
    plain = None
    for view in readings(folded, policy.vocabulary):
        plain = plain or view
        yield from policy.terms.find(view)
        yield from _fragments(policy, view)
    for kind, chunk in numbers(folded):
        yield Hit(policy.numbers.get(kind, 0), chunk, chunk, "text")
    if plain is not None:
        for view in backwards(plain):
            yield from policy.terms.find(view, shortest=_SHORTEST_BACKWARDS)


def _fragments(policy: Policy, view: View) -> Iterator[Hit]:
    """Terms cut into pieces that are no words: "nak ed wom an" is cut up, "the pen is here" is not."""
    tokens = view.tokens
    begins: dict[int, int] = {}
    ends: list[int] = []
    at = 0
    for number, token in enumerate(tokens):
        begins[at] = number
        at += len(token)
        ends.append(at)
    known = policy.vocabulary
    for begin, end, bits, beginning in policy.pieces.find("".join(tokens)):
        first = begins.get(begin)
        if first is None or ends[first] >= end:
            continue
        last = bisect_left(ends, end)
        if (ends[last] != end and not beginning) or end - begin > _MEAN_PIECE * (last - first + 1):
            continue
        pieces = tokens[first : last + 1]
        if all(len(piece) <= _LONGEST_PIECE for piece in pieces) and not all(
            piece in known.words or piece in known.small for piece in pieces
        ):
            yield Hit(bits, view.chunks[first], view.chunks[last], "fragments")


def _windows(text: str, size: int) -> Iterator[str]:
    """``text`` in overlapping pieces of at most ``size`` characters."""
    for begin in range(0, max(1, len(text) - _OVERLAP), size - _OVERLAP):
        yield text[begin : begin + size]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
