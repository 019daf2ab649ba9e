"""Content Credentials: made with a certificate of the test's own, read back by the reader that comes with the package."""

from __future__ import annotations

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reve_core import bootstrap, marks
from reve_core.errors import ConfigurationError
from reve_core.models import JobRequest
from reve_core.pictures import xmp
from reve_core.pictures.bare import has_manifest
from reve_core.pictures.marker import AS_IT_CAME, Marker, SealFailed
from reve_core.settings import Settings
from tests.pictures.samples import encoded, image

c2pa: Any = pytest.importorskip("c2pa", reason="requirements-c2pa.txt is not installed")

from reve_core.pictures.signing import C2paSeal  # noqa: E402
from tests.pictures.authority import Authority  # noqa: E402

KINDS = ["PNG", "JPEG", "WEBP"]
HERON = JobRequest(prompt="a heron, zanzibar", seed=7, provider="reve", model="reve-2")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def marker(authority: Authority) -> Marker:
    return Marker(C2paSeal(*authority.signer("studio")))


@pytest.fixture(scope="module")
def provider(authority: Authority) -> Marker:
    """Somebody else who signs."""
    return Marker(C2paSeal(*authority.signer("provider")))


def read(data: bytes) -> tuple[str, dict[str, Any]]:
    """What a reader makes of it: Valid, Trusted or Invalid, and all that the manifests say."""
    with c2pa.Reader(io.BytesIO(data)) as reader:
        return reader.get_validation_state(), json.loads(reader.json())


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.tobytes()


def settings(cert: Path | None, key: Path | None) -> Settings:
    return Settings(c2pa_cert=cert, c2pa_key=key)


@pytest.mark.parametrize("kind", KINDS)
def test_every_copy_is_signed_and_no_pixel_changes(marker: Marker, kind: str) -> None:
    data = encoded(kind)
    copies = {
        "the owner's": marker.with_settings(data, HERON, label="AI-generated").data,
        "a bare one": marker.without_settings(data, "reve"),
        "a rendition": marker.copy(data, "trainedAlgorithmicMedia"),
    }
    for name, copy in copies.items():
        state, said = read(copy)
        assert (name, state, len(said["manifests"])) == (name, "Valid", 1)
        assert pixels(copy) == pixels(data)
        assert "DigitalSourceType" in (xmp.found(copy) or "")
        assert len(copy) < len(data) + 6000


def test_the_manifest_says_how_it_was_made_and_nothing_of_anybody(marker: Marker) -> None:
    copy = marker.with_settings(encoded("PNG"), HERON, label="AI-generated").data
    _, said = read(copy)
    [manifest] = said["manifests"].values()
    [actions] = [each["data"]["actions"] for each in manifest["assertions"] if each["label"].startswith("c2pa.actions")]
    assert [(each["action"], each["digitalSourceType"]) for each in actions] == [
        ("c2pa.created", xmp.VOCABULARY + "trainedAlgorithmicMedia")
    ]
    assert manifest["claim_generator_info"][0]["name"] == "Reve Studio"
    assert "zanzibar" not in json.dumps(said)
    assert "thumbnail" not in manifest
    assert "time" not in manifest["signature_info"]
    [drawn] = read(marker.without_settings(encoded("PNG"), "sketch"))[1]["manifests"].values()
    assert "/algorithmicMedia" in json.dumps(drawn["assertions"])


def test_a_certificate_that_is_on_no_list_is_called_untrusted_and_so_we_never_say_verified(marker: Marker) -> None:
    _, said = read(marker.without_settings(encoded("PNG"), "reve"))
    assert "signingCredential.untrusted" in [each["code"] for each in said["validation_status"]]
    assert marker.says == "signed (self-issued)"
    assert Marker().says == ""


def test_a_changed_pixel_shows(marker: Marker) -> None:
    copy = bytearray(marker.without_settings(encoded("WEBP"), "reve"))
    copy[copy.index(b"VP8 ") + 60] ^= 1
    assert read(bytes(copy))[0] == "Invalid"


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_that_came_with_the_picture_is_never_broken(marker: Marker, provider: Marker, kind: str) -> None:
    theirs = provider.copy(encoded(kind), "trainedAlgorithmicMedia")
    unsigned = Marker().with_settings(theirs, HERON, label="AI-generated")
    assert (unsigned.data, unsigned.note) == (theirs, AS_IT_CAME)

    ours = marker.with_settings(theirs, HERON, label="AI-generated").data
    state, said = read(ours)
    assert (state, len(said["manifests"])) == ("Valid", 2)
    active = said["manifests"][said["active_manifest"]]
    assert active["signature_info"]["common_name"] == "studio"
    [parent] = active["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert said["manifests"][parent["active_manifest"]]["signature_info"]["common_name"] == "provider"
    assert not [
        each for each in parent["validation_results"]["activeManifest"]["failure"] if "untrusted" not in each["code"]
    ]
    assert pixels(ours) == pixels(theirs)


def test_a_copy_without_the_prompt_drops_a_manifest_that_may_tell_it_and_is_signed_by_us(
    marker: Marker, provider: Marker
) -> None:
    theirs = provider.copy(encoded("PNG"), "trainedAlgorithmicMedia")
    assert not has_manifest(Marker().without_settings(theirs, "reve"))
    _, said = read(marker.without_settings(theirs, "reve"))
    assert [each["signature_info"]["common_name"] for each in said["manifests"].values()] == ["studio"]


def test_many_are_signed_at_once(marker: Marker) -> None:
    pictures = [encoded("PNG", image(32 + number, 24)) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        copies = list(pool.map(lambda data: marker.without_settings(data, "reve"), pictures))
    assert [read(copy)[0] for copy in copies] == ["Valid"] * 24
    assert [pixels(copy) for copy in copies] == [pixels(data) for data in pictures]


def test_what_cannot_be_signed_goes_out_marked_and_a_manifest_whole(
    provider: Marker, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def sign(self, data: bytes, source: xmp.Source, *, parent: bytes | None = None) -> bytes:
            raise SealFailed("the pen is dry")

    broken, plain = Marker(Broken()), Marker()
    data = encoded("JPEG")
    assert broken.without_settings(data, "reve") == plain.without_settings(data, "reve")
    assert broken.with_settings(data, HERON, label="x") == plain.with_settings(data, HERON, label="x")
    theirs = provider.copy(data, "trainedAlgorithmicMedia")
    assert broken.with_settings(theirs, HERON, label="x").data == theirs
    assert "the pen is dry" in caplog.text


# ---------------------------------------------------------------- certificates


def test_other_kinds_of_keys_sign_as_well(authority: Authority) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    for key in (
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ):
        seal = C2paSeal(*authority.signer("other", key=key))
        assert read(Marker(seal).without_settings(encoded("PNG"), "reve"))[0] == "Valid"


def test_without_a_certificate_nothing_is_signed_and_the_package_is_not_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert marks.make_marker(settings(None, None)).says == ""


def test_a_missing_package_is_told_with_what_to_install(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, key = authority.signer("lonely")
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(ConfigurationError, match=r"requirements-c2pa\.txt"):
        marks.make_marker(settings(chain, key))


def test_the_app_does_not_start_with_one_that_cannot_sign_and_touches_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    chain, _ = authority.signer("one")
    _, other = authority.signer("two")
    with pytest.raises(ConfigurationError, match="REVE_C2PA_CERT"):
        bootstrap.build(Settings(data_dir=tmp_path / "data", c2pa_cert=chain, c2pa_key=other))
    assert not (tmp_path / "data").exists()


def test_the_doctor_says_what_becomes_of_copies(authority: Authority) -> None:
    chain, key = authority.signer("told")
    assert marks.about(settings(chain, key)) == "Copies of pictures are signed (self-issued) with C2PA."
    assert "not signed" in marks.about(settings(None, None))


def test_a_certificate_that_cannot_sign_is_refused_at_the_start(authority: Authority, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    chain, key = authority.signer("good")
    _, other = authority.signer("another")
    old = authority.signer("old", ends=timedelta(days=-1))
    _, odd = authority.signer("odd")
    odd_key = ec.generate_private_key(ec.SECP256K1())
    from cryptography.hazmat.primitives import serialization as s

    odd.write_bytes(odd_key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    locked = tmp_path / "locked.key"
    locked.write_bytes(odd_key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"x")))
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("canary-9f31")
    for cert, secret, words in (
        (chain, other, "REVE_C2PA_CERT and REVE_C2PA_KEY"),
        (*old, "REVE_C2PA_CERT and REVE_C2PA_KEY"),
        (chain, rubbish, "REVE_C2PA_KEY names a file that is not in PEM"),
        (rubbish, key, "REVE_C2PA_CERT names a file that is not in PEM"),
        (tmp_path / "nowhere", key, "cannot be read"),
        (chain, tmp_path, "cannot be read"),
        (chain, locked, "without a password"),
        (chain, odd, "of a kind"),
        (chain, chain, "REVE_C2PA_KEY is not a private key"),
        (chain, None, "REVE_C2PA_KEY is not set"),
        (None, key, "REVE_C2PA_CERT is not set"),
    ):
        with pytest.raises(ConfigurationError, match=words) as caught:
            marks.make_marker(settings(cert, secret))
        assert "canary" not in str(caught.value)
        assert "PRIVATE" not in str(caught.value)
