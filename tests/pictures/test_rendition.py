"""The preview card and the page's smaller picture."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from reve_core.models import StoredImage
from reve_core.pictures import rendition
from reve_core.pictures.kept import Renditions
from tests.fakes_blobs import MemoryBlobs
from tests.pictures.samples import CAPS, encoded, image

NAME = "a" * 32 + "-1"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (1200, 630), (30, 900), (900, 30), (1, 1), (1600, 900), (900, 1600)]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA"])
def test_every_shape_and_mode_makes_a_card_of_the_one_size(width: int, height: int, mode: str) -> None:
    card = opened(rendition.card(image(width, height, mode), "AI-generated"))
    assert (card.format, card.size, card.mode) == ("JPEG", (1200, 630), "RGB")
    assert set(card.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_the_whole_of_a_tall_picture_is_on_its_card() -> None:
    tall = Image.new("RGB", (300, 900), "white")
    tall.paste("red", (0, 0, 300, 60))
    tall.paste("blue", (0, 840, 300, 900))
    card = opened(rendition.card(tall, "AI-generated")).convert("RGB")
    column = [card.getpixel((600, y)) for y in range(630)]
    assert any(r > 200 and g < 80 and b < 80 for r, g, b in column)  # type: ignore[misc]
    assert any(b > 200 and r < 80 and g < 80 for r, g, b in column)  # type: ignore[misc]


def test_the_card_says_by_what_the_picture_was_made() -> None:
    one, other = (rendition.card(image(640, 360), label) for label in ("AI-generated", "Drawn by code"))
    assert one != other
    assert opened(rendition.card(image(), "word " * 200)).size == (1200, 630)


def test_the_page_s_picture_is_never_larger_than_the_original() -> None:
    assert opened(rendition.web(image(3200, 800))).size == (1600, 400)
    assert opened(rendition.web(image(300, 200))).size == (300, 200)


def stored(blobs: MemoryBlobs, data: bytes) -> StoredImage:
    blobs.put(f"{NAME}.png", data)
    return StoredImage(f"{NAME}.png", f"{NAME}-thumb.webp", "image/png", 64, 48, len(data), "0" * 64)


def test_many_who_ask_at_once_get_one_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, rendered, gate = MemoryBlobs(), [], threading.Event()
    render = rendition.card

    def slow(*given: object) -> bytes:
        rendered.append(1)
        gate.wait(timeout=5)
        return render(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(rendition, "card", slow)
    kept = Renditions(blobs, CAPS, keep=True)
    picture = stored(blobs, encoded("PNG"))
    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(kept.card, picture, "AI-generated") for _ in range(8)]
        gate.set()
        answers = {each.result(timeout=5) for each in asking}
    assert len(rendered) == len(answers) == 1


def test_where_nothing_can_be_written_the_card_is_still_shown() -> None:
    blobs = MemoryBlobs()
    picture = stored(blobs, encoded("PNG"))
    assert opened(Renditions(blobs, CAPS, keep=False).card(picture, "AI-generated")).size == (1200, 630)
    assert not blobs.find(f"{NAME}-card")
