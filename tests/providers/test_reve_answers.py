"""Reading an answer's body: cheap for large pictures, forgiving with what was paid for, safe for the store."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.models import Receipt
from reve_core.providers.reve import answer
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.picture import begins_like_an_answer, is_absurd, kind_of
from reve_core.providers.wire.plain import Cleaner

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5
CLEANER = Cleaner(SecretStr("papi.test-canary"), None)


def body(**fields: Any) -> bytes:
    return json.dumps({"image": base64.b64encode(PNG).decode(), **fields}).encode()


def test_the_picture_is_read_wherever_it_stands_in_the_object() -> None:
    for text in (body(version="x"), json.dumps({"version": "x", "image": base64.b64encode(PNG).decode()}).encode()):
        got = answer.read(text, CLEANER)
        assert got is not None
        assert got.image == PNG
        assert got.fields == {"version": "x"}


def test_an_image_field_further_in_is_not_mistaken_for_the_picture() -> None:
    inner = {"layout": {"image": "inner", "regions": []}}
    text = json.dumps({**inner, "image": base64.b64encode(PNG).decode()}).encode()
    got = answer.read(text, CLEANER)
    assert got is not None
    assert got.image == PNG
    assert got.fields == inner
    without = answer.read(json.dumps({**inner, "image": ""}).encode(), CLEANER)
    assert without is not None
    assert without.image is None


@pytest.mark.parametrize(
    "encoded",
    [
        base64.b64encode(PNG).decode().rstrip("="),
        "data:image/png;base64," + base64.b64encode(PNG).decode(),
        base64.encodebytes(PNG).decode(),
        base64.urlsafe_b64encode(PNG).decode(),
    ],
    ids=["without padding", "with a data prefix", "in lines", "with the other alphabet"],
)
def test_base64_that_is_not_quite_as_promised_still_gives_the_picture(encoded: str) -> None:
    got = answer.read(json.dumps({"image": encoded}).encode(), CLEANER)
    assert got is not None
    assert got.image == PNG


def test_escaped_slashes_are_slashes() -> None:
    got = answer.read(json.dumps({"image": base64.b64encode(PNG).decode()}).replace("/", "\\/").encode(), CLEANER)
    assert got is not None
    assert got.image == PNG


@pytest.mark.parametrize("rest", [b"}}", b', "layout": {"regions": [', b', "n": ' + b"9" * 5000 + b"}"])
def test_a_whole_picture_survives_a_broken_rest(rest: bytes) -> None:
    got = answer.read(b'{"image": "' + base64.b64encode(PNG) + b'"' + rest, CLEANER)
    assert got is not None
    assert got.image == PNG
    assert got.notes == ("What came with the picture could not be read.",)


@pytest.mark.parametrize("text", [b"", b"[]", b'"image"', b'{"image": "iVBOR', b"\x00\x01", b"<html>", b"[" * 100_000])
def test_what_is_no_answer_is_none(text: bytes) -> None:
    assert answer.read(text, CLEANER) is None


def test_a_receipt_holds_nothing_that_a_store_could_choke_on() -> None:
    deep: Any = "end"
    for _ in range(200):
        deep = [deep]
    text = body(a="half \ud83e", b=float("nan"), c=float("inf"), d=deep, e="x" * 100_000, credits_used="nan")
    got = answer.read(text, CLEANER)
    receipt = answer.receipt_of(Exchange(status=200), got, CLEANER)
    assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt
    assert set(receipt.raw) == {"a", "d", "e"}
    assert receipt.raw["e"] == "(left out: 100002 characters)"
    assert receipt.credits_used is None


def test_secrets_are_taken_out_of_everything_that_is_kept() -> None:
    got = answer.read(body(log={"papi.test-canary": ["Bearer papi.test-canary"]}, version="papi.test-canary"), CLEANER)
    receipt = answer.receipt_of(Exchange(status=200, headers={"x-reve-request-id": "papi.test-canary"}), got, CLEANER)
    assert "canary" not in receipt.model_dump_json()
    assert "canary" not in repr(CLEANER)


def test_headers_speak_where_the_body_is_silent() -> None:
    headers = {
        "x-reve-request-id": "rsid-1",
        "x-reve-credits-used": "150",
        "x-reve-credits-remaining": "12.5",
        "x-reve-version": "v",
        "x-reve-error-code": "SOMETHING",
    }
    receipt = answer.receipt_of(Exchange(status=500, headers=headers), None, CLEANER)
    assert (receipt.request_id, receipt.credits_used, receipt.credits_left) == ("rsid-1", 150, 12.5)
    assert (receipt.version, receipt.raw) == ("v", {"error_code": "SOMETHING"})


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_pictures_are_known_by_their_first_bytes(data: bytes, kind: str | None) -> None:
    assert kind_of(data) == kind


def test_a_header_that_claims_gigapixels_is_absurd() -> None:
    def header(width: int, height: int) -> bytes:
        return PNG[:8] + b"\x00\x00\x00\rIHDR" + width.to_bytes(4) + height.to_bytes(4)

    assert is_absurd(header(60_000, 60_000))
    assert not is_absurd(header(8192, 4096))
    assert not is_absurd(PNG[:12])


def test_every_beginning_of_a_good_answer_is_let_through() -> None:
    for whole in (
        body(),
        b"\xef\xbb\xbf \n" + body(),
        PNG,
        b"\xff\xd8\xff\xe0" + bytes(20),
        b"RIFF\x01\x00\x00\x00WEBP",
    ):
        assert all(begins_like_an_answer(whole[:length]) for length in range(len(whole[:80])))
    assert not begins_like_an_answer(b"<!doctype html>")
    assert not begins_like_an_answer(b"\x00")


def test_a_line_to_show_is_short_inert_and_free_of_secrets_even_at_the_cut() -> None:
    assert CLEANER.line("a\n\tb\x00\u202ec <i>`d`</i>") == "a b c ‹i›'d'‹/i›"
    assert len(CLEANER.line("x" * 10_000_000)) == 200
    for start in range(3960, 4010):
        assert "papi" not in CLEANER.line(" " * start + "papi.test-canary" + "y" * 5000)
