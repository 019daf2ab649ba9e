"""
Milliseconds per 1024 x 1024 sketch, over 30 prompts. Run by hand: ``python benchmarks/sketch.py``.

CPU time of this process (all its threads) and wall time, after one warm-up picture; layout and PNG encoding included.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reve_core.providers.sketch import plan_layout, render
from reve_core.providers.sketch.provider import encode

PROMPTS = [
    "a red fox in a snowy forest at dawn, watercolor",
    "city skyline at night in the rain, neon, poster style",
    "an astronaut riding a horse on mars, oil painting",
    "a cat and a dog on a beach at sunset",
    'coffee shop logo that says "BREW LAB"',
    "isometric tiny island with a lighthouse, pixel art",
    "a dragon over mountains, storm",
    "bowl of ramen, studio light",
    "three hot air balloons over a lake at sunrise",
    "the feeling of forgetting a name",
    "a wizard holding a lantern in a dark forest",
    "an owl wearing a hat reading a book, pencil sketch",
    "a whale in space",
    'a blue car on a desert road at golden hour, travel poster "ROUTE 66"',
    "a panda eating ramen, comic book style",
    "a lighthouse in a storm, noir",
    "a sea turtle in a coral reef",
    "a rabbit in a meadow full of flowers, low poly",
    "a city street at night, neon",
    "a castle on a hill under a full moon",
    "a red dragon and a knight, comic",
    "two penguins in the snow holding an umbrella",
    "a wolf howling at night in the mountains, ink drawing",
    "a robot drinking tea in a cozy library",
    "a cat in a teacup, pastel",
    "sunflowers in a field at golden hour, impressionist oil",
    'a sailboat on the sea at sunset, poster "SAIL AWAY"',
    "portrait of an old man, oil painting",
    'a birthday card that says "Happy birthday Ana"',
    "a cozy cabin in the woods at night",
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the built-in sketch.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--save", type=Path, help="also write the pictures into this folder")
    args = parser.parse_args()
    encode(render(plan_layout("a fox"), 0))
    cpu_ms, wall_ms = [], []
    for index, prompt in enumerate(PROMPTS):
        wall, cpu = time.perf_counter(), time.process_time()
        data = encode(render(plan_layout(prompt, args.seed), args.seed))
        cpu_ms.append((time.process_time() - cpu) * 1000)
        wall_ms.append((time.perf_counter() - wall) * 1000)
        print(f"{cpu_ms[-1]:6.0f} ms CPU  {wall_ms[-1]:6.0f} ms  {len(data) / 1e6:4.1f} MB  {prompt}", flush=True)
        if args.save:
            args.save.mkdir(parents=True, exist_ok=True)
            (args.save / f"{index:02d}.png").write_bytes(data)
    for name, values in (("CPU", cpu_ms), ("wall", wall_ms)):
        print(f"{name}: min {min(values):.0f}, median {statistics.median(values):.0f}, max {max(values):.0f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
