"""
Draw the example pictures anew: ``python -m scripts.build_examples``.

The built-in sketch draws every entry of ``reve_core/examples/examples.toml``; what is kept is a WebP of 384 px. Run it
after a prompt or the sketch has changed, look at the pictures, and commit them.
"""

from __future__ import annotations

import io
import sys

from PIL import Image

from reve_core.examples import FOLDER, examples
from reve_core.models import JobRequest
from reve_core.ports import CallContext
from reve_core.providers.sketch import SketchProvider

SIDE = 384


def main() -> int:
    provider = SketchProvider()
    wanted = {example.picture for example in examples()}
    for stray in {path.name for path in FOLDER.glob("*.webp")} - wanted:
        (FOLDER / stray).unlink()
    for example in examples():
        request = JobRequest(prompt=example.prompt, aspect_ratio=example.ratio, seed=example.seed, provider="sketch")
        picture = provider.generate(request, CallContext(key=example.name, timeout_s=60))
        with Image.open(io.BytesIO(picture.data)) as image:
            small = image.convert("RGB")
            small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            small.save(FOLDER / example.picture, "WEBP", quality=82, method=6)
        print(f"{example.picture}: {', '.join(picture.receipt.notes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
