"""test_scram_keys — the arithmetic, against scramp and the RFCs' own examples."""

from __future__ import annotations

from base64 import b64decode

import pytest
from scramp import ScramMechanism

from xmpp_core.sasl import scram_keys

SALT = b"0123456789abcdef"


@pytest.mark.parametrize("hash_name", scram_keys.ALGORITHMS)
@pytest.mark.parametrize("password", ["pencil", "p\u00e4ssword \u2168", "I\u00adX"])
def test_keys_are_those_of_another_implementation(hash_name: str, password: str) -> None:
    keys = scram_keys.derive(hash_name, password, SALT, 4096)
    other = ScramMechanism(f"SCRAM-{hash_name}").make_auth_info(password, iteration_count=4096, salt=SALT)
    assert (keys.salt, keys.stored_key, keys.server_key, keys.iterations) == other


def test_rfc_5802_section_5() -> None:
    keys = scram_keys.derive("SHA-1", "pencil", b64decode("QSXCR+Q6sek8bf92"), 4096)
    message = (
        b"n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        b"s=QSXCR+Q6sek8bf92,i=4096,c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
    )
    assert scram_keys.proves("SHA-1", keys, message, b64decode("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))
    assert scram_keys.server_signature("SHA-1", keys, message) == b64decode("rmF9pqV8S7suAoZWja4dJRkFsKQ=")


@pytest.mark.parametrize("hash_name", scram_keys.ALGORITHMS)
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
