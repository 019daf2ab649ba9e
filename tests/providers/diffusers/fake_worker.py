"""
A worker that draws nothing: it speaks as the real one does, and does as the prompt tells it.

    python fake_worker.py [--mute]

``--mute``: says nothing of itself but what it is asked for, not even that it lives.
"""

import io
import os
import signal
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import Image

from reve_core.providers.diffusers import frames
from reve_core.providers.diffusers.worker import Orders, Voice

STEPS = 4


def main() -> None:
    orders, voice = Orders(), Voice(os.fdopen(os.dup(1), "wb"))
    threading.Thread(target=orders.read, args=(os.fdopen(os.dup(0), "rb"),), daemon=True).start()
    if "--mute" not in sys.argv:
        threading.Thread(target=beat, args=(voice,), daemon=True).start()
    while True:
        order = orders.waiting.get()
        make(order, orders, voice)


def beat(voice: Voice) -> None:
    while True:
        time.sleep(0.1)
        voice.say("alive")


def make(order: Mapping[str, Any], orders: Orders, voice: Voice) -> None:
    job, prompt = int(order["job"]), str(order["prompt"])
    if prompt == "had just gone idle" and not os.path.exists(order["model"]["folder"] + "/went"):
        open(order["model"]["folder"] + "/went", "w").close()
        os._exit(0)
    voice.say("begun", job=job)
    match prompt.split(" "):
        case ["fail", code]:
            return voice.say("failed", job=job, code=code, detail="SomeError", dtype="float16")
        case ["die"]:
            print("a last word", file=sys.stderr, flush=True)
            os._exit(3)
        case ["be", "killed"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["stop", "answering"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        case ["speak", "in", "tongues"]:
            os.write(1, b"\xff" * 64)
            return time.sleep(60)
        case ["send", "nothing"]:
            return voice.say("done", job=job, width=order["width"], height=order["height"])
        case ["go", "on", "for", "ever"]:
            step = 0
            while not orders.is_cancelled(job):
                step = min(step + 1, 999)
                voice.say("step", job=job, step=step, steps=1000)
                time.sleep(0.01)
            return voice.say("failed", job=job, code="cancelled")
        case ["draw", "although", "told", "to", "stop"]:
            while not orders.is_cancelled(job):
                time.sleep(0.01)
    for step in range(STEPS):
        voice.say("step", b"a small picture", job=job, step=step + 1, steps=STEPS)
    told = {name: order[name] for name in ("seed", "width", "height")}
    voice.say("done", picture(order), job=job, device="cpu", dtype="float32", notes=[], **told)
    return None


def picture(order: Mapping[str, Any]) -> bytes:
    shade = zlib.crc32(f"{order['seed']} {order['prompt']!r}".encode())
    image = Image.new("RGB", (order["width"], order["height"]), (shade & 255, shade >> 8 & 255, shade >> 16 & 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    assert frames  # the pipe's words are the real ones
    main()
