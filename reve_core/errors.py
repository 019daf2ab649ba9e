"""
ReveError                                 each reads as a sentence for the person who sees it
├── BadInput                .field .item  what was typed or uploaded cannot be used; says what to do
│   ├── UnusablePicture                   an uploaded file that is not a picture we can read
│   └── Blocked             .category     the moderation policy said no
├── NotFound                              there is nothing here, or it is somebody else's
│   ├── JobNotFound         .job_id
│   ├── ComparisonNotFound                a comparison, or a cell or vote of one
│   └── ShareNotFound
├── Ended                                 it was here, and is not any more
│   ├── JobGone                           the job that an idempotency key stands for was deleted
│   └── ShareEnded                        a share link that was revoked or has expired
├── IdempotencyConflict                   the key was used for something else
├── NotAllowed                            nobody is known to be asking, or the token is not valid
├── Banned                                the operator has shut this visitor, or their address, out
├── LimitReached    .code .retry_after_s  a limit of the public link; nothing was debited
├── WrongState              .status       the job is past (or not yet at) the point where this can be done
├── ConfigurationError                    a setting, a key or a folder is wrong; the app cannot work like this
│   ├── UnsafeConfiguration               a public app must not start like this
│   └── OutOfOrder                        what strangers are told in place of any of these
├── StoreError                            the database
│   ├── StoreBusy                         stayed locked past its timeout
│   ├── StoreFull                         the disk is full
│   ├── StoreDamaged        .path         not a database any more; never replaced silently
│   └── StoreTooNew         .path         written by a newer version of this app
├── BlobError                             the picture files
│   ├── BlobMissing         .key
│   ├── BlobConflict        .key          other bytes are stored under this key already
│   └── DiskFull
├── PictureDamaged                        the provider's bytes are not a picture that decodes within the caps
└── ProviderError           .receipt      no picture came; the subclass says whose money it is
    ├── NotCharged          .retry_after  nothing was bought; trying again is free (seconds, or None)
    ├── RateLimited         .retry_after  429: wait, all calls of this provider (seconds, or None)
    ├── NoCredits                         402: nothing was bought; a person must top up
    ├── KeyRefused                        401, 403: nothing was bought; a person must mend the key
    ├── ServiceClosed                     the provider has withdrawn the service; final
    ├── RequestRejected                   400, 404, 422: nothing was bought; the same request fails again
    ├── PromptRefused                     the provider's moderation said no; may have cost credits; never retried
    ├── CallCancelled       .may_cost     stopped on request; nothing was bought, unless ``may_cost``
    ├── AnswerPending       .retry_after  accepted, and no answer yet: it is picked up later by its ticket
    └── OutcomeUnknown                    the request was sent and we cannot know; may have cost credits
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reve_core.models import JobStatus, Receipt


class ReveError(Exception):
    """``str(error)`` may be shown to anybody: it holds no key, no path of the machine's own, no traceback."""

    code = "error"


class BadInput(ReveError):
    code = "bad_input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.item: int | None = None  # of several that were asked for at once, from 0


class UnusablePicture(BadInput):
    code = "unusable_picture"


class NotFound(ReveError):
    code = "not_found"


class JobNotFound(NotFound):
    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__("There is no such job. It may have been deleted.")
        self.job_id = job_id


class ComparisonNotFound(NotFound):
    code = "comparison_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such comparison. It may have been deleted.")


class ShareNotFound(NotFound):
    code = "share_not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing behind this link. Check that it was copied whole.")


class Ended(ReveError):
    code = "ended"


class JobGone(Ended):
    code = "job_gone"

    def __init__(self) -> None:
        super().__init__("The job that was made with this Idempotency-Key has been deleted. Use another key.")


class ShareEnded(Ended):
    code = "share_ended"

    def __init__(self) -> None:
        super().__init__("This link has ended. Its owner took it back, or its time is over.")


class IdempotencyConflict(ReveError):
    code = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request. Use a new key for each new request.")


class NotAllowed(ReveError):
    code = "not_allowed"


class Blocked(BadInput):
    """The moderation policy said no. ``category`` is its name for programs; which word it was is told to nobody."""

    code = "blocked"

    def __init__(self, message: str, category: str, field: str | None = "prompt") -> None:
        super().__init__(message, field)
        self.category = category


class Banned(ReveError):
    code = "banned"

    def __init__(self) -> None:
        super().__init__(
            "The operator of this link has closed it for you. Write to them if you think that is a mistake."
        )


class LimitReached(ReveError):
    """
    A limit of the public link. ``code`` says which (``rate_visitor``, ``queue_link``, ``budget_address``,
    ``credits_exhausted`` …), ``retry_after_s`` when it is worth trying again. ``limit`` and ``window_s`` are the rule.
    ``reason`` is the message without the time, for where a clock runs beside it.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        retry_after_s: float,
        limit: float | None = None,
        window_s: float | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason or message
        self.retry_after_s = retry_after_s
        self.limit = limit
        self.window_s = window_s


class WrongState(ReveError):
    code = "wrong_state"

    def __init__(self, message: str, status: JobStatus | None = None) -> None:
        super().__init__(message)
        self.status = status


class ConfigurationError(ReveError):
    code = "configuration"


class UnsafeConfiguration(ConfigurationError):
    code = "unsafe_configuration"


class OutOfOrder(ConfigurationError):
    code = "out_of_order"

    def __init__(self) -> None:
        super().__init__("Something is out of order here. Whoever runs this studio finds the reason in its log.")


class StoreError(ReveError):
    code = "store"


class StoreBusy(StoreError):
    code = "store_busy"


class StoreFull(StoreError):
    code = "store_full"


class StoreDamaged(StoreError):
    code = "store_damaged"

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class StoreTooNew(StoreError):
    code = "store_too_new"

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class BlobError(ReveError):
    code = "blob"


class BlobMissing(BlobError):
    code = "blob_missing"

    def __init__(self, key: str) -> None:
        super().__init__("The picture's file is missing.")
        self.key = key


class BlobConflict(BlobError):
    code = "blob_conflict"

    def __init__(self, key: str) -> None:
        super().__init__("Another picture is already stored under this name.")
        self.key = key


class DiskFull(BlobError):
    code = "disk_full"


class PictureDamaged(ReveError):
    code = "picture_damaged"


class ProviderError(ReveError):
    """``receipt`` holds what the answer told us all the same: request id, credits, HTTP status."""

    code = "provider"

    def __init__(self, message: str, *, receipt: Receipt | None = None) -> None:
        super().__init__(message)
        self.receipt = receipt


class NotCharged(ProviderError):
    code = "not_charged"

    def __init__(self, message: str, *, retry_after: float | None = None, receipt: Receipt | None = None) -> None:
        super().__init__(message, receipt=receipt)
        self.retry_after = retry_after


class RateLimited(ProviderError):
    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float | None = None, receipt: Receipt | None = None) -> None:
        super().__init__(message, receipt=receipt)
        self.retry_after = retry_after


class NoCredits(ProviderError):
    code = "no_credits"


class KeyRefused(ProviderError):
    code = "key_refused"


class ServiceClosed(ProviderError):
    code = "service_closed"


class RequestRejected(ProviderError):
    code = "request_rejected"


class PromptRefused(ProviderError):
    code = "refused"


class CallCancelled(ProviderError):
    """``may_cost``: the service had begun, and may charge for what it did."""

    code = "cancelled"

    def __init__(self, message: str, *, may_cost: bool = False, receipt: Receipt | None = None) -> None:
        super().__init__(message, receipt=receipt)
        self.may_cost = may_cost


class AnswerPending(ProviderError):
    """
    The service has the request, see ``Ticket``, and could not be heard out: it is asked again after ``retry_after``
    seconds. ``pauses``: nothing new should be sent to it until a person has looked, such as for a key that it refuses now.
    """

    code = "pending"

    def __init__(self, message: str, *, retry_after: float = 30.0, pauses: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.pauses = pauses


class OutcomeUnknown(ProviderError):
    code = "unknown"
