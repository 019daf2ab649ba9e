"""
The way of a request, beside the tutorial's service: submitting a job and asking for its status, by number of connections.

    python -m benchmarks.doors [--rounds 3] [--seconds 3] [--connections 1 16 64 200] [--fast-peer]

The tutorial keeps a job in a dict and does nothing for it; here a job is checked, belongs to somebody and is on the disk
before the answer. The app runs by its usual command with its default settings; its provider takes the first calls and does
not answer any, so that no picture disturbs. wrk asks from this machine and shares its cores.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks import client, servers
from benchmarks.servers import Server

BODY = '{"prompt": "a red fox in fresh snow at dawn", "width": 1024, "height": 1024}'
SCRIPT = Path(__file__).with_name("load.lua")
GOALS = {("submit", 1): 2.0, ("submit", 16): 3.0, ("submit", 64): 3.0, ("submit", 200): 3.0}
GOALS |= {("status", 1): 3.0, ("status", 64): 5.0}


@dataclass(frozen=True, slots=True)
class Figures:
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    failed: int


def load(server: Server, path: str, *, connections: int, seconds: int, body: str | None = None) -> Figures:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT)]
    environment = {**os.environ, **({"BODY": body} if body else {})}
    before = server.cpu_s()
    printed = subprocess.run(
        [*command, server.url + path], env=environment, check=True, capture_output=True, text=True, timeout=seconds + 60
    ).stdout
    cpu = server.cpu_s() - before
    done, us, p50, p99, failed = map(int, printed.partition("FIGURES ")[2].split()[:5])
    return Figures(done / us * 1e6, p50 / 1000, p99 / 1000, cpu / max(1, done) * 1e6, failed)


async def one_job(port: int) -> str:
    async with client.Line(port) as line:
        return (await client.submit(line, "the job that is asked for"))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Submit and status beside the tutorial's service.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each single measurement")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64, 200])
    parser.add_argument("--fast-peer", action="store_true", help="also the tutorial's service on uvloop and httptools")
    chosen = parser.parse_args()

    found: dict[tuple[str, int, str], list[Figures]] = {}
    names: list[str] = []
    with servers.stub(latency_s=3600) as stub:
        for number in range(chosen.rounds):
            with contextlib.ExitStack() as running:
                peers = [servers.tutorial(None), servers.ours(stub)]
                if chosen.fast_peer:
                    peers.insert(1, servers.tutorial(None, fast=True))
                names = [running.enter_context(peer).name for peer in peers]
                paths = {peer.name: f"/status/{uvloop.run(one_job(peer.port))}" for peer in peers}
                for peer in peers:
                    load(peer, "/generate", connections=16, seconds=1, body=BODY)
                    load(peer, paths[peer.name], connections=16, seconds=1)
                for kind in ("status", "submit"):
                    for count in chosen.connections:
                        for peer in peers[number % 2 :] + peers[: number % 2]:
                            path, body = ("/generate", BODY) if kind == "submit" else (paths[peer.name], None)
                            figures = load(peer, path, connections=count, seconds=chosen.seconds, body=body)
                            found.setdefault((kind, count, peer.name), []).append(figures)
            print(f"round {number + 1} of {chosen.rounds} done", flush=True)
    report(found, names, chosen.connections)


def report(found: dict[tuple[str, int, str], list[Figures]], names: list[str], connections: list[int]) -> None:
    for kind in ("submit", "status"):
        print(
            f"\n{kind:<7} c  {'':<18}{'per s':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}   tutorial × [rounds], p99 ×, CPU ×"
        )
        for count in connections:
            for name in names:
                rounds = found[kind, count, name]
                beside = "" if name == names[0] else ratios(rounds, found[kind, count, names[0]])
                goal = GOALS.get((kind, count)) if name == "ours" else None
                failed = sum(each.failed for each in rounds)
                print(
                    f"{count:>9}  {name:<18}{median(rounds, 'per_s'):>8.0f}{median(rounds, 'p50_ms'):>9.2f}"
                    f"{median(rounds, 'p99_ms'):>9.2f}{median(rounds, 'cpu_us'):>8.0f}   {beside}"
                    + (f", goal {goal:g}" if goal else "")
                    + (f", {failed} failed" if failed else "")
                )


def median(rounds: list[Figures], what: str) -> float:
    return statistics.median(getattr(figures, what) for figures in rounds)


def ratios(mine: list[Figures], theirs: list[Figures]) -> str:
    pairs = list(zip(mine, theirs, strict=True))
    faster = sorted(a.per_s / b.per_s for a, b in pairs)
    late = statistics.median(a.p99_ms / max(b.p99_ms, 0.001) for a, b in pairs)
    cpu = statistics.median(a.cpu_us / b.cpu_us for a, b in pairs)
    return f"{statistics.median(faster):5.2f} [{faster[0]:.2f}-{faster[-1]:.2f}], {late:.2f}, {cpu:.2f}"


if __name__ == "__main__":
    main()
