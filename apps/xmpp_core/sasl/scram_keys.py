"""scram_keys — the arithmetic of SCRAM: keys from passwords, proofs from keys.

Way:      auth → [derive, verify_password]; scram → [proves, server_signature, fake]
RFC:      5802 §3, 7677; 4013 (SASLprep, in saslprep.py)
"""

from __future__ import annotations

import hashlib
import hmac

from xmpp_core.sasl.base import ScramKeys
from xmpp_core.sasl.saslprep import saslprep

ALGORITHMS = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
DIGEST_SIZE = {"SHA-1": 20, "SHA-256": 32, "SHA-512": 64}


def derive(hash_name: str, password: str, salt: bytes, iterations: int) -> ScramKeys:
    """Keys of a password. Slow on purpose (PBKDF2): for a blocking pool, never for a loop.

    Raises ValueError if the password has characters SASLprep forbids, or is empty.
    """
    prepared = saslprep(password)
    if not prepared:
        raise ValueError("empty password")
    algorithm = ALGORITHMS[hash_name]
    salted = hashlib.pbkdf2_hmac(algorithm, prepared.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    return ScramKeys(
        salt=salt,
        iterations=iterations,
        stored_key=hashlib.new(algorithm, client_key).digest(),
        server_key=hmac.digest(salted, b"Server Key", algorithm),
    )


def verify_password(hash_name: str, password: str, keys: ScramKeys) -> bool:
    """Whether the password is the one behind keys; constant-time compare. As slow as derive()."""
    try:
        mine = derive(hash_name, password, keys.salt, keys.iterations)
    except ValueError:
        return False
    return hmac.compare_digest(mine.stored_key, keys.stored_key)


def proves(hash_name: str, keys: ScramKeys, auth_message: bytes, proof: bytes) -> bool:
    """Whether the client's proof shows knowledge of the password behind keys (RFC 5802 §3)."""
    algorithm = ALGORITHMS[hash_name]
    signature = hmac.digest(keys.stored_key, auth_message, algorithm)
    if len(proof) != len(signature):
        return False
    mixed = int.from_bytes(proof, "big") ^ int.from_bytes(signature, "big")
    client_key = mixed.to_bytes(len(proof), "big")
    return hmac.compare_digest(hashlib.new(algorithm, client_key).digest(), keys.stored_key)


def server_signature(hash_name: str, keys: ScramKeys, auth_message: bytes) -> bytes:
    """What shows the client that the server has the keys."""
    return hmac.digest(keys.server_key, auth_message, ALGORITHMS[hash_name])


def fake(hash_name: str, username: str, secret: bytes, iterations: int) -> ScramKeys:
    """Keys of a user who does not exist: the same salt each time, and no proof fits them."""
    algorithm = ALGORITHMS[hash_name]
    name = f"{hash_name}\0{username}".encode()
    return ScramKeys(
        salt=hmac.digest(secret, b"salt\0" + name, "sha256")[:16],
        iterations=iterations,
        stored_key=hmac.digest(secret, b"stored\0" + name, algorithm),
        server_key=hmac.digest(secret, b"server\0" + name, algorithm),
    )
