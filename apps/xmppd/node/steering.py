"""steering — says to the kernel which workers get new connections: a program for the sockets that share a port.

OTP:      none
Way:      node.doorkeeper → [steering] → SO_ATTACH_REUSEPORT_CBPF (socket(7), Linux 4.5)
Differs:  without it, or where it cannot be attached, the kernel spreads connections over all sockets, also over that of
          a worker which is being started again; they wait there until it accepts
"""

from __future__ import annotations

import ctypes
import logging
import socket
import struct
from collections.abc import Sequence
from typing import Final

log = logging.getLogger("xmppd.main")

#: options of SOL_SOCKET that Python has no names for
_ATTACH, _DETACH = 51, 68
#: operations of classic BPF: A = a word of the packet, or of what else the kernel knows; A %= k; skip unless A == k;
#: return k, the place of the socket in the order in which they began to listen
_LOAD, _MODULO, _IF_EQUAL, _RETURN = 0x20, 0x94, 0x15, 0x06
#: where _LOAD finds a random number (SKF_AD_OFF + SKF_AD_RANDOM)
_RANDOM: Final = 0xFFFFF000 + 56
_INSTRUCTION: Final = struct.Struct("=HBBI")


def program(places: Sequence[int]) -> bytes:
    """The program that chooses one of `places` at random. Pure."""
    steps = [(_LOAD, 0, 0, _RANDOM), (_MODULO, 0, 0, len(places))]
    for number, place in enumerate(places[:-1]):
        steps += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, place)]
    steps.append((_RETURN, 0, 0, places[-1]))
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def steer(sock: socket.socket, places: Sequence[int]) -> bool:
    """From now on new connections go to the sockets at `places` only; all of them: []. `sock`: any that shares the
    port and listens. What waits at the others already stays there. False where the kernel does not do it."""
    try:
        if places:
            steps = program(places)
            kept = ctypes.create_string_buffer(steps, len(steps))
            sock.setsockopt(
                socket.SOL_SOCKET, _ATTACH, struct.pack("@HP", len(steps) // _INSTRUCTION.size, ctypes.addressof(kept))
            )
        else:
            sock.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
    except OSError as error:
        if places:  # else there was nothing to take away
            log.debug("the kernel does not say where connections go: %s", error)
        return False
    return True
