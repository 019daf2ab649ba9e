"""``OpenAIProvider``: one request in, one call out, one picture or one plain error back."""

from __future__ import annotations

import secrets
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from pydantic import SecretStr

from reve_core.errors import CallCancelled, KeyRefused, NotCharged, ProviderError, RequestRejected
from reve_core.models import Capabilities, JobRequest, ModelInfo, Picture, Price, Receipt
from reve_core.ports import GUESSED, CallContext, Health, House, ListPrice, ProviderConfig
from reve_core.providers.openai import listing, outcomes, request, sizes
from reve_core.providers.openai.answer import Answer
from reve_core.providers.openai.downloads import Downloads
from reve_core.providers.openai.listing import Listed
from reve_core.providers.openai.options import ModelEntry, server_of, sizes_of
from reve_core.providers.openai.profiles import Size, usual_sizes
from reve_core.providers.wire.exchange import Exchange, Headers, Wire
from reve_core.providers.wire.picture import is_absurd, kind_of
from reve_core.providers.wire.plain import Cleaner, is_header_safe

UNNAMED = "default"  # the id of a model that nobody has named: the server's own
_PATH = "/images/generations"
_CHECK_S = 10.0
_CHECK_BYTES = 2 * 1024 * 1024
_ASK_AGAIN_S = 60.0  # after a list of models that did not come
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Model:
    """``sent`` is what goes into the field ``model``; empty: the field is left out."""

    info: ModelInfo
    entry: ModelEntry
    sent: str
    offered: dict[str, Size]
    price: ListPrice | None


class OpenAIProvider:
    """
    One server that speaks ``POST /v1/images/generations``. Nothing is sent twice, nothing is followed, and the key never
    leaves but in its header and, where the operator said so, for pictures on the server's own origin.

    Where no models are configured those that the server lists are offered. They are asked for in the background when
    somebody first wants to know, or by ``check``, or before the first picture; until then there is one, ``default`` (at
    OpenAI its usual one). ``ssl_context`` replaces the usual one, for a server with a certificate authority of its own.
    """

    label = "AI-generated"

    def __init__(self, config: ProviderConfig, house: House, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._server = server = server_of(config)
        self._house = house
        self.name = server.name
        self.title = server.title
        self.sends_to = server.host
        self.idempotent = not server.paid
        self._cleaner = Cleaner(server.key)
        self._closed = threading.Event()
        context = ssl_context
        self._wire = Wire(server.base_url, connect_timeout_s=house.connect_timeout_s, ssl_context=context)
        self._downloads = Downloads(
            server, connect_timeout_s=house.connect_timeout_s, max_bytes=house.max_bytes, ssl_context=context
        )
        # Unpacking takes a millisecond, and for that long a picture is there twice: forty at once would be a peak.
        self._unpacking = threading.Lock()
        self._guard = threading.Lock()
        self._asking = threading.Lock()
        self._ask_at = 0.0 if not server.entries else float("inf")  # when the list of models is next worth asking for
        self._is_listed = False
        unnamed = ModelEntry(id=server.profile.model or UNNAMED, title="" if server.profile.model else server.title)
        self._known = self._made(server.entries or (unnamed,))

    @property
    def models(self) -> Sequence[ModelInfo]:
        """At once. The first look starts the question for the server's own list, where none was configured."""
        with self._guard:
            is_due = monotonic() >= self._ask_at and not self._closed.is_set() and self._key_problem() is None
            if is_due:
                self._ask_at = monotonic() + _ASK_AGAIN_S
        if is_due:
            threading.Thread(target=self._list, name=f"{self.name}-models", daemon=True).start()
        return tuple(model.info for model in self._known)

    def generate(self, request_: JobRequest, context: CallContext) -> Picture:
        """As in the port. What can be refused here is refused before anything is sent."""
        if (problem := self._key_problem(context.own_key)) is not None:
            raise KeyRefused(problem)
        if self._closed.is_set() or context.timeout_s <= 0:
            raise NotCharged("The call was not begun. Nothing was charged.")
        if context.is_cancelled():
            raise CallCancelled("Stopped before anything was sent.")
        deadline = monotonic() + context.timeout_s
        model = self._model(request_.model, context)
        can = model.info.capabilities
        if can.seed and request_.seed is None:
            # Some of these servers have one fixed seed for whoever sends none: every picture would be the same.
            request_ = request_.model_copy(update={"seed": secrets.randbelow(2**32)})
        asked = request.body_of(
            request_,
            self._server,
            model.entry,
            model=model.sent,
            offered=model.offered,
            longest=can.max_prompt_chars,
        )
        left = deadline - monotonic()
        exchange = self._wire.exchange(
            "POST",
            _PATH,
            content=asked.body,
            timeout_s=min(left, self._server.options.read_timeout_s or left),
            max_body=self._house.max_bytes * 4 // 3 + _MB,  # base64 is a third longer, and has company
            headers=self._headers(context.own_key or self._server.key, is_ours=context.own_key is None, body=True),
        )
        cleaner = self._cleaner if context.own_key is None else Cleaner(context.own_key, *self._cleaner.secrets)
        with self._unpacking:
            result = outcomes.answer_or_error(
                exchange,
                self._server,
                cleaner,
                model=model.sent or model.info.id,
                price=model.price,
                only_model=len(self._known) == 1,
            )
            exchange.body = bytearray()  # httpx's request knows the exchange, and stays until garbage is collected
        if isinstance(result, ProviderError):
            raise result
        answer, receipt = result
        data = answer.image or self._downloads.picture(answer.url, receipt, cleaner, context, deadline)
        if isinstance(data, ProviderError):
            raise data
        self._look_at(data, receipt, cleaner)
        told: dict[str, object] = {"notes": (*asked.notes, *_notes(asked, answer, data))}
        if not self._server.paid and receipt.usd_used is None:
            told["usd_used"] = 0.0  # a server of one's own charges nothing, and says so nowhere
        return Picture(data, receipt.model_copy(update=told))

    def check(self) -> Health:
        """Asks which models there are, which costs nothing and tries the key as well."""
        if (problem := self._key_problem()) is not None:
            return Health(ok=False, text=problem)
        exchange = self._ask_for_models()
        listed = self._take(listing.listed_in(exchange))
        with_v1 = False
        if listed.ids is None and exchange.status in (200, 404, 405) and not self._server.base_url.endswith("/v1"):
            with_v1 = listing.listed_in(self._ask_for_models("/v1")).ids is not None
        wanted = tuple(entry.id for entry in self._server.entries)
        return listing.health_of(exchange, listed, self._server, self._cleaner, with_v1=with_v1, wanted=wanted)

    def close(self) -> None:
        """Calls on their way finish; new ones are refused. There is nothing to free: each call frees its own."""
        self._closed.set()

    # ---------------------------------------------------------------- models

    def _model(self, wanted: str, context: CallContext) -> _Model:
        """The model of that id. A server whose list is not known yet is asked for it first. Raises RequestRejected."""
        is_unnamed = not wanted or (wanted == UNNAMED and not self._server.entries)
        if not self._server.entries and not self._is_listed:
            first = self._known[0]
            is_enough = first.sent or not self._server.profile.has_model if is_unnamed else wanted == first.info.id
            if not is_enough:
                self._list(min(_CHECK_S, context.timeout_s / 2))
        found = self._known[0] if is_unnamed else next((one for one in self._known if one.info.id == wanted), None)
        if found is None:
            raise RequestRejected(f"{self.title} has no such model here. Choose another one.")
        if not found.sent and self._server.profile.needs_model:
            raise RequestRejected(f"{self.title} has to be told a model. Name one in {self._server.words.models}.")
        return found

    def _list(self, timeout_s: float = _CHECK_S) -> None:
        """Asks once, however many want to know at the same time."""
        with self._asking:
            if not self._is_listed and not self._closed.is_set():
                exchange = self._ask_for_models(timeout_s=timeout_s)
                listed = self._take(listing.listed_in(exchange))
                # It has no list, and will have none the next time either.
                self._is_listed |= listed.ids is None and exchange.status in (200, 404, 405, 501)

    def _ask_for_models(self, below: str = "", *, timeout_s: float = _CHECK_S) -> Exchange:
        return self._wire.exchange(
            "GET",
            below + listing.PATH,
            timeout_s=timeout_s,
            max_body=_CHECK_BYTES,
            headers=self._headers(self._server.key),
        )

    def _take(self, listed: Listed) -> Listed:
        if listed.ids is None or self._server.entries:
            return listed
        profile = self._server.profile
        ids = listing.drawing(listed.ids, profile.family, profile.model)
        with self._guard:
            self._ask_at = float("inf")
            self._is_listed = True
            if ids:
                self._known = self._made([ModelEntry(id=name) for name in ids])
        return listed

    def _made(self, entries: Sequence[ModelEntry]) -> tuple[_Model, ...]:
        return tuple(self._one(entry) for entry in entries)

    def _one(self, entry: ModelEntry) -> _Model:
        server, options, profile = self._server, self._server.options, self._server.profile
        sent = "" if entry.id == UNNAMED and not server.entries else entry.id
        said = entry.sizes if entry.sizes is not None else options.sizes
        offered = sizes.by_ratio(usual_sizes(server.dialect, entry.id) if said is None else sizes_of(said))
        line = self._house.prices.find(entry.id, server.name, "openai") if server.paid else None
        price = _price(entry, line, offered, paid=server.paid)
        longest = entry.max_prompt_chars or options.max_prompt_chars or profile.max_prompt_chars
        capabilities = Capabilities(
            aspect_ratios=tuple(offered),
            default_ratio=next(iter(offered)),
            max_prompt_chars=longest,
            seed=bool(request.seed_field(server)),
            note=entry.note,
            price=price,
            typical_s=profile.typical_s,
            own_key=("may" if server.key else "must") if self._house.own_keys and server.paid else "no",
        )
        title = entry.title or self._cleaner.line(entry.id, 60)
        return _Model(ModelInfo(id=entry.id, title=title, capabilities=capabilities), entry, sent, offered, line)

    # ---------------------------------------------------------------- the call

    def _headers(self, key: SecretStr | None, *, is_ours: bool = True, body: bool = False) -> Headers:
        """``is_ours``: the account that the operator named is the key's; a visitor's own key has another."""
        headers = Headers({"Content-Type": "application/json"} if body else {})
        if key is not None:
            headers["Authorization"] = f"Bearer {key.get_secret_value().strip()}"
        for name, value in (
            ("OpenAI-Organization", self._server.options.organization),
            ("OpenAI-Project", self._server.options.project),
        ):
            if value.strip() and is_ours:
                headers[name] = value.strip()
        return headers

    def _key_problem(self, own_key: SecretStr | None = None) -> str | None:
        if own_key is not None:
            return None if is_header_safe(own_key) else "The key holds characters that no key has. Enter it again."
        if self._server.key is None:
            return self._no_key() if self._server.profile.needs_key else None
        if not is_header_safe(self._server.key):
            return f"The key holds characters that no key has. Copy it again into {self._server.words.key}."
        return None

    def _no_key(self) -> str:
        return f"No key is set: put one into {self._server.words.key}, or choose a provider that needs none."

    def _look_at(self, data: bytes, receipt: Receipt, cleaner: Cleaner) -> None:
        if kind_of(data) is None:
            seen = cleaner.line(data[:4000].decode("utf-8", "replace"))
            what = f"The picture of {self.title} is neither PNG, JPEG nor WebP.{{}} It begins: {seen}"
            raise outcomes.lost(self._server, what, receipt)
        if is_absurd(data):
            what = f"The picture of {self.title} claims a size too large to open.{{}}"
            raise outcomes.lost(self._server, what, receipt)


def _price(entry: ModelEntry, line: ListPrice | None, offered: dict[str, Size], *, paid: bool) -> Price:
    if entry.price_usd is not None:
        return Price(usd=entry.price_usd)
    if line is None:
        return GUESSED if paid else Price()
    megapixels = max(width * height for width, height in offered.values()) / 1e6
    usd = line.usd * (megapixels if line.per == "megapixel" else 1)
    return Price(usd=round(usd, 4), as_of=line.as_of.isoformat(), source=line.source)


def _notes(asked: request.Asked, answer: Answer, data: bytes) -> list[str]:
    notes = []
    size = sizes.size_of(data)
    if size is not None and sizes.differ(size, asked.ratio):
        wanted = f"{asked.ratio} ({sizes.written(asked.size)})"
        notes.append(f"The server drew {sizes.written(size)} although {wanted} was asked for.")
    if answer.pictures > 1:
        notes.append(f"The server sent {answer.pictures} pictures although one was asked for; the first was kept.")
    if answer.revised:
        notes.append("The service rewrote the prompt before it drew.")
    return notes
