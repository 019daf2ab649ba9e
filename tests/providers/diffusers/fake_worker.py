"""
A worker that draws nothing: it speaks as the real one does, and does as the prompt tells it, or as a folder does.

    python fake_worker.py [FOLDER]

``FOLDER/plan.json`` names the ``fault`` of the next orders, for as many ``times`` as it says (0: all). Each order adds a
line to ``FOLDER/sent``. It starts in a moment: of the app it takes the frames alone, by their file.
"""

import importlib.util
import json
import os
import queue
import signal
import struct
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FRAMES = Path(__file__).resolve().parents[3] / "reve_core" / "providers" / "diffusers" / "frames.py"
STEPS = 4
MOST = 0xFFFFFFFF

spec = importlib.util.spec_from_file_location("frames", FRAMES)
assert spec is not None
assert spec.loader is not None
frames = importlib.util.module_from_spec(spec)
sys.modules["frames"] = frames
spec.loader.exec_module(frames)

orders: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
cancelled: set[int] = set()
speaking = threading.Lock()
out = os.fdopen(os.dup(1), "wb")


def read() -> None:
    with os.fdopen(os.dup(0), "rb") as stream:
        while (message := frames.read(stream)) is not None:
            if message.head["do"] == "make":
                orders.put(message.head)
            else:
                cancelled.add(message.head["job"])
    os._exit(0)


def beat() -> None:
    while True:
        say("alive")
        time.sleep(0.1)


def say(what: str, body: bytes = b"", **more: object) -> None:
    with speaking:
        try:
            frames.write(out, {"say": what, **more}, body)
        except OSError:
            os._exit(0)


def make(order: Mapping[str, Any]) -> None:
    job, prompt = int(order["job"]), str(order["prompt"])
    went = Path(order["model"]["folder"], "went")
    if prompt == "had just gone idle" and not went.exists():
        went.touch()
        os._exit(0)
    if prompt == "say nothing of it":
        return time.sleep(600)
    say("begun", job=job)
    match prompt.split(" "):
        case ["fail", code]:
            return say("failed", job=job, code=code, detail="SomeError", dtype="float16")
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
            return done(order, b"")
        case ["go", "on", "for", "ever"]:
            step = 0
            while job not in cancelled:
                step = min(step + 1, 999)
                say("step", job=job, step=step, steps=1000)
                time.sleep(0.01)
            return say("failed", job=job, code="cancelled")
        case ["draw", "although", "told", "to", "stop"]:
            while job not in cancelled:
                time.sleep(0.01)
    for step in range(STEPS):
        say("step", b"a small picture", job=job, step=step + 1, steps=STEPS)
    return done(order, picture(order))


def done(order: Mapping[str, Any], body: bytes) -> None:
    told = {name: order[name] for name in ("job", "seed", "width", "height")}
    say("done", body, device="cpu", dtype="float32", notes=[], **told)


def picture(order: Mapping[str, Any]) -> bytes:
    shade = zlib.crc32(f"{order['seed']} {order['prompt']!r}".encode())
    return png(order["width"], order["height"], shade.to_bytes(4, "big")[:3])


def png(width: int, height: int, colour: bytes, claims: tuple[int, int] | None = None) -> bytes:
    lines = zlib.compress((b"\0" + colour * width) * height, 1)
    head = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in ((b"IHDR", head), (b"IDAT", lines), (b"IEND", b"")))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# ---------------------------------------------------------------- as the folder says


def fault_of(folder: Path) -> str:
    """What the next order should meet, "" for nothing; and it is written down that it came."""
    with (folder / "sent").open("a") as sent:
        sent.write("one\n")
    plan = json.loads((folder / "plan.json").read_text()) if (folder / "plan.json").exists() else {}
    if not plan:
        return ""
    if plan["times"] == 1:
        (folder / "plan.json").write_text("{}")
    return str(plan["fault"])


def misbehave(fault: str, order: Mapping[str, Any], folder: Path) -> None:
    whole = picture(order)
    match fault:
        case "hang":
            time.sleep(600)
        case "drip":
            with speaking:
                while True:
                    os.write(1, b"\0")
                    time.sleep(0.3)
        case "reset":
            os._exit(1)
        case "short_body":
            with speaking:
                os.write(1, struct.pack(">II", 1000, 0) + b'{"say": "do')
                os._exit(1)
        case "garbage":
            os.write(1, struct.pack(">II", 9, 0) + b'{"say": "' + b"\0" * 64)
        case "html":
            os.write(1, b"<html><script>alert(1)</script></html>")
        case "huge":
            os.write(1, struct.pack(">II", 10, MOST) + b'{"say": 1}')
        case "svg":
            done(order, b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
        case "empty_image":
            done(order, b"")
        case "truncated_png":
            done(order, whole[: len(whole) // 2])
        case "pixel_bomb":
            done(order, png(1, 1, b"red", claims=(60_000, 60_000)))
        case "hold":
            while not (folder / "release").exists():
                time.sleep(0.01)
            make(order)


def main() -> None:
    threading.Thread(target=read, daemon=True).start()
    threading.Thread(target=beat, daemon=True).start()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    while True:
        order = orders.get()
        fault = fault_of(folder) if folder is not None else ""
        if folder is not None and fault:
            misbehave(fault, order, folder)
        else:
            make(order)


if __name__ == "__main__":
    main()
