"""
What the process writes about itself: in public mode one JSON object a line, otherwise text; in both without secrets.

Everything is taken out of the finished line: a traceback or a library's message may hold a key as well as our own words.
Known secrets are looked for as they are, others by their looks.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

from pydantic import SecretStr

from reve_core.settings import Settings

HIDDEN = "[hidden]"
_SHORTEST = 8  # letters; what is shorter than that would be found in innocent words
_HANDLER = "reve"
log = logging.getLogger(__name__)
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
# Characters that end a line, or turn round or colour what a terminal shows behind them.
_STEERING = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# What looks like a secret of ours or of anybody's, and how much of it may stay.
_LOOKS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"""(?ix) (["']? \b (?: (?:proxy-)?authorization | (?:set-)?cookie | x-api-key | x-reve-visitor | api[_-]?key
            | [a-z_]* (?:token|secret|password|passwd) ) ["']? \s* [:=] \s*) (?! \[hidden\] ) ( "[^"]*" | '[^']*' | [^\s,;}\])]+ )"""
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b((?:__Host-)?reve_(?:visitor|voter)|_streamlit_[a-z_]+)=[^\s;,'\"]+"), rf"\1={HIDDEN}"),
    (re.compile(r"\bpapi\.[\w.-]{6,}"), HIDDEN),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]{8,}"), HIDDEN),
    (re.compile(r"\breve_[A-Za-z0-9_-]{32,}"), HIDDEN),
    (re.compile(r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"), HIDDEN),
    # Who knows the end of such an address can open what lies there.
    (re.compile(r"(/(?:s|c|continue|exports)/)[A-Za-z0-9_-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"([?&](?:k|me|token|key|share|code|state)=)[^\s&\"'#]+"), rf"\1{HIDDEN}"),
)


class Redactor:
    """Takes secrets out of text. ``secrets`` are those that are configured, as they are."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spelled = {each for secret in secrets if len(secret) >= _SHORTEST for each in _spellings(secret)}
        longest_first = sorted(spelled, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if spelled else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for looks, instead in _LOOKS:
            text = looks.sub(instead, text)
        return text


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


class TextLines(logging.Formatter):
    """``2026-11-23 07:00:00 WARNING reve_core.jobs: …``, as long as a person reads along."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(_without_address(record))
        record.exc_text = None  # another handler's spelling of it
        return self._redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = _STEERING.sub(_spelled, record.message)
        return super().formatMessage(record)

    def formatException(self, ei: _Raised) -> str:
        """Each line set in, so that none of what an error quotes looks like a line of the log."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + _STEERING.sub(_spelled, line) for line in lines)


class JsonLines(logging.Formatter):
    """
    ``at``, ``level``, ``logger``, ``message``; ``where`` is a traceback. What a call gives as ``extra={"told": {…}}``
    stands beside them; a ``prompt`` among it only where the settings say so.

    Pure ASCII, so that no message can begin a line of its own or turn the terminal that shows it around.
    """

    def __init__(self, redact: Redactor, *, prompts: bool) -> None:
        super().__init__()
        self._redact = redact
        self._prompts = prompts

    def format(self, record: logging.LogRecord) -> str:
        record = _without_address(record)
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        told = getattr(record, "told", None)
        if isinstance(told, dict):
            for name, value in told.items():
                if name not in line and (name != "prompt" or self._prompts):
                    line[str(name)] = self._redact(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[0] is not None:
            line["where"] = self._redact("".join(traceback.format_exception(*record.exc_info)))
        return self._redact(json.dumps(line, ensure_ascii=True, default=repr))


def setup_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """
    Everything that this process logs goes to ``stream`` (standard error) from now on, by whatever logger: uvicorn and
    Streamlit bring handlers of their own, which are taken away. May be called again.
    """
    redact = Redactor(secrets_of(settings))
    json_lines = settings.log_format == "json" or (settings.log_format == "" and settings.mode == "public")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.set_name(_HANDLER)
    handler.setFormatter(JsonLines(redact, prompts=settings.log_prompts) if json_lines else TextLines(redact))
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    if root.level > logging.INFO:
        root.setLevel(logging.INFO)
    for name in ("httpx", "httpcore", "websockets", "PIL", "asyncio", "watchdog"):
        logging.getLogger(name).setLevel(logging.WARNING)  # their everyday messages quote whole addresses
    logging.captureWarnings(True)
    for logger in _of_others():
        to_root(logger)
    logging.getLogger("uvicorn.error").addFilter(_is_no_small_talk)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def to_root(logger: logging.Logger) -> None:
    """Whatever this logger says is written as everything else is."""
    logger.handlers.clear()
    logger.propagate = True


def secrets_of(settings: Settings) -> list[str]:
    """The values of everything that the settings keep secret."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    # A setting of several secrets, between commas, is used by its parts.
    return [part for text in found for part in {text, *(piece.strip() for piece in text.replace(",", " ").split())}]


def _is_no_small_talk(record: logging.LogRecord) -> bool:
    """
    Not what is said of every websocket: anybody could fill the disk with it, and it names the visitor's address. The metrics
    count them.
    """
    said = str(record.msg)
    return record.levelno > logging.INFO or not (
        said.startswith('%s - "WebSocket') or said in ("connection open", "connection closed")
    )


def _uncaught(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, exc, trace)
        return
    log.critical("This ended the process.", exc_info=(kind, exc, trace))


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        name = told.thread.name if told.thread else "?"
        log.critical("This ended thread %s.", name, exc_info=(told.exc_type, told.exc_value, told.exc_traceback))


def _of_others() -> Iterator[logging.Logger]:
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.partition(".")[0] in ("uvicorn", "streamlit", "websockets") and isinstance(logger, logging.Logger):
            yield logger


def _spellings(secret: str) -> set[str]:
    """How a secret may stand in a line: as it is, in JSON, as Python shows it, and in an address."""
    return {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe=""), quote(secret)}


def _without_address(record: logging.LogRecord) -> logging.LogRecord:
    """A line of uvicorn's access log without the visitor's address and the query, which may open something."""
    if record.name != "uvicorn.access" or not isinstance(record.args, tuple) or len(record.args) != 5:
        return record
    _, method, path, version, status = record.args
    short = logging.makeLogRecord(record.__dict__)
    short.msg, short.args = "%s %s HTTP/%s %s", (method, str(path).partition("?")[0], version, status)
    return short
