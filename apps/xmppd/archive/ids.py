"""ids — what a message of an archive is called by clients: says nothing, cannot be guessed, leads to the row.

An id is the message's number under a key of the server, in the manner of SIV: a code of owner and number, and the
number under a mask made from that code. So no row has to keep it, an id that somebody has made up is known as one
without a look into the store, and that of one archive means nothing in another.

Way:      mod_mam → [ids]
XEP:      0313 §5.2 (unique, never given again), 0359 §5 (hard to guess)
"""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b
from typing import Final

_HALF: Final = 8
#: characters of an id
LENGTH: Final = 22
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class ArchiveIds:
    """The ids of one key."""

    __slots__ = ("_code", "_mask")

    def __init__(self, key: bytes) -> None:
        self._code = blake2b(key=key, digest_size=_HALF, person=b"archive code")
        self._mask = blake2b(key=key, digest_size=_HALF, person=b"archive mask")

    def encode(self, owner: str, seq: int) -> str:
        """The id of message `seq` in the archive of `owner` (a bare JID)."""
        code = self._code_of(owner, seq)
        octets = code + self._masked(code, seq).to_bytes(_HALF)
        return binascii.b2a_base64(octets, newline=False)[:LENGTH].translate(_URL_SAFE).decode()

    def decode(self, owner: str, id_: str) -> int | None:
        """The number of the message of this id; None if the owner's archive has never given it."""
        if len(id_) != LENGTH:
            return None
        try:
            octets = base64.b64decode(id_.encode("ascii") + b"==", altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        seq = self._masked(octets[:_HALF], int.from_bytes(octets[_HALF:]))
        # the last character has bits that mean nothing: one id has one spelling
        return seq if seq >> 63 == 0 and self.encode(owner, seq) == id_ else None

    def _code_of(self, owner: str, seq: int) -> bytes:
        code = self._code.copy()
        code.update(seq.to_bytes(_HALF))
        code.update(owner.encode())
        return code.digest()

    def _masked(self, code: bytes, number: int) -> int:
        mask = self._mask.copy()
        mask.update(code)
        return number ^ int.from_bytes(mask.digest())
