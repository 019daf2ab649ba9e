"""``FalProvider``: one request in, one paid submit out, and the answer asked for until it is there."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import SecretStr

from reve_core.errors import AnswerPending, CallCancelled, KeyRefused, NotCharged, RequestRejected
from reve_core.models import JobRequest, ModelInfo, Picture, Ticket
from reve_core.ports import CallContext, Health, Prices
from reve_core.providers.fal import answer as answers
from reve_core.providers.fal import health, outcomes
from reve_core.providers.fal.catalogue import Model, models_of
from reve_core.providers.fal.follow import DAY_S, PATIENCE, Follow, Pace
from reve_core.providers.fal.queue import BACKUP, OFFICIAL, Queue, bare
from reve_core.providers.wire.files import Files, Hosts
from reve_core.providers.wire.plain import Cleaner, is_header_safe

FILE_HOSTS = ("fal.media", ".fal.media")

_MB = 1024 * 1024
_SUBMIT_S = 120.0
_CHECK_S = 10.0
_KEY_S = 60.0  # between two looks whether the key is there again


class FalProvider:
    """
    fal.ai over HTTP. A request is submitted once; the number it gets is written down before anything else, and from then
    on its answer can be asked for by anybody who has the key.

    ``models`` are ids or tables, see ``catalogue.Declared``. ``file_hosts`` as in ``wire.files.Hosts``. ``start_timeout_s``
    is how long fal may keep a request waiting for a machine, ``file_lifetime_s`` how long fal shall keep the picture's
    file, ``no_retry`` takes fal's own retries from it. ``max_bytes`` caps a picture. ``own_key``: whether calls may, or
    must, come with a visitor's own key. ``ssl_context`` replaces the usual one. ``clock`` gives seconds since 1970.
    """

    label = "AI-generated"
    idempotent = False  # a second submit is a second picture; a lost answer is asked for by its number instead

    def __init__(
        self,
        *,
        prices: Prices,
        name: str = "fal",
        title: str = "fal",
        base_url: str = OFFICIAL,
        backup_url: str | None = None,
        file_hosts: Sequence[str] = FILE_HOSTS,
        api_key: SecretStr | None = None,
        models: Sequence[str | Mapping[str, Any]] = (),
        start_timeout_s: float = 300.0,
        file_lifetime_s: float = DAY_S,
        no_retry: bool = False,
        pace: Pace | None = None,
        connect_timeout_s: float = 10.0,
        max_bytes: int = 40 * _MB,
        own_key: Literal["no", "may", "must"] = "no",
        ssl_context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.title = title
        self._prices = prices
        self._models = models_of(models, name=name, prices=prices, own_key=own_key)
        self._is_official = base_url.rstrip("/") == OFFICIAL
        self._queue = Queue(
            base_url,
            (BACKUP if self._is_official else "") if backup_url is None else backup_url,
            connect_timeout_s=connect_timeout_s,
            max_body=max_bytes * 4 // 3 + _MB,  # some models put the picture into their answer, a third longer
            ssl_context=ssl_context,
        )
        self.sends_to = self._queue.host
        self._files = Files(
            Hosts.listed(file_hosts), connect_timeout_s=connect_timeout_s, max_bytes=max_bytes, ssl_context=ssl_context
        )
        self._key = api_key if api_key is not None and bare(api_key) else None
        self._cleaner = _cleaner(self._key)
        self._start_timeout_s = start_timeout_s
        self._file_lifetime_s = file_lifetime_s
        self._no_retry = no_retry
        self._pace = pace or Pace()
        self._clock = clock
        self._closing = threading.Event()

    @property
    def models(self) -> Sequence[ModelInfo]:
        return tuple(model.info for model in self._models)

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """As in the port. What can be refused here is refused before anything is sent."""
        model = self._model(request.model)
        body = _body(model, request)
        if (problem := self._key_problem(context.own_key)) is not None:
            raise KeyRefused(problem)
        if self._closing.is_set() or context.timeout_s <= 0:
            raise NotCharged("The call was not begun. Nothing was charged.")
        if context.is_cancelled():
            raise CallCancelled("Stopped before anything was sent.")
        key, cleaner = context.own_key or self._key, self._cleaner_for(context)
        submitted_at = self._clock()
        seen = self._queue.submit(
            model.info.id,
            body,
            self._wishes(context),
            key,
            timeout_s=min(context.timeout_s, _SUBMIT_S),
        )
        fields = answers.fields_of(seen, cleaner)
        is_good = seen.status is not None and 200 <= seen.status <= 299
        request_id = answers.request_id_of(seen, fields, cleaner) if is_good else None
        if request_id is None:
            raise outcomes.refusal(seen, fields, cleaner)
        data = {**self._queue.urls_in(fields or {}), "model": model.info.id, "submitted_at": submitted_at}
        ticket = Ticket(request_id=request_id, data=data)
        context.accepted(ticket)
        picture = self._follow(ticket, context, is_resumed=False).picture()
        return _with_note(picture, model, request)

    def resume(self, ticket: Ticket, request: JobRequest, context: CallContext) -> Picture:
        """As in the port. The model may be one that is not offered any more."""
        if (problem := self._key_problem(context.own_key)) is not None:
            # It may be paid for already: it waits until somebody has mended the key.
            raise AnswerPending(problem, retry_after=_KEY_S, pauses=context.own_key is None)
        picture = self._follow(ticket, context, is_resumed=True).picture()
        known = next((model for model in self._models if model.info.id == ticket.data.get("model")), None)
        return picture if known is None else _with_note(picture, known, request)

    def check(self) -> Health:
        """Asks how a request stands that nobody made: it costs nothing, and a key that is refused is refused there too."""
        if (problem := self._key_problem()) is not None:
            return Health(ok=False, text=problem)
        ticket = Ticket(request_id="00000000-0000-0000-0000-000000000000", data={"model": self._models[0].info.id})
        return health.health_of(self._queue.status(ticket, self._key, timeout_s=_CHECK_S), self._cleaner)

    def close(self) -> None:
        """Calls under way are let go of, to be picked up later by their tickets; new ones are refused."""
        self._closing.set()

    def _follow(self, ticket: Ticket, context: CallContext, *, is_resumed: bool) -> Follow:
        return Follow(
            queue=self._queue,
            files=self._files,
            ticket=ticket,
            context=context,
            key=context.own_key or self._key,
            cleaner=self._cleaner_for(context),
            price=self._prices.find(str(ticket.data.get("model", "")), self.name, "fal"),
            pace=self._pace,
            file_lifetime_s=self._file_lifetime_s,
            closing=self._closing,
            is_resumed=is_resumed,
            clock=self._clock,
        )

    def _wishes(self, context: CallContext) -> dict[str, str]:
        # Whoever waits for a machine longer than we are patient would be stopped by us just when it begins.
        start = min(self._start_timeout_s, PATIENCE * context.timeout_s)
        wishes = {
            "X-Fal-Request-Start-Timeout": f"{max(start, 1.0):g}",
            "X-Fal-Object-Lifecycle-Preference": json.dumps(
                {"expiration_duration_seconds": int(self._file_lifetime_s)}
            ),
        }
        if self._no_retry:
            wishes["X-Fal-No-Retry"] = "1"
        return wishes

    def _cleaner_for(self, context: CallContext) -> Cleaner:
        return self._cleaner if context.own_key is None else _cleaner(context.own_key, self._key)

    def _key_problem(self, own_key: SecretStr | None = None) -> str | None:
        if own_key is not None:
            return None if is_header_safe(own_key) else "The key holds characters that no key has. Enter it again."
        if self._key is None and self._is_official:  # a stand-in or a gateway may need none
            return outcomes.NO_KEY
        return None if is_header_safe(self._key) else outcomes.STRANGE_KEY

    def _model(self, id: str) -> Model:
        for model in self._models:
            if id in ("", model.info.id):
                return model
        raise RequestRejected("fal has no such model here. Choose another one.")


def _body(model: Model, request: JobRequest) -> bytes:
    """The JSON to send: only fields that the model is known, or was declared, to take."""
    can, title = model.info.capabilities, model.info.title
    if not request.prompt.strip():
        raise RequestRejected("There is no prompt. Describe the picture first.")
    if len(request.prompt) > can.max_prompt_chars:
        raise RequestRejected(
            f"The prompt has {len(request.prompt):,} characters; {title} takes {can.max_prompt_chars:,}."
        )
    ratio = request.aspect_ratio or can.default_ratio
    if ratio not in can.aspect_ratios:
        raise RequestRejected(f"{title} does not draw {ratio[:20]}. It knows {', '.join(can.aspect_ratios)}.")
    try:
        return json.dumps(model.body(request, ratio), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        pass
    raise RequestRejected("The prompt holds half a character (a lone surrogate). Remove it and try again.")


def _with_note(picture: Picture, model: Model, request: JobRequest) -> Picture:
    if request.seed is None or model.info.capabilities.seed:
        return picture
    note = f"{model.info.title} takes no seed, so it had none."
    return Picture(picture.data, picture.receipt.model_copy(update={"notes": (*picture.receipt.notes, note)}))


def _cleaner(*keys: SecretStr | None) -> Cleaner:
    """A key reads ``id:secret``, and a careless answer may quote its second half alone."""
    secrets: list[SecretStr | None] = []
    for key in keys:
        if key is not None:
            secrets += [SecretStr(bare(key)), SecretStr(bare(key).rpartition(":")[2])]
    return Cleaner(*secrets)
