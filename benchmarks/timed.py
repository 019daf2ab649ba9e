"""
Streamlit's own command, with a clock around every run of a script.

    python -m benchmarks.timed FILE run app.py --server.port 8501

Each run appends a line to FILE: milliseconds by the clock, and milliseconds of CPU of its thread. The clock starts when
Streamlit calls the compiled script and stops when the script returns, so what a page does is counted, and neither the
websocket nor what Streamlit does after a run. Reruns of a fragment are runs too.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner import script_runner
from streamlit.web import cli


def main() -> None:
    file = Path(sys.argv.pop(1))
    run: Callable[..., Any] = script_runner.exec_func_with_error_handling  # type: ignore[attr-defined]

    def timed(*args: Any, **words: Any) -> Any:
        began, used = time.perf_counter(), time.thread_time()
        try:
            return run(*args, **words)
        finally:
            wall, cpu = time.perf_counter() - began, time.thread_time() - used
            with file.open("a") as lines:
                lines.write(f"{wall * 1000:.3f} {cpu * 1000:.3f}\n")

    script_runner.exec_func_with_error_handling = timed  # type: ignore[attr-defined]
    cli.main()


if __name__ == "__main__":
    main()
