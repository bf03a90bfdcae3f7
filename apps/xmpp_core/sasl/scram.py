"""scram — SCRAM-SHA-1, -256 and -512, with and without channel binding.

Way:      c2s → [step: client-first] → NeedKeys → c2s asks auth → [answer: server-first]
          → client → [step: client-final] → Success with the server's signature
RFC:      5802, 7677; 5929 §4 (tls-server-end-point)
Differs:  a user who does not exist gets a salt and a challenge like anybody, and fails at the proof.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from xmpp_core.sasl import saslprep, scram_keys
from xmpp_core.sasl.base import (
    END_POINT,
    Answer,
    Challenge,
    Failure,
    NeedKeys,
    SaslContext,
    SaslError,
    ScramKeys,
    Step,
    Success,
    account,
    check_authzid,
)

_SASLNAME = re.compile(r"(?:[^=]|=2C|=3D)*")


@dataclass(frozen=True, slots=True)
class _First:
    """client-first-message, taken apart."""

    gs2_header: str
    flag: str
    authzid: str
    bare: str
    username: str
    nonce: str


@dataclass(frozen=True, slots=True)
class _Final:
    """client-final-message, taken apart."""

    without_proof: str
    binding: str
    nonce: str
    proof: bytes


class Scram:
    """One SCRAM exchange; its stage is which of _first and _server_first is set."""

    def __init__(self, context: SaslContext, hash_name: str, plus: bool) -> None:
        self.name = f"SCRAM-{hash_name}" + ("-PLUS" if plus else "")
        self._context = context
        self._hash = hash_name
        self._plus = plus
        self._username: str | None = None
        self._first: _First | None = None
        self._keys: ScramKeys | None = None
        self._known = False
        self._server_first = ""

    def step(self, data: bytes | None) -> Step:
        """client-first asks for keys; client-final succeeds or fails."""
        if data is None:
            return Challenge(b"")
        try:
            return self._on_final(data) if self._server_first else self._on_first(data)
        except SaslError as error:
            return Failure(error.condition, self._username, error.text)

    def answer(self, found: Answer) -> Step:
        """server-first, from the user's keys or from made-up ones."""
        if self._first is None or self._username is None:
            return Failure("malformed-request")
        self._known = isinstance(found, ScramKeys)
        self._keys = found if isinstance(found, ScramKeys) else self._fake_keys(self._username)
        salt = b64encode(self._keys.salt).decode()
        self._server_first = f"r={self._nonce(self._first)},s={salt},i={self._keys.iterations}"
        if self._context.offered:  # signed along: who takes something off the list is found out (XEP-0474 §4.1)
            self._server_first += f",h={b64encode(scram_keys.digest(self._hash, self._context.offered)).decode()}"
        return Challenge(self._server_first.encode())

    def _fake_keys(self, username: str) -> ScramKeys:
        name = f"{username}@{self._context.host}"
        return scram_keys.fake(self._hash, name, self._context.secret, self._context.iterations)

    def _nonce(self, first: _First) -> str:
        return first.nonce + self._context.nonce

    def _on_first(self, data: bytes) -> Step:
        first = _parse_first(_text(data))
        self._check_flag(first.flag)
        self._username = account(first.username, self._context.host)
        check_authzid(first.authzid, self._username, self._context.host)
        self._first = first
        return NeedKeys(self._username, self._hash)

    def _check_flag(self, flag: str) -> None:
        """gs2-cbind-flag (RFC 5802 §6): it must say what the mechanism's name says."""
        if flag.startswith("p="):
            if not self._plus or flag != f"p={END_POINT}":
                raise SaslError("malformed-request", "unsupported channel binding")
            if self._context.channel_binding is None:
                raise SaslError("not-authorized", "no channel binding here")
        elif self._plus:
            raise SaslError("malformed-request", "channel binding was not used")
        elif flag == "y" and self._context.plus_offered:
            # somebody between us hid the -PLUS mechanisms from the client
            raise SaslError("not-authorized", "channel binding is supported here")

    def _on_final(self, data: bytes) -> Step:
        first, keys = self._first, self._keys
        assert first is not None
        assert keys is not None
        final = _parse_final(_text(data))
        if not _same(final.binding, self._expected_binding(first)):
            raise SaslError("not-authorized", "channel bindings do not match")
        if not _same(final.nonce, self._nonce(first)):
            raise SaslError("not-authorized")
        message = f"{first.bare},{self._server_first},{final.without_proof}".encode()
        fits = scram_keys.proves(self._hash, keys, message, final.proof)
        if not (fits and self._known) or self._username is None:
            raise SaslError("not-authorized")
        signature = scram_keys.server_signature(self._hash, keys, message)
        return Success(self._username, b"v=" + b64encode(signature))

    def _expected_binding(self, first: _First) -> str:
        binding = self._context.channel_binding if self._plus else None
        return b64encode(first.gs2_header.encode() + (binding or b"")).decode()


def _same(mine: str, theirs: str) -> bool:
    return hmac.compare_digest(mine.encode(), theirs.encode())


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SaslError("malformed-request") from error
    if "\0" in text:
        raise SaslError("malformed-request")
    return text


def _parse_first(text: str) -> _First:
    """gs2-cbind-flag "," [authzid] "," "n=" saslname "," "r=" nonce ["," extensions]"""
    parts = text.split(",", 2)
    if len(parts) != 3:
        raise SaslError("malformed-request")
    flag, authzid, bare = parts
    if not (flag in ("n", "y") or (flag.startswith("p=") and len(flag) > 2)):
        raise SaslError("malformed-request")
    if authzid and not authzid.startswith("a="):
        raise SaslError("malformed-request")
    fields = bare.split(",")
    _check_fields(fields, "n", "r")
    return _First(
        gs2_header=f"{flag},{authzid},",
        flag=flag,
        authzid=_saslname(authzid[2:]),
        bare=bare,
        username=_prepared(_saslname(fields[0][2:])),
        nonce=_nonce_text(fields[1][2:]),
    )


def _parse_final(text: str) -> _Final:
    """ "c=" base64 "," "r=" nonce ["," extensions] "," "p=" base64"""
    without_proof, comma, proof = text.rpartition(",")
    fields = without_proof.split(",")
    _check_fields(fields, "c", "r")
    if not comma or not proof.startswith("p="):
        raise SaslError("malformed-request")
    return _Final(
        without_proof=without_proof,
        binding=fields[0][2:],
        nonce=fields[1][2:],
        proof=_decode(proof[2:]),
    )


def _check_fields(fields: list[str], *first: str) -> None:
    """Each field is `letter=value`; the first ones are these, and none comes twice."""
    keys = [field[:1] for field in fields]
    well_formed = all(len(f) > 2 and f[0].isalpha() and f[0].isascii() and f[1] == "=" for f in fields)
    if not well_formed or len(set(keys)) != len(keys) or keys[: len(first)] != list(first):
        raise SaslError("malformed-request")  # "m" in front is a mandatory extension: refused too
    if "m" in keys:
        raise SaslError("malformed-request", "unknown mandatory extension")


def _saslname(text: str) -> str:
    """`=2C` is a comma, `=3D` an equals sign, and no other `=` is allowed (RFC 5802 §5.1)."""
    if not _SASLNAME.fullmatch(text):
        raise SaslError("malformed-request")
    return text.replace("=2C", ",").replace("=3D", "=")


def _prepared(username: str) -> str:
    try:
        return saslprep.prepare(username)
    except ValueError as error:
        raise SaslError("malformed-request") from error


def _nonce_text(text: str) -> str:
    if not all("!" <= char <= "~" for char in text):
        raise SaslError("malformed-request")
    return text


def _decode(text: str) -> bytes:
    """Base64 in its one canonical spelling: no stray bits behind the last octet (RFC 4648 §3.5)."""
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise SaslError("malformed-request") from error
    if b64encode(data).decode() != text:
        raise SaslError("malformed-request")
    return data
