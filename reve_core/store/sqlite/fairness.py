"""
Whose turn it is: start-time fair queueing, by what jobs are forecast to cost.

Each job is given a tag when it is queued: the later of the clock and its owner's last tag, and its cost on top. The lowest
tag is next, and the clock is the tag that was taken last. So who has much in line is spread out behind the others, and who
comes new begins at the clock, not behind everything that was there before.
"""

from sqlite_utils import Database

_LEAST = 1.0  # what a picture that costs nothing counts for


def take_turn(db: Database, provider: str, fair: str, credits: float) -> float:
    """The tag of one more job of that name."""
    row = db.execute(
        """
        insert into fair_queue (provider, fair, turn)
            values (:provider, :fair, coalesce((select turn from fair_clock where provider = :provider), 0) + :cost)
        on conflict (provider, fair) do update set turn =
            max(turn, coalesce((select turn from fair_clock where provider = :provider), 0)) + :cost
        returning turn
        """,
        {"provider": provider, "fair": fair, "cost": max(credits, _LEAST)},
    ).fetchone()
    return float(row["turn"])


def next_turn(db: Database, provider: str, fair: str, credits: float) -> float:
    """The tag that one more job of that name would get. Reads only."""
    row = db.execute(
        """
        select coalesce((select turn from fair_clock where provider = :provider), 0) as clock,
               coalesce((select turn from fair_queue where provider = :provider and fair = :fair), 0) as last
        """,
        {"provider": provider, "fair": fair},
    ).fetchone()
    return max(float(row["clock"]), float(row["last"])) + max(credits, _LEAST)


def give_turn_back(db: Database, provider: str, fair: str, credits: float) -> None:
    """A queued job went away: the next one of that name need not wait for it."""
    db.execute(
        """
        update fair_queue set turn =
            max(coalesce((select turn from fair_clock where provider = :provider), 0), turn - :cost)
        where provider = :provider and fair = :fair
        """,
        {"provider": provider, "fair": fair, "cost": max(credits, _LEAST)},
    )


def advance(db: Database, provider: str, turn: float) -> None:
    """A job with that tag was taken."""
    db.execute(
        """
        insert into fair_clock (provider, turn) values (?, ?)
        on conflict (provider) do update set turn = max(turn, excluded.turn)
        """,
        (provider, turn),
    )
