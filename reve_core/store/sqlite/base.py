"""What the parts of the store share."""

from collections.abc import Callable

from reve_core.store.sqlite.connections import Connections

# Every change of a job takes the next number, so that "has anything changed?" is one look at an index.
BUMP = "(select coalesce(max(rev), 0) + 1 from jobs)"


class Side:
    connections: Connections
    _clock: Callable[[], float]
