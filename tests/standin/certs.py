"""A certificate authority of our own and certificates from it, made by the ``openssl`` command. Valid only for tests."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = none
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[good]
subjectAltName = IP:127.0.0.1, DNS:localhost
authorityKeyIdentifier = keyid
[other]
subjectAltName = DNS:elsewhere.test
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
"""


def is_possible() -> bool:
    return shutil.which("openssl") is not None


@dataclass(frozen=True)
class Certificates:
    """``good`` is for 127.0.0.1, ``expired`` was, ``other_host`` is for another name. ``authority`` has signed all."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        config = folder / "openssl.cnf"
        config.write_text(_CONFIG.format(folder=folder), encoding="ascii")
        (folder / "index.txt").write_text("", encoding="ascii")
        (folder / "serial").write_text("01\n", encoding="ascii")
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-config", config, "-extensions", "root", "-subj", "/CN=Test authority", "-days", "3650"),
            *("-keyout", folder / "authority.key", "-out", folder / "authority.pem"),
        )
        for name, extensions, until in (
            ("good", "good", "20991231235959Z"),
            ("expired", "good", "20200102000000Z"),
            ("other_host", "other", "20991231235959Z"),
        ):
            _openssl(
                *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-config", config, "-subj", f"/CN={name}"),
                *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"),
            )
            _openssl(
                *("ca", "-batch", "-notext", "-config", config, "-extensions", extensions),
                *("-cert", folder / "authority.pem", "-keyfile", folder / "authority.key"),
                *("-startdate", "20200101000000Z", "-enddate", until),
                *("-in", folder / f"{name}.csr", "-out", folder / f"{name}.pem"),
            )
        return cls(folder)

    def server(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def client(self) -> ssl.SSLContext:
        """Trusts our authority, and verifies as always."""
        return ssl.create_default_context(cafile=str(self.folder / "authority.pem"))


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)
