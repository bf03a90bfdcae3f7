"""scram_keys — the arithmetic of SCRAM: keys from passwords, proofs from keys.

The mathematics is scramp's; the exchange (scram.py) is ours, since scramp's server looks keys up while
it reads, knows no authorisation identity, and lets `p=` pass under a name without -PLUS.

Way:      auth → [derive, verify_password]; scram → [proves, server_signature, fake, prepare]
RFC:      5802 §3, 7677; 4013 (SASLprep)
"""

from __future__ import annotations

import hashlib
import hmac

from scramp import ScramException, ScramMechanism
from scramp import utils as maths

from xmpp_core.sasl.base import ScramKeys

MECHANISMS = {name: ScramMechanism(f"SCRAM-{name}") for name in ("SHA-1", "SHA-256", "SHA-512")}
DIGEST_SIZE = {"SHA-1": 20, "SHA-256": 32, "SHA-512": 64}


def prepare(text: str) -> str:
    """The SASLprep form of a user name or password; ValueError where a character is prohibited."""
    if text.isascii() and text.isprintable():
        return text
    try:
        return str(maths.saslprep(text))
    except ScramException as error:
        raise ValueError(str(error)) from error


def derive(hash_name: str, password: str, salt: bytes, iterations: int) -> ScramKeys:
    """Keys of a password. Slow on purpose (PBKDF2): for a blocking pool, never for a loop.

    Raises ValueError if the password is empty or has characters SASLprep forbids, if the salt has
    fewer than 12 bytes, or for fewer than 4096 iterations.
    """
    if not prepare(password):
        raise ValueError("empty password")
    try:
        info = MECHANISMS[hash_name].make_auth_info(password, iteration_count=iterations, salt=salt)
    except ScramException as error:
        raise ValueError(str(error)) from error
    salt, stored_key, server_key, iterations = info
    return ScramKeys(salt, iterations, stored_key, server_key)


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
    function = MECHANISMS[hash_name].hf
    client_key = maths.xor(maths.hmac(function, keys.stored_key, auth_message), proof)
    return hmac.compare_digest(maths.h(function, client_key), keys.stored_key)


def server_signature(hash_name: str, keys: ScramKeys, auth_message: bytes) -> bytes:
    """What shows the client that the server has the keys."""
    return bytes(maths.hmac(MECHANISMS[hash_name].hf, keys.server_key, auth_message))


def fake(hash_name: str, username: str, secret: bytes, iterations: int) -> ScramKeys:
    """Keys of a user who does not exist: the same salt each time, and no proof fits them."""
    function = MECHANISMS[hash_name].hf
    name = f"{hash_name}\0{username}".encode()
    return ScramKeys(
        salt=hmac.digest(secret, b"salt\0" + name, hashlib.sha256)[:16],
        iterations=iterations,
        stored_key=maths.hmac(function, secret, b"stored\0" + name),
        server_key=maths.hmac(function, secret, b"server\0" + name),
    )
