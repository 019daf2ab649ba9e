from __future__ import annotations

import io
import json
import tracemalloc
import xml.etree.ElementTree as ET
import zlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reve_core.errors import PictureDamaged, UnusablePicture
from reve_core.models import JobRequest
from reve_core.pictures.check import Caps, decode
from reve_core.pictures.metadata import OURS, PARAMETERS, XMP, embed, read
from reve_core.pictures.pngtext import MAX_TEXT
from reve_core.pictures.xmp import found, source_of
from tests.pictures.samples import CAPS, chunk, encoded, header, image, pieces, png, with_chunk

HERON = JobRequest(
    prompt="a heron, “wading”\nat dawn: 朝の鷺 🪶", aspect_ratio="4:3", seed=7, provider="reve", model="reve-create@1"
)
NOON = datetime(2026, 5, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
PNG = encoded("PNG")


def itxt(keyword: str, text: bytes, *, packed: bool = False) -> bytes:
    body = zlib.compress(text) if packed else text
    return chunk(b"iTXt", keyword.encode() + (b"\x00\x01\x00\x00\x00" if packed else b"\x00\x00\x00\x00\x00") + body)


def texts(data: bytes) -> dict[str, str]:
    """What another reader, Pillow, finds."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return {key: value for key, value in picture.info.items() if isinstance(value, str)}


def marked(data: bytes = PNG, request: JobRequest = HERON, **options: object) -> bytes:
    return embed(data, request, label="AI-generated", **options)  # type: ignore[arg-type]


# ---------------------------------------------------------------- writing


def test_the_pixel_bytes_are_identical_and_only_text_is_added() -> None:
    before, after = pieces(PNG), pieces(marked())
    assert [piece for piece in after if piece[0] != b"iTXt"] == before
    assert [kind for kind, _ in after[:4]] == [b"IHDR", b"iTXt", b"iTXt", b"iTXt"]
    assert decode(marked(), CAPS).tobytes() == decode(PNG, CAPS).tobytes()


def test_other_tools_find_prompt_and_settings_where_they_look() -> None:
    assert texts(marked())[PARAMETERS] == (
        HERON.prompt + '\nSeed: 7, Size: 64x48, Aspect ratio: "4:3", Model: reve-create@1, Provider: reve,'
        " Software: Reve Studio"
    )


def test_what_nobody_said_is_left_out_rather_than_made_up() -> None:
    found = texts(marked(request=JobRequest(prompt="fox", provider="sketch")))
    assert found[PARAMETERS] == "fox\nSize: 64x48, Provider: sketch, Software: Reve Studio"
    assert set(json.loads(found[OURS])) == {"version", "prompt", "provider", "label"}


def test_our_own_note_holds_everything_to_make_the_picture_again_and_nothing_about_people() -> None:
    assert json.loads(texts(marked(credits=18.0, created_at=NOON))[OURS]) == {
        "version": 1,
        "prompt": HERON.prompt,
        "aspect_ratio": "4:3",
        "seed": 7,
        "provider": "reve",
        "model": "reve-create@1",
        "credits": 18.0,
        "created_at": "2026-05-01T12:00:00+00:00",
        "label": "AI-generated",
    }


@pytest.mark.parametrize(("provider", "source"), [("reve", "trainedAlgorithmicMedia"), ("sketch", "algorithmicMedia")])
def test_the_packet_names_the_digital_source_in_the_iptcs_words(provider: str, source: str) -> None:
    assert source_of(provider) == source
    packet = texts(marked(request=JobRequest(prompt="fox", provider=provider)))[XMP]
    (description,) = ET.fromstring(packet).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    key = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert description.attrib[key] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{source}"


def test_a_copy_without_settings_carries_the_mark_alone() -> None:
    found = texts(marked(marked(), with_settings=False))
    assert set(found) == {XMP}
    assert "heron" not in found[XMP]


def test_writing_twice_leaves_one_of_each_and_the_last_word() -> None:
    twice = marked(marked(), JobRequest(prompt="fox", provider="reve"))
    assert [kind for kind, _ in pieces(twice)].count(b"iTXt") == 3
    found = read(twice)
    assert found is not None
    assert found.prompt == "fox"


@pytest.mark.parametrize("keyword", [PARAMETERS, OURS])
def test_earlier_text_under_our_keywords_is_replaced_in_every_spelling_and_place(keyword: str) -> None:
    old = [
        chunk(b"tEXt", keyword.encode() + b"\x00old"),
        chunk(b"zTXt", keyword.encode() + b"\x00\x00" + zlib.compress(b"old")),
        itxt(keyword, b"old", packed=True),
    ]
    data = with_chunk(PNG, b"".join(old))
    data = data[:-12] + old[0] + data[-12:]
    assert pieces(marked(data)) == pieces(marked())


def test_text_under_other_keywords_stays() -> None:
    assert texts(marked(with_chunk(PNG, chunk(b"tEXt", b"Author\x00somebody"))))["Author"] == "somebody"


def test_a_providers_own_statement_of_the_digital_source_is_kept() -> None:
    theirs = b"<x:xmpmeta DigitalSourceType='compositeWithTrainedAlgorithmicMedia'/>"
    for packed in (False, True):
        found = texts(marked(with_chunk(PNG, itxt(XMP, theirs, packed=packed))))
        assert found[XMP] == theirs.decode()
        assert PARAMETERS in found


def test_a_packet_that_says_nothing_about_the_source_is_replaced() -> None:
    assert "DigitalSourceType" in texts(marked(with_chunk(PNG, itxt(XMP, b"<x:xmpmeta/>"))))[XMP]


def test_a_signed_picture_is_returned_untouched() -> None:
    for signed in (with_chunk(PNG, chunk(b"caBX", b"manifest")), PNG[:-12] + chunk(b"caBX", b"m") + PNG[-12:]):
        assert marked(signed) is signed


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_formats_have_the_prompt_in_their_mark_and_lose_it_again(kind: str) -> None:
    packet = found(marked(encoded(kind)))
    assert packet is not None
    assert "wading" in packet
    alone = marked(marked(encoded(kind)), with_settings=False)
    assert found(alone) == found(marked(encoded(kind), with_settings=False))
    assert b"wading" not in alone


def test_a_picture_cut_short_is_refused_rather_than_passed_on() -> None:
    with pytest.raises(PictureDamaged):
        marked(PNG[:-5])


@pytest.mark.parametrize("prompt", ["nul \x00 byte", "lone surrogate \ud800", "x" * 30_000, 'a "quote", {json}\\'])
def test_no_prompt_makes_the_picture_unreadable(prompt: str) -> None:
    data = marked(request=JobRequest(prompt=prompt, provider="reve"))
    assert decode(data, CAPS).size == (64, 48)
    assert XMP in texts(data)


# ---------------------------------------------------------------- reading


def test_what_was_written_is_read_back_whole() -> None:
    assert read(marked(credits=18, created_at=datetime.now(UTC))) == HERON


def test_what_was_written_is_read_back_from_the_common_text_alone() -> None:
    common = texts(marked())[PARAMETERS]
    found = read(with_chunk(PNG, itxt(PARAMETERS, common.encode())))
    assert found == JobRequest(prompt=HERON.prompt, seed=7, aspect_ratio="4:3")


def test_a_png_without_settings_is_no_error() -> None:
    assert read(PNG) is None


def test_text_of_another_tool_gives_prompt_seed_and_shape() -> None:
    """As AUTOMATIC1111's web UI writes it: tEXt, a negative prompt, a last line of pairs."""
    info = PngInfo()
    info.add_text(
        "parameters",
        "masterpiece, a heron (detailed:1.2)\nin the reeds\nNegative prompt: blurry, low quality\n"
        "Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1234567890, Size: 1216x832, Model hash: abc,"
        ' Model: sd_xl, Lora hashes: "a: 1, b: 2", Version: v1.10.0',
    )
    assert read(encoded("PNG", pnginfo=info)) == JobRequest(
        prompt="masterpiece, a heron (detailed:1.2)\nin the reeds", seed=1234567890, aspect_ratio="3:2"
    )


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("just a prompt", "just a prompt"),
        ("a prompt\nwith two: things, only: two", "a prompt\nwith two: things, only: two"),
        ("fox\nSeed: -1, Size: 10x0, Model: x", "fox"),
        ("fox\nSeed: 99999999999999999999, Size: axb, Model: x", "fox"),
        ("fox\r\nSeed: 4294967296, Size: 9x0, Model: x", "fox"),
    ],
)
def test_odd_text_still_gives_its_prompt_and_no_impossible_seed(text: str, prompt: str) -> None:
    found = read(with_chunk(PNG, chunk(b"tEXt", b"parameters\x00" + text.encode())))
    assert found == JobRequest(prompt=prompt)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"no json",
        b"[]",
        b"[" * 60_000,
        b'{"prompt": ""}',
        b'{"prompt": ["a"]}',
        b'{"prompt": "fox", "seed": "7"}',
        b'{"prompt": "fox", "seed": true}',
        b'{"prompt": "fox", "seed": -1}',
        b'{"prompt": "fox", "seed": 1e400}',
        b'{"prompt": "fox", "aspect_ratio": "0:0"}',
        b'{"prompt": "fox", "aspect_ratio": "1:1; drop"}',
        b'{"prompt": "fox", "provider": "../../etc"}',
        b'{"prompt": "fox", "model": "<script>"}',
        b'{"prompt": "\\u0000"}',
        b"\xff\xfe\x00",
    ],
)
def test_a_forged_note_is_passed_over(note: bytes) -> None:
    assert read(with_chunk(PNG, itxt(OURS, note))) is None
    fallback = with_chunk(with_chunk(PNG, itxt(OURS, note)), itxt(PARAMETERS, b"heron"))
    assert read(fallback) == JobRequest(prompt="heron")


def test_a_note_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    note = b'{"version": 9, "prompt": "fox\\u0007", "seed": 3, "mood": "calm"}'
    assert read(with_chunk(PNG, itxt(OURS, note))) == JobRequest(prompt="fox", seed=3)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="text"),
        pytest.param(encoded("JPEG"), id="a JPEG"),
        pytest.param(encoded("WEBP"), id="a WebP"),
        pytest.param(encoded("GIF"), id="a GIF"),
    ],
)
def test_a_file_that_is_no_png_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(UnusablePicture, match=r"not a PNG\. Choose a picture") as refusal:
        read(data)
    assert refusal.value.field == "picture"


def test_an_upload_cut_short_anywhere_is_refused() -> None:
    whole = marked()
    for length in [*range(8, len(whole), 23), len(whole) - 1]:
        with pytest.raises(UnusablePicture):
            read(whole[:length])


def test_an_upload_with_a_flipped_bit_is_refused() -> None:
    data = bytearray(marked())
    data[60] ^= 4
    with pytest.raises(UnusablePicture, match="checksum"):
        read(bytes(data))


def test_a_pixel_bomb_is_refused() -> None:
    bomb = png(header(60_000, 60_000), itxt(OURS, b'{"prompt": "fox"}'), chunk(b"IDAT", b""), chunk(b"IEND"))
    with pytest.raises(UnusablePicture, match="million pixels"):
        read(bomb)


def test_a_file_over_the_cap_is_refused() -> None:
    with pytest.raises(UnusablePicture, match="larger than"):
        read(PNG, Caps(max_bytes=len(PNG) - 1, max_pixels=10**6))


@pytest.mark.parametrize("keyword", [PARAMETERS, OURS])
@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
def test_packed_text_that_unpacks_too_far_is_refused_without_unpacking_it(keyword: str, kind: str) -> None:
    text = b"x" * 50_000_000
    bomb = itxt(keyword, text, packed=True)
    if kind == "zTXt":
        bomb = chunk(b"zTXt", keyword.encode() + b"\x00\x00" + zlib.compress(text))
    del text
    data = with_chunk(PNG, bomb)
    tracemalloc.start()
    with pytest.raises(UnusablePicture, match="64 kB of text"):
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_longest_text_allowed_is_read_and_one_byte_more_is_refused() -> None:
    for packed in (False, True):
        found = read(with_chunk(PNG, itxt(PARAMETERS, b"x" * MAX_TEXT, packed=packed)))
        assert found is not None
        assert len(found.prompt) == MAX_TEXT
        with pytest.raises(UnusablePicture):
            read(with_chunk(PNG, itxt(PARAMETERS, b"x" * (MAX_TEXT + 1), packed=packed)))


def test_packed_text_that_is_no_zlib_stream_is_refused() -> None:
    with pytest.raises(UnusablePicture, match="corrupt"):
        read(with_chunk(PNG, chunk(b"zTXt", b"parameters\x00\x00heron")))


@pytest.mark.parametrize(
    "text", ["a" * MAX_TEXT, "a:" * (MAX_TEXT // 2), 'a:"' * 20_000, " " * 60_000 + "a", "a" + ":\\" * 30_000]
)
def test_no_text_makes_the_reader_slow(text: str) -> None:
    """A reader that is quadratic in the text would need minutes for these; the whole suite has seconds."""
    read(with_chunk(PNG, itxt(PARAMETERS, text.encode()[:MAX_TEXT])))


def test_latin_1_text_is_read_too() -> None:
    info = PngInfo()
    info.add_text("parameters", "un héron")
    assert read(encoded("PNG", image(), pnginfo=info)) == JobRequest(prompt="un héron")
