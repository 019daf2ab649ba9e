"""
``SketchProvider``: the built-in provider. No key, no network, no model: pictures are drawn by code.

This module must stay light: NumPy, Pillow and resvg are imported by the first picture, not by the app's start.
"""

from __future__ import annotations

import io
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reve_core.errors import CallCancelled, NotCharged, ProviderError, RequestRejected
from reve_core.layout import Layout
from reve_core.models import Capabilities, JobRequest, ModelInfo, Picture, Price, Receipt
from reve_core.ports import CallContext, Health
from reve_core.providers.sketch.sizes import DEFAULT_RATIO, PIXELS, RATIOS, size_for

if TYPE_CHECKING:
    from PIL import Image

LABEL = "Drawn by code, not an AI model"
MODEL = "sketch-1"
MAX_PROMPT_CHARS = 4000
_TICK_S = 0.05  # how often the artificial delay looks whether somebody wants it to stop


class SketchProvider:
    """
    Draws what it knows of a prompt and says what it left out. Safe to call from several threads at once.

    ``delay_s`` makes every picture take that much longer, so that a demo shows its queue; it can be cancelled at any
    moment. ``pixels`` is the size of a picture. ``clock`` and ``pause`` (both in seconds) are for tests.
    """

    name = "sketch"
    title = "Sketch"
    label = LABEL
    idempotent = True
    sends_to = ""

    def __init__(
        self,
        delay_s: float = 0.0,
        *,
        pixels: int = PIXELS,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._delay_s = max(0.0, delay_s)
        self._pixels = pixels
        self._clock = clock
        self._closed = threading.Event()
        self._pause = pause or self._closed.wait
        capabilities = Capabilities(
            aspect_ratios=RATIOS,
            default_ratio=DEFAULT_RATIO,
            max_prompt_chars=MAX_PROMPT_CHARS,
            seed=True,
            layout=True,
            progress=True,
            price=Price(),
            typical_s=(0.3 + self._delay_s, 2.5 + self._delay_s),
        )
        self._models = (ModelInfo(id=MODEL, title="Sketch 1", capabilities=capabilities),)

    @property
    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """
        Draw one picture. Raises ``RequestRejected`` for what it cannot serve, ``CallCancelled`` when asked to stop, and
        ``NotCharged`` when time runs out or the drawing fails; never anything else, since nothing is ever bought.
        """
        self._check_request(request)
        watch = _Watch(context, self._clock)
        try:
            self._delay(watch)
            return self._draw(request, watch)
        except ProviderError:
            raise
        except Exception as exc:
            raise NotCharged("The sketch could not be drawn. Nothing was charged.") from exc

    def check(self) -> Health:
        try:
            from reve_core.providers.sketch.vocabulary import vocabulary

            words = len(vocabulary().meanings)
        except Exception:
            return Health(ok=False, text="The sketch's drawings cannot be read. Reinstall the app.")
        return Health(ok=True, text=f"Ready. It draws {words:,} words by code, without a key and for free.")

    def close(self) -> None:
        """Wake every artificial delay; pictures on their way are finished."""
        self._closed.set()

    # ------------------------------------------------------------ parts

    def _check_request(self, request: JobRequest) -> None:
        if request.model not in ("", MODEL):
            raise RequestRejected(f"The sketch has no model named {request.model!r}.")
        if request.aspect_ratio not in ("", *RATIOS):
            raise RequestRejected(f"The sketch has no aspect ratio {request.aspect_ratio!r}. Choose one of the list.")
        if len(request.prompt) > MAX_PROMPT_CHARS:
            raise RequestRejected(f"The prompt is longer than {MAX_PROMPT_CHARS} characters. Shorten it.")

    def _delay(self, watch: _Watch) -> None:
        """Wait ``delay_s``, moving the progress and listening for a stop."""
        if not self._delay_s:
            return
        share = self._delay_s / (self._delay_s + 1)  # of the whole, taking the drawing for one second
        watch.start_at = share
        begun = self._clock()
        while not self._closed.is_set():
            passed = self._clock() - begun
            watch.report(share * min(1.0, passed / self._delay_s), "Sharpening the pencils")
            if passed >= self._delay_s:
                return
            self._pause(min(_TICK_S, self._delay_s - passed))

    def _draw(self, request: JobRequest, watch: _Watch) -> Picture:
        watch.step(0.0, "Reading the prompt")
        from reve_core.providers.sketch.compose import compose
        from reve_core.providers.sketch.describe import notes
        from reve_core.providers.sketch.draw import render
        from reve_core.providers.sketch.parse import parse

        seed = request.seed or 0
        brief = parse(request.prompt)
        width, height = size_for(request.aspect_ratio or DEFAULT_RATIO, self._pixels)
        watch.step(0.02, "Arranging the picture")
        layout = compose(brief, seed, width, height)
        image = render(layout, seed, step=lambda fraction, text: watch.step(0.03 + 0.94 * fraction, text))
        watch.step(0.98, "Saving the picture")
        said = notes(brief)
        data = encode(image, said)
        watch.report(1.0, "Done")
        return Picture(data, _receipt(layout, said, seed, data))


class _Watch:
    """Reports progress and raises when the call should stop. ``start_at`` is where the drawing's own share begins."""

    def __init__(self, context: CallContext, clock: Callable[[], float]) -> None:
        self._context, self._clock = context, clock
        self._deadline = clock() + context.timeout_s
        self.start_at = 0.0

    def step(self, fraction: float, text: str) -> None:
        """Before a part of the drawing; ``fraction`` of the drawing alone."""
        self.report(self.start_at + (1 - self.start_at) * fraction, text)

    def report(self, fraction: float, text: str) -> None:
        if self._context.is_cancelled():
            raise CallCancelled("Stopped. Nothing was charged.")
        if self._clock() > self._deadline:
            raise NotCharged(f"The sketch took longer than {self._context.timeout_s:g} seconds. Nothing was charged.")
        self._context.progress(min(1.0, fraction), text)


def encode(image: Image.Image, said: tuple[str, ...] = ()) -> bytes:
    """The picture as PNG, with text chunks that say it was drawn by code and what it shows."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Software", "Reve Studio, built-in sketch")
    info.add_itxt("Source", LABEL)
    if said:
        info.add_itxt("Comment", " ".join(said))
    out = io.BytesIO()
    # Level 1 is five times faster than the default and costs a tenth more bytes.
    image.save(out, "PNG", compress_level=1, pnginfo=info)
    return out.getvalue()


def _receipt(layout: Layout, said: tuple[str, ...], seed: int, data: bytes) -> Receipt:
    raw = {"seed": seed, "drawn_by": LABEL, "crc32": f"{zlib.crc32(data):08x}"}
    return Receipt(credits_used=0, version=MODEL, layout=layout, notes=said, raw=raw)
