"""What surrounds the settings: the machine, the files beside the app, and how Streamlit is set up."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reve_core.settings import ROOT

_MOUNTS = Path("/proc/self/mountinfo")
_CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_HOSTED = ("FLY_MACHINE_ID", "SPACE_ID", "KUBERNETES_SERVICE_HOST")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    ``root`` holds the app, ``home`` is that of who runs it. ``mounts`` is the text of ``/proc/self/mountinfo``, empty where
    there is none. ``in_container``: nobody else has an account on this machine.
    """

    environ: Mapping[str, str]
    root: Path
    home: Path
    mounts: str
    is_root: bool
    in_container: bool

    @classmethod
    def here(cls) -> Surroundings:
        return cls(
            environ=dict(os.environ),
            root=ROOT,
            home=Path(os.path.expanduser("~")),
            mounts=_MOUNTS.read_text(encoding="utf-8", errors="replace") if _MOUNTS.exists() else "",
            is_root=getattr(os, "geteuid", lambda: 1)() == 0,
            in_container=any(path.exists() for path in _CONTAINERS) or any(name in os.environ for name in _HOSTED),
        )

    @property
    def secrets_file(self) -> Path:
        return self.root / ".streamlit" / "secrets.toml"


def streamlit_options(around: Surroundings) -> dict[str, object]:
    """
    What is set of Streamlit's options, such as ``client.toolbarMode``: the file at home, then the app's, then the
    environment. What was given on the command line is not seen here.
    """
    options: dict[str, object] = {}
    for folder in (around.home, around.root):
        for section, values in _table(folder / ".streamlit" / "config.toml").items():
            if isinstance(values, dict):
                options |= {f"{section}.{name}": value for name, value in values.items()}
    return options


def streamlit_option(options: Mapping[str, object], around: Surroundings, name: str, default: object) -> object:
    return around.environ.get(variable_of(name)) or options.get(name, default)


def variable_of(name: str) -> str:
    """The environment variable that sets an option, such as ``STREAMLIT_CLIENT_TOOLBAR_MODE``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.replace(".", "_"))
    return f"STREAMLIT_{words.upper()}"


def has_sign_in(around: Surroundings) -> bool:
    """Whether ``[auth]`` in the secrets file says where people sign in."""
    return bool(_table(around.secrets_file).get("auth"))


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
