"""A data folder with one large comparison in it, all of its pictures there and voted on, written without making any."""

import hashlib
import io
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageDraw

from reve_core.blobs.local import LocalBlobs
from reve_core.compare import grid
from reve_core.compare.models import Ballot, Choice, Comparison, Finished, Maker, NewCell, Place
from reve_core.models import PERSONAL, JobRequest, Receipt, StoredImage, ratio_of
from reve_core.pictures import thumbnail
from reve_core.store.sqlite import SqliteStore

RATIOS = ("1:1", "3:2", "2:3", "16:9")
PROMPTS = tuple(
    f"a wooden boat on a {word} lake at dawn, seen from above, soft light, fine grain, muted colours"
    for word in ("calm", "wild", "green", "deep", "grey", "lost", "cold", "far", "old", "new", "red", "dim")
)
SAMPLES = 8
CELLS = len(PROMPTS) * len(RATIOS) * SAMPLES
VOTES, VOTERS = 1000, 100
SIDE = 1024  # pixels, the longer side of a picture


@dataclass(frozen=True, slots=True)
class Filled:
    """``pictures`` holds the same pictures once more as plain files: the originals in ``full``, thumbnails in ``small``."""

    folder: Path
    comparison: str
    pictures: Path


def fill(folder: Path) -> Filled:
    data, pictures = folder / "data", folder / "pictures"
    for each in (data, pictures / "full", pictures / "small"):
        each.mkdir(parents=True)
    store, blobs = SqliteStore(data / "reve.db"), LocalBlobs(data / "images")
    comparison = Comparison(
        id=secrets.token_hex(16),
        owner=PERSONAL,
        created_at=datetime.now(UTC),
        rows=tuple(grid.more_rows((), PROMPTS, None)),
        makers=(Maker(provider="sketch", model="sketch-1"),),
        aspect_ratios=RATIOS,
        seeds=(),
        samples=SAMPLES,
        question="Which lake is calmer?",
    )
    papers = {ratio: _paper(ratio) for ratio in RATIOS}
    cells = []
    for number, place in enumerate(grid.places(comparison.rows, grid.columns(comparison, lambda *_: True))):
        job_id = secrets.token_hex(16)
        image, full, small = _picture(papers[place.aspect_ratio], number, f"{job_id}-1")
        for kind, name, content in (("full", image.name, full), ("small", image.thumbnail, small)):
            blobs.put(name, content)
            (pictures / kind / f"{number:03}{Path(name).suffix}").write_bytes(content)
        request = JobRequest(
            prompt=PROMPTS[[row.id for row in comparison.rows].index(place.row)],
            aspect_ratio=place.aspect_ratio,
            seed=number,
            provider=place.provider,
            model=place.model,
        )
        receipt = Receipt(credits_used=0)
        cells.append(NewCell(grid.key(comparison, place), place, finished=Finished(job_id, request, image, receipt)))
    store.create_comparison(comparison, cells, votes=_votes(comparison.id, [(cell.key, cell.place) for cell in cells]))
    store.close()
    return Filled(data, comparison.id, pictures)


def _paper(ratio: str) -> Image.Image:
    """Grain on a slope of grey: about as hard to pack as a photograph."""
    wide, high = ratio_of(ratio)
    scale = SIDE / max(wide, high)
    size = round(wide * scale), round(high * scale)
    slope = Image.linear_gradient("L").resize(size)
    return Image.blend(slope, Image.effect_noise(size, 60), 0.35).convert("RGB")


def _picture(paper: Image.Image, number: int, stem: str) -> tuple[StoredImage, bytes, bytes]:
    picture = paper.copy()
    draw = ImageDraw.Draw(picture)
    x, y = number * 61 % (picture.width // 2), number * 37 % (picture.height // 2)
    draw.ellipse((x, y, x + picture.width // 3, y + picture.height // 3), fill=f"hsl({number * 29 % 360}, 55%, 50%)")
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=88)
    full, small = held.getvalue(), thumbnail.make(picture)
    image = StoredImage(
        name=f"{stem}.jpg",
        thumbnail=f"{stem}-thumb.webp",
        mime="image/jpeg",
        width=picture.width,
        height=picture.height,
        size=len(full),
        sha256=hashlib.sha256(full).hexdigest(),
    )
    return image, full, small


def _votes(comparison_id: str, cells: list[tuple[str, Place]]) -> list[Ballot]:
    """Each voter judges pairs that differ in the prompt alone; the first prompts are a little better."""
    chance = random.Random(4)
    rows = list(dict.fromkeys(place.row for _, place in cells))
    now = datetime.now(UTC)
    votes = []
    for voter in range(VOTERS):
        met: set[frozenset[str]] = set()
        while len(met) < VOTES // VOTERS:
            left, place = chance.choice(cells)
            right, other = chance.choice([each for each in cells if each[1].column == place.column and each[0] != left])
            if frozenset((left, right)) in met:
                continue
            met.add(frozenset((left, right)))
            lead = 0.5 + 0.03 * (rows.index(other.row) - rows.index(place.row))
            choices: tuple[Choice, Choice, Choice] = ("tie", "left", "right")
            choice = chance.choices(choices, (0.1, lead, 1 - lead))[0]
            votes.append(
                Ballot(
                    id=secrets.token_urlsafe(16),
                    comparison_id=comparison_id,
                    voter=f"voter {voter}",
                    left=left,
                    right=right,
                    created_at=now,
                    choice=choice,
                    cast_at=now,
                )
            )
    return votes
