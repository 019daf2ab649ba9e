"""
The image without an engine: a Dockerfile's instructions, what ``.dockerignore`` keeps out, and the tree that COPY makes.

Only what our Dockerfile uses is understood; anything else is an error, so that nothing is passed over in silence.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_KNOWN = {
    "FROM",
    "ARG",
    "ENV",
    "WORKDIR",
    "COPY",
    "RUN",
    "USER",
    "VOLUME",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "CMD",
}


@dataclass(frozen=True)
class Copy:
    """``start`` is the stage that it copies from, empty for the build context."""

    sources: tuple[str, ...]
    target: str
    start: str = ""


@dataclass
class Stage:
    base: str
    name: str = ""
    copies: list[Copy] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    folder: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    stop_signal: str = ""
    health: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def stages(text: str) -> list[Stage]:
    """Raises ValueError for an instruction, or a form of one, that is not understood."""
    found: list[Stage] = []
    for line in _lines(text):
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word not in _KNOWN:
            raise ValueError(line)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
            continue
        stage = found[-1]
        if word == "COPY":
            *sources, target = [each for each in rest.split() if not each.startswith("--")]
            start = "".join(re.findall(r"--from=(\S+)", rest))
            folder = PurePosixPath(stage.folder) / target
            stage.copies.append(Copy(tuple(sources), str(folder) + "/" * target.endswith("/"), start))
        elif word == "ENV":
            stage.environment |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif word == "RUN":
            stage.runs.append(rest)
        elif word == "WORKDIR":
            stage.folder = str(PurePosixPath(stage.folder) / rest)
        elif word == "USER":
            stage.user = rest
        elif word == "VOLUME":
            stage.volumes.append(rest)
        elif word == "EXPOSE":
            stage.ports.append(int(rest))
        elif word == "STOPSIGNAL":
            stage.stop_signal = rest
        elif word == "HEALTHCHECK":
            stage.health = json.loads(rest.partition(" CMD ")[2])
        elif word == "CMD":
            stage.command = json.loads(rest)
    return found


def _lines(text: str) -> list[str]:
    kept = "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return [re.sub(r"\s+", " ", line).strip() for line in re.sub(r"\\\n", " ", kept).splitlines()]


class Ignored:
    """What ``.dockerignore`` keeps out of the build: the last pattern that fits a path, or a folder above it, decides."""

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[bool, re.Pattern[str]]] = []
        for line in text.splitlines():
            pattern = line.strip()
            if pattern and not pattern.startswith("#"):
                out = not pattern.startswith("!")
                self._rules.append((out, re.compile(_expression(pattern.lstrip("!").strip("/")))))

    def __contains__(self, path: str) -> bool:
        names = [path, *(str(each) for each in PurePosixPath(path).parents if str(each) != ".")]
        out = False
        for keeps_out, pattern in self._rules:
            if any(pattern.fullmatch(name) for name in names):
                out = keeps_out
        return out


def _expression(pattern: str) -> str:
    made = re.escape(pattern).replace(r"\?", "[^/]")
    return made.replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")


def copy_into(stage: Stage, context: Path, ignored: Ignored, target: Path) -> list[str]:
    """
    Do what the stage's COPY instructions do, below ``target`` in place of ``/``. Returns the files of ``context`` that went.

    Raises FileNotFoundError for a source of which nothing is left, as a build would fail.
    """
    went = []
    for copy in stage.copies:
        if copy.start:
            continue
        for source in copy.sources:
            start = context / source
            files = sorted(start.rglob("*")) if start.is_dir() else [start]
            names = [str(each.relative_to(context)) for each in files if each.is_file()]
            names = [name for name in names if name not in ignored]
            if not names:
                raise FileNotFoundError(source)
            for name in names:
                inside = Path(name).relative_to(source) if start.is_dir() else Path(Path(name).name)
                to = target / copy.target.lstrip("/")
                to = to / inside if start.is_dir() or copy.target.endswith("/") else to
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(context / name, to)
            went += names
    return went
