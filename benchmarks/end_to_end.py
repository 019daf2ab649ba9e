"""
From submitting many jobs to the last picture, beside the tutorial's service.

    python -m benchmarks.end_to_end [--rounds 3] [--jobs 200] [--latency 2] [--workers 40] [--side 1024]

ideal      jobs × latency / workers: the provider alone
makespan   from the first submit until the client has seen the last job done, as a multiple of the ideal
tail       from the provider's reply until the client sees done, p50 / p99 in ms
CPU        of the server, ms a job; × floor: of what decoding the picture and making its thumbnail cost alone, on one
           thread, in the same run (before and after it)
peak       the most memory at once, MB
status     what a status request took meanwhile, p50 / p99 in ms: the lag of the event loop as it is seen from outside, the
           client's own share of it included

The tutorial's service keeps the bytes and makes no thumbnail; here every picture is checked, decoded, made durable and has
its thumbnail before its job is done. The client asks for the oldest job that is not done, every 20 ms on a keep-alive
connection; what that costs is in the figures.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass

import uvloop

from benchmarks import client, servers
from benchmarks.client import Line, percentile
from benchmarks.servers import Server
from benchmarks.stub import picture
from reve_core.pictures import check, thumbnail

CAPS = check.Caps(64_000_000, 40_000_000)
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    makespan_s: float
    tails_ms: list[float]
    looks_ms: list[float]
    cpu_ms: float
    peak_mb: float
    idle_mb: float


def floor_ms(png: bytes, repeats: int = 15) -> float:
    """CPU of decoding and thumbnailing one picture, with nothing around it."""
    taken = []
    for _ in range(repeats):
        begun = time.thread_time()
        thumbnail.make(check.decode(png, CAPS))
        taken.append((time.thread_time() - begun) * 1000)
    return statistics.median(taken)


async def all_jobs(port: int, jobs: int) -> tuple[float, dict[str, float], list[float]]:
    """Seconds until all were seen done, when each was (seconds since 1970), and the milliseconds of every look."""
    seen: dict[str, float] = {}
    looks: list[float] = []

    async def submit(number: int) -> str:
        async with Line(port) as line:
            return (await client.submit(line, f"picture {number}"))[0]

    async def state(line: Line, job: str) -> str:
        _, answer, ms = await line.ask("GET", f"/status/{job}")
        looks.append(ms)
        return str(answer["status"])

    begun = time.perf_counter()
    ids = await asyncio.gather(*(submit(number) for number in range(jobs)))
    async with Line(port) as line:
        for number, job in enumerate(ids):
            while (now := await state(line, job)) != "done":
                assert now in ("pending", "running"), now
                await asyncio.sleep(LOOK_EVERY_S)
            seen[f"picture {number}"] = time.time()
    makespan = time.perf_counter() - begun
    return makespan, seen, looks


async def replies_of(port: int) -> dict[str, float]:
    async with Line(port) as line:
        replies: dict[str, float] = (await line.ask("GET", "/replies"))[1]
        return replies


def one_run(peer: Server, stub: Server, jobs: int) -> Run:
    with peer as server:
        time.sleep(0.5)
        cpu, idle = server.cpu_s(), server.memory_mb()
        makespan, seen, looks = uvloop.run(asyncio.wait_for(all_jobs(server.port, jobs), timeout=300))
        cpu = (server.cpu_s() - cpu) / jobs * 1000
        replies = uvloop.run(replies_of(stub.port))
        tails = [(seen[prompt] - replies[prompt]) * 1000 for prompt in seen]
        return Run(makespan, tails, looks, cpu, server.peak_mb(), idle)


def main() -> None:
    parser = argparse.ArgumentParser(description="From submit to picture, many at once.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=40, help="calls at once; the tutorial's service always has 40")
    parser.add_argument("--side", type=int, default=1024, help="pixels on each side of the pictures")
    parser.add_argument("--alone", action="store_true", help="without the tutorial's service")
    chosen = parser.parse_args()

    png = picture(chosen.side)
    ideal = chosen.jobs * chosen.latency / chosen.workers
    print(
        f"{chosen.jobs} jobs, {chosen.latency:g} s, {chosen.workers} at once, {len(png) / 1e6:.2f} MB: ideal {ideal:.1f} s"
    )
    print(f"{'':<10}{'makespan':>18}{'tail':>14}{'CPU':>8}{'× floor':>9}{'idle':>7}{'peak':>6}{'status':>16}")
    for _ in range(chosen.rounds):
        before = floor_ms(png)
        for ours in (False, True)[chosen.alone :]:
            with servers.stub(chosen.latency, chosen.side) as stub:
                peer = servers.ours(stub, at_once=chosen.workers) if ours else servers.tutorial(stub)
                run = one_run(peer, stub, chosen.jobs)
            floor = statistics.mean((before, floor_ms(png)))
            show(peer.name, run, ideal, floor if ours else None)


def show(name: str, run: Run, ideal: float, floor: float | None) -> None:
    beside = f"{run.cpu_ms / floor:.2f}" if floor else ""
    print(
        f"{name:<10}{run.makespan_s:>8.2f} s, {run.makespan_s / ideal:.3f} ×"
        f"{percentile(run.tails_ms, 0.5):>7.0f}/{percentile(run.tails_ms, 0.99):<6.0f}{run.cpu_ms:>8.1f}{beside:>9}"
        f"{run.idle_mb:>7.0f}{run.peak_mb:>6.0f}"
        f"{percentile(run.looks_ms, 0.5):>8.1f}/{percentile(run.looks_ms, 0.99):<7.1f}"
        + (f"  floor {floor:.1f} ms" if floor else ""),
        flush=True,
    )


if __name__ == "__main__":
    main()
