"""
The services under measurement as processes of their own, and what the system knows about them. Linux only: it is all in /proc.

Every one is started with a folder of its own that is thrown away, and ended by its process id.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.app.process import ROOT, free_port

_TICKS = os.sysconf("SC_CLK_TCK")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


class Server:
    """``with Server(...) as server:`` is up at ``server.port``. ``{port}`` in the command stands for it."""

    def __init__(
        self, name: str, command: list[str], *, ready: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.port = free_port()
        self._command = [part.format(port=self.port, root=ROOT) for part in command]
        self._ready = ready
        # None of the caller's own REVE_ or STREAMLIT_ settings.
        clean = {key: value for key, value in os.environ.items() if key in KEPT}
        self._environment = {**clean, "PYTHONPATH": str(ROOT), **(environment or {})}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self.folder = Path(tempfile.mkdtemp(prefix="reve-bench-"))
        where = {key: value.format(folder=self.folder) for key, value in self._environment.items()}
        self._log = self.folder / "server.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT if "app.py" in self._command else self.folder,
                env=where,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_s(self) -> float:
        """Seconds of CPU that all its threads have used so far, the kernel's work for it included."""
        after_name = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / _TICKS

    def peak_mb(self) -> float:
        """The most memory it has held at once, in MB."""
        return self._memory_mb("VmHWM")

    def memory_mb(self) -> float:
        return self._memory_mb("VmRSS")

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _memory_mb(self, line: str) -> float:
        found = re.search(rf"{line}:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + self._ready, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise SystemExit(f"{self.name} does not start:\n{self.log()[-2000:]}")


def stub(latency_s: float, side: int = 1024) -> Server:
    command = [sys.executable, "-m", "benchmarks.stub", "--port", "{port}"]
    return Server("stub", [*command, "--latency", str(latency_s), "--side", str(side)], ready="/replies")


def tutorial(provider: Server | None, *, fast: bool = False) -> Server:
    """``fast``: with the event loop and the HTTP parser that uvicorn takes by itself where they are installed."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.peers.tutorial:app", "--port", "{port}", "--no-access-log"]
    if not fast:
        command += ["--loop", "asyncio", "--http", "h11"]
    environment = {"PROVIDER_URL": f"{provider.url}/pictures"} if provider else {}
    return Server("tutorial, uvloop" if fast else "tutorial", command, ready="/openapi.json", environment=environment)


def ours(provider: Server, *, at_once: int | None = None, settings: Mapping[str, str] | None = None) -> Server:
    """The app by its usual command, with the default settings or with ``at_once`` calls on their way."""
    environment = {
        "REVE_DATA_DIR": "{folder}/data",
        "REVE_API_URL": provider.url,
        "REVE_API_KEY": "any",
        "REVE_PROVIDER": "reve",
    }
    if at_once is not None:
        environment |= {
            "REVE_WORKERS": str(at_once),
            "REVE_API_CONCURRENCY": str(at_once),
            "REVE_API_PER_MINUTE": "0",
        }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "{port}"]
    return Server("ours", command, ready="/_stcore/health", environment=environment | dict(settings or {}))
