"""unix_socket — AF_UNIX sockets in folders of any depth, and the user at the other end.

OTP:      the {local, Path} addresses of gen_tcp
Differs:  sun_path ends at 108 bytes; a longer path is reached through its open folder (/proc/self/fd/N/name),
          so that the socket lies where it was asked for and nothing is put into a shared folder
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: longest path that is used as it is, in bytes
LONGEST: Final = 100
_UCRED: Final = struct.Struct("3i")


def listen(path: Path, backlog: int = 128, mode: int = 0o600) -> socket.socket:
    """A non-blocking listening socket at `path`, for this user only. A socket file that is there is replaced.

    Raises: OSError, e.g. EADDRINUSE if something answers at the path already.
    """
    _clear_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o777 & ~mode)
        try:
            with _address(path) as address:
                sock.bind(address)
        finally:
            os.umask(before)
        sock.listen(backlog)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def connect(path: Path) -> socket.socket:
    """A non-blocking socket connected to `path`; connecting is immediate on AF_UNIX.

    Raises: OSError: nobody listens (FileNotFoundError, ConnectionRefusedError) or the queue is full (EAGAIN).
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        with _address(path) as address:
            sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def peer_uid(sock: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel vouches for it (SO_PEERCRED)."""
    _pid, uid, _gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _clear_stale(path: Path) -> None:
    try:
        connect(path).close()
    except FileNotFoundError:
        return
    except OSError as exc:
        if exc.errno == errno.EAGAIN:
            raise OSError(errno.EADDRINUSE, "a busy socket is there", str(path)) from exc
        path.unlink(missing_ok=True)
        return
    raise OSError(errno.EADDRINUSE, "something listens there", str(path))
