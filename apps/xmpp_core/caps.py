"""caps — what a client can do, by a hash that anybody can check.

Way:  presence of a client, its disco#info → mod_caps → [caps] → whether the hash is right, and what is asked for
XEP:  0115 §5 (verification), 0390 §4; 0128 (forms)
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError

NOTIFY: Final = "+notify"
CAPS2: Final = "urn:xmpp:caps"
#: names of hash functions (IANA) → those of hashlib
HASHES: Final[Mapping[str, str]] = MappingProxyType(
    {"sha-1": "sha1", "sha-224": "sha224", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
)
#: of 0390 no hash may be used that collisions are known of (0300 §4)
STRONG: Final[Mapping[str, str]] = MappingProxyType(
    {"sha-256": "sha256", "sha-512": "sha512", "sha3-256": "sha3_256", "sha3-512": "sha3_512"}
)
#: characters of a hash, and of the node in front of it
MOST_HASH: Final = 128
MOST_NODE: Final = 512


class IllFormed(ValueError):
    """A disco#info from which no hash may be made."""


@dataclass(frozen=True, slots=True)
class CapsClaim:
    """What a presence says of its sender: `kind` "1" (0115) or "2" (0390), the hash function, its value, and the node
    to ask."""

    kind: str
    algo: str
    value: str
    node: str

    @property
    def key(self) -> str:
        """What the cache knows it by; the node is no part of it, for the hash does not cover it."""
        return f"{self.kind}:{self.algo}:{self.value}"


def claim_of(presence: Element) -> CapsClaim | None:
    """What a presence claims and can be checked: of 0390 the first hash that we know, else of 0115. None: nothing (a
    <c/> without a hash function, as of old, is no claim)."""
    more = presence.child("c", CAPS2)
    for hash_ in more.elements("hash", ns.HASHES) if more is not None else ():
        algo, value = hash_.get("algo") or "", hash_.text().strip()
        if algo in STRONG and _is_hash(value):
            return CapsClaim("2", algo, value, f"{CAPS2}#{algo}.{value}")
    found = presence.child("c", ns.CAPS)
    if found is None:
        return None
    algo, value, node = (found.get("hash") or "").lower(), found.get("ver") or "", found.get("node") or ""
    if algo not in HASHES or not _is_hash(value) or not 0 < len(node) <= MOST_NODE:
        return None
    return CapsClaim("1", algo, value, f"{node}#{value}")


def _is_hash(value: str) -> bool:
    if not 0 < len(value) <= MOST_HASH:
        return False
    try:
        return bool(b64decode(value, validate=True))
    except (BadBase64, ValueError):
        return False


def is_right(claim: CapsClaim, query: Element) -> bool:
    """Whether a disco#info is what the claim is the hash of. False also for one that is ill-formed."""
    try:
        text = _string_1(query) if claim.kind == "1" else _string_2(query)
    except (IllFormed, StanzaError):
        return False
    names = HASHES if claim.kind == "1" else STRONG
    return b64encode(hashlib.new(names[claim.algo], text, usedforsecurity=False).digest()).decode() == claim.value


def ver(query: Element, algo: str = "sha-1") -> str:
    """The hash of a disco#info by 0115. Raises IllFormed."""
    return b64encode(hashlib.new(HASHES[algo], _string_1(query), usedforsecurity=False).digest()).decode()


def ver_2(query: Element, algo: str) -> str:
    """The hash of a disco#info by 0390. Raises IllFormed."""
    return b64encode(hashlib.new(STRONG[algo], _string_2(query), usedforsecurity=False).digest()).decode()


def notify_nodes(query: Element) -> tuple[str, ...]:
    """The nodes that it wants to be told of, sorted."""
    found = {var for one in query.elements("feature", ns.DISCO_INFO) if (var := one.get("var") or "").endswith(NOTIFY)}
    return tuple(sorted(var.removesuffix(NOTIFY) for var in found))


# --- 0115


def _string_1(query: Element) -> bytes:
    """S of 0115 §5.1. What would be another thing's S too is refused: `<` in any part, by which one feature looks like
    two, and `/` in category, type or language, by which they look like one another's."""
    identities = [b"/".join(parts) for parts in sorted(_identities_1(query))]
    return b"".join([part + b"<" for part in (*identities, *sorted(_features(query)))]) + _forms_1(query)


def _identities_1(query: Element) -> list[tuple[bytes, ...]]:
    """(category, type, language, name) of each, by which they are sorted."""
    found = []
    for one in query.elements("identity", ns.DISCO_INFO):
        parts = [one.get(key) or "" for key in ("category", "type", "xml:lang", "name")]
        if any("/" in part for part in parts[:3]):
            raise IllFormed("a slash in an identity")
        found.append(tuple(_no_separator(part) for part in parts))
    if len(set(found)) != len(found):
        raise IllFormed("an identity comes twice")
    return found


def _no_separator(text: str) -> bytes:
    if "<" in text:
        raise IllFormed("< in a name")
    return text.encode()


def _features(query: Element) -> list[bytes]:
    found = [_no_separator(one.get("var") or "") for one in query.elements("feature", ns.DISCO_INFO)]
    if len(set(found)) != len(found):
        raise IllFormed("a feature comes twice")
    return found


def _forms_1(query: Element) -> bytes:
    forms: dict[bytes, bytes] = {}
    for element in query.elements("x", ns.DATA_FORMS):
        form = dataforms.parse(element)
        of = form.get("FORM_TYPE")
        if of is None or of.type != "hidden":
            continue  # it is passed over, §5.4
        if len(set(of.values)) != 1:
            raise IllFormed("a form of several types")
        name = _no_separator(of.value)
        if name in forms:
            raise IllFormed("a form comes twice")
        fields = sorted((_no_separator(f.var), f.values) for f in form.fields if f.var and f.var != "FORM_TYPE")
        lines = [line for var, values in fields for line in (var, *sorted(_no_separator(v) for v in values))]
        forms[name] = b"".join([line + b"<" for line in (name, *lines)])
    return b"".join([forms[name] for name in sorted(forms)])


# --- 0390

_END, _FIELD, _PART, _SECTION = b"\x1f", b"\x1e", b"\x1d", b"\x1c"


def _string_2(query: Element) -> bytes:
    """The input of the hash of 0390 §4.1. Raises IllFormed for what it does not cover."""
    for child in query.elements():
        known = (child.ns, child.name) in {
            (ns.DISCO_INFO, "identity"), (ns.DISCO_INFO, "feature"), (ns.DATA_FORMS, "x"),
        }  # fmt: skip
        if not known:
            raise IllFormed("an element that the hash does not cover")
    features = sorted(_ended(one.get("var") or "") for one in query.elements("feature", ns.DISCO_INFO))
    identities = sorted(
        b"".join([_ended(one.get(key) or "") for key in ("category", "type", "xml:lang", "name")]) + _FIELD
        for one in query.elements("identity", ns.DISCO_INFO)
    )
    forms = sorted(_form_2(element) for element in query.elements("x", ns.DATA_FORMS))
    return b"".join([*features, _SECTION, *identities, _SECTION, *forms, _SECTION])


def _form_2(element: Element) -> bytes:
    form = dataforms.parse(element)
    of = form.get("FORM_TYPE")
    if form.type != "result" or form.reported or form.items or of is None or of.type != "hidden":
        raise IllFormed("a form that the hash does not cover")
    fields = sorted(
        _ended(one.var) + b"".join(sorted(_ended(value) for value in one.values)) + _FIELD for one in form.fields
    )
    return b"".join(fields) + _PART


def _ended(text: str) -> bytes:
    return text.encode() + _END
