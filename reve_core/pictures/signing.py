"""
Content Credentials (C2PA): a signed manifest in each copy that leaves, which says how the picture came about.

It proves that a copy was not changed since, and who holds the certificate; where that certificate is on no trust list,
readers say "untrusted", and so we only ever say "self-issued". The manifest holds no prompt, no name and no time server's
stamp: nothing is asked of anybody while signing.

The package is an extra (``requirements-c2pa.txt``) and is imported when first needed. Sources: C2PA 2.2, 9 to 11 and 18.14;
c2pa-python 0.38.
"""

from __future__ import annotations

import importlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reve_core.errors import ConfigurationError
from reve_core.pictures.check import PNG_SIGNATURE
from reve_core.pictures.marker import SealFailed
from reve_core.pictures.xmp import APP, VOCABULARY, Source

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_LARGEST = 1_000_000  # bytes of a certificate chain or key
_PARENT = "original"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
# Without a thumbnail a manifest is 3 kB instead of half a megabyte. Nothing is fetched, whatever an original names.
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
# One black pixel, to try the certificate on.
_TRIAL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f617385500"
    "00000049454e44ae426082"
)


class C2paSeal:
    """Signs with one certificate. May be used by several threads at once."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """
        ``certificate`` is the chain in PEM, the signing certificate first, without the root; ``key`` its private key in PEM.

        Raises ConfigurationError that says what is wrong, never what is in the files.
        """
        try:
            c2pa: Any = importlib.import_module("c2pa")  # it has no types
        except (ImportError, OSError) as exc:
            raise ConfigurationError(
                "REVE_C2PA_CERT is set, but the package that signs is not installed. Install it with"
                " `pip install -r requirements-c2pa.txt`, or remove the setting."
            ) from exc
        self._c2pa = c2pa
        self._chain = _read(certificate, "REVE_C2PA_CERT")
        self._key = _read(key, "REVE_C2PA_KEY")
        self._algorithm = _algorithm(self._key)
        self._try()

    def sign(self, data: bytes, source: Source, *, parent: bytes | None = None) -> bytes:
        """See ``marker.Seal``."""
        c2pa, mime = self._c2pa, _mime(data)
        actions: list[dict[str, Any]]
        if parent is None:
            actions = [{"action": "c2pa.created", "digitalSourceType": VOCABULARY + source}]
        else:
            actions = [
                {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PARENT]}},
                {"action": "c2pa.edited.metadata"},
            ]
        manifest = {
            "claim_generator_info": [{"name": APP}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        }
        out = io.BytesIO()
        try:
            with (
                c2pa.Settings.from_dict(_SETTINGS) as settings,
                c2pa.Context(settings) as context,
                c2pa.Signer.from_info(c2pa.C2paSignerInfo(self._algorithm, self._chain, self._key, None)) as signer,
                c2pa.Builder(json.dumps(manifest), context) as builder,
            ):
                if parent is not None:
                    ingredient = {"title": _PARENT, "relationship": "parentOf", "label": _PARENT}
                    builder.add_ingredient(json.dumps(ingredient), mime, io.BytesIO(parent))
                builder.sign(signer, mime, io.BytesIO(data), out)
        except (c2pa.C2paError, ValueError, TypeError) as exc:
            raise SealFailed(f"Signing failed: {_told(exc)}") from exc
        return out.getvalue()

    def _try(self) -> None:
        """Sign a picture and read it back: a certificate that does not fit its key, or has run out, shows here."""
        try:
            signed = self.sign(_TRIAL, "algorithmicMedia")
            with (
                self._c2pa.Settings.from_dict(_SETTINGS) as settings,
                self._c2pa.Context(settings) as context,
                self._c2pa.Reader("image/png", io.BytesIO(signed), context=context) as reader,
            ):
                state = str(reader.get_validation_state())
                codes = [each["code"] for each in json.loads(reader.json()).get("validation_status", [])]
        except (SealFailed, self._c2pa.C2paError) as exc:
            raise ConfigurationError(
                f"REVE_C2PA_CERT and REVE_C2PA_KEY cannot be used to sign. {_told(exc)}".rstrip()
            ) from exc
        if state == "Invalid":
            said = ", ".join(code for code in codes if code != "signingCredential.untrusted")
            raise ConfigurationError(f"REVE_C2PA_CERT and REVE_C2PA_KEY make signatures that do not hold: {said}.")


def _read(path: Path, name: str) -> bytes:
    try:
        with open(path.expanduser(), "rb") as file:
            data = file.read(_LARGEST)
    except OSError as exc:
        raise ConfigurationError(f"{name} names a file that cannot be read ({exc.strerror}).") from exc
    if b"-----BEGIN" not in data:
        raise ConfigurationError(f"{name} names a file that is not in PEM.")
    return data


def _algorithm(pem: bytes) -> str:
    """What the key signs with, in the words of C2PA."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key: PrivateKeyTypes = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise ConfigurationError("REVE_C2PA_KEY is not a private key that can be read without a password.") from exc
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise ConfigurationError("REVE_C2PA_KEY is of a kind that C2PA does not sign with. Use P-256, Ed25519 or RSA.")


def _mime(data: bytes) -> str:
    if data.startswith(PNG_SIGNATURE):
        return "image/png"
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/webp"


def _told(exc: Exception) -> str:
    return " ".join(str(exc).split())[:300]
