"""What a start must not drag in: each costs memory for as long as the app runs, and time before its first answer."""

import os
import subprocess
import sys
from pathlib import Path

from tests.app.process import ROOT

HEAVY = {"pandas", "pyarrow", "numpy", "PIL", "resvg_py"}


def test_the_app_starts_without_what_only_some_pictures_or_tables_need(tmp_path: Path) -> None:
    program = (
        "import sys, app; from reve_core import bootstrap; bootstrap.get(); bootstrap.stop();"
        f"print(*sorted({HEAVY!r} & set(sys.modules)))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("REVE_", "STREAMLIT_"))}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**clean, "REVE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr
