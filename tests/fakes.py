"""Providers for tests: one that answers at once, one that waits at a gate, one that does as it is told."""

import io
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from reve_core.errors import CallCancelled, RequestRejected
from reve_core.layout import BBox, Layout, Region
from reve_core.models import Capabilities, JobRequest, ModelInfo, Picture, Price, Receipt, ratio_of
from reve_core.ports import CallContext, Health

RATIOS = ("1:1", "16:9", "3:2", "2:3", "9:16")


def png(prompt: str = "", size: tuple[int, int] = (64, 64)) -> bytes:
    """A small real PNG whose colour depends on the prompt."""
    shade = zlib.crc32(prompt.encode("utf-8", "replace"))
    image = Image.new("RGB", size, (shade & 255, shade >> 8 & 255, shade >> 16 & 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class FakeProvider:
    """
    Answers with a small PNG. ``before`` runs inside every call and may wait, raise or replace the answer.

    ``able`` changes what its model can do; ``usd``: it counts in dollars, and charges so many for each picture. ``prompts``
    lists the calls in the order in which they began.
    """

    label = "AI-generated"
    sends_to = ""

    def __init__(
        self,
        *,
        name: str = "fake",
        idempotent: bool = False,
        title: str = "",
        model_title: str = "",
        credits: int = 10,
        usd: float | None = None,
        seed: bool = True,
        able: Mapping[str, object] | None = None,
        before: Callable[[JobRequest, CallContext], Picture | None] | None = None,
    ) -> None:
        self.name = name
        self.title = title or name.capitalize()
        self.idempotent = idempotent
        self.prompts: list[str] = []
        self.before = before
        self._credits = credits
        self._usd = usd
        self._guard = threading.Lock()
        self._models = (
            ModelInfo(
                id=f"{name}-1",
                title=model_title or self.title,
                capabilities=Capabilities(
                    aspect_ratios=RATIOS,
                    default_ratio="1:1",
                    max_prompt_chars=200,
                    seed=seed,
                    layout=True,
                    progress=True,
                    price=Price(credits=credits, usd=credits / 750) if usd is None else Price(usd=usd),
                    typical_s=(1.0, 3.0),
                ).model_copy(update=dict(able or {})),
            ),
        )

    @property
    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        able = self._models[0].capabilities
        if request.model not in ("", self._models[0].id):
            raise RequestRejected("The fake has no such model.")
        if request.aspect_ratio not in ("", *able.aspect_ratios):
            raise RequestRejected("The fake does not know this ratio.")
        if len(request.prompt) > able.max_prompt_chars:
            raise RequestRejected("The prompt is too long for the fake.")
        with self._guard:
            self.prompts.append(request.prompt)
        if self.before is not None and (answer := self.before(request, context)) is not None:
            return answer
        return self.picture(request)

    def picture(self, request: JobRequest) -> Picture:
        width, height = ratio_of(request.aspect_ratio or "1:1")
        size = (64, max(1, round(64 * height / width)))
        layout = Layout(
            regions=(Region(label="<thing>", prompt=request.prompt, bbox=BBox(x0=0.2, y0=0.2, x1=0.8, y1=0.8)),)
        )
        credits = self._credits if self._usd is None else None
        receipt = Receipt(
            request_id="rsid-fake", http_status=200, credits_used=credits, usd_used=self._usd, layout=layout
        )
        return Picture(png(f"{request.prompt} {request.seed}", size), receipt)

    def check(self) -> Health:
        return Health(True, "The fake is well.")

    def close(self) -> None:
        return None


class GatedProvider(FakeProvider):
    """Holds every call at ``gate``; ``started`` is set when the first one has begun."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.started = threading.Event()
        self.gate = threading.Event()
        self.before = self._wait

    def _wait(self, request: JobRequest, context: CallContext) -> None:
        self.started.set()
        while not self.gate.wait(timeout=0.02):
            if self.idempotent and context.is_cancelled():
                raise CallCancelled("Stopped.")
