"""Put the newest sound backup of the database in place of a damaged one. Stop the app first."""

import argparse

from reve_core import bootstrap


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The damaged file is kept in the data folder under damaged/."


def run(_: argparse.Namespace) -> int:
    used = bootstrap.restore(bootstrap.load_settings())
    jobs = "1 job" if used.jobs == 1 else f"{used.jobs:,} jobs"
    print(f"Restored the copy of {used.made_at.astimezone():%Y-%m-%d %H:%M}, which holds {jobs}.")
    print("What came after it is not listed any more; its pictures are still in the data folder, under images/.")
    print("The damaged file is kept there too, under damaged/.")
    return 0
