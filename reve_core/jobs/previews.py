"""
The newest small picture of each running job, in this process's memory: worth showing, and not worth keeping.

Another process of the same app shows the same jobs without them.
"""

import threading

MOST_BYTES = 32 * 1024
_MOST_JOBS = 64


class Previews:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: dict[str, bytes] = {}

    def put(self, job_id: str, picture: bytes) -> None:
        """Too large ones are left out: they travel with every look at the job."""
        if len(picture) > MOST_BYTES:
            return
        with self._guard:
            self._found.pop(job_id, None)
            self._found[job_id] = picture
            while len(self._found) > _MOST_JOBS:
                del self._found[next(iter(self._found))]

    def get(self, job_id: str) -> bytes | None:
        return self._found.get(job_id)

    def drop(self, job_id: str) -> None:
        with self._guard:
            self._found.pop(job_id, None)
