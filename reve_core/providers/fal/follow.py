"""
From a request that fal has accepted to its picture: ask how it stands, fetch what came of it, fetch the file.

Nothing here costs anything, so everything may be asked again, by this process or a later one: the ticket says how far it
is. Trouble on the way is therefore no outcome. What is one: fal's own word that it is over, or that nobody will ever know.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from pydantic import JsonValue, SecretStr, ValidationError

from reve_core.errors import AnswerPending, CallCancelled, NotCharged, OutcomeUnknown
from reve_core.models import Picture, Receipt, Ticket
from reve_core.ports import CallContext, ListPrice
from reve_core.providers.fal import answer as answers
from reve_core.providers.fal import outcomes
from reve_core.providers.fal.answer import Standing
from reve_core.providers.fal.queue import Queue
from reve_core.providers.wire.exchange import Exchange, Fault
from reve_core.providers.wire.files import Files
from reve_core.providers.wire.picture import is_absurd, kind_of
from reve_core.providers.wire.plain import Cleaner
from reve_core.providers.wire.retry_after import seconds_to_wait

PATIENCE = 0.6  # of the time for the whole call; what is left is for it to stop, or to come late
DAY_S = 86_400.0
FILE_S = 7 * DAY_S  # fal keeps files at least so long where it is not told otherwise

_NOTICE_S = 0.1  # a call that is waiting hears so soon that it shall stop
_ASK_S = 20.0  # for one question and its answer
_FETCH_S = 300.0
_SILENT_S = 60.0  # who picks an old request up tries so long to reach fal before it lets go again
_TIMES_GONE = 3  # so often in a row fal has to say that it knows nothing of a request
_TIMES_FAILED = 3  # so often a result is asked for that failed, where the status had said nothing of it
_TIMES_FETCHED = 6
_LOOK_AGAIN_S = (15.0, 600.0)
_KEY_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two questions: in the first ten seconds, in the first minute, and from then on. Spread by a quarter."""

    first_s: float = 0.75
    then_s: float = 2.0
    late_s: float = 5.0

    def after(self, seconds: float) -> float:
        wait = self.first_s if seconds < 10 else self.then_s if seconds < 60 else self.late_s
        return wait * random.uniform(0.75, 1.25)


@dataclass
class Follow:
    """
    One request that is followed. ``closing`` is set when the provider is closed. ``price`` turns fal's count into dollars.
    ``is_resumed``: it was begun by an earlier call.
    """

    queue: Queue
    files: Files
    ticket: Ticket
    context: CallContext
    key: SecretStr | None = field(repr=False)
    cleaner: Cleaner = field(repr=False)
    price: ListPrice | None
    pace: Pace
    file_lifetime_s: float
    closing: threading.Event
    is_resumed: bool = False
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._deadline = self._end = self._began + self.context.timeout_s
        if self.ticket.data.get("stop") is not None:  # by an earlier call: it has had most of its time
            self._end = self._began + (1 - PATIENCE) * self.context.timeout_s
        self._heard_at = self._began
        self._hurry_from = self._began
        self._gone = {"status": 0, "result": 0}
        self._failed = 0
        self._is_reached = True
        self._has_heard_stop = False
        self._hint = 0.0
        self._problem = ""

    # ---------------------------------------------------------------- the way to the picture

    def picture(self) -> Picture:
        """As ``resume`` in the port."""
        if (known := self._noted_picture()) is not None:
            return self._fetched(*known)
        while True:
            self._leave_if_told()
            if self.context.is_cancelled():
                self._has_heard_stop = True
                self._stop("person")
            standing = self._standing()
            if standing is not None and standing.is_over:
                if (picture := self._result(standing)) is not None:
                    return picture
            elif standing is not None and self._age() > PATIENCE * self.context.timeout_s:
                self._stop("patience")
            self._wait()

    def _standing(self) -> Standing | None:
        """None where nothing was learned."""
        seen = self.queue.status(self.ticket, self.key, timeout_s=self._time_for(_ASK_S))
        fields = answers.fields_of(seen, self.cleaner)
        if seen.status in (200, 202) and fields is not None:
            standing = answers.standing_of(fields, self.cleaner)
            if standing is not None:
                self._heard()
                self._gone["status"] = 0
                if standing.is_running and not self.ticket.data.get("ran"):
                    self._note(ran=True)
                if not standing.is_over:
                    self.context.progress(standing.fraction, self._in_words(standing))
                return standing
        self._not_understood(seen, fields, "status")
        return None

    def _result(self, standing: Standing) -> Picture | None:
        """The picture of a request that is over; None where it has to be asked for again."""
        seen = self.queue.result(self.ticket, self.key, timeout_s=self._time_for(_FETCH_S))
        fields = answers.fields_of(seen, self.cleaner)
        receipt = answers.receipt_of(seen, fields, self.ticket.request_id, self.price, self.cleaner)
        if seen.status not in (None, 200) and outcomes.is_cancelled(seen, fields, standing, self.cleaner):
            self._was_cancelled(receipt)
        if seen.status == 200 and (fields is not None or seen.fault not in (Fault.TIMEOUT, Fault.BROKEN)):
            self._heard()
            return self._delivered(seen, fields, receipt)
        if seen.status == 202 or (seen.status == 400 and _is_early(fields)):
            self._heard()
            return None
        error = outcomes.ending(seen, fields, standing, receipt, self.cleaner) if seen.status is not None else None
        if error is None:
            self._not_understood(seen, fields, "result")
            return None
        self._heard()
        # What was said of the result alone might be about this question, and not about the request.
        self._failed += 1
        if isinstance(error, NotCharged) and not standing.has_failed and self._failed < _TIMES_FAILED:
            return None
        raise error

    def _delivered(self, seen: Exchange, fields: Mapping[str, Any] | None, receipt: Receipt) -> Picture:
        found = answers.found_in(fields) if fields is not None else answers.Found()
        if found.is_flagged:
            raise outcomes.flagged(receipt)
        if found.data is not None:
            seen.body = bytearray()
            return self._checked(found.data, receipt)
        if not found.url:
            raise outcomes.without_picture(seen, receipt, self.cleaner)
        self._note(picture=found.url, receipt=receipt.model_dump(mode="json", exclude_none=True))
        return self._fetched(found.url, receipt)

    # ---------------------------------------------------------------- the file

    def _fetched(self, url: str, receipt: Receipt) -> Picture:
        """It is paid: nothing but its file is missing, and asking for that is free."""
        self.context.progress(None, "Fetching the picture")
        self._has_heard_stop = True  # there is nothing to stop any more
        for number in range(1, _TIMES_FETCHED + 1):
            self._leave_if_told()
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            seen = self.files.fetch(url, timeout_s=min(left, _FETCH_S))
            if seen.fault is None and seen.status == 200:
                return self._checked(bytes(seen.body), receipt)
            self._judge_file(seen, receipt)
            if number < _TIMES_FETCHED:
                self._pass(min(0.1 * 2**number, 8.0, max(self._deadline - time.monotonic(), 0.0)))
        if self._age() > max(FILE_S, self.file_lifetime_s):
            raise OutcomeUnknown(
                f"The picture was made, but its file could not be fetched: {self._problem}. It was charged.",
                receipt=receipt,
            )
        raise AnswerPending(
            f"The picture is made; its file cannot be fetched just now: {self._problem or 'no time was left'}.",
            retry_after=self._look_again_after(),
        )

    def _judge_file(self, seen: Exchange, receipt: Receipt) -> None:
        self._problem = seen.detail or f"status {seen.status}"
        if seen.fault is Fault.FORBIDDEN:
            raise OutcomeUnknown(
                f"The picture was made, but {seen.detail}. It was charged. An operator may add the host to file_hosts; "
                "then check again.",
                receipt=receipt,
            )
        if seen.fault in (Fault.FOREIGN, Fault.TOO_LARGE, Fault.ENCODED):
            raise OutcomeUnknown(f"The picture cannot be used: {seen.detail}. It was charged.", receipt=receipt)
        if seen.status in (403, 404, 410) and self._age() > self.file_lifetime_s:
            raise OutcomeUnknown(
                "The picture was made, but its file has expired at fal. It was charged.", receipt=receipt
            )

    def _checked(self, data: bytes, receipt: Receipt) -> Picture:
        if kind_of(data) is None:
            raise OutcomeUnknown("The picture is neither PNG, JPEG nor WebP. It was charged.", receipt=receipt)
        if is_absurd(data):
            raise OutcomeUnknown("The picture claims a size too large to open. It was charged.", receipt=receipt)
        return Picture(data, receipt)

    # ---------------------------------------------------------------- stopping

    def _stop(self, who: str) -> None:
        """Tell fal, once. A request that waits is taken out; one that runs may come to its end all the same."""
        if self.ticket.data.get("stop") is not None and (who == "patience" or self.ticket.data["stop"] == "person"):
            return
        seen = self.queue.cancel(self.ticket, self.key, timeout_s=self._time_for(_ASK_S))
        if seen.fault is Fault.UNREACHABLE or seen.status == 429:
            return  # nothing was heard of it: told again at the next turn
        said = (answers.fields_of(seen, self.cleaner) or {}).get("status")
        self._note(stop=who, stop_said=said if isinstance(said, str) and len(said) < 40 else "")
        self._hurry_from = time.monotonic()
        if who == "patience":
            self._end = min(self._deadline, self._hurry_from + (1 - PATIENCE) * self.context.timeout_s)

    def _was_cancelled(self, receipt: Receipt) -> NoReturn:
        data = self.ticket.data
        # Free only where it never left the queue, by what was seen and by fal's own word.
        is_free = not data.get("ran") and data.get("stop_said") == "OK" and not receipt.raw.get("billable_units")
        if data.get("stop") == "patience":
            minutes = f"{PATIENCE * self.context.timeout_s / 60:.0f} minutes"
            if is_free:
                raise NotCharged(f"It still waited at fal after {minutes}, so it was taken back. Nothing was charged.")
            raise OutcomeUnknown(
                f"It was not done after {minutes}, so it was stopped. {outcomes.MAYBE}", receipt=receipt
            )
        if data.get("stop") == "person" and is_free:
            raise CallCancelled("Taken out of the queue at fal. Nothing was charged.", receipt=receipt)
        raise CallCancelled("Stopped at fal. It had begun, and may be charged.", may_cost=True, receipt=receipt)

    def _in_words(self, standing: Standing) -> str:
        return "Stopping" if self.ticket.data.get("stop") is not None else standing.text

    # ---------------------------------------------------------------- trouble on the way

    def _heard(self) -> None:
        self._is_reached, self._heard_at, self._hint = True, time.monotonic(), 0.0

    def _not_understood(self, seen: Exchange, fields: Mapping[str, Any] | None, step: str) -> None:
        """An answer, or none, that says nothing about the request."""
        trouble = answers.trouble_of(seen, fields, self.cleaner)
        self._hint = (
            seconds_to_wait(seen.headers, fields or {}, datetime.now(UTC)) or 0.0 if seen.status == 429 else 0.0
        )
        if seen.status in (401, 403):
            # A visitor's own key is their own affair: the link goes on.
            pauses = self.context.own_key is None
            self._let_go("fal does not accept the key any more", after_s=_KEY_S, pauses=pauses)
        if seen.status == 404:
            self._gone[step] += 1
            self._is_reached, self._heard_at = True, time.monotonic()
            if self._gone[step] >= _TIMES_GONE:
                raise OutcomeUnknown(
                    f"fal knows nothing more of this request; what came of it may have expired. {outcomes.MAYBE}",
                    receipt=Receipt(request_id=self.ticket.request_id, http_status=404),
                )
            return
        self._is_reached = False
        said = f": {trouble.words}" if trouble.words else ""
        self._problem = seen.detail or f"status {seen.status}{said}"

    def _leave_if_told(self) -> None:
        if self.context.is_leaving():
            raise AnswerPending("fal has it; the app is stopping and will fetch it when it is back.", retry_after=0)
        if self.closing.is_set():
            raise AnswerPending("fal has it; it is fetched later.", retry_after=_LOOK_AGAIN_S[0])

    def _wait(self) -> None:
        """Until the next question is due. Raises what is to be raised where there is to be none."""
        now = time.monotonic()
        if now >= self._end or (self.is_resumed and now - self._heard_at > _SILENT_S):
            self._give_up()
        slow = self.ticket.data.get("stop") == "patience"
        wait = self.pace.late_s if slow else self.pace.after(now - self._hurry_from)
        self._pass(min(max(wait, min(self._hint, 30.0)), self._end - now))

    def _pass(self, seconds: float) -> None:
        """Wait, but hear at once that the app stops, and that somebody wants this to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.closing.wait(min(left, _NOTICE_S)) or self.context.is_leaving():
                return
            if self.context.is_cancelled() and not self._has_heard_stop:
                return

    def _give_up(self) -> NoReturn:
        if not self._is_reached:
            self._let_go(f"fal cannot be reached just now ({self._problem})", after_s=self._look_again_after())
        raise OutcomeUnknown(
            f"fal has not finished this, although it was asked to stop. {outcomes.MAYBE} "
            "Check again asks fal for it once more, for nothing.",
            receipt=Receipt(request_id=self.ticket.request_id),
        )

    def _let_go(self, why: str, *, after_s: float, pauses: bool = False) -> NoReturn:
        if self._age() > DAY_S:
            raise OutcomeUnknown(
                f"{why}, and a day has passed since it was sent. {outcomes.MAYBE}",
                receipt=Receipt(request_id=self.ticket.request_id),
            )
        raise AnswerPending(f"{why}. The request is there; it is asked for again.", retry_after=after_s, pauses=pauses)

    # ---------------------------------------------------------------- small things

    def _noted_picture(self) -> tuple[str, Receipt] | None:
        url, receipt = self.ticket.data.get("picture"), self.ticket.data.get("receipt")
        if not isinstance(url, str):
            return None
        try:
            return url, Receipt.model_validate(receipt)
        except ValidationError:
            return url, Receipt(request_id=self.ticket.request_id)

    def _note(self, **known: JsonValue) -> None:
        self.ticket = Ticket(request_id=self.ticket.request_id, data={**self.ticket.data, **known})
        self.context.accepted(self.ticket)

    def _age(self) -> float:
        """Seconds since it was sent, by the clock on the wall: perhaps another process sent it."""
        sent = self.ticket.data.get("submitted_at")
        return max(self.clock() - sent, 0.0) if isinstance(sent, int | float) else 0.0

    def _look_again_after(self) -> float:
        return min(max(self._age() / 8, _LOOK_AGAIN_S[0]), _LOOK_AGAIN_S[1])

    def _time_for(self, most_s: float) -> float:
        return max(min(most_s, self._end - time.monotonic()), 0.05)


def _is_early(fields: Mapping[str, Any] | None) -> bool:
    detail = (fields or {}).get("detail")
    return isinstance(detail, str) and "in progress" in detail.lower()
