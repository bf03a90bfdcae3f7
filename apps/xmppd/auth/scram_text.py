"""scram_text — SCRAM keys as the text that is stored.

OTP:      cf. ejabberd's #scram{} record
RFC:      5803 (LDAP's form of the same): `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, base64
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from xmpp_core.sasl.base import ScramKeys


def to_text(hash_name: str, keys: ScramKeys) -> str:
    """The keys for "SHA-1", "SHA-256" or "SHA-512" as text."""
    salt, stored, server = (b64encode(b).decode() for b in (keys.salt, keys.stored_key, keys.server_key))
    return f"SCRAM-{hash_name}${keys.iterations}:{salt}${stored}:{server}"


def from_text(text: str) -> ScramKeys | None:
    """The keys in the text; None if it is empty: the account has none for this hash. Raises ValueError."""
    if not text:
        return None
    _, first, second = text.split("$")
    iterations, salt = first.split(":")
    stored, server = second.split(":")
    return ScramKeys(b64decode(salt), int(iterations), b64decode(stored), b64decode(server))
