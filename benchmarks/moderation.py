"""
What judging a prompt costs, by length, and for inputs made to be slow.

    python -m benchmarks.moderation [--rounds 400]

Milliseconds of CPU of one ``judge`` call, so that neighbours on the machine disturb it little. Every text differs from the last, so nothing is remembered from it.
"""

import argparse
import base64
import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path

from reve_core.guard.moderation import Moderator

PROMPTS = Path(__file__).parent.parent / "tests" / "guard" / "moderation" / "benign.txt"


def prose(length: int, chance: random.Random) -> str:
    """So many characters of ordinary prompts, in an order of its own."""
    lines = [line for line in PROMPTS.read_text().splitlines() if not line.startswith("#")]
    text = ""
    while len(text) < length:
        text += f"{chance.choice(lines)}, "
    return text[:length]


def hostile(length: int, chance: random.Random) -> dict[str, str]:
    """Texts that make some step of the folding or the search work hardest."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    blob = base64.b64encode(prose(length, chance).encode()).decode()
    return {
        "single letters": " ".join(chance.choice(letters) for _ in range(length))[:length],
        "leet": "".join(chance.choice("4301!|57@$ n") for _ in range(length)),
        "ambiguous leet": ("1!|l" * 5 + " ") * (length // 21),
        "stars": ("n*k*d p**n " * length)[:length],
        "stretched": "".join(char * 3 for char in prose(length // 3, chance)),
        "doubled": " ".join(char * 2 for char in letters * (length // 78 + 1))[:length],
        "one long word": "".join(itertools.islice(itertools.cycle("assassinatethemanwoman"), length)),
        "marks": "".join(char + "\u0301\u0308" for char in prose(length // 3, chance)),
        "many scripts": "".join(chr(chance.randrange(0xA0, 0xD000)) for _ in range(length)),
        "ligatures": "\ufdfa" * length,
        "percent": "".join(f"%{ord(char) & 127:02x}" for char in prose(length // 3, chance)),
        "base64": blob[:length],
        "hits": ("naked woman blood kill child " * length)[:length],
        "fragments": " ".join(itertools.islice(itertools.cycle(["na", "ked", "wo", "man"]), length // 3))[:length],
        "hyphens": "-".join(prose(length, chance).split())[:length],
        "Chinese": "裸体儿童女孩性感" * (length // 8),
    }


def percentiles(moderator: Moderator, texts: Iterator[str]) -> tuple[float, float]:
    taken = []
    for text in texts:
        begun = time.thread_time()
        moderator.judge(text)
        taken.append((time.thread_time() - begun) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 99 // 100)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    chance = random.Random(5)
    begun = time.perf_counter()
    moderator = Moderator()
    print(f"loading the policy ({moderator.policy().terms.count:,} terms): {time.perf_counter() - begun:.2f} s\n")
    print(f"{'':18} {'p50, ms':>9} {'p99, ms':>9}")
    for length in (120, 300, 2000, 4000):
        half, most = percentiles(moderator, (prose(length, chance) for _ in range(options.rounds)))
        print(f"{f'{length:,} characters':18} {half:9.3f} {most:9.3f}")
    print("\nmade to be slow, 300 and 2,000 characters: the slowest of several")
    worst: dict[str, list[float]] = {}
    for length in (300, 2000):
        for name, text in hostile(length, chance).items():
            worst.setdefault(name, []).append(percentiles(moderator, iter([text] * max(20, options.rounds // 20)))[1])
    for name, (short, long) in sorted(worst.items(), key=lambda item: -item[1][1]):
        print(f"{name:18} {short:9.3f} {long:9.3f}")
    megabyte = "n4ked " * 200_000
    half, most = percentiles(moderator, iter([megabyte] * 50))
    print(f"{'a megabyte':18} {half:9.4f} {most:9.4f}")


if __name__ == "__main__":
    main()
