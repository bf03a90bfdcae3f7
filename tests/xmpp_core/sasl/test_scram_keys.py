"""test_scram_keys — the arithmetic, against the RFCs' own examples and definitions."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode

import pytest
from scramp import ScramMechanism

from xmpp_core.sasl import scram_keys
from xmpp_core.sasl.base import ScramKeys

SALT = b"0123456789abcdef"


@pytest.mark.parametrize("hash_name", scram_keys.DIGEST_SIZE)
@pytest.mark.parametrize(("password", "prepared"), [("pencil", b"pencil"), ("I\u00adX", b"IX"), ("\u2168", b"IX")])
def test_keys_are_those_of_rfc_5802_section_3(hash_name: str, password: str, prepared: bytes) -> None:
    algorithm = hash_name.replace("-", "").lower()
    salted = hashlib.pbkdf2_hmac(algorithm, prepared, SALT, 4096)
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    keys = scram_keys.derive(hash_name, password, SALT, 4096)
    assert (keys.salt, keys.iterations) == (SALT, 4096)
    assert keys.stored_key == hashlib.new(algorithm, client_key).digest()
    assert keys.server_key == hmac.digest(salted, b"Server Key", algorithm)


@pytest.mark.parametrize("hash_name", scram_keys.DIGEST_SIZE)
@pytest.mark.parametrize("password", ["pencil", "pa\u00df\u2168", " ", "x" * 300])
def test_scramp_derives_the_same(hash_name: str, password: str) -> None:
    salt, stored, server, iterations = ScramMechanism(f"SCRAM-{hash_name}").make_auth_info(password, 5000, SALT)
    assert scram_keys.derive(hash_name, password, SALT, 5000) == ScramKeys(salt, iterations, stored, server)


def test_rfc_7677_section_3() -> None:
    keys = scram_keys.derive("SHA-256", "pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=" + nonce + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" + nonce
    assert scram_keys.proves("SHA-256", keys, message, b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
    signature = b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert scram_keys.server_signature("SHA-256", keys, message) == signature


@pytest.mark.parametrize(("salt", "iterations"), [(b"short", 4096), (SALT, 4095)])
def test_weak_parameters_are_refused(salt: bytes, iterations: int) -> None:
    with pytest.raises(ValueError):
        scram_keys.derive("SHA-256", "pencil", salt, iterations)


def test_rfc_5802_section_5() -> None:
    keys = scram_keys.derive("SHA-1", "pencil", b64decode("QSXCR+Q6sek8bf92"), 4096)
    message = (
        b"n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        b"s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
    )
    assert scram_keys.proves("SHA-1", keys, message, b64decode("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))
    assert scram_keys.server_signature("SHA-1", keys, message) == b64decode("rmF9pqV8S7suAoZWja4dJRkFsKQ=")


@pytest.mark.parametrize("hash_name", scram_keys.DIGEST_SIZE)
def test_a_password_is_verified_by_its_keys(hash_name: str) -> None:
    keys = scram_keys.derive(hash_name, "pencil", SALT, 4096)
    assert scram_keys.verify_password(hash_name, "pencil", keys)
    assert not scram_keys.verify_password(hash_name, "Pencil", keys)
    assert not scram_keys.verify_password(hash_name, "", keys)
    assert not scram_keys.verify_password(hash_name, "\0", keys)


@pytest.mark.parametrize("password", ["", "\u00ad", "\x07", "\u0627\u0031"])
def test_a_password_that_cannot_be_prepared_is_refused(password: str) -> None:
    with pytest.raises(ValueError):
        scram_keys.derive("SHA-1", password, SALT, 4096)


@pytest.mark.parametrize("proof", [b"", b"x", b"x" * 20, b"x" * 21])
def test_a_wrong_proof_proves_nothing(proof: bytes) -> None:
    keys = scram_keys.derive("SHA-1", "pencil", SALT, 4096)
    assert not scram_keys.proves("SHA-1", keys, b"message", proof)


def test_fake_keys_are_stable_and_differ_by_user_and_secret() -> None:
    fake = scram_keys.fake("SHA-256", "nobody", b"k" * 16, 4096)
    assert fake == scram_keys.fake("SHA-256", "nobody", b"k" * 16, 4096)
    assert fake.salt != scram_keys.fake("SHA-256", "nobody2", b"k" * 16, 4096).salt
    assert fake.salt != scram_keys.fake("SHA-256", "nobody", b"l" * 16, 4096).salt
    assert len(fake.salt) == 16
    assert len(fake.stored_key) == scram_keys.DIGEST_SIZE["SHA-256"]
