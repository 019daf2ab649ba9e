"""
The app with several providers that differ as real ones do, and answer from this process: ``python -m tests.browser.several``.

``REVE_TEST_PACE_S`` is how long a step of each picture takes, in seconds.
"""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFilter

from app import app
from reve_core import bootstrap, lineup
from reve_core.errors import CallCancelled, KeyRefused, OutcomeUnknown
from reve_core.lineup import LineUp
from reve_core.models import JobRequest, Limits, Picture, Price, Receipt, ratio_of
from reve_core.ports import CallContext
from reve_core.settings import Settings
from tests.fakes import FakeProvider

PACE_S = float(os.environ.get("REVE_TEST_PACE_S", "0.05"))
MANY = (
    "1:1",
    "16:9",
    "9:16",
    "4:3",
    "3:4",
    "3:2",
    "2:3",
    "5:4",
    "4:5",
    "21:9",
    "2:1",
    "1:2",
    "3:1",
    "1:3",
    "4:1",
    "1:4",
)


def scene(request: JobRequest, side: int, blur: float = 0) -> Image.Image:
    """Hills under a sun, as large as ``side`` on the longer side."""
    width, height = ratio_of(request.aspect_ratio or "1:1")
    w, h = round(side * min(1, width / height)), round(side * min(1, height / width))
    image = Image.new("RGB", (w, h), (236, 178, 122))
    draw = ImageDraw.Draw(image)
    draw.ellipse((w * 0.6, h * 0.15, w * 0.6 + side * 0.2, h * 0.15 + side * 0.2), fill=(250, 236, 190))
    draw.polygon(
        [(0, h * 0.7), (w * 0.35, h * 0.4), (w * 0.7, h * 0.75), (w, h * 0.55), (w, h), (0, h)], fill=(74, 92, 120)
    )
    draw.polygon([(0, h * 0.85), (w * 0.5, h * 0.7), (w, h * 0.9), (w, h), (0, h)], fill=(38, 52, 66))
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur else image


def encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def queued(request: JobRequest, context: CallContext) -> Picture | None:
    """As a service with a queue of its own."""
    if "lost" in request.prompt:
        raise OutcomeUnknown("The connection broke after the request was sent.")
    for before in (3, 2, 1):
        context.progress(None, f"{before} before it at fal")
        time.sleep(PACE_S * 2)
    context.progress(None, "Being made at fal")
    time.sleep(PACE_S * 3)
    return finished(request, Receipt(request_id="fal-1", usd_used=0.25))


def stepped(request: JobRequest, context: CallContext) -> Picture | None:
    """As a model on this machine: step by step, each with a small picture, and it can be stopped."""
    steps = 12
    for step in range(1, steps + 1):
        if context.is_cancelled():
            raise CallCancelled("Stopped.")
        small = scene(request, 160, 14 * (1 - step / steps) ** 2)
        context.progress(step / steps, f"Step {step} of {steps}", preview=encoded(small, "JPEG"))
        time.sleep(PACE_S * 2)
    return finished(request, Receipt(usd_used=0.0))


def closed(request: JobRequest, context: CallContext) -> Picture | None:
    raise KeyRefused("Acme refuses the key. Put a new one into ACME_KEY.")


def finished(request: JobRequest, receipt: Receipt) -> Picture:
    return Picture(encoded(scene(request, 512), "PNG"), receipt)


def providers() -> list[FakeProvider]:
    return [
        FakeProvider(
            name="fal",
            title="fal",
            model_title="Reve 2.1",
            usd=0.25,
            before=queued,
            able={
                "aspect_ratios": MANY,
                "max_prompt_chars": 4000,
                "seed": False,
                "layout": False,
                "stops": True,
                "resumes": True,
                "price": Price(usd=0.25, as_of="2026-09-30", source="fal.ai model page"),
                "typical_s": (7.0, 20.0),
            },
        ),
        FakeProvider(
            name="reve",
            model_title="Reve 2",
            credits=150,
            able={"seed": False, "max_prompt_chars": 2560, "typical_s": (40.0, 80.0)},
        ),
        FakeProvider(
            name="acme",
            title="Acme",
            model_title="Painter mini",
            usd=0.035,
            before=closed,
            able={"seed": False, "layout": False, "aspect_ratios": ("1:1", "3:2", "2:3"), "max_prompt_chars": 4000},
        ),
        FakeProvider(
            name="lab",
            title="Lab",
            model_title="Small diffusion",
            credits=0,
            before=stepped,
            able={
                "layout": False,
                "preview": True,
                "stops": True,
                "max_prompt_chars": 500,
                "aspect_ratios": ("1:1", "4:3", "3:4", "16:9", "9:16"),
                "note": "Its licence allows no commercial use.",
                "typical_s": (4.0, 9.0),
            },
        ),
    ]


def line_up(settings: Settings) -> LineUp:
    """These in the place of those that the settings name; the default one stays who it is."""
    made = {provider.name: provider for provider in providers()}
    limits = {name: Limits(2) for name in made} | {"lab": Limits(1), "fal": Limits(2, 30, daily_credits=3750)}
    return replace(lineup.line_up(settings), providers=dict(made), limits=limits)


if __name__ == "__main__":
    bootstrap.line_up = line_up
    app.run(config={"server.port": int(os.environ["PORT"]), "server.headless": True})
