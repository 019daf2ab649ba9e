"""The command line: the same core without a browser."""

import argparse
import logging
import sys
from collections.abc import Sequence

from reve_core.errors import ReveError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 well, 1 a clear failure, 2 a mistyped command, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    try:
        return int(options.run(options))
    except ReveError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was queued goes on when the app runs next.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from reve_core.cli import compare, doctor, generate, jobs, models, policy, restore, token

    parser = argparse.ArgumentParser(prog="python -m reve_core", description="Reve Studio without a browser.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (generate, compare, models, jobs, policy, token, doctor, restore):
        name, summary = module.__name__.rpartition(".")[2], (module.__doc__ or "").strip().splitlines()[0]
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        module.arguments(command)
        command.set_defaults(run=module.run)
    return parser
