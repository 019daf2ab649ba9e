"""
What is written beside the pixels of a downloaded PNG, and read back from an uploaded one.

Three text chunks are spliced in behind the header; every pixel byte stays as the provider sent it. ``parameters`` follows
the convention of AUTOMATIC1111's web UI, which most other tools read. ``reve-studio`` is our own JSON. The XMP packet
says, in the words of the IPTC, that no camera took this picture.

Sources: PNG, third edition, 11.3.3 (text) and 11.3.3.4 (XMP keyword); AUTOMATIC1111/stable-diffusion-webui
modules/infotext_utils.py; IPTC NewsCodes, Digital Source Type; C2PA 2.2, A.3.2 (the ``caBX`` chunk).
"""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reve_core.errors import PictureDamaged, UnusablePicture
from reve_core.models import JobRequest
from reve_core.pictures.check import PNG_SIGNATURE, Caps, Chunk, inspect, png_chunks

DigitalSource = Literal["trainedAlgorithmicMedia", "algorithmicMedia"]

PARAMETERS = "parameters"
OURS = "reve-studio"
XMP = "XML:com.adobe.xmp"
APP = "Reve Studio"

MAX_TEXT = 64 * 1024  # characters or bytes of one text chunk, unpacked
UPLOAD_CAPS = Caps(max_bytes=40_000_000, max_pixels=40_000_000)

_TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")
_PAIR = re.compile(r'\s*(\w[\w \-/]{0,40}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
_FIELD = "picture"


def source_of(provider: str) -> DigitalSource:
    """The IPTC's word for how a provider's pictures come about: drawn by rules (the sketch), or by a trained model."""
    return "algorithmicMedia" if provider == "sketch" else "trainedAlgorithmicMedia"


def embed(
    data: bytes,
    request: JobRequest,
    *,
    label: str,
    credits: float | None = None,
    created_at: datetime | None = None,
    with_settings: bool = True,
) -> bytes:
    """
    The same PNG with its settings and its mark written into it; no pixel is decoded or changed.

    ``label`` is the provider's fixed mark, such as "AI-generated". ``with_settings=False`` writes the mark alone, for
    copies that are shared without the prompt; settings that an earlier hand wrote under our keywords go as well. An XMP
    packet that already names its digital source stays as it is.

    Returned untouched: a JPEG or WebP, and a PNG with a C2PA manifest (``caBX``), which any change would invalidate.
    Raises ``PictureDamaged`` where a PNG is cut short.
    """
    if not data.startswith(PNG_SIGNATURE):
        return data
    chunks = list(png_chunks(data, checksums=False))
    if any(chunk.type == b"caBX" for chunk in chunks):
        return data
    if chunks[0].type != b"IHDR":
        raise PictureDamaged("The picture's header is corrupt.")

    texts = {}
    if with_settings:
        width, height = _size(data)
        texts[PARAMETERS] = _infotext(request, width, height)
        texts[OURS] = _our_json(request, label=label, credits=credits, created_at=created_at)
    texts[XMP] = xmp(source_of(request.provider))

    view = memoryview(data)
    head = chunks[0].end
    pieces: list[bytes | memoryview] = []
    kept_from = head
    for chunk in chunks[1:]:
        keyword = _keyword(data, chunk)
        if keyword not in (PARAMETERS, OURS, XMP):
            continue
        if keyword == XMP and _names_its_source(data, chunk):
            texts.pop(XMP, None)
            continue
        pieces.append(view[kept_from : chunk.start])
        kept_from = chunk.end
    pieces.append(view[kept_from:])
    return b"".join([view[:head], *(_itxt(keyword, text) for keyword, text in texts.items()), *pieces])


def read(data: bytes, caps: Caps = UPLOAD_CAPS) -> JobRequest | None:
    """
    The settings that a PNG was made with: ours, else the prompt and seed another tool left. None where it holds none.

    ``data`` comes from anybody. No pixel is decoded; texts are read up to ``MAX_TEXT``, packed ones unpacked no further.
    Raises ``UnusablePicture`` for what is not a PNG, is cut short or corrupt, is over ``caps`` or hides too much text.
    """
    if not data.startswith(PNG_SIGNATURE):
        raise UnusablePicture("This is not a PNG. Choose a picture that was downloaded from this app.", _FIELD)
    try:
        inspect(data, caps)
        texts: dict[str, str] = {}
        for chunk in png_chunks(data):
            keyword = _keyword(data, chunk)
            if keyword in (PARAMETERS, OURS) and keyword not in texts:
                texts[keyword] = _text(data, chunk)
    except PictureDamaged as exc:
        raise UnusablePicture(f"{exc} Choose another file.", _FIELD) from exc
    found = _from_json(texts[OURS]) if OURS in texts else None
    if found is None and PARAMETERS in texts:
        found = _from_infotext(texts[PARAMETERS])
    return found


# ---------------------------------------------------------------- writing


def _infotext(request: JobRequest, width: int, height: int) -> str:
    facts: dict[str, object] = {}
    if request.seed is not None:
        facts["Seed"] = request.seed
    facts["Size"] = f"{width}x{height}"
    if request.aspect_ratio:
        facts["Aspect ratio"] = request.aspect_ratio
    if request.model:
        facts["Model"] = request.model
    if request.provider:
        facts["Provider"] = request.provider
    facts["Software"] = APP  # readers take a line for settings only if it names three things: this is always one
    line = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in facts.items())
    return f"{request.prompt}\n{line}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ',:\n"') else value


def _our_json(request: JobRequest, *, label: str, credits: float | None, created_at: datetime | None) -> str:
    about: dict[str, Any] = {
        "version": 1,
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio,
        "seed": request.seed,
        "provider": request.provider,
        "model": request.model,
        "credits": credits,
        "created_at": created_at.astimezone(UTC).isoformat(timespec="seconds") if created_at else None,
        "label": label,
    }
    return json.dumps({name: value for name, value in about.items() if value not in (None, "")}, ensure_ascii=False)


def xmp(source: DigitalSource) -> str:
    """The packet that names how a picture came about, and nothing else."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmp:CreatorTool="{APP}"'
        f' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{source}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def _itxt(keyword: str, text: str) -> bytes:
    # keyword, no compression, no language, no translated keyword; a zero byte may not occur in the text
    content = text.replace("\x00", "\ufffd").encode("utf-8", "replace")
    body = b"iTXt" + keyword.encode("latin-1") + b"\x00\x00\x00\x00\x00" + content
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def _size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


# ---------------------------------------------------------------- reading


def _keyword(data: bytes, chunk: Chunk) -> str | None:
    if chunk.type not in _TEXT_KINDS:
        return None
    start = chunk.body.start
    end = data.find(b"\x00", start, min(chunk.body.stop, start + 80))
    return data[start:end].decode("latin-1") if end > start else None


def _text(data: bytes, chunk: Chunk) -> str:
    """The text of a chunk whose keyword is known. Raises ``PictureDamaged`` where it is too long or malformed."""
    body = data[chunk.body].partition(b"\x00")[2]
    packed = chunk.type == b"zTXt"
    if packed:
        body = body[1:]
    elif chunk.type == b"iTXt":
        packed, body = body[:1] == b"\x01", body[2:]
        body = body.partition(b"\x00")[2].partition(b"\x00")[2]
    if packed:
        try:
            body = zlib.decompressobj().decompress(body, MAX_TEXT + 1)
        except zlib.error as exc:
            raise PictureDamaged("The picture's text is corrupt.") from exc
    if len(body) > MAX_TEXT:
        raise PictureDamaged(f"The picture holds more than {MAX_TEXT // 1024} kB of text.")
    try:
        return body.decode("utf-8")  # tEXt ought to be Latin-1, but many tools write UTF-8 there
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _names_its_source(data: bytes, chunk: Chunk) -> bool:
    try:
        return "DigitalSourceType" in _text(data, chunk)
    except PictureDamaged:
        return False


class _Ours(BaseModel):
    """Our JSON as a stranger may have changed it. Fields of later versions are passed over."""

    model_config = ConfigDict(strict=True, extra="ignore")

    prompt: str = Field(min_length=1)
    aspect_ratio: str = Field("", pattern=r"^([1-9][0-9]{0,3}:[1-9][0-9]{0,3})?$")
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    provider: str = Field("", pattern=r"^[a-z0-9_\-]{0,64}$")
    model: str = Field("", pattern=r"^[A-Za-z0-9_./:@+\- ]{0,128}$")


def _from_json(text: str) -> JobRequest | None:
    try:
        found = _Ours.model_validate_json(text)
    except ValidationError:
        return None
    return JobRequest(**{**found.model_dump(), "prompt": _clean(found.prompt)}) if _clean(found.prompt) else None


def _from_infotext(text: str) -> JobRequest | None:
    lines = text.replace("\r\n", "\n").strip().split("\n")
    facts: dict[str, str] = dict(_PAIR.findall(lines[-1][:8192]))
    if len(facts) >= 3:
        lines.pop()
    else:
        facts = {}
    for number, line in enumerate(lines):
        if line.startswith("Negative prompt:"):
            del lines[number:]
            break
    prompt = _clean("\n".join(lines).strip())
    if not prompt:
        return None
    seed = facts.get("Seed", "").strip()
    return JobRequest(
        prompt=prompt,
        seed=int(seed) if re.fullmatch(r"[0-9]{1,10}", seed) and int(seed) < 2**32 else None,
        aspect_ratio=_ratio(facts.get("Size", "")),
    )


def _ratio(size: str) -> str:
    """The usual ratio within five per cent of ``1216x832``, else none: the model's own."""
    match = re.fullmatch(r"\s*([1-9][0-9]{0,5})x([1-9][0-9]{0,5})\s*", size)
    if match:
        there = int(match[1]) / int(match[2])
        for ratio in _RATIOS:
            width, height = ratio.split(":")
            if abs(there / (int(width) / int(height)) - 1) <= 0.05:
                return ratio
    return ""


def _clean(text: str) -> str:
    """Without control characters, which no prompt needs and a form cannot show."""
    return "".join(mark for mark in text if mark in "\n\t" or (mark >= " " and not "\x7f" <= mark <= "\x9f"))
