"""Compare prompts, or models: say what it costs, make the pictures, and say where to look."""

import argparse
import json
import math
import sys
import threading
import time
from pathlib import Path

from reve_core import bootstrap, gridview, views
from reve_core.cli import printing
from reve_core.compare import template
from reve_core.compare.models import MAX_PROMPTS, Axes, Comparison, Maker, Plan
from reve_core.errors import BadInput, ReveError
from reve_core.models import PERSONAL
from reve_core.service import Studio

_LOOK_EVERY_S = 0.2
_BAR = 24
_MOST_BYTES = 256 * 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompts", help="a file with one prompt per line; - reads them from the standard input")
    parser.add_argument(
        "--template", action="store_true", help="lines may hold variants: `a {red|blue} fox` is two prompts"
    )
    parser.add_argument("-s", "--samples", type=int, default=1, help="pictures of each prompt and model (default 1)")
    parser.add_argument(
        "--ratio", action="append", default=[], metavar="W:H", help="aspect ratio, such as 16:9; may be repeated"
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="PROVIDER[/MODEL]",
        help="what is to make them, such as sketch or reve/reve-2; may be repeated",
    )
    parser.add_argument("--seed", action="append", type=int, default=[], help="a column for each; may be repeated")
    parser.add_argument("--cap", metavar="USD", help="spend no more than this; what does not fit is held back")
    parser.add_argument("--title", default="", help="what to call it")
    parser.add_argument("--question", default="", help="what voters are asked")
    parser.add_argument("--new", action="store_true", help="make every picture anew, also where you have it already")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before spending")
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="wait until the pictures are there (the default); without, the app makes them when it runs",
    )
    parser.add_argument("--html", metavar="FILE", help="write the comparison as one page when it is done")
    parser.add_argument("--json", action="store_true", help="print what came of it as JSON")


def run(options: argparse.Namespace) -> int:
    if options.html and not options.wait:
        raise BadInput("--html needs the pictures. Leave --no-wait out.")
    axes, cap_usd = _axes(options), _cap(options.cap)
    settings = bootstrap.load_settings()
    studio = bootstrap.build(settings)
    try:
        plan = studio.comparisons.plan(axes, owner=PERSONAL, cap_usd=cap_usd, reuse=not options.new)
        print(views.plan_words(plan), file=sys.stderr)
        if not _agreed(plan, yes=options.yes, from_stdin=options.prompts == "-"):
            print("Nothing was ordered.", file=sys.stderr)
            return 1
        made = studio.comparisons.make(
            axes,
            owner=PERSONAL,
            title=options.title,
            question=options.question,
            cap_usd=cap_usd,
            reuse=not options.new,
        )
        if options.wait:
            studio.start()
            _watch(studio, made)
        if options.html:
            _write(studio, made, Path(options.html))
        return _tell(studio, made, options, settings.public_url)
    finally:
        studio.stop(settings.drain_s)


# -- what is asked for


def _axes(options: argparse.Namespace) -> Axes:
    if any(not 0 <= seed < 2**32 for seed in options.seed):
        raise BadInput("A seed is a whole number from 0 to 4,294,967,295.", "seeds")
    makers = [Maker(provider=name, model=model) for name, _, model in (each.partition("/") for each in options.model)]
    return Axes(
        prompts=_prompts(_text(options.prompts), variants=options.template),
        makers=tuple(makers),
        aspect_ratios=tuple(options.ratio),
        seeds=tuple(options.seed),
        samples=options.samples,
    )


def _text(source: str) -> str:
    try:
        if source == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise BadInput(f"{source} cannot be read: {exc.strerror}.") from None
    if len(data) > _MOST_BYTES:
        raise BadInput(f"{source} is larger than {_MOST_BYTES // 1024} kB, which is no list of prompts.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{source} is not text in UTF-8. Save it as UTF-8 and try again.") from None


def _prompts(text: str, *, variants: bool) -> tuple[str, ...]:
    if variants:
        return template.lines(text, MAX_PROMPTS).prompts
    if template.has_variants(text):
        print("{a|b} is taken as it stands. Add --template to make a prompt of each variant.", file=sys.stderr)
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _cap(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        usd = float(text.removeprefix("$"))
    except ValueError:
        usd = math.nan
    if not (math.isfinite(usd) and usd > 0):
        raise BadInput("--cap is an amount in US dollars of more than 0, such as 2.50. Leave it out for no limit.")
    return usd


# -- before and while


def _agreed(plan: Plan, *, yes: bool, from_stdin: bool) -> bool:
    """Whether to go on. Asks where it costs something; raises BadInput where there is nobody to ask."""
    if plan.quote.usd <= 0 or yes:
        return True
    if from_stdin or not sys.stdin.isatty():
        raise BadInput("This costs money, and nobody is there to be asked. Say --yes to go on, or --cap to limit it.")
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _watch(studio: Studio, made: Comparison) -> None:
    """Return once nothing of it is under way, drawing a bar where there is a terminal to draw on."""
    pause, begun, drawing = threading.Event(), time.monotonic(), sys.stderr.isatty()
    pulse = -1
    while True:
        if (now := studio.comparisons.pulse(made.id, owner=PERSONAL)) != pulse:
            pulse = now
            jobs = [
                cell.job
                for cell in studio.comparisons.grid(made.id, owner=PERSONAL).cells.values()
                if cell.job is not None
            ]
            pending = [job for job in jobs if job.status.is_pending]
        if drawing and jobs:
            filled = round((len(jobs) - len(pending)) / len(jobs) * _BAR)
            print(
                f"\r\x1b[K{'█' * filled}{'░' * (_BAR - filled)} {len(jobs) - len(pending)} of {len(jobs)}"
                f"  {time.monotonic() - begun:4.1f} s",
                end="" if pending else "\n",
                file=sys.stderr,
                flush=True,
            )
        if not pending:
            return
        held_up = printing.held_up(studio, pending)
        if held_up:
            if drawing:
                print(file=sys.stderr)
            raise ReveError(f"{held_up} What waits stays queued; the app goes on with it then.")
        pause.wait(_LOOK_EVERY_S)


# -- afterwards


def _write(studio: Studio, made: Comparison, path: Path) -> None:
    try:
        with path.open("wb") as file:
            for piece in studio.exchange.as_page(made.id, owner=PERSONAL):
                file.write(piece)
    except OSError as exc:
        raise ReveError(f"{path} cannot be written: {exc.strerror}. The comparison is in the app.") from None


def _tell(studio: Studio, made: Comparison, options: argparse.Namespace, public_url: str) -> int:
    states: dict[str, int] = {}
    for cell in studio.comparisons.grid(made.id, owner=PERSONAL).cells.values():
        state = gridview.state_of(cell)
        states[state] = states.get(state, 0) + 1
    spent = studio.comparisons.spending(made.id, owner=PERSONAL)
    address = f"{public_url}/compare?c={made.id}" if public_url else ""
    title = made.title or gridview.title(made)
    if options.json:
        told = {
            "id": made.id,
            "title": title,
            "cells": states,
            "spent_usd": round(spent.spent, 6),
            "html": options.html,
            "url": address or None,
        }
        print(json.dumps(told))
    else:
        counted = ", ".join(f"{count:,} {state}" for state, count in states.items())
        print(f"{title}: {counted}.", file=sys.stderr)
        where = address or f"Compare in the app, comparison {made.id}"
        print(f"Look at it: {options.html or where}", file=sys.stderr)
        print(made.id)
    ended = ("done", "held") if options.wait else ("done", "held", "queued", "running")
    return 0 if all(state in ended for state in states) else 1
