"""Put the newest sound backup of the database in place of a damaged one. Stop the app first."""

import argparse

from reve_core import bootstrap


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The damaged file is kept in the data folder under damaged/."


def run(_: argparse.Namespace) -> int:
    used = bootstrap.restore(bootstrap.load_settings())
    print(f"Restored from {used}. The old file is kept beside it, in the folder “damaged”.")
    return 0
