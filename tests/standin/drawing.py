"""
The stand-in's pictures and layouts. The same request always gives the same bytes (the real service promises no such thing).

``tiny`` draws a two-colour gradient of a few hundred bytes in well under a millisecond; ``sketch`` asks the built-in
sketch provider, so that a demo has something to look at.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from reve_core.models import JobRequest, ratio_of
from reve_core.ports import CallContext

Draw = Literal["tiny", "sketch"]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Artist:
    """``size`` is the long side in pixels (None: the mode's own). ``weight`` pads PNGs to about that many bytes."""

    draw: Draw = "tiny"
    size: int | None = None
    weight: int = 0

    def picture(self, fields: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """PNG bytes and the layout for a request's body."""
        digest = hashlib.sha256(repr(sorted(fields.items())).encode("utf-8", "replace")).digest()
        ratio = fields.get("aspect_ratio") or "3:2"
        ratio = "3:2" if ratio == "auto" else ratio
        longest = _fit(fields.get("postprocessing") or [])
        if self.draw == "sketch":
            png, layout = _sketch(fields["prompt"], ratio, int.from_bytes(digest[:4]), self.size, longest)
        else:
            png, layout = tiny_png(ratio, min(self.size or 48, longest), digest), _layout(fields["prompt"], ratio)
        return _padded(png, self.weight, digest), layout


def tiny_png(ratio: str, long_side: int, digest: bytes) -> bytes:
    width, height = ratio_of(ratio)
    scale = long_side / max(width, height)
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    first, second = digest[4:7], digest[7:10]
    lines = bytearray()
    for row in range(rows):
        share = row / rows
        lines += b"\x00" + bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True)) * columns
    return png_of(columns, rows, zlib.compress(bytes(lines)))


def png_of(width: int, height: int, idat: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", idat) + _chunk(b"IEND", b"")


def converted(png: bytes, mime: str) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").save(out, format={"image/jpeg": "JPEG", "image/webp": "WEBP"}[mime])
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _padded(png: bytes, weight: int, digest: bytes) -> bytes:
    """A private ancillary chunk of noise before the end: decoders skip it, networks carry it."""
    missing = weight - len(png) - 12
    if missing <= 0:
        return png
    noise = hashlib.shake_128(digest).digest(missing)
    return png[:-12] + _chunk(b"paDd", noise) + png[-12:]


def _fit(steps: list[dict[str, Any]]) -> int:
    sides = [side for step in steps if step.get("process") == "fit_image" for side in [step.get("max_dim")] if side]
    return min(sides, default=100_000)


def _layout(prompt: str, ratio: str) -> dict[str, Any]:
    width, height = ratio_of(ratio)
    side = math.sqrt(16_000_000 / (width * height))
    word = (prompt.split() or ["scene"])[-1][:40]
    return {
        "prompt": prompt,
        "width": round(width * side / 32) * 32,
        "height": round(height * side / 32) * 32,
        "regions": [
            {
                "label": f"<{word}>",
                "prompt": prompt,
                "region_type": "coarse_detail",
                "bbox": {"x0": 0.2, "y0": 0.15, "x1": 0.8, "y1": 0.9},
                "color_palette": [{"r": 200, "g": 120, "b": 40}],
            },
            {
                "label": "<detail>",
                "prompt": f"a detail of {word}",
                "region_type": "medium_detail",
                "parent": f"<{word}>",
                "bbox": {"x0": 0.4, "y0": 0.3, "x1": 0.6, "y1": 0.5},
            },
        ],
    }


def _sketch(prompt: str, ratio: str, seed: int, size: int | None, longest: int) -> tuple[bytes, dict[str, Any]]:
    from PIL import Image

    from reve_core.providers.sketch import SketchProvider

    provider = SketchProvider()
    can = provider.models[0].capabilities
    request = JobRequest(
        prompt=prompt[: can.max_prompt_chars],
        aspect_ratio=ratio if ratio in can.aspect_ratios else can.default_ratio,
        seed=seed if can.seed else None,
    )
    picture = provider.generate(request, CallContext(key="standin", timeout_s=60))
    layout = picture.receipt.layout.as_json() if picture.receipt.layout else _layout(prompt, ratio)
    with Image.open(io.BytesIO(picture.data)) as image:
        limit = min(size or max(image.size), longest)
        if image.format == "PNG" and max(image.size) <= limit:
            return picture.data, layout
        small = image.convert("RGB")
        small.thumbnail((limit, limit))
    out = io.BytesIO()
    small.save(out, format="PNG")
    return out.getvalue(), layout
