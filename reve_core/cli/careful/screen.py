"""Streamlit's own options, as its files and the environment set them."""

from __future__ import annotations

from collections.abc import Iterator

from reve_core.cli.careful.finding import Finding, warning
from reve_core.cli.careful.surroundings import Surroundings, streamlit_option, streamlit_options, variable_of

UPLOAD_MB, MESSAGE_MB, STATE_MB = 40, 25, 4  # what comes along in .streamlit/config.toml
_ON, _OFF = ("true", "1", "on", "yes"), ("false", "0", "off", "no")

# Option, Streamlit's own default, what it must be, and why.
_SWITCHES: tuple[tuple[str, object, str, str], ...] = (
    (
        "client.showErrorDetails",
        "full",
        "none",
        "visitors would read the code's messages and paths when something fails",
    ),
    ("client.showErrorLinks", "auto", "false", "an error would offer to send its text to other sites"),
    ("server.enableXsrfProtection", True, "true", "other sites could send files in a visitor's name"),
    ("server.enableCORS", True, "true", "other sites' scripts could open pages in a visitor's name"),
    ("server.enableStaticServing", False, "false", "files beside the app would be handed out"),
    ("server.enableAgentApi", False, "false", "programs could drive the pages"),
    ("global.developmentMode", None, "false", "that is for work on Streamlit itself"),
)
_SIZES = (
    ("server.maxUploadSize", 200, UPLOAD_MB, "files are kept in memory while a page is open"),
    ("server.maxMessageSize", 200, MESSAGE_MB, "a message is held in memory twice"),
    ("server.maxWidgetStateSize", 25, STATE_MB, "each open page may keep so much in memory"),
)


def findings(around: Surroundings) -> Iterator[Finding]:
    options = streamlit_options(around)

    def value(name: str, default: object) -> object:
        return streamlit_option(options, around, name, default)

    for name, default, wanted, harm in _SWITCHES:
        if _plain(value(name, default)) != wanted:
            yield Finding(
                "screen", f"{_where(around, name)} must be {wanted}: {harm}. Set it in .streamlit/config.toml."
            )
    mode = _plain(value("client.toolbarMode", "auto"))
    if mode not in ("viewer", "minimal"):
        harm = "shows every visitor the developer's menu" if mode == "developer" else "may show the developer's menu"
        yield Finding(
            "screen",
            f"{_where(around, 'client.toolbarMode')} is {mode}: it {harm}. Set it to minimal.",
            mode == "developer",
        )
    for name, default, most, why in _SIZES:
        size = _number(value(name, default))
        if size is None or size > most:
            yield Finding("size", f"{_where(around, name)} is more than {most} MB: {why}. Set it to {most} or less.")
    if "*" in str(value("server.corsAllowedOrigins", ())):
        yield Finding("screen", "server.corsAllowedOrigins lets every site's scripts in. Empty it.")
    if value("server.trustedUserHeaders", {}):
        yield warning(
            "screen",
            "server.trustedUserHeaders believes headers that a visitor could send. Empty it if no proxy removes them.",
        )
    if _plain(value("server.fileWatcherType", "auto")) != "none":
        yield warning(
            "screen", "server.fileWatcherType watches the code for changes, which costs time. Set it to none."
        )
    if _plain(value("browser.gatherUsageStats", True)) != "false":
        yield warning(
            "screen", "browser.gatherUsageStats makes visitors' browsers report to Streamlit. Set it to false."
        )
    if _plain(value("logger.level", "info")) == "debug":
        yield warning("log", "logger.level is debug: the log may then hold what visitors send. Set it to info.")


def _plain(value: object) -> str:
    """``true`` and ``false`` for all the ways to write them; small letters for the rest."""
    text = "false" if value is None else str(value).strip().lower()
    return "true" if text in _ON else "false" if text in _OFF else text


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _where(around: Surroundings, name: str) -> str:
    variable = variable_of(name)
    return f"{variable} ({name})" if around.environ.get(variable) else f"Streamlit's {name}"
