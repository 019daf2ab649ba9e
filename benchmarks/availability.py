"""
A public link under a hostile visitor, and under forty polite ones.

    python -m benchmarks.availability [--seconds 20] [--visitors 40] [--sockets 200] [--frames 500] [--jobs 500]

First one address asks for 200 websockets at once, sends 500 frames that each ask for a run of the page's script, over and
over on whatever the server leaves open, and has 500 jobs in the line; meanwhile other visitors submit over HTTP, each from an
address of their own, one every second. Told are the milliseconds that their submits took and how many other claims went before
their job's, which may be one for each worker. Then forty visitors have a page open that asks for news as pages do, and each
presses something every ten seconds: told is the server's CPU. It ends by itself, after about a minute and a half.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import multiprocessing
import sqlite3
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.client import percentile
from benchmarks.servers import Server
from reve_core.models import JobRequest, Order
from reve_core.store.sqlite import SqliteStore

SKETCH = JobRequest(prompt="a heron", aspect_ratio="1:1", seed=1, provider="sketch", model="sketch-1")
HOSTILE, WORKERS, POLL_S, CLICK_S = "192.0.2.66", 2, 0.9, 10.0
GONE = (WebSocketException, OSError, asyncio.TimeoutError)


def ours() -> Server:
    environment = {
        "REVE_DATA_DIR": "{folder}/data",
        "REVE_MODE": "public",
        "REVE_SECRET": "not-a-secret-since-it-stands-in-a-benchmark",
        "REVE_TRUSTED_HOPS": "1",
        "REVE_SKETCH_DELAY_S": "1",
        "REVE_SKETCH_CONCURRENCY": str(WORKERS),
        "REVE_LINK_QUEUE": "2000",  # the hostile jobs are put into the line past every limit
        "REVE_LINK_PER_MINUTE": "0",
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "{port}"]
    return Server("ours", command, ready="/_stcore/health", environment=environment)


def fill(folder: Path, jobs: int) -> None:
    """That many jobs of one visitor, written into the table itself."""
    store = SqliteStore(folder / "data" / "reve.db", timeout_s=30)
    for start in range(0, jobs, 100):
        store.submit([Order((SKETCH,) * min(100, jobs - start), owner="v-hostile")])
    store.close()


def rerun() -> bytes:
    frame = BackMsg()
    frame.rerun_script.query_string = ""
    return bytes(frame.SerializeToString())


def opening(port: int, address: str, cookie: str = "") -> connect:
    headers = {"X-Forwarded-For": address} | ({"Cookie": cookie} if cookie else {})
    return connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        additional_headers=headers,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        compression=None,
        open_timeout=30,
        close_timeout=1,
        max_size=None,
        proxy=None,
    )


async def drain(socket: ClientConnection) -> None:
    """Read and forget, as a browser reads: who does not read is not sent anything any more."""
    with contextlib.suppress(*GONE):
        async for _ in socket:
            pass


# -- one hostile visitor


async def attack(port: int, sockets: int, frames: int, until: float, told: dict[str, int]) -> None:
    """Hold what can be held, send what can be sent, and come back for what was closed."""
    frame = rerun()
    left = itertools.repeat(None, frames * 200)  # a bound of its own, should the clock stand still

    async def one() -> None:
        while time.monotonic() < until:
            try:
                async with opening(port, HOSTILE) as socket:
                    told["opened"] += 1
                    reading = asyncio.create_task(drain(socket))
                    try:
                        for _ in range(frames):
                            if next(left, 0) == 0:
                                return
                            await socket.send(frame)
                            told["frames"] += 1
                        await asyncio.wait_for(socket.wait_closed(), max(0.1, until - time.monotonic()))
                    finally:
                        reading.cancel()
            except GONE:
                told["refused or closed"] += 1
                await asyncio.sleep(0.2)

    await asyncio.gather(*(one() for _ in range(sockets)))


async def others(url: str, until: float, begin_with: int) -> tuple[list[float], list[str]]:
    """Milliseconds of each submit, and the ids of the jobs. A new visitor each time, who has opened a page before."""
    took, jobs = [], []
    for number in itertools.count(begin_with):
        if time.monotonic() > until:
            return took, jobs
        headers = {"X-Forwarded-For": f"198.51.100.{number % 250 + 1}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            await client.get("/")
            begun = time.perf_counter()
            answer = await client.post("/generate", json={"prompt": f"a heron for visitor {number}"})
            took.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, answer.text
            jobs.append(answer.json()["job_id"])
        await asyncio.sleep(1)
    raise AssertionError


def attack_now(port: int, sockets: int, frames: int, seconds: float) -> dict[str, int]:
    """The attack in a process of its own, so that it slows the server down and not those who measure it."""
    told = {"opened": 0, "frames": 0, "refused or closed": 0}
    with contextlib.suppress(asyncio.TimeoutError):
        attacked = attack(port, sockets, frames, time.monotonic() + seconds, told)
        asyncio.run(asyncio.wait_for(attacked, seconds + 5))
    return told


async def hostile(
    server: Server, seconds: float, sockets: int, frames: int
) -> tuple[list[float], list[str], dict[str, int]]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        attacked = loop.run_in_executor(pool, attack_now, server.port, sockets, frames, seconds)
        await asyncio.sleep(2)  # it is under way
        took, jobs = await others(server.url, time.monotonic() + seconds - 2, 1)
        return took, jobs, await attacked


def claims_before(folder: Path, jobs: list[str]) -> list[int]:
    """How many jobs of others were begun between each job's submit and its own begin; those not begun are left out."""
    with contextlib.closing(sqlite3.connect(folder / "data" / "reve.db")) as db:
        rows = db.execute("select id, created_at, started_at from jobs where started_at is not null").fetchall()
    begun = {job: (created, started) for job, created, started in rows}
    return [
        sum(begun[job][0] < started < begun[job][1] for _, started in begun.values()) for job in jobs if job in begun
    ]


# -- many polite ones


async def polite(server: Server, visitors: int, seconds: float) -> tuple[float, int, int]:
    """The share of one core that the server used, the polls that were answered, and the clicks."""
    polls = clicks = 0

    async def visitor(number: int, begin: asyncio.Event) -> None:
        nonlocal polls, clicks
        address = f"203.0.113.{number + 1}"
        async with httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": address}, timeout=60) as client:
            await client.get("/")
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
            async with opening(server.port, address, cookie) as socket:
                reading = asyncio.create_task(drain(socket))
                await socket.send(rerun())
                await begin.wait()
                until = time.monotonic() + seconds
                click = time.monotonic() + CLICK_S * number / visitors
                while time.monotonic() < until:
                    (await client.get("/api/live")).raise_for_status()
                    polls += 1
                    if time.monotonic() >= click:
                        click += CLICK_S
                        clicks += 1
                        await socket.send(rerun())
                    await asyncio.sleep(POLL_S)
                reading.cancel()

    begin = asyncio.Event()
    all_of_them = [asyncio.create_task(visitor(number, begin)) for number in range(visitors)]
    await asyncio.sleep(10)  # every page has been opened and drawn
    cpu, begun = server.cpu_s(), time.monotonic()
    begin.set()
    await asyncio.gather(*all_of_them)
    return (server.cpu_s() - cpu) / (time.monotonic() - begun), polls, clicks


def main() -> None:
    parser = argparse.ArgumentParser(description="A public link under a hostile visitor, and under polite ones.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=500)
    chosen = parser.parse_args()
    with ours() as server:
        fill(server.folder, chosen.jobs)
        attacked = hostile(server, chosen.seconds, chosen.sockets, chosen.frames)
        took, jobs, told = asyncio.run(asyncio.wait_for(attacked, chosen.seconds + 120))
        before = claims_before(server.folder, jobs)
        print(
            f"hostile: {told['opened']} sockets opened, {told['refused or closed']} refused or closed, {told['frames']} frames"
        )
        print(
            f"submits of others: {len(took)}; ms p50 {percentile(took, 0.5):.0f}, worst {max(took):.0f}"
            f" ({'under' if max(took) < 3000 else 'OVER'} 3,000)"
        )
        print(
            f"claims before theirs: at most {max(before, default=0)} of {chosen.jobs} that waited; workers: {WORKERS}"
        )
    with ours() as server:
        share, polls, clicks = asyncio.run(
            asyncio.wait_for(polite(server, chosen.visitors, chosen.seconds), chosen.seconds + 120)
        )
        print(
            f"{chosen.visitors} polite visitors: {polls} polls and {clicks} clicks in {chosen.seconds:.0f} s;"
            f" {share:.0%} of one core ({'under' if share < 0.6 else 'OVER'} 60%), {server.peak_mb():.0f} MB at most"
        )


if __name__ == "__main__":
    main()
