"""What every file that leaves carries, and what it never carries: each is fetched over real HTTP and searched, byte by byte."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reve_core.compare.models import Comparison
from reve_core.models import JobRequest, Picture
from reve_core.pictures import check, xmp
from reve_core.pictures.marker import Marker
from reve_core.visitors import COOKIE
from tests.building import settled
from tests.fakes import FakeProvider, png
from tests.pictures.samples import chunk, with_chunk
from tests.web.polling import ANNA, Booth, ballot_in, polling, two_models

SECRET = "zanzibar"  # in every prompt
PROMPTS = (f"a fox, {SECRET} xylophone", f"a heron, {SECRET} xylophone")
CAPS = check.Caps(max_bytes=10**8, max_pixels=10**8)


class Chatty(FakeProvider):
    """Answers in the format it is named after, with the prompt in every corner of the file."""

    def picture(self, request: JobRequest) -> Picture:
        made = super().picture(request)
        with Image.open(io.BytesIO(png(f"{request.prompt} {request.seed}", (96, 64)))) as opened:
            picture = opened.convert("RGB")
        exif, out = Image.Exif(), io.BytesIO()
        exif[0x010E] = request.prompt
        kind = self.name.upper()
        if kind == "PNG":
            text = PngInfo()
            text.add_text("Description", request.prompt)
            text.add_text("parameters", request.prompt, zip=True)
            text.add_itxt("XML:com.adobe.xmp", f"<x>{request.prompt}</x>")
            picture.save(out, kind, exif=exif, pnginfo=text)
        else:
            more = {"comment": request.prompt.encode()} if kind == "JPEG" else {}
            picture.save(out, kind, exif=exif, xmp=f"<x>{request.prompt}</x>".encode(), **more)
        return replace(made, data=out.getvalue())


class Sketchy(FakeProvider):
    label = "Drawn by code, not an AI model"


KINDS = ("png", "jpeg", "webp")


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    providers = [Chatty(name=kind) for kind in KINDS] + [Sketchy(name="sketch")]
    with polling(tmp_path_factory.mktemp("marks"), *providers) as booth:
        yield booth


@pytest.fixture(scope="module")
def made(booth: Booth) -> Comparison:
    """Two prompts by three models, in three formats, with one vote on it."""
    providers = [Chatty(name=kind) for kind in KINDS]
    made = booth.comparison(*PROMPTS, **two_models(*providers))
    link = booth.link(made)
    booth.person().say(link, "left")
    return made


@pytest.fixture(scope="module")
def anna(booth: Booth) -> Iterator[httpx.Client]:
    headers = {"Cookie": f"{COOKIE}={booth.studio.visitors.cookie(ANNA)}"}
    with httpx.Client(base_url=booth.url, headers=headers, timeout=30) as client:
        yield client


def jobs(booth: Booth, made: Comparison) -> list[str]:
    return [str(cell.job_id) for cell in booth.studio.polls._grids.cells(made.id)]


def got(client: httpx.Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.text[:200]}"
    return answer.content


def inside(data: bytes) -> bytes:
    """The bytes, and whatever is packed in them: the texts of a PNG, the files of a zip, what is base64 in a page."""
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [inside(archive.read(name)) for name in archive.namelist()]
    elif data.startswith(b"\x89PNG"):
        for piece in check.png_chunks(data):
            if piece.type in (b"zTXt", b"iTXt"):
                for at in range(4):
                    body = data[piece.body].split(b"\0", at + 1)[-1]
                    try:
                        found.append(zlib.decompress(body))
                    except zlib.error:
                        continue
    else:
        found += map(base64.b64decode, re.findall(rb"[A-Za-z0-9+/]{200,}={0,2}", data))
    return b"".join(found)


def source(data: bytes) -> str:
    """The last word of the source that a picture names, after it was decoded to the end."""
    check.decode(data, CAPS)
    packet = xmp.found(data) or ""
    return "".join(re.findall(r'DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/(\w+)"', packet))


def pictures_in(page: bytes) -> list[bytes]:
    return [base64.b64decode(each) for each in re.findall(rb"data:image/webp;base64,([A-Za-z0-9+/=]+)", page)]


@pytest.fixture(scope="module")
def owned(booth: Booth, anna: httpx.Client, made: Comparison) -> dict[str, bytes]:
    """Everything that the owner can take along."""
    names = jobs(booth, made)
    token = booth.studio.shelf.prepare_export(names, owner=ANNA)
    base = f"/download/comparisons/{made.id}/"
    files = ("export.html", "export.json", "originals.zip", "contact.png", "cells.csv", "votes.csv")
    found = {name: got(anna, base + name) for name in files}
    found["exports.zip"] = got(anna, f"/exports/{token}")
    for name, kind in zip(names, KINDS, strict=False):
        found[f"download {kind}"] = got(anna, f"/download/{name}")
    return found


@pytest.fixture(scope="module")
def shared(booth: Booth, anna: httpx.Client, made: Comparison) -> dict[str, bytes]:
    """Everything that a stranger gets by links whose owner keeps the prompts back, and by files that go without them."""
    found: dict[str, bytes] = {}
    person = booth.person()
    for name in jobs(booth, made):
        job = booth.studio.get(name, owner=ANNA)
        link = booth.studio.shares.make(name, owner=ANNA, show_prompt=False, show_settings=True)
        for what in ("", "/embed", "/picture", "/card.jpg", "/download"):
            found[f"{job.request.provider} share{what}"] = got(person.client, f"/s/{link.token}{what}")
        found[f"{job.request.provider} file without its prompt"] = got(anna, f"/download/{name}?prompt=no")
    token = booth.studio.shelf.prepare_export(jobs(booth, made), owner=ANNA, with_prompts=False)
    found["archive without prompts"] = got(anna, f"/exports/{token}")
    look = booth.link(made, may_vote=False, show_prompt=False)
    page = got(person.client, f"/c/{look.token}")
    found["grid"] = page
    [text] = re.findall(rb'id="comparison">(.*?)</script>', page, re.S)
    for number, cell in enumerate(json.loads(text)["cells"]):
        found[f"grid picture {number}"] = got(person.client, cell["full"])
        found[f"grid thumbnail {number}"] = got(person.client, cell["src"])
    found["grid card"] = got(person.client, f"/c/{look.token}/card.jpg")
    vote = booth.link(made, show_prompt=False)
    opened = person.open(vote)
    ballot = ballot_in(opened)
    found["vote"] = opened.content
    for side in ("left", "right"):
        found[f"vote picture {side}"] = got(person.client, f"/c/{vote.token}/b/{ballot}/{side}")
    found["vote card"] = got(person.client, f"/c/{vote.token}/card.jpg")
    found["reveal"] = person.say(vote, "left", ballot).content
    return found


def is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF"))


def test_every_picture_that_leaves_names_its_source(owned: dict[str, bytes], shared: dict[str, bytes]) -> None:
    checked = 0
    for name, data in (owned | shared).items():
        found = [data] if is_picture(data) else []
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found = [
                    archive.read(each) for each in archive.namelist() if not each.endswith((".csv", ".json", ".txt"))
                ]
        if name == "export.html":
            found = pictures_in(data)
            assert len(found) == 12  # six pictures, each with its thumbnail
        if name == "export.json":
            found = [base64.b64decode(cell["picture"]["data"]) for cell in json.loads(data)["cells"]]
        for each in found:
            assert (name, source(each)) == (name, "trainedAlgorithmicMedia")
        checked += len(found)
    assert checked > 60


def test_the_visible_mark_stands_on_every_page_and_in_every_list(
    owned: dict[str, bytes], shared: dict[str, bytes]
) -> None:
    pages = [name for name in shared if not is_picture(shared[name]) and not name.startswith("archive")]
    assert {"grid", "vote", "reveal", "png share", "png share/embed"} <= set(pages)
    for name in pages:
        assert b"AI-generated" in shared[name], name
    for name in ("export.html", "export.json", "cells.csv"):
        assert b"AI-generated" in owned[name], name
    for name in ("originals.zip", "exports.zip"):
        with zipfile.ZipFile(io.BytesIO(owned[name])) as archive:
            for each in ("pictures.csv", "pictures.json", "README.txt"):
                assert b"AI-generated" in archive.read(each), (name, each)
            assert "trainedAlgorithmicMedia" in archive.read("README.txt").decode()


def test_a_prompt_that_is_kept_back_is_in_no_byte_of_anything(shared: dict[str, bytes]) -> None:
    for name, data in shared.items():
        assert SECRET.encode() not in inside(data), name


def test_the_owner_finds_the_prompt_in_their_own_files(owned: dict[str, bytes]) -> None:
    for kind in KINDS:
        assert SECRET.encode() in inside(owned[f"download {kind}"])
    for name in ("exports.zip", "originals.zip", "export.html"):
        assert SECRET.encode() in inside(owned[name])


def test_nothing_tells_who_somebody_is(booth: Booth, owned: dict[str, bytes], shared: dict[str, bytes]) -> None:
    studio = booth.studio
    voters = {vote.voter for link in studio.shares.links(ANNA) for vote in booth.votes(link)}
    owner = studio.visitors.cookie(ANNA)
    private = {ANNA, owner, owner.split(".")[0], "rsid-fake", "127.0.0.1", "a secret that only tests have", *voters}
    for name, data in (owned | shared).items():
        whole = inside(data)
        for word in private:
            if word == "127.0.0.1" and not is_picture(data) and name in shared:
                continue  # where a page is found is its own address here
            assert word.encode() not in whole, (name, word)


def test_in_the_pictures_that_are_shared_nothing_is_packed_that_nobody_reads(shared: dict[str, bytes]) -> None:
    """Beside pixels and colours there is the one packet, in the words that are known here."""
    for name, data in shared.items():
        if is_picture(data) and "vote picture" not in name:
            assert xmp.found(data) == xmp.packet("trainedAlgorithmicMedia"), name
            assert len(data) - len(data.replace((xmp.found(data) or "").encode(), b"")) < 700, name


# ---------------------------------------------------------------- blind


def sides(booth: Booth, made: Comparison) -> tuple[bytes, bytes, str]:
    link, person = booth.link(made), booth.person()
    page = person.open(link)
    ballot = ballot_in(page)
    left, right = (got(person.client, f"/c/{link.token}/b/{ballot}/{side}") for side in ("left", "right"))
    return left, right, page.text


def test_before_a_vote_both_pictures_carry_the_same_mark_whoever_made_them(booth: Booth) -> None:
    mixed = booth.comparison(PROMPTS[0], **two_models(Chatty(name="png"), Sketchy(name="sketch")))
    left, right, page = sides(booth, mixed)
    told = "AI-generated · Drawn by code, not an AI model"
    assert xmp.found(left) == xmp.found(right) == xmp.packet(None, told=told)
    assert (source(left), source(right)) == ("", "")
    assert page.count(told) == 1
    for word in ("trainedAlgorithmicMedia", "algorithmicMedia"):
        assert word.encode() not in left + right + page.encode()

    drawn = booth.comparison(*PROMPTS, **two_models(Sketchy(name="sketch")))
    assert [source(each) for each in sides(booth, drawn)[:2]] == ["algorithmicMedia"] * 2


def test_what_is_put_together_from_both_kinds_is_called_synthetic(booth: Booth, anna: httpx.Client) -> None:
    mixed = booth.comparison(PROMPTS[0], **two_models(Chatty(name="png"), Sketchy(name="sketch")))
    link = booth.link(mixed)
    assert source(got(booth.person().client, f"/c/{link.token}/card.jpg")) == "compositeSynthetic"
    assert source(got(anna, f"/download/comparisons/{mixed.id}/contact.png")) == "compositeSynthetic"
    archive = zipfile.ZipFile(io.BytesIO(got(anna, f"/download/comparisons/{mixed.id}/originals.zip")))
    readme = archive.read("README.txt").decode()
    assert "AI-generated: 1" in readme
    assert "Drawn by code, not an AI model: 1" in readme


# ---------------------------------------------------------------- signatures and manifests


def test_a_share_says_that_its_file_is_signed_and_claims_no_more(booth: Booth, made: Comparison) -> None:
    class Seal:
        def sign(self, data: bytes, source: xmp.Source, *, parent: bytes | None = None) -> bytes:
            return data + b"signed"

    shares = booth.studio.shares
    link = shares.make(jobs(booth, made)[0], owner=ANNA)
    client = booth.person().client
    assert b"signed" not in got(client, f"/s/{link.token}")
    before, shares.marker = shares.marker, Marker(Seal())
    try:
        page = got(client, f"/s/{link.token}")
        files = [got(client, f"/s/{link.token}/{what}") for what in ("picture", "download")]
    finally:
        shares.marker = before
    assert b"signed (self-issued)" in page
    assert b"verified" not in page.lower()
    assert all(file.endswith(b"signed") for file in files)


def test_a_picture_with_a_manifest_reaches_its_owner_untouched_and_the_list_says_so(tmp_path: Path) -> None:
    class Signing(FakeProvider):
        def picture(self, request: JobRequest) -> Picture:
            return replace(super().picture(request), data=with_chunk(png(), chunk(b"caBX", b"jumb")))

    with polling(tmp_path, Signing(), public=False) as booth:
        [job] = booth.studio.submit(JobRequest(prompt="fox"))
        settled(booth.studio, job.id)
        with httpx.Client(base_url=booth.url) as client:
            assert got(client, f"/download/{job.id}") == with_chunk(png(), chunk(b"caBX", b"jumb"))
            assert b"caBX" not in got(client, f"/download/{job.id}?prompt=no")
            token = booth.studio.shelf.prepare_export([job.id])
            with zipfile.ZipFile(io.BytesIO(got(client, f"/exports/{token}"))) as archive:
                [note] = json.loads(archive.read("pictures.json"))
        assert "Content Credentials" in note["note"]
