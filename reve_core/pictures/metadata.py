"""
What is written beside the pixels of a downloaded picture, and read back from an uploaded PNG.

Three text chunks are spliced into a PNG behind its header; every pixel byte stays as the provider sent it. ``parameters``
follows the convention of AUTOMATIC1111's web UI, which most other tools read. ``reve-studio`` is our own JSON. The XMP
packet is the mark; it is all that a JPEG or WebP gets.

Sources: PNG, third edition, 11.3.3 (text) and 11.3.3.4 (XMP keyword); AUTOMATIC1111/stable-diffusion-webui
modules/infotext_utils.py; C2PA 2.2, A.3.2 (the ``caBX`` chunk).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reve_core.errors import PictureDamaged, UnusablePicture
from reve_core.models import JobRequest
from reve_core.pictures import xmp
from reve_core.pictures.bare import has_manifest
from reve_core.pictures.check import PNG_SIGNATURE, Caps, Chunk, inspect, png_chunks
from reve_core.pictures.pngtext import keyword_of, spliced, text_of

PARAMETERS = "parameters"
OURS = "reve-studio"
XMP = xmp.KEYWORD

UPLOAD_CAPS = Caps(max_bytes=40_000_000, max_pixels=40_000_000)

_PAIR = re.compile(r'\s*(\w[\w \-/]{0,40}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
_FIELD = "picture"


def embed(
    data: bytes,
    request: JobRequest,
    *,
    label: str,
    credits: float | None = None,
    usd: float | None = None,
    created_at: datetime | None = None,
    with_settings: bool = True,
    signed_anew: bool = False,
) -> bytes:
    """
    The same picture with its settings and its mark written into it; no pixel is decoded or changed. A JPEG or WebP has room
    for the mark and the prompt.

    ``label`` is the provider's fixed mark, such as "AI-generated". ``with_settings=False`` writes the mark alone, for
    copies that are shared without the prompt; settings that an earlier hand wrote under our keywords go as well. An XMP
    packet that already names its digital source stays as it is.

    A picture with a C2PA manifest is returned untouched, since any change would invalidate it, unless it is to be
    ``signed_anew``. Raises ``PictureDamaged`` where the file is cut short.
    """
    if not signed_anew and has_manifest(data):
        return data
    packet = xmp.packet(xmp.source_of(request.provider))
    if with_settings:
        system = "" if request.provider == "sketch" else f"{request.provider} {request.model}".strip()
        packet = xmp.packet(xmp.source_of(request.provider), prompt=request.prompt, system=system)
    if not data.startswith(PNG_SIGNATURE):
        return xmp.put(data, packet)
    texts = {}
    if with_settings:
        width, height = _size(data)
        texts[PARAMETERS] = _infotext(request, width, height)
        texts[OURS] = _our_json(request, label=label, credits=credits, usd=usd, created_at=created_at)
    texts[XMP] = packet
    return spliced(
        data,
        texts,
        instead_of=(PARAMETERS, OURS, XMP),
        stays=lambda keyword, chunk: keyword == XMP and _is_their_mark(data, chunk),
    )


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
            keyword = keyword_of(data, chunk)
            if keyword in (PARAMETERS, OURS) and keyword not in texts:
                texts[keyword] = text_of(data, chunk)
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
    facts["Software"] = xmp.APP  # readers take a line for settings only if it names three things: this is always one
    line = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in facts.items())
    return f"{request.prompt}\n{line}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ',:\n"') else value


def _our_json(
    request: JobRequest, *, label: str, credits: float | None, usd: float | None, created_at: datetime | None
) -> str:
    about: dict[str, Any] = {
        "version": 1,
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio,
        "seed": request.seed,
        "provider": request.provider,
        "model": request.model,
        "credits": credits,
        "usd": usd,
        "created_at": created_at.astimezone(UTC).isoformat(timespec="seconds") if created_at else None,
        "label": label,
    }
    return json.dumps({name: value for name, value in about.items() if value not in (None, "")}, ensure_ascii=False)


def _size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


# ---------------------------------------------------------------- reading


def _is_their_mark(data: bytes, chunk: Chunk) -> bool:
    try:
        return xmp.is_their_mark(text_of(data, chunk))
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
