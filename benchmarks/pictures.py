"""
What it costs to handle a picture's bytes, by hand: ``python -m benchmarks.pictures [--size 1024] [--rounds 5]``.

The variants of one question are timed in turn, round by round, and compared within the round, so that a busy machine
slows all of them alike. The best of three repeats counts; ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, PngImagePlugin

from reve_core.blobs.local import LocalBlobs
from reve_core.models import JobRequest
from reve_core.pictures import check, metadata, thumbnail

HERON = JobRequest(prompt="a heron wading at dawn, mist on the water " * 5, seed=7, provider="reve", model="latest")
CAPS = check.Caps(64_000_000, 40_000_000)


def sample(side: int) -> bytes:
    """A PNG that packs about as badly as a painted picture: soft shapes under fine grain."""
    soft = [Image.effect_mandelbrot((side, side), (-2 + shift, -1.5, 1 + shift, 1.5), 60) for shift in (0, 0.1, 0.2)]
    grain = [Image.effect_noise((side, side), 24) for _ in soft]
    picture = Image.merge("RGB", [Image.blend(a, b, 0.4) for a, b in zip(soft, grain, strict=True)])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def reencode(data: bytes, level: int) -> bytes:
    """The usual way to add text to a PNG: open, and save again."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", HERON.prompt)
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.save(buffer, "PNG", pnginfo=info, compress_level=level)
    return buffer.getvalue()


def lanczos(picture: Image.Image) -> bytes:
    """The usual thumbnail: LANCZOS, and WebP as it comes."""
    small = picture.copy()
    small.thumbnail((thumbnail.LONG_SIDE, thumbnail.LONG_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP")
    return buffer.getvalue()


def compare(title: str, rounds: int, variants: dict[str, Callable[[], object]]) -> None:
    """The first variant is ours; the others are told as multiples of it."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, work in variants.items():
            best = float("inf")
            for _ in range(3):
                began = time.perf_counter()
                work()
                best = min(best, time.perf_counter() - began)
            times[name].append(best * 1000)
    ours = next(iter(times.values()))
    print(f"\n{title}")
    for name, found in times.items():
        ratios = sorted(there / here for there, here in zip(found, ours, strict=True))
        print(
            f"  {name:<44} {statistics.median(found):9.3f} ms [{min(found):.3f}-{max(found):.3f}]"
            f"   x {statistics.median(ratios):.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}]"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="side of the square picture in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()

    data = sample(chosen.size)
    picture = check.decode(data, CAPS)
    print(f"{chosen.size} x {chosen.size} PNG, {len(data) / 1e6:.2f} MB; {chosen.rounds} rounds")
    compare(
        "write settings into a PNG",
        chosen.rounds,
        {
            "splice (ours)": lambda: metadata.embed(data, HERON, label="AI-generated"),
            "copy the bytes and nothing else": lambda: bytes(bytearray(data)),
            "decode and encode again, level 1": lambda: reencode(data, 1),
            "decode and encode again, Pillow's default": lambda: reencode(data, 6),
        },
    )
    marked = metadata.embed(data, HERON, label="AI-generated")
    compare(
        "read settings from a PNG", chosen.rounds, {"chunks, checksums checked (ours)": lambda: metadata.read(marked)}
    )
    compare(
        "thumbnail",
        chosen.rounds,
        {
            "reduce, BICUBIC, WebP method 2 (ours)": lambda: thumbnail.make(picture),
            "LANCZOS, WebP as it comes": lambda: lanczos(picture),
        },
    )
    compare(
        "check a picture",
        chosen.rounds,
        {
            "decode, every checksum (ours)": lambda: check.decode(data, CAPS),
            "decode, Pillow alone": lambda: Image.open(io.BytesIO(data)).load(),
            "header only (ours)": lambda: check.inspect(data, CAPS),
            "sha256": lambda: hashlib.sha256(data).hexdigest(),
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        blobs = LocalBlobs(Path(folder) / "blobs")
        plain = Path(folder) / "plain.png"
        numbers = iter(range(1_000_000))
        compare(
            "save a picture",
            chosen.rounds,
            {
                "durable, create-only (ours)": lambda: blobs.put(f"{next(numbers):032x}-1.png", data),
                "write_bytes, no promise": lambda: plain.write_bytes(data),
            },
        )


if __name__ == "__main__":
    main()
