"""tls_dev — the development certificate of a host without a certificate, made at the first start.

Way:      net.tls → [tls_dev]
RFC:      6120 §13.7.1.2 (dNSName and xmppAddr-free: clients of today check the dNSName)
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from pathlib import Path

from xmpp_core import prep


def ensure(certs: Path, host: str) -> tuple[Path, Path]:
    """The (chain, key) files of `host` below `certs`; made, valid for ten years, if they are not there.

    Workers of one machine may call this at the same time: whoever links the file first wins.
    """
    pem = path(certs, host)
    if not pem.exists():
        certs.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = certs / f".{pem.name}.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(make(host))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, pem)
        fresh.unlink()
    return pem, pem


def path(certs: Path, host: str) -> Path:
    """Where the development certificate of `host`, chain and key, is or will be."""
    return certs / f"{''.join(c if c.isalnum() or c in '.-' else '_' for c in host)}.pem"


def make(host: str, days: int = 3650) -> bytes:
    """A self-signed ECDSA P-256 certificate for `host` and *.`host`, and its key: one PEM text."""
    # cryptography costs 9 MB of memory: only the start that makes a certificate pays for it
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    now = datetime.now(UTC) - timedelta(minutes=5)  # real time: clients check it
    names: list[x509.GeneralName]
    try:
        names = [x509.IPAddress(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        ascii_name = prep.ascii_domain(host)
        names = [x509.DNSName(ascii_name), x509.DNSName(f"*.{ascii_name}")]
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
