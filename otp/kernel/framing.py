"""framing — cuts a stream of bytes into frames: four bytes of length, then that many of body. Pure.

OTP:      {packet, 4} of gen_tcp, as distribution uses it
Way:      link (bytes in) → [framing] → codec
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from otp.kernel.codec import MAX_FRAME, CodecError, MalformedFrame, dump_into

_HEADER: Final = struct.Struct(">I")
#: octets of a frame before its body
HEADER_BYTES: Final = _HEADER.size
_ROOM: Final = bytes(_HEADER.size)


def append(buffer: bytearray, packed: object) -> None:
    """Add the frame of packed terms to a buffer; on CodecError (also: too long) the buffer is as before."""
    start = len(buffer)
    buffer += _ROOM
    try:
        dump_into(packed, buffer, start + 4)
        size = len(buffer) - start - 4
        if size > MAX_FRAME:
            raise CodecError(f"a message of {size} bytes is too long to cross (limit {MAX_FRAME})")
        _HEADER.pack_into(buffer, start, size)
    except CodecError:
        del buffer[start:]
        raise


class Frames:
    """Collects what arrives and gives the bodies of whole frames, each a view that is to be used at once."""

    __slots__ = ("_needed", "_rest", "limit")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._rest = bytearray()
        self._needed = 4  # bytes without which another look at the rest is in vain
        self.limit = limit

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """The bodies that `data` completes. Raises MalformedFrame at a length over the limit.

        Use up the iterator before the next feed.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest = bytearray()
        view = memoryview(data)
        at, end, needed = 0, len(data), 4
        while end - at >= 4:
            (size,) = _HEADER.unpack_from(data, at)
            if size > self.limit:
                raise MalformedFrame(f"a frame of {size} bytes (limit {self.limit})")
            needed = size + 4
            if end - at < needed:
                break
            yield view[at + 4 : at + needed]
            at, needed = at + needed, 4
        self._rest += view[at:]
        self._needed = needed
