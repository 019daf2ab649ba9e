"""Pictures that a stranger sent: refused before they are decoded, or made anew."""

from __future__ import annotations

import io
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from reve_core.errors import PictureDamaged
from reve_core.pictures import check, uploaded
from reve_core.pictures.check import Caps
from reve_core.pictures.uploaded import fresh
from tests.pictures.samples import chunk, encoded, header, image, png, with_chunk


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as found:
        found.load()
        return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_comes_out_as_another_file_with_the_same_look(kind: str) -> None:
    data = encoded(kind)
    made = fresh(data)
    assert made.data[:4] == b"RIFF"
    assert (made.facts.width, made.facts.height, made.facts.suffix) == (64, 48, ".webp")
    assert opened(made.data).size == opened(made.thumbnail).size == (64, 48)
    assert data[40:80] not in made.data


def test_transparency_is_kept() -> None:
    picture = image(mode="RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    assert opened(fresh(encoded("PNG", picture)).data).mode == "RGBA"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("turned", range(1, 9))
def test_it_comes_out_upright_and_says_no_more_where_it_was_taken(kind: str, turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010E] = "zanzibar"
    exif.get_ifd(0x8825)[1] = "N"
    lying = Image.new("RGB", (40, 20), "white")
    lying.paste("black", (0, 0, 10, 10))  # the corner at the top left, as it lies in the file
    made = fresh(encoded(kind, lying, exif=exif)).data
    assert b"zanzibar" not in made
    assert not {"exif", "xmp", "icc_profile"} & set(opened(made).info)
    upright = opened(made).convert("L")
    assert upright.size == ((20, 40) if turned > 4 else (40, 20))
    # EXIF 2.32, 4.6.4: where the first row and the first column of the file belong.
    right, low = turned in (2, 3, 6, 7), turned in (3, 4, 7, 8)
    if turned > 4:
        right, low = turned in (6, 7), turned in (7, 8)
    corner = (upright.width - 4 if right else 3, upright.height - 4 if low else 3)
    assert upright.getpixel(corner) < 60  # type: ignore[operator]
    assert sum(1 for value in upright.get_flattened_data() if value < 60) < 160  # type: ignore[operator]


def test_what_hangs_behind_a_picture_or_lies_in_its_texts_is_gone() -> None:
    data = with_chunk(encoded("PNG"), chunk(b"tEXt", b"Comment\x00<script>zanzibar</script>"))
    assert b"zanzibar" not in fresh(data + b"<html>zanzibar</html>").data


BOMB = png(header(40_000, 40_000), chunk(b"IDAT", zlib.compress(b"\x00" * 1000)), chunk(b"IEND"))
ANIMATED = encoded("WEBP", save_all=True, append_images=[image().rotate(9)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(BOMB, "million pixels", id="40,000 × 40,000"),
        pytest.param(encoded("PNG", Image.new("1", (9000, 9000))), "million pixels", id="81 megapixels in 10 kB"),
        pytest.param(encoded("PNG", Image.new("1", (7000, 10))), "7,000 pixels long", id="a long strip"),
        pytest.param(ANIMATED, "animated", id="an animation"),
        pytest.param(encoded("GIF"), "not a PNG", id="a GIF"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG", id="an SVG"),
        pytest.param(b"%PDF-1.7", "not a PNG", id="a PDF"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0", "not a PNG", id="an EPS"),
        pytest.param(b"MZ" + encoded("PNG"), "not a PNG", id="a program"),
        pytest.param(b"PK\x03\x04" + encoded("PNG"), "not a PNG", id="a zip"),
        pytest.param(encoded("TIFF"), "not a PNG", id="a TIFF"),
        pytest.param(b"", "no picture bytes", id="nothing"),
        pytest.param(encoded("PNG")[:-20], "cut short", id="half of one"),
        pytest.param(with_chunk(encoded("PNG"), chunk(b"zTXt", b"a\x00\x00") * 200), "more text", id="200 texts"),
        pytest.param(
            with_chunk(encoded("PNG"), chunk(b"tEXt", b"a\x00" + b"b" * 2_000_000)), "more text", id="2 MB of text"
        ),
    ],
)
def test_what_is_too_large_or_no_picture_is_refused_undecoded(
    data: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if words != "cut short":
        monkeypatch.setattr(check, "decode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(PictureDamaged, match=words):
        fresh(data)


def test_the_callers_caps_hold_where_they_are_tighter() -> None:
    with pytest.raises(PictureDamaged, match="million pixels"):
        fresh(encoded("PNG"), Caps(max_bytes=10**9, max_pixels=1000))
    with pytest.raises(PictureDamaged, match="larger than"):
        fresh(encoded("PNG"), Caps(max_bytes=100, max_pixels=10**9))


def test_a_packed_text_is_never_unpacked() -> None:
    bomb = with_chunk(encoded("PNG"), chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 90_000_000)))
    tracemalloc.start()
    fresh(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def test_only_few_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, two = 0, 0, threading.Barrier(2, timeout=20)
    guard, decode = threading.Lock(), check.decode

    def counted(data: bytes, caps: Caps) -> object:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        two.wait()  # passes only when a second one is in here too
        with guard:
            inside -= 1
        return decode(data, caps)

    monkeypatch.setattr(uploaded.check, "decode", counted)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(fresh, [encoded("PNG")] * 8))) == 8
    assert most == 2
