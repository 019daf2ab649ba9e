"""The real app as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import httpx

from tests.building import until

ROOT = Path(__file__).resolve().parents[2]
LAUNCHERS = {
    "streamlit run app.py": [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "{port}"],
    "uvicorn app:app": [sys.executable, "-m", "uvicorn", "app:app", "--port", "{port}", "--no-access-log"],
    "python app.py": [sys.executable, "app.py"],
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class App:
    """``with App(folder) as app:`` serves ``app.url``; what it printed is in ``app.log()`` afterwards."""

    def __init__(
        self,
        data: Path,
        *,
        launcher: str = "streamlit run app.py",
        command: Sequence[str] | None = None,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = data
        self._command = [part.format(port=self.port) for part in command or LAUNCHERS[launcher]]
        data.mkdir(parents=True, exist_ok=True)
        self._log = data / "server.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("REVE_", "STREAMLIT_"))}
        self._environment = {**clean, "REVE_DATA_DIR": str(data), "PORT": str(self.port), **(settings or {})}

    def __enter__(self) -> "App":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        until(self.is_up, within_s=60, what=lambda: f"the app is not up:\n{self.log()}")

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            # Knocked first: a client made for each look would take the processor from the app that is starting.
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        try:
            return httpx.get(f"{self.url}/_stcore/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL: what the app did not write down by now it will never write down."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=30)

    def close(self) -> None:
        """Let it go, whatever state it is in."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()

    def stop(self, *signals: signal.Signals) -> int:
        for number in signals or (signal.SIGTERM,):
            self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""
