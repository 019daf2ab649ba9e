"""Which candidate is better, and whether that is known yet: votes in, numbers and plain sentences out."""

from reve_core.compare.deciding.always import always, settles, votes_to_settle
from reve_core.compare.deciding.duel import Duel, duel
from reve_core.compare.deciding.sides import Sides, sides
from reve_core.compare.deciding.standing import Place, Standing, standing
from reve_core.compare.deciding.verdict import Verdict, noise, verdict
from reve_core.compare.deciding.votes import Choice, Interval, Judgement
from reve_core.compare.deciding.wilson import wilson

__all__ = [
    "Choice",
    "Duel",
    "Interval",
    "Judgement",
    "Place",
    "Sides",
    "Standing",
    "Verdict",
    "always",
    "duel",
    "noise",
    "settles",
    "sides",
    "standing",
    "verdict",
    "votes_to_settle",
    "wilson",
]
