"""A shared copy: the pixels as they came, and nothing that was written beside them. Pillow decodes, the app does not."""

import io

import pytest
from PIL import Image, PngImagePlugin

from reve_core.errors import PictureDamaged
from reve_core.pictures.bare import bare, has_manifest
from tests.pictures.samples import chunk, encoded, image, pieces, with_chunk

SECRET = "zanzibar"


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.mode, opened.size, opened.tobytes()


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = SECRET
    tags[0x9286] = SECRET
    return tags.tobytes()


def jpeg(**options: object) -> bytes:
    return encoded("JPEG", comment=SECRET.encode(), **options)  # type: ignore[arg-type]


def test_a_png_loses_every_text_and_keeps_every_pixel_byte() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", SECRET)
    text.add_text("Packed", SECRET, zip=True)
    text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>")
    data = encoded("PNG", pnginfo=text, exif=exif(1))
    data = with_chunk(data, chunk(b"tIME", b"\x07\xe8\x01\x01\x00\x00\x00")) + SECRET.encode()
    for kind in (b"prVt", b"caBX"):
        data = with_chunk(data, chunk(kind, SECRET.encode()))
    stripped = bare(data)
    assert SECRET.encode() not in stripped
    assert [kind for kind, _ in pieces(stripped)] == [b"IHDR", b"IDAT", b"IEND"]
    assert [piece for piece in pieces(data[: -len(SECRET)]) if piece[0] == b"IDAT"] == [pieces(stripped)[1]]
    assert pixels(stripped) == pixels(data)


def test_a_png_keeps_what_makes_its_colours() -> None:
    picture = image().convert("P")
    data = encoded("PNG", picture, transparency=3, dpi=(300, 300))
    data = with_chunk(data, chunk(b"gAMA", (45455).to_bytes(4, "big")))
    kinds = {kind for kind, _ in pieces(bare(data))}
    assert {b"PLTE", b"tRNS", b"gAMA", b"pHYs"} <= kinds


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_a_jpeg_loses_exif_comment_xmp_and_what_hangs_behind_it(progressive: bool) -> None:
    data = jpeg(progressive=progressive, exif=exif(1), xmp=SECRET.encode()) + SECRET.encode()
    stripped = bare(data)
    assert SECRET.encode() not in stripped
    assert pixels(stripped) == pixels(data)
    assert stripped.endswith(b"\xff\xd9")
    assert stripped[:4] == b"\xff\xd8\xff\xe0"  # JFIF readers want it first


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_jpeg_that_lies_on_its_side_is_still_shown_upright(turned: int) -> None:
    stripped = bare(jpeg(exif=exif(turned)))
    with Image.open(io.BytesIO(stripped)) as opened:
        assert opened.getexif().get(0x0112, 1) == turned
        assert set(opened.getexif()) <= {0x0112}


def test_a_jpeg_keeps_its_colour_profile() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(io.BytesIO(bare(jpeg(icc_profile=profile)))) as opened:
        assert opened.info["icc_profile"] == profile


def test_a_webp_loses_its_texts() -> None:
    data = encoded("WEBP", exif=exif(1), xmp=SECRET.encode())
    stripped = bare(data)
    assert SECRET.encode() not in stripped
    assert pixels(stripped) == pixels(data)
    with Image.open(io.BytesIO(stripped)) as opened:
        opened.load()
        assert not {"xmp", "exif"} & set(opened.info)


def test_a_manifest_is_noticed_in_each_format() -> None:
    box = SECRET.encode()
    assert has_manifest(with_chunk(encoded("PNG"), chunk(b"caBX", box)))
    plain = jpeg()
    assert has_manifest(plain[:2] + b"\xff\xeb" + (len(box) + 4).to_bytes(2, "big") + b"JP" + box + plain[2:])
    webp = encoded("WEBP")
    longer = webp + b"C2PA" + len(box).to_bytes(4, "little") + box
    assert has_manifest(longer[:4] + (len(longer) - 8).to_bytes(4, "little") + longer[8:])
    assert not any(has_manifest(data) for data in (encoded("PNG"), plain, webp))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused_or_no_longer_than_it_was(kind: str) -> None:
    data = encoded(kind)
    for end in range(3, len(data), max(1, len(data) // 60)):
        try:
            assert len(bare(data[:end])) <= end + 1
        except PictureDamaged:
            continue
