"""vanishing — a peer that is gone without a word, as a phone is whose battery died: nothing it is sent arrives.

A filter on its socket (SO_ATTACH_FILTER, socket(7)) drops every segment before TCP sees it: no acknowledgement, no
reset. That needs no rights and no network namespace.
"""

from __future__ import annotations

import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26
#: BPF_RET | BPF_K: of each packet 0 bytes are kept
_DROP = struct.pack("HBBI", 0x06, 0, 0, 0)


def vanish(sock: socket.socket) -> None:
    """Nothing reaches this socket from now on, not even for the kernel to answer."""
    program = ctypes.create_string_buffer(_DROP)
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))
