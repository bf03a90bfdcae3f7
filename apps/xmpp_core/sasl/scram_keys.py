"""scram_keys — the arithmetic of SCRAM: keys from passwords, proofs from keys.

The exchange (scram.py) is ours, since scramp's server looks keys up while it reads, knows no authorisation identity,
and lets `p=` pass under a name without -PLUS. scramp is the tests' oracle.

Way:      auth → [derive, verify_password]; scram → [proves, server_signature, fake]
RFC:      5802 §3, 7677
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from xmpp_core.sasl.base import ScramKeys
from xmpp_core.sasl.saslprep import prepare

#: SCRAM's name of a hash -> hashlib's, and the length of its digests in bytes
_HASHES: Final = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
DIGEST_SIZE: Final = {"SHA-1": 20, "SHA-256": 32, "SHA-512": 64}
_LEAST_ITERATIONS: Final = 4096  # RFC 5802 §5.1
_MOST_ITERATIONS: Final = 10_000_000
_LEAST_SALT: Final = 12


def derive(hash_name: str, password: str, salt: bytes, iterations: int) -> ScramKeys:
    """Keys of a password. Slow on purpose (PBKDF2): for a blocking pool, never for a loop.

    Raises ValueError if the password is empty or has characters SASLprep forbids, if the salt has
    fewer than 12 bytes, or for fewer than 4096 iterations.
    """
    secret = prepare(password).encode()
    if not secret:
        raise ValueError("empty password")
    if len(salt) < _LEAST_SALT or not _LEAST_ITERATIONS <= iterations <= _MOST_ITERATIONS:
        raise ValueError(f"a salt of {len(salt)} bytes and {iterations} iterations")
    name = _HASHES[hash_name]
    salted = hashlib.pbkdf2_hmac(name, secret, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", name)
    stored_key = hashlib.new(name, client_key).digest()
    return ScramKeys(salt, iterations, stored_key, hmac.digest(salted, b"Server Key", name))


def verify_password(hash_name: str, password: str, keys: ScramKeys) -> bool:
    """Whether the password is the one behind keys; constant-time compare. As slow as derive()."""
    try:
        mine = derive(hash_name, password, keys.salt, keys.iterations)
    except ValueError:
        return False
    return hmac.compare_digest(mine.stored_key, keys.stored_key)


def proves(hash_name: str, keys: ScramKeys, auth_message: bytes, proof: bytes) -> bool:
    """Whether the client's proof shows knowledge of the password behind keys (RFC 5802 §3)."""
    if len(proof) != DIGEST_SIZE[hash_name]:
        return False
    name = _HASHES[hash_name]
    signature = hmac.digest(keys.stored_key, auth_message, name)
    client_key = bytes([a ^ b for a, b in zip(signature, proof, strict=True)])
    return hmac.compare_digest(hashlib.new(name, client_key).digest(), keys.stored_key)


def server_signature(hash_name: str, keys: ScramKeys, auth_message: bytes) -> bytes:
    """What shows the client that the server has the keys."""
    return hmac.digest(keys.server_key, auth_message, _HASHES[hash_name])


def digest(hash_name: str, data: bytes) -> bytes:
    """The hash that SCRAM calls by this name."""
    return hashlib.new(_HASHES[hash_name], data).digest()


def fake(hash_name: str, username: str, secret: bytes, iterations: int) -> ScramKeys:
    """Keys of a user who does not exist: the same salt each time, and no proof fits them."""
    digest = _HASHES[hash_name]
    name = f"{hash_name}\0{username}".encode()
    return ScramKeys(
        salt=hmac.digest(secret, b"salt\0" + name, hashlib.sha256)[:16],
        iterations=iterations,
        stored_key=hmac.digest(secret, b"stored\0" + name, digest),
        server_key=hmac.digest(secret, b"server\0" + name, digest),
    )
