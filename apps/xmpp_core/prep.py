"""prep — prepares the parts of an address so that equal addresses are equal strings.

Each function maps one part (case, width, normal form), refuses what may not stand in it, and
bounds it to 1023 octets of UTF-8 after the mapping. ASCII takes a short way; the rest goes to
PRECIS and IDNA2008 and is remembered in bounded caches.

RFC:      7622 §3.2 (domain), §3.3 (local), §3.4 (resource); 8265; 5892
Differs:  a local part that PRECIS refuses is tried once more in NFKC, as nodeprep (RFC 3920)
          would have mapped it, so that accounts of older servers stay reachable
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna
from precis_i18n import get_profile

MAX_OCTETS = 1023
_CACHED = 4096

_ASCII_LOCAL = re.compile(r"[!#$%()*+,\-.0-9;=?A-Z\[\\\]^_`a-z{|}~]+")
_ASCII_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_EXCLUDED = frozenset("\"&'/:<>@")  # RFC 7622 §3.3.1
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # what IDNA also takes for a dot

_username = get_profile("UsernameCaseMapped:ToLower")
_opaque = get_profile("OpaqueString")


class PrepError(ValueError):
    """A part of an address that no mapping makes lawful."""


def local(part: str) -> str:
    """The local part in its canonical form, e.g. "Juliet" -> "juliet". Raises PrepError."""
    if len(part) <= MAX_OCTETS and _ASCII_LOCAL.fullmatch(part):
        return part.lower()
    if not part or part.isascii():
        raise PrepError(f"not a local part: {part[:80]!r}")
    return _local(_bounded(part))


def domain(part: str) -> str:
    """The domain part: lower case, U-labels, no final dot; or an IP literal. Raises PrepError."""
    lower = part.lower()
    if _ASCII_DOMAIN.fullmatch(lower) and "xn--" not in lower and len(lower) <= 253:
        return lower
    return _domain(_bounded(lower))


def ascii_domain(part: str) -> str:
    """A domain part in A-labels, as DNS and certificates have it, e.g. "bücher.example" -> "xn--bcher-kva.example".

    Raises PrepError.
    """
    name = domain(part)
    return name if name.isascii() else idna.encode(name).decode("ascii")


def resource(part: str) -> str:
    """The resource part, case kept (OpaqueString). Raises PrepError."""
    if part and part.isascii() and part.isprintable() and len(part) <= MAX_OCTETS:
        return part
    return _resource(_bounded(part))


def password(text: str) -> str:
    """A password as SCRAM and PLAIN compare it (OpaqueString). Raises PrepError. RFC: 8265 §4"""
    if text and text.isascii() and text.isprintable():
        return text
    return _enforce_opaque(text)


def _bounded(part: str) -> str:
    # before the mapping: keeps the work and the caches small; no mapping shortens to a quarter
    if not 0 < len(part) <= 4 * MAX_OCTETS:
        raise PrepError("empty or too long")
    return part


def _octets(part: str) -> str:
    if not 0 < len(part.encode("utf-8", "surrogatepass")) <= MAX_OCTETS:
        raise PrepError("empty or longer than 1023 octets")
    return part


@lru_cache(_CACHED)
def _local(part: str) -> str:
    try:
        mapped = _username.enforce(part)
    except ValueError:
        try:
            mapped = _username.enforce(unicodedata.normalize("NFKC", part.casefold()))
        except ValueError as error:
            raise PrepError(f"not a local part: {part[:80]!r}") from error
    if not _EXCLUDED.isdisjoint(mapped):
        raise PrepError(f"forbidden character in {part[:80]!r}")
    return _octets(mapped)


@lru_cache(_CACHED)
def _resource(part: str) -> str:
    return _octets(_enforce_opaque(part))


def _enforce_opaque(text: str) -> str:
    try:
        mapped: str = _opaque.enforce(text)
    except ValueError as error:
        raise PrepError("forbidden character or empty") from error
    return mapped


@lru_cache(_CACHED)
def _domain(part: str) -> str:
    part = part.translate(_DOTS)
    name = part[:-1] if part.endswith(".") else part
    if name.startswith("[") and name.endswith("]"):
        return _ipv6(name)
    try:
        ascii_form = idna.encode(name, uts46=True).decode("ascii")
        return _octets(idna.decode(ascii_form))
    except UnicodeError as error:
        # "_" is no IDNA character but stands in real host names; plain LDH with it passed above
        if _ASCII_DOMAIN.fullmatch(name) and "xn--" not in name and len(name) <= 253:
            return name
        raise PrepError(f"not a domain: {name[:80]!r}") from error


def _ipv6(name: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1])}]"
    except ValueError as error:
        raise PrepError(f"not an address: {name[:80]!r}") from error
