"""Make pictures of a prompt and print their files."""

import argparse
import sys
import threading
import time

from reve_core import bootstrap, views, waits
from reve_core.cli import printing
from reve_core.errors import ReveError
from reve_core.models import Job, JobRequest, JobStatus
from reve_core.service import Studio

_LOOK_EVERY_S = 0.1
_BAR = 24


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="what to draw")
    parser.add_argument(
        "--ratio", default="", metavar="W:H", help="aspect ratio, such as 16:9 (default: the model's own)"
    )
    parser.add_argument("-n", "--count", type=int, default=1, help="number of pictures (default 1)")
    parser.add_argument("--seed", type=int, help="for providers with seeds: draw the same again")
    parser.add_argument(
        "--provider",
        default="",
        metavar="NAME",
        help="such as sketch, reve or fal, see models (default: as configured)",
    )
    parser.add_argument("--model", default="", metavar="ID", help="one of the provider's models (default: its first)")


def run(options: argparse.Namespace) -> int:
    settings = bootstrap.load_settings()
    studio = bootstrap.build(settings)
    try:
        jobs = _submit(studio, options)
        studio.start()
        ended = _watch(studio, [job.id for job in jobs])
    finally:
        studio.stop(settings.drain_s)
    for job in ended:
        if job.image is not None:
            print(studio.blobs.path(job.image.name))
        else:
            print(f"{views.says(job)}: {job.error or 'no picture came.'} (job {job.id})", file=sys.stderr)
    return 0 if all(job.status is JobStatus.DONE for job in ended) else 1


def _submit(studio: Studio, options: argparse.Namespace) -> list[Job]:
    if options.seed is not None and not 0 <= options.seed < 2**32:
        raise ReveError("The seed must be a whole number from 0 to 4294967295.")
    request = JobRequest(
        prompt=options.prompt,
        aspect_ratio=options.ratio,
        seed=options.seed,
        provider=options.provider,
        model=options.model,
    )
    quote = studio.catalogue.quote(request, options.count)
    jobs = studio.submit(request, count=options.count)
    print(f"{views.quote_words(quote)}, {waits.in_words(quote.low_s, quote.high_s)}", file=sys.stderr)
    return jobs


def _watch(studio: Studio, job_ids: list[str]) -> list[Job]:
    """Wait until none of the jobs is pending, drawing a bar where there is a terminal to draw on."""
    pause = threading.Event()
    begun = time.monotonic()
    drawing = sys.stderr.isatty()
    while True:
        jobs = [studio.get(job_id) for job_id in job_ids]
        pending = [job for job in jobs if job.status.is_pending]
        if drawing:
            done = sum(1.0 if not job.status.is_pending else (job.progress or 0.0) for job in jobs) / len(jobs)
            filled = round(done * _BAR)
            says = views.says(pending[0]) if pending else "Done"
            print(
                f"\r\x1b[K{'█' * filled}{'░' * (_BAR - filled)} {time.monotonic() - begun:4.1f} s  {says}",
                end="" if pending else "\n",
                file=sys.stderr,
                flush=True,
            )
        if not pending:
            return jobs
        held_up = printing.held_up(studio, pending)
        if held_up:
            _end_line(drawing)
            raise ReveError(f"{held_up} What waits stays queued; the app goes on with it then.")
        pause.wait(_LOOK_EVERY_S)


def _end_line(drawing: bool) -> None:
    if drawing:
        print(file=sys.stderr)
