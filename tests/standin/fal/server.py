"""The queue and its file host. They stop, and close every socket, when the ``with`` block ends."""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.standin import control
from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.drawing import Artist, Draw
from tests.standin.fal import models
from tests.standin.fal.endings import ENDINGS, MAGIC, Ending
from tests.standin.fal.faults import FAULTS, STEPS, error, in_json
from tests.standin.faults import Call
from tests.standin.ledger import Ledger
from tests.standin.rules import Faults
from tests.standin.serving import Seen, Serving

KEY = "fal-test-id:not-a-key-but-a-test"
DEFAULT_STEPS = ("IN_QUEUE 1", "IN_QUEUE 0", "IN_PROGRESS")

_SETTINGS = ("step_s", "hold_at", "obeys", "keeps", "funds", "logs", "key")
_LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
_ABOUT = re.compile(r"^/([^/]+/[^/]+)/requests/([^/]+)(/status|/cancel)?$")
_HOUR_S, _SHORT_S, _SMALL = 3600, 360, 10_240
_WEEK_S = 7 * 86_400


@dataclass
class Request:
    """One accepted request. ``stop`` is what its canceller was told; ``is_out``: it was taken from the queue unrun."""

    id: str
    model: str
    fields: dict[str, Any]
    headers: dict[str, str]
    at: float
    ending: Ending
    steps: tuple[str, ...]
    step: int = 0
    over_at: float | None = None
    is_cancelled: bool = False
    is_out: bool = False
    png: bytes = field(default=b"", repr=False)

    @property
    def app(self) -> str:
        return "/".join(self.model.split("/")[:2])

    @property
    def state(self) -> str:
        return self.steps[self.step] if self.step < len(self.steps) else "COMPLETED"


class FileHost(Serving):
    """Another origin. Whoever brings a key here has made a mistake that must not go unnoticed."""

    def __init__(self, fal: FalStandIn, *, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(Faults(FAULTS, lambda step: step == "file"), host=host, port=port, tls=tls)
        self._fal = fal
        self.saw_key = False

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        headers = dict(connection.headers.items())
        self.saw_key = self.saw_key or any(name.lower() in ("authorization", "cookie") for name in headers)
        self.note(Seen(connection.command, path, "", None, headers))
        reply = self._fal.file(path)
        if (rule := self.faults.take("file")) is not None:
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: reply))
        return reply


class FalStandIn(Serving):
    """
    ``with FalStandIn() as fal:`` serves on two free ports of the loopback address.

    ``steps`` are the states that a request goes through, one for each time it is asked about, or one every ``step_s``
    seconds. ``hold_at`` (an attribute) is a state in which requests stay until it is None again. ``obeys``: whether a
    running request can be cancelled. ``funds``: how many more pictures the account can pay. ``keeps``: whether results are
    kept for the storage period and not only for an hour. ``ledger_file`` gets a line for each accepted request, on disk
    before the answer. ``draw``, ``size`` and ``weight`` as in ``drawing.Artist``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        files_port: int = 0,
        host: str = "127.0.0.1",
        key: str | None = KEY,
        ledger_file: Path | None = None,
        steps: tuple[str, ...] = DEFAULT_STEPS,
        step_s: float | None = None,
        funds: int | None = None,
        draw: Draw = "tiny",
        size: int | None = None,
        weight: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(Faults(FAULTS, lambda step: step == "submit"), host=host, port=port, tls=tls)
        self.files = FileHost(self, host=host, port=files_port, tls=tls)
        self.key = key
        self.steps = steps
        self.step_s = step_s
        self.hold_at: str | None = None
        self.obeys = True
        self.keeps = True
        self.early = 400
        self.logs: list[str] = ["Drawing"]
        self.funds = funds
        self.ledger = Ledger(0.0, ledger_file)
        self.accepted: dict[str, Request] = {}
        self.endings: deque[str | Ending] = deque()
        self.asked: list[tuple[str, str]] = []  # step and request id, in order
        self._artist = Artist(draw, size, weight)
        self._shift = 0.0

    # ---------------------------------------------------------------- for the tests

    def start(self) -> None:
        self.files.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self.files.stop()
        assert not self.files.saw_key, "The file host was shown a key."

    def clear(self) -> None:
        super().clear()
        self.files.clear()
        with self.changed:
            self.accepted.clear()
            self.endings.clear()
            self.asked.clear()
        self.ledger.clear(0.0)
        self.hold_at, self.funds = None, None

    def release(self) -> None:
        super().release()
        self.files.release()

    def add(self, name: str, step: str = "submit", **options: Any) -> None:
        """A fault at one step; ``options`` as in ``rules.py``."""
        assert step in STEPS, step
        (self.files.faults if step == "file" else self.faults).add(name, path=step, **options)

    def clear_faults(self) -> None:
        self.faults.clear()
        self.files.faults.clear()

    def end(self, *endings: str | Ending) -> None:
        """How the next requests end, in order."""
        self.endings.extend(endings)

    def advance(self, seconds: float) -> None:
        """Time passes for what expires, and for requests that go on by the clock."""
        self._shift += seconds

    def now(self) -> float:
        return time.time() + self._shift

    def submits(self) -> list[str]:
        """The prompts of all accepted requests, in order: what may have to be paid."""
        return self.ledger.keys()

    def units(self) -> float:
        """What all of them together are billed."""
        with self.changed:
            return sum(self._units(one) for one in self.accepted.values())

    def billed(self) -> int:
        with self.changed:
            return sum(1 for one in self.accepted.values() if self._units(one) > 0)

    def count(self, step: str) -> int:
        with self.changed:
            return sum(1 for one, _ in self.asked if one == step)

    def wait_for(self, step: str, count: int = 1, timeout: float = 20) -> bool:
        """Until that step was asked for so often."""
        with self.changed:
            return self.changed.wait_for(lambda: sum(1 for one, _ in self.asked if one == step) >= count, timeout)

    # ---------------------------------------------------------------- called by the connections

    def _switched(self, method: str, what: str, fields: dict[str, Any]) -> Reply | None:
        """
        Faults have a ``step``. ``POST endings {"endings": ["policy"]}``: how the next requests end; ``GET ledger``; ``POST
        settings {"step_s": 2, "hold_at": "IN_PROGRESS", "obeys": false, "funds": 3, "logs": ["40%"], "key": "…"}``; ``POST
        advance {"seconds": 3600}``.
        """
        match method, what:
            case "POST", "faults":
                for rule in fields["faults"]:
                    self.add(**({"name": rule} if isinstance(rule, str) else rule))
            case "DELETE", "faults":
                self.clear_faults()
            case "GET", "faults":
                pass
            case "POST", "endings":
                self.end(*fields["endings"])
            case "GET", "ledger":
                return Reply(200, {"submits": self.submits(), "units": self.units()})
            case "POST", "settings":
                for name in _SETTINGS:
                    if name in fields:
                        setattr(self, name, fields[name])
            case "POST", "advance":
                self.advance(float(fields["seconds"]))
            case _:
                return None
        return Reply(200, {"faults": self.faults.rules() + self.files.faults.rules()})

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        if path.startswith(control.PREFIX):
            return control.handle(self, self._switched, connection.command, path, body)
        step, app, number = _step_of(connection.command, path)
        fields = _parsed(body)
        seen = Seen(connection.command, connection.path, step, fields, dict(connection.headers.items()))
        with self.changed:
            self.asked.append((step, number))
        self.note(seen)
        rule = self.faults.take(step)
        if self.key is not None and seen.headers.get("Authorization") != f"Key {self.key}":
            if rule is None or rule["name"] != "echo_key":
                return error(401, "Cannot access application: authentication is required to access this application")
            return FAULTS["echo_key"].play(Call(connection, rule, lambda: Reply(200, {})))

        def usual() -> Reply:
            match step:
                case "submit":
                    return self._submit(path.strip("/"), seen)
                case "status":
                    return self._status(app, number, with_logs=query.get("logs") == "1")
                case "result":
                    return self._result(app, number)
                case "cancel":
                    return self._cancel(app, number)
            return error(404, f"Path {path[:100]} not found")

        if rule is None:
            return usual()
        fault = FAULTS[rule["name"]]
        if not rule.get("charge", fault.charges):
            return fault.play(Call(connection, rule, lambda: Reply(200, {})))
        # Before the misbehaviour: the service runs, and bills, what it has accepted, also for a client that has gone away.
        reply = usual()
        return fault.play(Call(connection, rule, lambda: reply))

    def file(self, path: str) -> Reply:
        name = path.rpartition("/")[2].removesuffix(".png")
        with self.changed:
            one = self.accepted.get(name)
        if one is None or not one.png or one.over_at is None:
            return Reply(404, b"not found", {}, "text/plain")
        wish = json.loads(one.headers.get("X-Fal-Object-Lifecycle-Preference", "{}"))
        if self.now() - one.over_at > (wish.get("expiration_duration_seconds") or _WEEK_S):
            return Reply(404, b"gone", {}, "text/plain")
        return Reply(200, one.png, {}, "image/png")

    # ---------------------------------------------------------------- the four calls

    def _submit(self, model: str, seen: Seen) -> Reply:
        if model not in models.MODELS:
            return error(404, f"Application {model[:100]!r} not found")
        if (refusal := models.problem_with(models.MODELS[model], seen.fields)) is not None:
            return refusal
        with self.changed:
            if self.funds is not None:
                if self.funds <= 0:
                    return error(403, _LOCKED)
                self.funds -= 1
            line = self.ledger.charge(seen.fields["prompt"], f"/{model}", 0.0)
            assert line is not None
            number = f"{line['n']:08d}-5a5a-4fa1-8fa1-{line['n']:012d}"
            ending = self._ending(seen.fields["prompt"])
            one = Request(number, model, seen.fields, seen.headers, self.now(), ending, self.steps)
            self.accepted[number] = one
            self.changed.notify_all()
        return Reply(200, {"status": "IN_QUEUE", **self._urls(one), "queue_position": _position(one.state) or 0})

    def _status(self, app: str, number: str, *, with_logs: bool) -> Reply:
        one = self._find(app, number)
        if one is None:
            return error(404, "Request not found")
        with self.changed:
            self._go_on(one)
            state = one.state
        body: dict[str, Any] = {"status": state.partition(" ")[0], **self._urls(one)}
        if state.startswith("IN_QUEUE"):
            body["queue_position"] = _position(state)
        if state == "IN_PROGRESS":
            body["logs"] = (
                [{"timestamp": "", "level": "INFO", "message": text} for text in self.logs] if with_logs else None
            )
        if state != "COMPLETED":
            return Reply(202, body)
        body["metrics"] = {} if one.is_out else {"inference_time": 1.5}
        ending = ENDINGS["client_cancelled"] if one.is_cancelled else one.ending
        if ending.status >= 400 and ending.is_told:
            body |= {"error": "it failed", "error_type": ending.kind}
        return Reply(200, body)

    def _result(self, app: str, number: str) -> Reply:
        one = self._find(app, number)
        if one is None:
            return error(404, "Request not found")
        if one.over_at is None:
            return error(self.early, "Request is still in progress")
        ending = ENDINGS["client_cancelled"] if one.is_cancelled else one.ending
        body = self._picture(one) if ending.body is None else ending.body
        data = in_json(body)
        age = self.now() - one.over_at
        if not self.keeps and age > (_SHORT_S if len(data) >= _SMALL else _HOUR_S):
            return error(404, "Request not found")
        headers = {"X-Fal-Request-Id": one.id, **ending.headers}
        if isinstance(body, bytes) and ending.status >= 500:
            headers = {}  # it does not come from fal
        elif (units := self._units(one)) or not one.is_cancelled:
            headers["X-Fal-Billable-Units"] = f"{units:g}"
        return Reply(ending.status, data, headers)

    def _cancel(self, app: str, number: str) -> Reply:
        one = self._find(app, number)
        if one is None:
            return Reply(404, {"status": "NOT_FOUND"})
        with self.changed:
            if one.over_at is not None:
                return Reply(400, {"status": "ALREADY_COMPLETED"})
            if one.state.startswith("IN_QUEUE"):
                one.is_cancelled = one.is_out = True
                self._over(one)
                return Reply(202, {"status": "OK"})
            if self.obeys:
                one.is_cancelled = True
                self._over(one)
            return Reply(202, {"status": "CANCELLATION_REQUESTED"})

    # ---------------------------------------------------------------- what becomes of a request

    def _find(self, app: str, number: str) -> Request | None:
        with self.changed:
            one = self.accepted.get(number)
        return one if one is not None and one.app == app else None

    def _ending(self, prompt: str) -> Ending:
        chosen = self.endings.popleft() if self.endings else None
        if chosen is None:
            chosen = next((name for word, name in MAGIC.items() if word in prompt), "picture")
        return ENDINGS[chosen] if isinstance(chosen, str) else chosen

    def _go_on(self, one: Request) -> None:
        """One step on for each time it is asked about, or by the clock; the first answer shows the first step."""
        if one.over_at is not None or one.state == self.hold_at:
            return
        if self.step_s is not None:
            one.step = min(int((self.now() - one.at) / self.step_s), len(one.steps))
        if one.state == "COMPLETED":
            self._over(one)
        elif self.step_s is None and (one.step > 0 or sum(number == one.id for _, number in self.asked) > 1):
            one.step += 1
            if one.state == "COMPLETED":
                self._over(one)

    def _over(self, one: Request) -> None:
        one.step, one.over_at = len(one.steps), self.now()
        self.changed.notify_all()

    def _units(self, one: Request) -> float:
        """A request that runs is paid, also one that is stopped in the middle."""
        if one.is_out:
            return 0.0
        if one.ending.units is not None:
            return one.ending.units
        return models.units_of(models.MODELS[one.model], one.fields)

    def _picture(self, one: Request) -> dict[str, Any]:
        ratio = models.ratio_of(one.fields)
        one.png = one.png or self._artist.picture({**one.fields, "aspect_ratio": ratio})[0]
        url = f"{self.files.url}/files/b/{one.id}.png"
        changes = dict(one.ending.changes)
        if changes.pop("inline", False):
            url = "data:image/png;base64," + base64.b64encode(one.png).decode()
        image = {"url": url, "content_type": "image/png", "file_name": f"{one.id}.png", "width": None, "height": None}
        if changes.pop("single", False):
            return {"image": image, **changes}
        seed = {"seed": one.fields.get("seed", 7)} if "image_size" in one.fields else {}
        return {"images": [image], "prompt": one.fields["prompt"], **seed, **changes}

    def _urls(self, one: Request) -> dict[str, Any]:
        about = f"{self.url}/{one.app}/requests/{one.id}"
        return {
            "request_id": one.id,
            "response_url": about,
            "status_url": f"{about}/status",
            "cancel_url": f"{about}/cancel",
        }


def _step_of(method: str, path: str) -> tuple[str, str, str]:
    """Which call it is, and the app and the request that it is about."""
    if (found := _ABOUT.match(path)) is not None:
        step = {("GET", "/status"): "status", ("PUT", "/cancel"): "cancel", ("GET", None): "result"}.get(
            (method, found[3]), "none"
        )
        return step, found[1], found[2]
    return ("submit" if method == "POST" else "none"), "", ""


def _position(state: str) -> int | None:
    return int(state.partition(" ")[2]) if state.startswith("IN_QUEUE ") else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
