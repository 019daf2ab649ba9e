"""
A moderation policy: a TOML file, checked and made ready to judge by.

    version = "2026-11-23"           named in every verdict
    max_chars = 6000                 longer texts are refused unread
    [lists]  age = ["5", "five"]     stands for each of its entries where a term says {age}
    [allow]  phrases = [...]         what these cover is not looked at
    [groups] minor = [...]           terms that rules name as @minor
    [[rule]]                         terms of its own, or requirements that must all be met

Terms are words or phrases; ``word*`` is the beginning of a word, ``word~`` stands for its English endings too, ``=part`` may
stand inside a word. They are matched after folding, so capitals, accents and punctuation in them do not count.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reve_core.errors import ConfigurationError
from reve_core.guard.moderation.fold import words
from reve_core.guard.moderation.numbers import NUMBERS
from reve_core.guard.moderation.scan import Pieces, Terms
from reve_core.guard.moderation.vocabulary import Vocabulary

BUNDLED = Path(__file__).with_name("policy.toml")
MAX_BYTES = 2_000_000
_MOST_PATTERNS = 200_000
_SHORTEST_PIECE = 4
_SHORTEST_PREFIX = 3
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_VOWELS = "aeiou"

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Allow(_Table):
    phrases: tuple[str, ...] = ()


class _Pieces(_Table):
    common: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()


class _Rule(_Table):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
    category: Slug
    action: Literal["block", "review"] = "block"
    severity: int = Field(50, ge=1, le=100)
    terms: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    within: int = Field(0, ge=0, le=1000)
    ordered: bool = False


class _File(_Table):
    version: Annotated[str, Field(min_length=1, max_length=64)]
    max_chars: int = Field(6000, ge=4000, le=20_000)
    lists: dict[Slug, tuple[str, ...]] = Field(default_factory=dict)
    allow: _Allow = _Allow()
    pieces: _Pieces = _Pieces()
    groups: dict[Slug, tuple[str, ...]]
    rule: Annotated[tuple[_Rule, ...], Field(min_length=1)]
    remote: dict[Slug, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Applies where each of ``needs`` (bits of groups) was found, none of ``none`` was, and, with ``within`` above 0, the
    finds lie at most so many words apart; ``ordered``: they follow one another as in ``needs``.
    """

    id: str
    category: str
    blocks: bool
    severity: int
    needs: tuple[int, ...]
    none: int
    within: int
    ordered: bool


@dataclass(frozen=True)
class Policy:
    """What to judge by. ``numbers`` are the groups of the numbers that rules ask for."""

    version: str
    max_chars: int
    terms: Terms
    pieces: Pieces
    vocabulary: Vocabulary
    numbers: Mapping[str, int]
    rules: tuple[Rule, ...]
    thresholds: Mapping[str, float]


def load(path: Path) -> Policy:
    """Raises ConfigurationError with the line, or the rule, and what is wrong there."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigurationError(f"The moderation policy {path} cannot be read ({type(exc).__name__}).") from exc
    if len(raw) > MAX_BYTES:
        raise ConfigurationError(f"The moderation policy {path} is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = raw.decode()
        return parse(text)
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise ConfigurationError(f"The moderation policy {path} is not UTF-8 (line {line}).") from exc
    except ConfigurationError as exc:
        raise ConfigurationError(f"The moderation policy {path} cannot be used: {exc}") from exc


def parse(text: str) -> Policy:
    """The policy in ``text``. Raises ConfigurationError."""
    try:
        file = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{exc}.") from exc
    except ValidationError as exc:
        raise ConfigurationError(_explain(exc, text)) from exc
    except RecursionError as exc:
        raise ConfigurationError("it is nested too deeply.") from exc
    return _Compiler(file, text).policy()


class _Compiler:
    def __init__(self, file: _File, text: str) -> None:
        self._file = file
        self._text = text
        self._bits = {name: 1 << number for number, name in enumerate(file.groups)}
        self._patterns: dict[str, int] = {}

    def policy(self) -> Policy:
        file = self._file
        for name, terms in file.groups.items():
            self._add(terms, self._bits[name], f"group {name}", f"{name} =")
        rules = tuple(self._rules())
        allowed = dict.fromkeys(
            word for phrase in file.allow.phrases for word in self._expanded(phrase, "the allowed phrases", "[allow]")
        )
        plain = {term: bits for term, bits in self._patterns.items() if not term.startswith("=")}
        return Policy(
            version=file.version,
            max_chars=file.max_chars,
            terms=Terms(self._patterns, allowed),
            pieces=Pieces(plain, _SHORTEST_PIECE),
            vocabulary=self._vocabulary(plain, allowed),
            numbers=MappingProxyType({name: self._bits[name] for name in NUMBERS if name in self._bits}),
            rules=rules,
            thresholds=MappingProxyType(file.remote),
        )

    def _vocabulary(self, terms: Iterable[str], allowed: Iterable[str]) -> Vocabulary:
        found: set[str] = set()
        beginnings: set[str] = set()
        for term in (*terms, *allowed):
            if term.endswith("*"):
                term = term[:-1]
                beginnings.add(term)  # of one word; phrases do no harm, no token is one
            found.update(term.split())
        pieces = self._file.pieces
        found.update(map(words, (*pieces.common, *pieces.partners)))
        return Vocabulary(found, beginnings, map(words, pieces.common), map(words, pieces.whole))

    def _rules(self) -> Iterator[Rule]:
        seen: set[str] = set()
        for rule in self._file.rule:
            where, line = f"rule {rule.id}", f'id = "{rule.id}"'
            if rule.id in seen:
                raise self._error(where, line, "its id is used twice")
            seen.add(rule.id)
            if not rule.terms and not rule.all_of:
                raise self._error(where, line, "it has neither terms nor all_of")
            needs = [self._mask(entry, where, line) for entry in rule.all_of]
            if rule.terms:
                own = 1 << len(self._bits)
                self._bits[f"#{rule.id}"] = own
                self._add(rule.terms, own, where, line)
                needs.append(own)
            none = 0
            for entry in rule.none_of:
                none |= self._mask(entry, where, line)
            yield Rule(
                id=rule.id,
                category=rule.category,
                blocks=rule.action == "block",
                severity=rule.severity,
                needs=tuple(needs),
                none=none,
                within=rule.within,
                ordered=rule.ordered,
            )

    def _mask(self, entry: str, where: str, line: str) -> int:
        """Of ``"@person|@minor"``: the bits of both."""
        mask = 0
        for name in entry.split("|"):
            name = name.strip()
            if name in NUMBERS:
                mask |= self._bits.setdefault(name, 1 << len(self._bits))
            elif name.startswith("@") and name[1:] in self._file.groups:
                mask |= self._bits[name[1:]]
            else:
                raise self._error(where, line, f"{name!r} is no group; groups are written like '@minor'")
        return mask

    def _add(self, terms: Iterable[str], bits: int, where: str, line: str) -> None:
        for term in terms:
            for pattern in self._expanded(term, where, line):
                self._patterns[pattern] = self._patterns.get(pattern, 0) | bits
        if len(self._patterns) > _MOST_PATTERNS:
            raise self._error(where, line, f"with it the policy has more than {_MOST_PATTERNS:,} terms")

    def _expanded(self, term: str, where: str, line: str) -> Iterator[str]:
        """The patterns a term stands for, folded."""
        names = _PLACEHOLDER.findall(term)
        for name in names:
            if name not in self._file.lists:
                raise self._error(where, line, f"there is no list {name!r} for {term!r}")
        for choice in itertools.product(*(self._file.lists[name] for name in names)):
            filled = term
            for name, entry in zip(names, choice, strict=True):
                filled = filled.replace(f"{{{name}}}", entry, 1)
            inside, prefix = filled.startswith("="), filled.endswith("*")
            bare = filled.strip("=*")
            for spelled in _endings(bare) if "~" in bare else (bare,):
                # Most terms are plain already, and there are tens of thousands of them.
                folded = spelled if _PLAIN.fullmatch(spelled) else words(spelled)
                if "*" in bare:
                    raise self._error(where, line, f"a star may only stand at the end of the term {term!r}")
                if not folded or (prefix and len(folded) < _SHORTEST_PREFIX and folded.isascii()):
                    raise self._error(where, line, f"the term {term!r} is too short")
                yield f"{'=' * inside}{folded}{'*' * prefix}"

    def _error(self, where: str, line: str, what: str) -> ConfigurationError:
        at = _line_of(self._text, line)
        return ConfigurationError(f"{where}{f' (line {at})' if at else ''}: {what}.")


def _endings(term: str) -> Iterator[str]:
    """``stab~`` is stab, stabs, stabbed, stabbing."""
    parts = [_inflected(word[:-1]) if word.endswith("~") else (word,) for word in term.split()]
    yield from map(" ".join, itertools.product(*parts))


def _inflected(word: str) -> tuple[str, ...]:
    if word.endswith("e"):
        return (word, f"{word}s", f"{word}d", f"{word[:-1]}ing")
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return (word, f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return (word, f"{word}es", f"{word}ed", f"{word}ing")
    if len(word) > 2 and word[-1] not in "aeiouwxyr" and word[-2] in _VOWELS and word[-3] not in _VOWELS:
        return (word, f"{word}s", f"{word}{word[-1]}ed", f"{word}{word[-1]}ing", f"{word}ed", f"{word}ing")
    return (word, f"{word}s", f"{word}ed", f"{word}ing")


def _line_of(text: str, what: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith(what):
            return number
    return 0


def _explain(exc: ValidationError, text: str) -> str:
    error = exc.errors(include_url=False)[0]
    place = list(error["loc"])
    where, line = ".".join(map(str, place)), 0
    if place[:1] == ["rule"] and len(place) > 1 and isinstance(place[1], int):
        starts = [number for number, found in enumerate(text.splitlines(), 1) if found.strip() == "[[rule]]"]
        line = starts[place[1]] if place[1] < len(starts) else 0
        where = f"rule number {place[1] + 1}, {'.'.join(map(str, place[2:])) or 'as a whole'}"
    elif place:
        line = _line_of(
            text, str(place[-1] if isinstance(place[-1], str) else place[-2] if len(place) > 1 else place[0])
        )
    return f"{where}{f' (line {line})' if line else ''}: {error['msg'].lower()}."
