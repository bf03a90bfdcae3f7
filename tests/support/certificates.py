"""certificates — PEM files as tests want them: for any names, of any dates, signed by whom they like."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Made:
    """A certificate and its key, both as PEM; `certificate` signs others."""

    name: x509.Name
    private: ec.EllipticCurvePrivateKey
    certificate: str
    key: str


def make(
    *names: str,
    begins: float = -1,
    ends: float = 365,
    by: Made | None = None,
    others: Sequence[x509.GeneralName] = (),
    authority: bool = False,
) -> Made:
    """A certificate for DNS names and addresses; it begins and ends so many days from now; self-signed unless `by`.

    `authority`: it may sign others.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "nobody")])
    now = datetime.now(UTC)
    signer = by.private if by is not None else private
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(by.name if by is not None else name)
    builder = builder.public_key(private.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends))
    alternatives = [_general(one) for one in names] + list(others)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(signer, hashes.SHA256())
    return Made(name, private, _text(signed.public_bytes(serialization.Encoding.PEM)), _key(private))


def address(jid: str) -> x509.OtherName:
    """An address of XMPP as an alternative name (RFC 6120 §13.7.1.4)."""
    text = jid.encode()
    return x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5"), bytes([0x0C, len(text)]) + text)


def encrypted(made: Made) -> str:
    """The key of a certificate, behind a password."""
    return _key(made.private, serialization.BestAvailableEncryption(b"x"))


def _key(
    private: ec.EllipticCurvePrivateKey,
    how: serialization.KeySerializationEncryption = serialization.NoEncryption(),  # noqa: B008
) -> str:
    pkcs8 = serialization.PrivateFormat.PKCS8
    return _text(private.private_bytes(serialization.Encoding.PEM, pkcs8, how))


def _text(pem: bytes) -> str:
    return pem.decode("ascii")


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
