"""The operations on comparisons."""

from reve_core.web.api.comparisons import cells, files, keeping, making, votes

OPERATIONS = (
    *files.OPERATIONS[:1],  # "import" is no id
    *making.OPERATIONS,
    *keeping.OPERATIONS,
    *cells.OPERATIONS,
    *votes.OPERATIONS,
    *files.OPERATIONS[1:],
)
