"""How a fault of our own gets into the log: its kind and where it happened, never its text."""

import logging
import traceback


def log_fault(log: logging.Logger, what: str, exc: Exception) -> None:
    """The exception's own text stays out: a library may have put a header, and with it a key, into it."""
    log.error("%s: %s\n%s", what, type(exc).__name__, "".join(traceback.format_tb(exc.__traceback__)))
