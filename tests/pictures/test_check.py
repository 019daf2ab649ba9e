from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
import zlib

import pytest
from PIL import Image, ImageChops

from reve_core.blobs.keys import MIME
from reve_core.errors import PictureDamaged
from reve_core.pictures.check import Caps, PictureFacts, decode, inspect
from tests.pictures.samples import CAPS, chunk, encoded, header, image, png, with_chunk

PICTURES = {
    "PNG": encoded("PNG"),
    "PNG with a palette": encoded("PNG", image(mode="P")),
    "JPEG": encoded("JPEG", quality=90),
    "progressive JPEG": encoded("JPEG", progressive=True),
    "WebP": encoded("WEBP"),
    "lossless WebP": encoded("WEBP", lossless=True),
    "WebP with transparency": encoded("WEBP", Image.merge("RGBA", (*image().split(), image().getchannel("R")))),
}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("PNG", PictureFacts("image/png", ".png", 64, 48)),
        ("JPEG", PictureFacts("image/jpeg", ".jpg", 64, 48)),
        ("progressive JPEG", PictureFacts("image/jpeg", ".jpg", 64, 48)),
        ("WebP", PictureFacts("image/webp", ".webp", 64, 48)),
        ("lossless WebP", PictureFacts("image/webp", ".webp", 64, 48)),
        ("WebP with transparency", PictureFacts("image/webp", ".webp", 64, 48)),
    ],
)
def test_type_and_size_are_read_from_the_header(kind: str, facts: PictureFacts) -> None:
    assert inspect(PICTURES[kind], CAPS) == facts


def test_every_type_that_passes_the_check_can_be_stored_and_served() -> None:
    facts = [inspect(data, CAPS) for data in PICTURES.values()]
    assert {fact.suffix: fact.mime for fact in facts} == MIME


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (16383, 1), (333, 7)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_odd_sizes_are_read_right(kind: str, size: tuple[int, int]) -> None:
    facts = inspect(encoded(kind, image(*size)), CAPS)
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES.keys())
def test_a_whole_picture_decodes_to_what_pillow_shows(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as reference:
        expected = reference.convert("RGBA")
    assert ImageChops.difference(decode(data, CAPS).convert("RGBA"), expected).getbbox() is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_decodes(mode: str) -> None:
    picture = Image.new("I;16", (8, 8), 40_000) if mode == "I;16" else image(8, 8, mode)
    assert decode(encoded("PNG", picture), CAPS).mode == mode


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_cut_short_anywhere_never_decodes(data: bytes) -> None:
    for length in [0, 1, 2, 3, 8, 11, 12, 20, 29, 30, 33, *range(40, len(data), 37), *range(len(data) - 14, len(data))]:
        with pytest.raises(PictureDamaged):
            decode(data[:length], CAPS)


def test_a_png_without_its_closing_chunk_does_not_decode() -> None:
    whole = encoded("PNG")
    with pytest.raises(PictureDamaged, match="cut short"):
        decode(whole[:-12], CAPS)


def test_a_png_with_one_flipped_bit_does_not_decode() -> None:
    whole = bytearray(encoded("PNG"))
    whole[len(whole) // 2] ^= 1
    with pytest.raises(PictureDamaged, match="checksum"):
        decode(bytes(whole), CAPS)


def test_a_png_with_too_few_rows_does_not_decode_though_its_checksums_are_right() -> None:
    packer = zlib.compressobj()
    few = packer.compress(b"\x00" + b"\xff" * 300) + packer.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(PictureDamaged):
        decode(png(header(100, 100), chunk(b"IDAT", few), chunk(b"IEND")), CAPS)


def test_a_png_whose_pixels_are_no_zlib_stream_does_not_decode() -> None:
    with pytest.raises(PictureDamaged):
        decode(png(header(10, 10), chunk(b"IDAT", b"heron" * 30), chunk(b"IEND")), CAPS)


def test_a_png_without_pixels_does_not_decode() -> None:
    with pytest.raises(PictureDamaged, match="no pixel data"):
        decode(png(header(10, 10), chunk(b"IEND")), CAPS)


# ---------------------------------------------------------------- row 17: what is not a picture


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="HTML"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', id="SVG"),
        pytest.param(b'{"error": "no credits"}', id="JSON"),
        pytest.param(encoded("GIF"), id="GIF"),
        pytest.param(encoded("BMP"), id="BMP"),
        pytest.param(encoded("TIFF"), id="TIFF"),
        pytest.param(encoded("PDF"), id="PDF"),
        pytest.param(encoded("ICO"), id="ICO"),
        pytest.param(b"RIFF\x00\x00\x00\x00AVI " + bytes(40), id="AVI"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="a PNG signature alone"),
        pytest.param(b"\xff\xd8\xff" + b"\xff" * 100, id="a JPEG signature and filler"),
        pytest.param(b"\xff\xd8\xff\xd9" + bytes(100), id="a JPEG that ends at once"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x00" + bytes(100), id="a JPEG segment of no length"),
        pytest.param(png(header(0, 10)), id="no width"),
        pytest.param(png(header(10, 10, depth=3)), id="an impossible bit depth"),
        pytest.param(png(header(10, 10, colour=5)), id="an impossible colour type"),
        pytest.param(png(chunk(b"IDAT"), header(10, 10)), id="a PNG that does not begin with its header"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(PictureDamaged) as refusal:
        inspect(data, CAPS)
    assert str(refusal.value).endswith((".", "MB."))


def test_a_page_behind_a_picture_does_not_survive_decoding() -> None:
    picture = decode(encoded("PNG") + b"<script>alert(1)</script>", CAPS)
    assert b"script" not in encoded("PNG", picture)


def test_text_profile_and_exif_do_not_survive_decoding() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a private note"
    for data in (
        encoded("PNG", exif=exif, icc_profile=b"profile" * 30),
        encoded("JPEG", exif=exif, comment=b"a private note"),
        encoded("WEBP", exif=exif, xmp=b"a private note"),
    ):
        picture = decode(data, CAPS)
        assert picture.info == {}
        assert not picture.getexif()
        assert b"private" not in encoded("PNG", picture)


# ---------------------------------------------------------------- row 18: bombs


def test_a_bomb_is_refused_by_its_header_before_anything_is_unpacked() -> None:
    bomb = png(header(60_000, 60_000), chunk(b"IDAT", zlib.compress(bytes(100_000))), chunk(b"IEND"))
    tracemalloc.start()
    with pytest.raises(PictureDamaged, match="60000 × 60000"):
        decode(bomb, CAPS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


def test_a_webp_and_a_jpeg_that_claim_to_be_huge_are_refused() -> None:
    jpeg = bytearray(encoded("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    webp = bytearray(encoded("WEBP", Image.new("RGBA", (64, 48), (1, 2, 3, 100))))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = b"\xff\xff\xff\xff\xff\xff"
    for bomb in (jpeg, webp):
        with pytest.raises(PictureDamaged, match="million pixels"):
            inspect(bytes(bomb), CAPS)


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(PictureDamaged, match="larger than 2 MB"):
        inspect(bytes(2_000_001), CAPS)


def test_the_caps_themselves_are_allowed() -> None:
    data = encoded("PNG")
    exact = Caps(max_bytes=len(data), max_pixels=64 * 48)
    assert decode(data, exact).size == (64, 48)
    for tight in (Caps(len(data) - 1, 64 * 48), Caps(len(data), 64 * 48 - 1)):
        with pytest.raises(PictureDamaged):
            inspect(data, tight)


def test_generous_caps_are_not_overruled_by_pillows_own_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)  # warnings are errors here
    for kind in ("PNG", "JPEG", "WEBP"):
        assert decode(encoded(kind), CAPS).size == (64, 48)


def test_text_that_would_unpack_to_megabytes_is_never_unpacked() -> None:
    packed = chunk(b"zTXt", b"note\x00\x00" + zlib.compress(bytes(90_000_000), 9))
    data = with_chunk(encoded("PNG"), packed)
    tracemalloc.start()
    assert decode(data, CAPS).size == (64, 48)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_png_of_countless_empty_pieces_is_refused() -> None:
    data = png(header(10, 10), chunk(b"teXt") * 70_000, chunk(b"IEND"))
    with pytest.raises(PictureDamaged, match="more pieces"):
        decode(data, CAPS)


# ---------------------------------------------------------------- animated


def test_animated_pictures_are_refused_in_every_format() -> None:
    frames = [image(), image().rotate(180)]
    for kind in ("PNG", "WEBP"):
        data = encoded(kind, frames[0], save_all=True, append_images=frames[1:])
        with pytest.raises(PictureDamaged, match="animated"):
            inspect(data, CAPS)
        with pytest.raises(PictureDamaged, match="animated"):
            decode(data, CAPS)


def test_an_animation_hidden_behind_the_first_pixels_is_not_shown_as_moving() -> None:
    """An acTL chunk after the pixels is out of place: browsers ignore it, and so does the decoder."""
    whole = encoded("PNG")
    data = whole[:-12] + chunk(b"acTL", bytes([0, 0, 0, 2, 0, 0, 0, 0])) + whole[-12:]
    assert decode(data, CAPS).size == (64, 48)


def test_an_unknown_critical_chunk_is_refused() -> None:
    with pytest.raises(PictureDamaged, match="does not know"):
        decode(with_chunk(encoded("PNG"), chunk(b"HERO", b"n")), CAPS)


def test_importing_the_checks_does_not_import_pillow() -> None:
    code = (
        "import sys; import reve_core.pictures.check, reve_core.pictures.thumbnail, reve_core.pictures.metadata,"
        "reve_core.pictures.archive, reve_core.web.images, reve_core.blobs.local; sys.exit('PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
