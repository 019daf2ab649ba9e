"""
Rebuild ``reve_core/providers/sketch/assets/art.json.gz``, byte for byte, from a published package.

The drawings are Noto Emoji (Apache-2.0) as packed by ``@iconify-json/noto`` 1.2.9. To build::

    npm pack @iconify-json/noto@1.2.9
    mkdir noto && tar -xzf iconify-json-noto-1.2.9.tgz -C noto
    python scripts/build_art.py noto/package

With ``--check`` nothing is written: the exit status says whether the file in the repository is what would be built.
The app itself needs neither npm nor the network.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import resvg_py
from PIL import Image

TARGET = Path(__file__).resolve().parent.parent / "reve_core/providers/sketch/assets/art.json.gz"

KINDS = {
    "Animals & Nature": "animal",
    "Travel & Places": "place",
    "Food & Drink": "food",
    "Activities": "play",
    "Objects": "object",
}

# Clocks, flags, signs and the like; skies that the scenes paint themselves; things nobody wants in a picture by surprise.
DROP = re.compile(
    r"oclock|o-clock|thirty|-yen|prohibited|-with-slash|flag-in|map-of|mailbox-with-r|speaker-|-bookmark|moon-face"
    r"|sun-behind|cloud-with|waxing|waning|quarter|new-moon|globe-with|inbox|outbox|kaaba|love-hotel|post-office|^fog"
    r"|sunrise|sunset|cityscape|night-with|bridge-at|foggy|national-park|milky-way|shooting-star$|desert$|medal$"
    r"|cigarette|syringe|petri|microbe|bikini|briefs|banknote|chart|card-index|file-|roll-of|toilet|coffin|funeral"
    r"|headstone|drop-of|level-slider"
)


def _words(text: str) -> list[str]:
    return text.split()


FACES = _words("""
alien alien-monster ghost robot skull clown-face pile-of-poo goblin ogre red-heart heart-on-fire
""")

PEOPLE = _words("""
astronaut mage woman-mage ninja detective cook farmer princess prince person-with-crown santa-claus woman man boy girl
child baby old-man old-woman person elf fairy genie mermaid merman vampire zombie troll hairy-creature superhero
woman-dancing ballet-dancer man-dancing person-surfing person-biking person-running person-walking
person-rowing-boat person-swimming person-in-lotus-position person-climbing person-juggling person-fencing
person-golfing person-lifting-weights skier snowboarder horse-racing pilot police-officer firefighter scientist artist
singer student baby-angel guard construction-worker teacher judge health-worker mechanic woman-red-hair
woman-curly-hair woman-blond-hair woman-white-hair man-red-hair man-curly-hair man-white-hair man-beard
person-in-tuxedo woman-with-veil woman-with-headscarf person-wearing-turban woman-and-man-holding-hands eye brain
""")

# White stars drawn around these belong to the scene, not to the thing.
STARRED = {"lighthouse", "rocket", "comet", "sparkles", "flying-saucer"}
STAR = re.compile(r'<path fill="#fff" d="M(?:96.776|88.918|14.089|25.18|17.31|36.634|47.946)[^>]*/>')


def ink_box(body: str, width: int, height: int) -> list[float]:
    """The tight box [x0, y0, x1, y1] of what is visible, in artwork units: a layout box is then what one sees."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'
    png = resvg_py.svg_to_bytes(svg_string=svg, width=2 * width, height=2 * height, skip_system_fonts=True)
    alpha = Image.open(io.BytesIO(bytes(png))).convert("RGBA").getchannel("A").point(lambda value: 255 * (value > 24))
    box = alpha.getbbox()
    if box is None:
        raise SystemExit("An icon came out empty.")
    return [round(value / 2, 1) for value in box]


def build(package: Path) -> bytes:
    """The compressed art file: ``{name: {"body": svg, "box": [x0, y0, x1, y1], "kind": word}}``, names sorted."""
    icons = json.loads((package / "icons.json").read_text(encoding="utf-8"))
    categories = json.loads((package / "metadata.json").read_text(encoding="utf-8"))["categories"]
    wanted = {name: kind for category, kind in KINDS.items() for name in categories[category] if not DROP.search(name)}
    wanted |= dict.fromkeys(FACES, "face") | dict.fromkeys(PEOPLE, "person")

    art: dict[str, dict[str, Any]] = {}
    for name, kind in sorted(wanted.items()):
        icon = icons["icons"].get(name) or icons["icons"].get(icons["aliases"].get(name, {}).get("parent", ""))
        if icon is None:
            raise SystemExit(f"The package has no icon named {name!r}.")
        width, height = (int(icon.get(side, icons.get(side, 128))) for side in ("width", "height"))
        body = STAR.sub("", icon["body"]) if name in STARRED else icon["body"]
        art[name] = {"body": body, "box": ink_box(body, width, height), "kind": kind}

    packed = io.BytesIO()
    # No time stamp and no file name in the header, so that the same input gives the same bytes.
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(json.dumps(art, separators=(",", ":"), sort_keys=True).encode())
    return packed.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked folder of @iconify-json/noto 1.2.9")
    parser.add_argument("--check", action="store_true", help="compare with the file in the repository; write nothing")
    args = parser.parse_args()
    data = build(args.package)
    if args.check:
        same = TARGET.is_file() and TARGET.read_bytes() == data
        print("The art file is exactly what the package gives." if same else "The art file differs.")
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(data)
    print(f"{TARGET.name}: {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
