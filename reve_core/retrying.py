"""A job once more, because a person says so: screened, let in and paid for like a new order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reve_core import intake
from reve_core.allowance import Origin, Terms
from reve_core.catalogue import Catalogue
from reve_core.errors import BadInput, WrongState
from reve_core.models import Job, JobStatus
from reve_core.ownkeys import OwnKeys
from reve_core.ports import JobStore, Provider
from reve_core.screening import Screening


class Retrying:
    def __init__(
        self,
        *,
        store: JobStore,
        catalogue: Catalogue,
        screening: Screening,
        providers: Mapping[str, Provider],
        own_keys: OwnKeys | None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._screening = screening
        self._providers = providers
        self._own_keys = own_keys

    def again(self, job: Job, when: Iterable[JobStatus], origin: Origin, terms: Terms | None) -> bool:
        """
        False where its status is none of ``when``. Raises BadInput, Blocked, WrongState, LimitReached, Banned.

        What the visitor's own key was to pay for is never put on the link's account without a word.
        """
        name = job.request.provider
        if job.error_code == "blocked":
            raise WrongState("This prompt was refused here and is not kept. Write another one.", job.status)
        review = self._screening.prompts([job.request.prompt], owner=job.owner)
        keys = intake.own_keys([job.request], self._providers, self._own_keys, job.owner, origin.own_keys)
        if job.own_key is not None and name not in keys:
            raise BadInput(
                "This was to be paid with your own key. Enter it again, or ask for the picture anew.", "own_key"
            )
        return self._store.again(
            job.id,
            when=when,
            terms=terms,
            credits=self._catalogue.forecast(job.request),
            own_key=keys.get(name),
            review=review,
        )
