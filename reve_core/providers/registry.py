"""
The kinds of providers there are: our own, and those that installed packages register.

Ours cannot be replaced by a package: whoever installs one would otherwise find another Reve behind the same name.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from reve_core.errors import ConfigurationError
from reve_core.ports import ENTRY_POINTS, Kind

OURS = ("sketch", "reve", "fal", "openai", "diffusers")


def kind_named(name: str, found: Iterable[EntryPoint] | None = None) -> Kind:
    """Loads that one only. ``found`` replaces the installed packages (tests). Raises ConfigurationError."""
    if name in OURS:
        kind = import_module(f"reve_core.providers.{name}").KIND
        assert isinstance(kind, Kind)
        return kind
    installed = list(entry_points(group=ENTRY_POINTS) if found is None else found)
    fitting = {entry.value: entry for entry in installed if entry.name == name}
    if len(fitting) > 1:
        raise ConfigurationError(
            f"Several packages bring the provider kind “{name}”: {', '.join(sorted(fitting))}. Uninstall all but one."
        )
    for entry in fitting.values():
        return _loaded(entry)
    known = ", ".join(dict.fromkeys([*OURS, *sorted(entry.name for entry in installed)]))
    raise ConfigurationError(
        f"There is no provider of the kind “{name[:40]}”. There are {known}; packages can bring more, see docs/adapters.md."
    )


def _loaded(entry: EntryPoint) -> Kind:
    try:
        kind = entry.load()
    except Exception as exc:  # a stranger's code: whatever is wrong with it, it is this one that is named
        raise ConfigurationError(
            f"The provider kind “{entry.name}” could not be loaded from {entry.value}: {type(exc).__name__}. Mend or "
            "uninstall that package, or take its providers out of the providers' file."
        ) from exc
    if not isinstance(kind, Kind):
        raise ConfigurationError(f"The provider kind “{entry.name}” ({entry.value}) is no reve_core.ports.Kind.")
    return kind
