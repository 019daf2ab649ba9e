"""The server itself. It stops, and closes every socket, when its ``with`` block ends."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import threading
from contextlib import nullcontext
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

from tests.standin import control
from tests.standin.api import Reply
from tests.standin.connection import Connection
from tests.standin.drawing import Artist, Draw
from tests.standin.faults import Call
from tests.standin.ledger import Ledger
from tests.standin.openai.dialects import DIALECTS, Dialect, complaint, problem_with, size_of
from tests.standin.openai.faults import FAULTS, moderated
from tests.standin.rules import Faults
from tests.standin.serving import Seen, Serving

KEY = "sk-test-not-a-key"
USUAL = "as the dialect has it"
GENERATIONS, EDITS, MODELS = "/images/generations", "/images/edits", "/models"
FILES = "/generated-images/"  # as the path of a fault: any file
FORBIDDEN_IN, FORBIDDEN_OUT = "forbidden-input", "forbidden-output"  # magic words in a prompt


class ImagesServer(Serving):
    """
    ``dialect`` as in ``dialects.DIALECTS``. ``key`` None accepts any key and none; where it is left out the paid dialects
    have one. ``prefix`` is the path before ``/images``. ``files_on``: the origin that addresses of pictures name (empty: they
    are relative). ``expire``: how often a picture's address may be asked for. The till counts in pictures, and rings in
    the dialects that are paid.
    """

    def __init__(
        self,
        *,
        dialect: str = "openai",
        port: int = 0,
        host: str = "127.0.0.1",
        key: str | None = USUAL,
        prefix: str = "/v1",
        files_on: str = "",
        expire: int | None = None,
        credits: float = 1_000_000,
        ledger_file: Path | None = None,
        latency_s: float = 0.0,
        draw: Draw = "tiny",
        long_side: int = 48,
        weight: int = 0,
        tls: Any = None,
    ) -> None:
        super().__init__(
            Faults(FAULTS, lambda path: path.endswith((GENERATIONS, EDITS))), host=host, port=port, tls=tls
        )
        self.dialect: Dialect = DIALECTS[dialect]
        self.key = (KEY if self.dialect.needs_key else None) if key == USUAL else key
        self.prefix = prefix
        self.files_on = files_on
        self.expire = expire
        self.latency_s = latency_s
        self.ledger = Ledger(credits, ledger_file)
        self.peak = 0
        self.models = list(self.dialect.models)
        self.files: dict[str, bytes] = {}
        self._asked: dict[str, int] = {}
        self._artist = Artist(draw, long_side, weight)
        self._credits = credits
        self._busy = 0
        self._single = threading.Lock()  # one picture at a time, as sd.cpp has it
        self._local = threading.local()

    @property
    def base(self) -> str:
        """What an operator would write down."""
        return self.url + self.prefix

    def clear(self) -> None:
        super().clear()
        self.peak = 0
        self.ledger.clear(self._credits)

    def generations(self) -> list[Seen]:
        return [seen for seen in self.posts() if seen.path.endswith(GENERATIONS)]

    def fetches(self) -> list[Seen]:
        """Pictures that were asked for by their address."""
        with self.changed:
            return [seen for seen in self.requests if seen.method == "GET" and not seen.path.endswith(MODELS)]

    # ---------------------------------------------------------------- called by the connections

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        if path.startswith(control.PREFIX):
            return control.handle(self, self._switched, connection.command, path, body)
        kind = connection.headers.get("Content-Type", "")
        fields = _form(kind, body) if kind.startswith("multipart/") else _parsed(body)
        seen = Seen(connection.command, path, "", fields, dict(connection.headers.items()))
        self.note(seen)
        if path in self.files:
            return self._file(connection, path)
        needs_key = path.startswith(self.prefix)
        if needs_key and self.key is not None and seen.headers.get("Authorization") != f"Bearer {self.key}":
            rule = self.faults.take(path)
            if rule is None or rule["name"] != "echo_key":
                return complaint(self.dialect, 401, "Incorrect API key provided.", "invalid_api_key")
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: Reply(200, {})))
        below = path.removeprefix(self.prefix)
        if connection.command == "POST" and below in (GENERATIONS, EDITS) and path.startswith(self.prefix):
            with self.changed:
                self._busy += 1
                self.peak = max(self.peak, self._busy)
            try:
                return self._paid(connection, path, below, seen)
            finally:
                with self.changed:
                    self._busy -= 1
        if (rule := self.faults.take(path)) is not None:
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: self._free(path)))
        return self._free(path)

    def draw(self, connection: Connection, changes: dict[str, Any]) -> Reply:
        """The answer to the request that this thread is at, with other fields."""
        return self._drawn({**self._local.fields, **changes})

    def _switched(self, method: str, what: str, fields: dict[str, Any]) -> Reply | None:
        """
        ``GET ledger``; ``GET requests`` with the ``peak``; ``POST settings {"latency_s": 0.5, "dialect": "vllm", "models":
        ["a"], "credits": 3}``.
        """
        match method, what:
            case "GET", "ledger":
                return Reply(200, {"charges": list(self.ledger.charges), "credits": self.ledger.credits})
            case "GET", "requests":
                # What was sent to be edited holds bytes.
                shown = [one for one in control.asked(self) if not one["path"].endswith(EDITS)]
                return Reply(200, {"requests": shown, "peak": self.peak})
            case "POST", "settings":
                self.latency_s = float(fields.get("latency_s", self.latency_s))
                self.ledger.credits = float(fields.get("credits", self.ledger.credits))
                self.dialect = DIALECTS[fields.get("dialect", self.dialect.name)]
                self.models = list(fields.get("models", self.models))
                return control.faults_now(self)
        return None

    # ---------------------------------------------------------------- the answers

    def _free(self, path: str) -> Reply:
        if path == self.prefix + MODELS:
            return Reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        return complaint(self.dialect, 404, f"there is nothing at {path[:100]}")

    def _file(self, connection: Connection, path: str) -> Reply | None:
        if (rule := self.faults.take(path) or self.faults.take(FILES)) is not None:
            reply = Reply(200, self.files[path], content_type="image/png")
            return FAULTS[rule["name"]].play(Call(connection, rule, lambda: reply))
        self._asked[path] = self._asked.get(path, 0) + 1
        if self.expire is not None and self._asked[path] > self.expire:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        return Reply(200, self.files[path], content_type="image/png")

    def _paid(self, connection: Connection, path: str, below: str, seen: Seen) -> Reply | None:
        dialect = replace(self.dialect, models=tuple(self.models))
        if below == EDITS and dialect.fields is not None:
            dialect = replace(dialect, fields=dialect.fields | {"image", "image[]", "mask", "markup", "input_fidelity"})
        refusal = problem_with(dialect, seen.fields)
        if refusal is None and below == EDITS:
            refusal = _bad_edit(dialect, seen.fields)
        if refusal is not None:
            return refusal
        self._local.fields = seen.fields
        prompt = seen.fields["prompt"]
        if self.dialect.moderates and FORBIDDEN_IN in prompt:
            return moderated(self.dialect, "input")
        rule = self.faults.take(path)
        fault = FAULTS[rule["name"]] if rule else None
        # The till rings before the work: the service bills what it has begun, also for a client that has gone away.
        is_billed = self.dialect.paid and (rule is None or fault is None or rule.get("charge", fault.charges))
        if is_billed and self.ledger.charge("", path, 1) is None:
            return FAULTS["no_credits"].play(Call(connection, {}, lambda: Reply(200, {})))
        with self._single if self.dialect.name == "sdcpp" else nullcontext():
            if self.latency_s:
                connection.pause(self.latency_s)
        if self.dialect.moderates and FORBIDDEN_OUT in prompt:
            return moderated(self.dialect, "output")
        if rule is None or fault is None:
            return self._drawn(seen.fields)
        return fault.play(Call(connection, rule, lambda: self._drawn(seen.fields)))

    def _drawn(self, fields: dict[str, Any]) -> Reply:
        dialect = self.dialect
        number = min(max(int(fields.get("n", 1)), 1), dialect.most)
        width, height = size_of(dialect, fields)
        wants = fields.get("response_format") or {"b64": "b64_json", "url": "url"}[dialect.delivers]
        shape = math.gcd(width, height)
        pictures = [self._picture(fields, f"{width // shape}:{height // shape}", index) for index in range(number)]
        if wants == "file":
            return Reply(200, pictures[0], content_type="image/png")
        data = [self._entry(png, wants) for png in pictures]
        body: dict[str, Any] = {"created": 1_790_000_000, "data": data}
        headers = {"X-Request-Id": f"req-standin-{len(self.ledger):06d}"}
        if dialect.usage:
            text, image = max(len(fields["prompt"]) // 4, 1), 0
            out = 4160 * number
            body |= {
                "size": f"{width}x{height}",
                "quality": fields.get("quality", "high"),
                "output_format": "png",
                "background": "opaque",
                "usage": {
                    "input_tokens": text + image,
                    "input_tokens_details": {"text_tokens": text, "image_tokens": image},
                    "output_tokens": out,
                    "total_tokens": text + image + out,
                },
            }
        if dialect.name == "sglang":
            body |= {"id": "standin", "file_path": "/srv/outputs/standin.png"}
        return Reply(200, body, headers)

    def _picture(self, fields: dict[str, Any], ratio: str, index: int) -> bytes:
        # By what was to be drawn alone: how it is delivered changes nothing of it.
        drawn = {name: fields[name] for name in ("prompt", "model", "seed") if name in fields}
        png, _ = self._artist.picture({**drawn, "aspect_ratio": ratio, "index": index})
        return png

    def _entry(self, png: bytes, wants: str) -> dict[str, Any]:
        if wants == "b64_json":
            return {"b64_json": base64.b64encode(png).decode()}
        path = f"{FILES}{hashlib.sha256(png).hexdigest()[:16]}.png"
        self.files[path] = png
        return {"url": self.files_on + path}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _form(kind: str, body: bytes) -> dict[str, Any]:
    """Text fields as text, ``n`` as a number, files as lists of bytes under the name they came with."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if part.get_filename() is not None:
            fields.setdefault(name, []).append(data)
        else:
            fields[name] = int(data) if name == "n" else data.decode()
    return fields


def _bad_edit(dialect: Dialect, fields: dict[str, Any]) -> Reply | None:
    images = fields.get("image[]") or fields.get("image")
    if not images:
        return complaint(dialect, 400, "image[] is required", "missing_required_parameter")
    if len(images) > 16 or not all(data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF")) for data in images):
        return complaint(dialect, 400, "image[] cannot be used", "invalid_image_file")
    masks = fields.get("mask")
    # Width and height of a PNG stand at fixed places.
    if masks and masks[0][16:24] != images[0][16:24]:
        return complaint(dialect, 400, "the mask and the image differ in size", "invalid_image_file")
    return None
