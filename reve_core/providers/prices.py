"""The price table: data with a date and a source. Forecasts come from here; what a call did cost always wins."""

import re
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
    lines: list[ListPrice] = []
    try:
        found = tomllib.loads(path.expanduser().read_text(encoding="utf-8-sig"))
        entries = found.get("price", [])
        if set(found) - {"price"} or not isinstance(entries, list):
            raise ConfigurationError(
                f"The price table {path.name} holds something else than [[price]] tables. Begin each price with a line "
                "[[price]], in double brackets."
            )
        for entry in entries:
            lines.append(ListPrice.model_validate(entry))
        return lines
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        where = re.search(r"\(at (line \d+, column \d+|end of document)\)$", str(exc))
        at = f", see {where[1]}" if where else ""
        raise ConfigurationError(
            f"The price table {path.name} cannot be read: {type(exc).__name__}{at}. Mend it, or unset REVE_PRICES_FILE."
        ) from None
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        raise ConfigurationError(
            f"Price {len(lines) + 1} of the price table {path.name} cannot be used: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}."
        ) from None
