"""
How long a status or a submit takes while many jobs are on their way, beside the tutorial's service.

    python -m benchmarks.in_flight [--rounds 3] [--jobs 200] [--latency 2] [--workers 40] [--side 1024]

All jobs are submitted at once; then polls and further submits follow, spread over four times the provider's latency, each
on a connection of its own and without waiting for the one before. Pictures arrive and are kept meanwhile.
"""

import argparse
import asyncio
import random

import uvloop

from benchmarks import client, servers
from benchmarks.client import Line, percentile
from benchmarks.servers import Server

POLLS, SUBMITS = 120, 40


async def one_round(port: int, jobs: int, latency_s: float) -> tuple[list[float], list[float]]:
    """Milliseconds of each poll and of each submit."""
    polls: list[float] = []
    submits: list[float] = []

    async def submit(number: int) -> str:
        async with Line(port) as line:
            return (await client.submit(line, f"picture {number}"))[0]

    async def later(wait_s: float, job: str | None) -> None:
        async with Line(port) as line:
            await asyncio.sleep(wait_s)
            if job is None:
                submits.append((await client.submit(line, "one more"))[1])
                return
            status, _, ms = await line.ask("GET", f"/status/{job}")
            assert status == 200, status
            polls.append(ms)

    ids = await asyncio.gather(*(submit(number) for number in range(jobs)))
    chance = random.Random(7)
    span = 4 * latency_s
    waits = [later(chance.uniform(0, span), chance.choice(ids)) for _ in range(POLLS)]
    waits += [later(chance.uniform(0, span), None) for _ in range(SUBMITS)]
    await asyncio.wait_for(asyncio.gather(*waits), timeout=120)
    return polls, submits


def main() -> None:
    parser = argparse.ArgumentParser(description="Requests while many jobs are on their way.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=40, help="calls at once; the tutorial's service always has 40")
    parser.add_argument("--side", type=int, default=1024)
    chosen = parser.parse_args()

    print(f"{chosen.jobs} jobs of {chosen.latency:g} s; per round {POLLS} polls and {SUBMITS} submits; ms, p50 / p99")
    for _ in range(chosen.rounds):
        with servers.stub(chosen.latency, chosen.side) as stub:
            show(servers.tutorial(stub), chosen.jobs, chosen.latency)
            show(servers.ours(stub, at_once=chosen.workers), chosen.jobs, chosen.latency)


def show(peer: Server, jobs: int, latency_s: float) -> None:
    with peer as server:
        polls, submits = uvloop.run(one_round(server.port, jobs, latency_s))
    print(
        f"{peer.name:<10} poll {percentile(polls, 0.5):8.1f} /{percentile(polls, 0.99):8.1f}"
        f"   submit {percentile(submits, 0.5):8.1f} /{percentile(submits, 0.99):8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
