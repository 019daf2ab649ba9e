"""List jobs, newest first."""

import argparse

from reve_core import bootstrap, views
from reve_core.cli.printing import printable
from reve_core.models import PERSONAL, JobFilter, JobStatus


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=[status.value for status in JobStatus], help="only jobs in this state")
    parser.add_argument("--limit", type=int, default=20, help="how many (default 20)")


def run(options: argparse.Namespace) -> int:
    studio = bootstrap.build(bootstrap.load_settings())
    try:
        statuses = frozenset({JobStatus(options.state)}) if options.state else None
        page = studio.jobs(JobFilter(owner=PERSONAL, statuses=statuses), limit=max(1, options.limit))
        for job in page.jobs:
            prompt = " ".join(job.request.prompt.split())
            columns = [
                job.id,
                f"{job.created_at:%Y-%m-%d %H:%M}",
                f"{job.status.value:9}",
                f"{job.request.provider:7}",
                f"{views.cost_words(job):>12}",
                prompt if len(prompt) <= 60 else prompt[:59] + "…",
            ]
            print("  ".join(printable(column) for column in columns))
            if job.error:
                print(f"    {printable(job.error)}")
    finally:
        studio.stop(0)
    return 0
