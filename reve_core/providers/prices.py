"""The price table: data with a date and a source. Forecasts come from here; what a call did cost always wins."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from reve_core.errors import ConfigurationError
from reve_core.ports import ListPrice

SHIPPED = Path(__file__).with_name("prices.toml")
ANY = "*"


class PriceTable:
    """Of several lines for the same model the last one holds. The model ``*`` stands for all that have no line."""

    def __init__(self, lines: Sequence[ListPrice] = ()) -> None:
        self._lines = {(line.provider, line.model): line for line in lines}

    def find(self, model: str, *providers: str) -> ListPrice | None:
        for provider in providers:
            for wanted in (model, ANY):
                if (line := self._lines.get((provider, wanted))) is not None:
                    return line
        return None

    @classmethod
    def read(cls, own: Path | None = None) -> "PriceTable":
        """The table that comes along, and ``own`` lines over it. Raises ConfigurationError."""
        return cls([*_lines(SHIPPED), *(_lines(own) if own is not None else [])])


def _lines(path: Path) -> list[ListPrice]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = found.get("price", [])
        if set(found) - {"price"} or not isinstance(entries, list):
            raise ConfigurationError(f"The price table {path.name} holds something else than [[price]] tables.")
        return [ListPrice.model_validate(entry) for entry in entries]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigurationError(f"The price table {path.name} cannot be read: {type(exc).__name__}.") from exc
    except ValidationError as exc:
        wrong = exc.errors(include_url=False)[0]
        raise ConfigurationError(
            f"A line of the price table {path.name} cannot be used: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}."
        ) from exc
