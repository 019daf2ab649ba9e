"""The mark beside the pixels, read by another reader: Pillow, and an XML parser."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from reve_core.errors import PictureDamaged
from reve_core.pictures import xmp
from reve_core.pictures.check import decode
from tests.pictures.samples import CAPS, encoded, image

KINDS = ["PNG", "JPEG", "WEBP"]
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
AI = xmp.packet("trainedAlgorithmicMedia")
VARIANTS = {
    "PNG": {},
    "JPEG": {},
    "JPEG progressive": {"progressive": True},
    "JPEG with a profile": {"icc_profile": b"p" * 200},
    "WEBP": {},
    "WEBP lossless": {"lossless": True},
    "WEBP with a profile": {"icc_profile": b"p" * 200},
}


def described(data: bytes) -> dict[str, str]:
    """The packet's properties as Pillow finds it and another parser reads it."""
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        packet = opened.info.get("xmp") or opened.info["XML:com.adobe.xmp"]
    text = packet.decode() if isinstance(packet, bytes) else packet
    (about,) = ET.fromstring(text).iter(RDF)
    return {key.removeprefix(EXT): value for key, value in about.attrib.items()}


@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_every_format_takes_the_mark_and_keeps_every_pixel(kind: str, mode: str) -> None:
    if kind.startswith("JPEG") and mode == "RGBA":
        pytest.skip("a JPEG has no transparency")
    data = encoded(kind.split()[0], image(mode=mode), **VARIANTS[kind])
    marked = xmp.put(data, AI)
    assert described(marked)["DigitalSourceType"] == xmp.VOCABULARY + "trainedAlgorithmicMedia"
    before, after = decode(data, CAPS), decode(marked, CAPS)
    assert (after.mode, after.size, after.tobytes()) == (before.mode, before.size, before.tobytes())
    with Image.open(io.BytesIO(data)) as one, Image.open(io.BytesIO(marked)) as other:
        assert one.info.get("icc_profile") == other.info.get("icc_profile")


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_mark_takes_the_place_of_the_first(kind: str) -> None:
    once = xmp.put(encoded(kind), AI)
    assert xmp.put(once, AI) == once
    other = xmp.put(once, xmp.packet("algorithmicMedia"))
    assert described(other)["DigitalSourceType"].endswith("/algorithmicMedia")
    assert b"trainedAlgorithmicMedia" not in other


@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_else_said_of_the_source_stays(kind: str) -> None:
    theirs = "<x:xmpmeta xmlns:x='adobe:ns:meta/' DigitalSourceType='compositeWithTrainedAlgorithmicMedia'/>"
    data = xmp.put(encoded(kind), theirs)
    assert xmp.put(data, AI) is data
    silent = xmp.put(encoded(kind), "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    assert "DigitalSourceType" in described(xmp.put(silent, AI))


@pytest.mark.parametrize(
    "prompt", ['"quotes" & <marks>\n朝の鷺 🪶', "nul \x00 bell \x07 lone \ud800", "&" * 20_000, "x" * 200_000]
)
@pytest.mark.parametrize("kind", KINDS)
def test_any_prompt_can_be_written_and_makes_no_file_unreadable(kind: str, prompt: str) -> None:
    marked = xmp.put(encoded(kind), xmp.packet("trainedAlgorithmicMedia", prompt=prompt, system="Reve"))
    about = described(marked)
    assert about["AISystemUsed"] == "Reve"
    assert about["AIPromptInformation"][:4] == prompt[:4].replace("\x00", "\ufffd")
    assert decode(marked, CAPS).size == (64, 48)


def test_a_picture_of_several_is_synthetic_and_one_kind_keeps_its_name() -> None:
    assert xmp.source_of_all(["reve", "reve"]) == "trainedAlgorithmicMedia"
    assert xmp.source_of_all(["sketch"]) == "algorithmicMedia"
    assert xmp.source_of_all(["sketch", "reve"]) == "compositeSynthetic"


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_short_is_refused_or_no_worse_than_it_was(kind: str) -> None:
    data = encoded(kind)
    for end in range(len(data)):
        try:
            marked = xmp.put(data[:end], AI)
        except PictureDamaged:
            continue
        assert len(marked) <= end + len(AI.encode()) + 120
