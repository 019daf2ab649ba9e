"""
The machine-readable mark: an XMP packet that says, in the words of the IPTC, that no camera took this picture.

It is set into a PNG, JPEG or WebP beside the pixels, of which every byte stays as it was. Nothing in it tells who made
the picture; the prompt is in it only where the caller hands it over.

Sources: XMP specification part 3 (ISO 16684-1), 1.1.3 (JPEG), 1.1.5 (PNG); RFC 9649 (WebP), 2.7; IPTC NewsCodes, Digital
Source Type; IPTC Photo Metadata Standard 2025.1 (AI Prompt Information, AI System Used).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from reve_core.errors import PictureDamaged
from reve_core.pictures.bare import jpeg_parts, riff, segment, webp_chunks
from reve_core.pictures.check import PNG_SIGNATURE, Caps, inspect, png_chunks
from reve_core.pictures.pngtext import keyword_of, spliced, text_of

# Made by a trained model; made by rules alone; put together from several of which at least one is synthetic.
Source = Literal["trainedAlgorithmicMedia", "algorithmicMedia", "compositeSynthetic"]

APP = "Reve Studio"
KEYWORD = "XML:com.adobe.xmp"
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_WEBP_XMP, _WEBP_ALPHA = 0x04, 0x10
_NAMES = "DigitalSourceType"
_OURS = f"xmp:CreatorTool={quoteattr(APP)}"
_LONGEST = 40_000  # bytes of a prompt: a JPEG has room for 65,502 of the packet, in which a sign may become six
_ANY = Caps(max_bytes=2**31, max_pixels=2**62)


def source_of(provider: str) -> Source:
    """The IPTC's word for how a provider's pictures come about: drawn by rules (the sketch), or by a trained model."""
    return "algorithmicMedia" if provider == "sketch" else "trainedAlgorithmicMedia"


def source_of_all(providers: Iterable[str]) -> Source:
    """For one picture that was put together from several."""
    found = {source_of(provider) for provider in providers}
    return found.pop() if len(found) == 1 else "compositeSynthetic"


def packet(source: Source | None, *, told: str = "", prompt: str = "", system: str = "") -> str:
    """
    ``source`` None names no source: where the name would tell who made a picture before a vote, ``told`` says the same of
    all of them. ``prompt`` and ``system`` (what made it) are for copies that show them.
    """
    about = [_OURS]
    if source is not None:
        about.append(f'Iptc4xmpExt:{_NAMES}="{VOCABULARY}{source}"')
    if system:
        about.append(f"Iptc4xmpExt:AISystemUsed={quoteattr(_sound(system))}")
    if prompt:
        about.append(f"Iptc4xmpExt:AIPromptInformation={quoteattr(_sound(_cut(prompt)))}")
    words = more = ""
    if told:
        more = ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        line = f'<rdf:li xml:lang="x-default">{escape(_sound(told))}</rdf:li>'
        words = f"<dc:description><rdf:Alt>{line}</rdf:Alt></dc:description>"
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f"{more} {' '.join(about)}>{words}</rdf:Description>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def put(data: bytes, text: str) -> bytes:
    """
    The same picture with the packet ``text`` in the place of the one it had; somebody else's that names a source stays.

    A C2PA manifest is not looked for: whatever is changed breaks it. Raises ``PictureDamaged``.
    """
    if (there := found(data)) is not None and is_their_mark(there):
        return data
    if data.startswith(PNG_SIGNATURE):
        return spliced(data, {KEYWORD: text}, instead_of=(KEYWORD,))
    return _in_jpeg(data, text.encode()) if data.startswith(b"\xff\xd8\xff") else _in_webp(data, text.encode())


def is_their_mark(text: str) -> bool:
    """Whether a packet that is not ours names the digital source."""
    return _NAMES in text and _OURS not in text


def found(data: bytes) -> str | None:
    """The packet that a picture carries, None where it has none. Raises ``PictureDamaged``."""
    if data.startswith(PNG_SIGNATURE):
        for chunk in png_chunks(data, checksums=False):
            if keyword_of(data, chunk) == KEYWORD:
                try:
                    return text_of(data, chunk)
                except PictureDamaged:
                    return ""  # too long, or not to be read: as good as empty
        return None
    if data.startswith(b"\xff\xd8\xff"):
        for marker, start, end in jpeg_parts(data):
            if marker == 0xE1 and data.startswith(_JPEG_XMP, start + 4):
                return data[start + 4 + len(_JPEG_XMP) : end].decode("utf-8", "replace")
        return None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return next((body.decode("utf-8", "replace") for kind, body in webp_chunks(data) if kind == b"XMP "), None)
    raise PictureDamaged("These bytes are not a PNG, JPEG or WebP picture.")


def _in_jpeg(data: bytes, text: bytes) -> bytes:
    """Behind JFIF and EXIF, which readers want first."""
    head: list[bytes] = []
    rest: list[bytes] = []
    for marker, start, end in jpeg_parts(data):
        if marker == 0xE1 and data.startswith((_JPEG_XMP, _JPEG_MORE), start + 4):
            continue
        is_first = not rest and (marker == 0xE0 or (marker == 0xE1 and data.startswith(b"Exif\0", start + 4)))
        (head if is_first else rest).append(data[start:end])
    return b"".join([b"\xff\xd8", *head, segment(0xE1, _JPEG_XMP + text), *rest])


def _in_webp(data: bytes, text: bytes) -> bytes:
    chunks = [(kind, body) for kind, body in webp_chunks(data) if kind != b"XMP "]
    if not chunks:
        raise PictureDamaged("The picture is cut short: its last bytes are missing.")
    if chunks[0][0] == b"VP8X":
        body = chunks.pop(0)[1]
        flags, size = body[0], body[4:10]
    else:  # the simple kind has no room for it: the same bitstream in the extended one
        facts = inspect(data, _ANY)
        first = chunks[0][1]
        flags = _WEBP_ALPHA if chunks[0][0] == b"VP8L" and first[4] & 0x10 else 0
        size = (facts.width - 1).to_bytes(3, "little") + (facts.height - 1).to_bytes(3, "little")
    header = bytes((flags | _WEBP_XMP, 0, 0, 0)) + size
    whole = b"WEBP" + b"".join(riff(kind, body) for kind, body in ((b"VP8X", header), *chunks, (b"XMP ", text)))
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def _sound(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(
        sign
        if sign in "\t\n\r" or "\x20" <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign > "\uffff"
        else "\ufffd"
        for sign in text
    )


def _cut(text: str) -> str:
    while len(quoteattr(text).encode("utf-8", "replace")) > _LONGEST:
        text = text[: len(text) * 9 // 10]
    return text
