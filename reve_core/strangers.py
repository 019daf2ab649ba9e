"""
What a visitor of a public link is told when their picture did not come.

A provider's own sentence is for whoever set it up: it names settings, hosts, folders, and how much money is left. A stranger
gets the same in neutral words. What is about their own prompt or their own key they are told as it is.
"""

from __future__ import annotations

import re

from reve_core.models import Job, JobStatus

_CLOSED = "service_closed"
_CLOSED_WORDS = "It cannot be used for now. Nothing was charged. Choose another model, or try again later."
_THEIRS = {
    "key_refused": "Your own key was not accepted. Check it, or go on without it. Nothing was charged.",
    "no_credits": "Your own key has no credit left for this. Top up there, or go on without it. Nothing was charged.",
    "rate_limited": "Your own key has asked for too much in too short a time. Nothing was charged. Try again later.",
}
_OF_THEIRS = "Your own key was "
_NEUTRAL = {
    **dict.fromkeys(("key_refused", "no_credits", _CLOSED, "rate_limited"), _CLOSED_WORDS),
    **dict.fromkeys(("not_charged", "no_picture"), "It could not be made. Nothing was charged. Try again later."),
    "unknown": "Its answer was lost, so nobody can say whether it was made. It may have been charged.",
}
_ON_ITS_WAY = "It did not work just now and is tried again by itself."
# About the request or what became of it: told as they are, unless they hold what only an operator can use.
_INSTEAD = {
    "refused": "The provider’s content check refused this prompt. Change it before you try again.",
    "request_rejected": "It cannot be made like this. Nothing was charged. Change it, or choose another model.",
    "stopped": "Stopped after it had begun. It may have been charged all the same.",
}
_ANYTHING_ELSE = "It could not be made. Try again later, or choose another model."
_INNER = re.compile(
    r"""
      \b[A-Za-z]+_[A-Za-z_]+        # a setting, an option, a file: REVE_FAL_KEY, base_url, model_index.json
    | ://                           # an address
    | \b\d{1,3}(?:\.\d{1,3}){3}\b   # a host
    | \b[a-z][\w.-]*:\d{2,5}\b
    | \blocalhost\b
    | (?:^|[\s“"'(=:])~?/[\w.~-]    # a folder
    | \b[A-Za-z]:\\
    | \b(?:top\ up|operators?|the\ log|pip\ install|hf\ download|dtype|offload|driver|account|billing|balance|credit)\b
    | \bproviders[’']?\ file\b
    | \b(?:its|model)\ (?:folder|id)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


def error_of(job: Job) -> tuple[str, str] | None:
    """A code for programs and a sentence, as a stranger is told them; None where nothing went wrong."""
    if not job.error:
        return None
    code = job.error_code or ""
    if job.status.is_pending:
        return code or "error", _ON_ITS_WAY
    if job.own_key is not None and code in _THEIRS:
        return code, _THEIRS[code]
    if job.own_key is not None and job.error.startswith(_OF_THEIRS) and not _INNER.search(job.error):
        return code or "error", job.error
    if code in ("key_refused", "no_credits", "rate_limited"):
        return _CLOSED, _CLOSED_WORDS
    if code in _NEUTRAL:
        return code, _NEUTRAL[code]
    if job.status is JobStatus.UNKNOWN:
        return code or "unknown", _NEUTRAL["unknown"]
    if _INNER.search(job.error):
        return code or "error", _INSTEAD.get(code, _ANYTHING_ELSE)
    return code or "error", job.error
