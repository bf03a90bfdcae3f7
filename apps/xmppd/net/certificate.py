"""certificate — what stands in a certificate: names, dates, who signed whom; and whether a chain and a key fit.

OTP:      public_key:pkix_decode_cert/2; cf. ejabberd_pkix.erl
Way:      node.preflight → [certificate]
Process:  none: plain functions
RFC:      5280 §4.1 (fields), 6125 §6.4 (names), 6120 §13.7.1.2 (SRVName, XmppAddr)
Differs:  reads DER by itself: the library that does it takes 9 MB, and this also runs in a server that serves
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from xmpp_core import prep

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
_COMMON_NAME: Final = bytes.fromhex("550403")
_ALT_NAMES: Final = bytes.fromhex("551d11")
_XMPP_ADDR: Final = bytes.fromhex("2b06010505070805")
_SRV_NAME: Final = bytes.fromhex("2b06010505070807")
_UTC_TIME, _VERSION, _EXTENSIONS = 0x17, 0xA0, 0xA3
_OTHER_NAME, _DNS_NAME, _IP_ADDRESS = 0xA0, 0x82, 0x87
_XMPP_SERVICES: Final = ("_xmpp-client.", "_xmpps-client.", "_xmpp-server.", "_xmpps-server.")


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. `issuer` and `subject` are their DER, to be compared; `names` as they stand there; `addresses`
    are those of XMPP in its alternative names, `common_names` those of its subject: whose certificate it is."""

    subject: bytes
    issuer: bytes
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()

    def is_for(self, host: str) -> bool:
        """Whether a client that looks for `host` takes it: a wildcard stands for one first label."""
        wanted = _ascii(host)
        rest = wanted.partition(".")[2]
        return any(name == wanted or (name.startswith("*.") and rest and name[2:] == rest) for name in self.names)


def read(pem: str) -> list[Certificate]:
    """The certificates of a PEM text, in its order. Raises ValueError if there is none, or one is damaged."""
    found = []
    at = pem.find(_BEGIN)
    while at >= 0:
        end = pem.find(_END, at)
        if end < 0:
            raise ValueError("ends in the middle of a certificate")
        found.append(_parsed(pem[at : end + len(_END)]))
        at = pem.find(_BEGIN, end)
    if not found:
        raise ValueError("holds no certificate")
    return found


def misfit(chain: Path, key: Path) -> str:
    """Why TLS cannot use this chain with this key, in words; "" if it can. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(chain, key, _no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{key} does not belong to {chain}"
        if "PRIVATE KEY-----" not in key.read_text("ascii", "replace"):
            return f"{key} holds no private key"
        return f"{chain} with {key} cannot be used: {(error.reason or str(error)).replace('_', ' ').lower()}"
    except _Encrypted:
        return f"{key} is encrypted, and nobody can type its password at the start"
    return ""


class _Encrypted(Exception):
    """The key asks for a password."""


def _no_password() -> NoReturn:
    raise _Encrypted


def _ascii(host: str) -> str:
    name = host.strip("[]").rstrip(".").lower()
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(name))
    try:
        return prep.ascii_domain(name)
    except prep.PrepError:
        return name


# -- DER


def _parsed(pem: str) -> Certificate:
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
        (_, body), *_ = _elements(der)
        (_, tbs), *_ = _elements(body)
        return _certificate([(tag, content) for tag, content in _elements(tbs) if tag != _VERSION])
    except (ValueError, IndexError, UnicodeDecodeError):
        raise ValueError("holds a damaged certificate") from None


def _certificate(fields: list[tuple[int, bytes]]) -> Certificate:
    """RFC 5280 §4.1: serial, algorithm, issuer, validity, subject, key, and perhaps extensions."""
    issuer, validity, subject = (fields[place][1] for place in (2, 3, 4))
    begin, end = (_time(tag, content) for tag, content in _elements(validity))
    extensions = next((content for tag, content in fields if tag == _EXTENSIONS), b"")
    alternatives, common = list(_alt_names(extensions)), tuple(_common_names(subject))
    names = [name for tag, content in alternatives if (name := _name(tag, content))] or common
    lower = tuple(dict.fromkeys(name.lower() for name in names))
    addresses = tuple([text for tag, content in alternatives if (text := _address(tag, content))])
    return Certificate(subject, issuer, begin, end, lower, addresses, common)


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a constructed value: (tag, content). Raises IndexError, ValueError where it is cut short."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length >= 0x80:
            count = length & 0x7F
            length = int.from_bytes(der[at : at + count], "big")
            at += count
        if at + length > len(der):
            raise ValueError("cut short")
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # RFC 5280 §4.1.2.5.1: 50 and later are of the last century
        text = ("20" if int(text[:2]) < 50 else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _common_names(subject: bytes) -> Iterator[str]:
    for _, group in _elements(subject):
        for _, pair in _elements(group):
            (_, oid), (_, value) = _elements(pair)
            if oid == _COMMON_NAME:
                yield value.decode("utf-8", "replace")


def _alt_names(extensions: bytes) -> Iterator[tuple[int, bytes]]:
    for _, all_ in _elements(extensions):
        for _, extension in _elements(all_):
            (_, oid), *rest = _elements(extension)
            if oid == _ALT_NAMES:
                for _, names in _elements(rest[-1][1]):
                    yield from _elements(names)


def _address(tag: int, content: bytes) -> str:
    """An address of XMPP; "" for any other name. RFC: 6120 §13.7.1.4"""
    if tag != _OTHER_NAME:
        return ""
    (_, oid), (_, value) = _elements(content)
    (_, text), *_ = _elements(value)
    return text.decode("utf-8", "replace") if oid == _XMPP_ADDR else ""


def _name(tag: int, content: bytes) -> str:
    if tag == _DNS_NAME:
        return content.decode("ascii", "replace")
    if tag == _IP_ADDRESS and len(content) in (4, 16):
        return str(ipaddress.ip_address(content))
    if tag != _OTHER_NAME:
        return ""
    (_, oid), (_, value) = _elements(content)
    (_, text), *_ = _elements(value)
    if oid == _XMPP_ADDR:
        return _ascii(text.decode("utf-8", "replace"))
    service = text.decode("ascii", "replace") if oid == _SRV_NAME else ""
    head = next((word for word in _XMPP_SERVICES if service.lower().startswith(word)), "")
    return service[len(head) :] if head else ""
