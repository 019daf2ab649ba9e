from __future__ import annotations

import io

import pytest
from PIL import Image

from reve_core.pictures import thumbnail
from reve_core.pictures.check import decode, inspect
from tests.pictures.samples import CAPS, encoded, image


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1024, 1024), (384, 384)),
        ((1536, 1024), (384, 256)),
        ((720, 1280), (216, 384)),
        ((2000, 3), (384, 1)),
        ((384, 200), (384, 200)),
        ((20, 10), (20, 10)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_long_side_is_384_and_a_small_picture_is_never_enlarged(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    facts = inspect(thumbnail.make(image(*size)), CAPS)
    assert (facts.mime, facts.width, facts.height) == ("image/webp", *small)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "LAB"])
def test_every_mode_becomes_a_thumbnail_of_about_the_same_colours(mode: str) -> None:
    picture = Image.new("RGB", (500, 500), (255, 153, 51)).convert(mode, dither=Image.Dither.NONE)
    expected = picture.convert("RGB").getpixel((250, 250))
    found = opened(thumbnail.make(picture)).convert("RGB").getpixel((192, 192))
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 8


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    picture = decode(encoded("PNG", Image.new("I;16", (500, 500), 128 * 256)), CAPS)
    red, green, blue = opened(thumbnail.make(picture)).convert("RGB").getpixel((100, 100))
    assert abs(red - 128) <= 3
    assert red == green == blue


def test_transparency_is_kept_and_bleeds_no_colour() -> None:
    picture = Image.new("RGBA", (800, 800), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (400, 0, 800, 800))
    small = opened(thumbnail.make(picture))
    assert small.mode == "RGBA"
    assert small.getpixel((20, 20))[3] == 0
    for x in range(188, 197):  # the seam: hidden red must not show through as purple
        red, _, blue, alpha = small.getpixel((x, 200))
        assert alpha < 30 or red < 60 < blue


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    palette = Image.new("P", (500, 500), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(1, (250, 0, 500, 500))
    small = opened(thumbnail.make(decode(encoded("PNG", palette, transparency=0), CAPS)))
    assert small.getpixel((20, 20))[3] == 0
    assert small.getpixel((370, 20))[3] == 255


def test_nothing_but_pixels_travels_along() -> None:
    picture = image(600, 600)
    exif = Image.Exif()
    exif[0x010E] = "a private note"
    picture.info.update(exif=exif.tobytes(), xmp=b"<x>a private note</x>", icc_profile=b"private profile" * 40)
    data = thumbnail.make(picture)
    assert b"private" not in data
    assert b"EXIF" not in data
    assert b"ICCP" not in data


def test_the_picture_itself_is_left_as_it_was() -> None:
    picture = image(600, 400)
    before = picture.tobytes()
    thumbnail.make(picture)
    assert (picture.size, picture.tobytes()) == ((600, 400), before)
