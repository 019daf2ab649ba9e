"""What the parts of the store share."""

from collections.abc import Callable

from sqlite_utils import Database

from reve_core.models import Claim
from reve_core.store.sqlite.connections import Connections

# Every change of a job takes the next number, so that "has anything changed?" is one look at an index.
BUMP = "(select coalesce(max(rev), 0) + 1 from jobs)"
# Owns a call that is still on its way after its owner has deleted everything. No visitor can have that name.
GONE = "(gone)"
# Whether a claim still holds its job; with ``fenced`` for its values.
HELD = "id = :id and lease_token = :token and status = 'running'"


class Side:
    connections: Connections
    _clock: Callable[[], float]

    @staticmethod
    def _tell_anew(db: Database, job_id: str) -> None:
        """The job's end is, or will be, another one than was told, or begun to be told, before."""
        db.execute(
            """
            update callbacks set round = round + 1, attempt = 0, next_at = 0, settled = 0, error = null
            where job_id = ? and attempt > 0
            """,
            (job_id,),
        )


def fenced(claim: Claim) -> dict[str, object]:
    return {"id": claim.job.id, "token": claim.token}
