"""ports — binds the listening sockets, one per worker and listener, and says who holds a taken port.

OTP:      none: the parent holds what ranch's listener sockets are to a node
Way:      node.parent → [ports] → inherited by the workers, adopted by net.listener
Differs:  the parent binds and keeps every socket open (SO_REUSEPORT: the kernel spreads connections evenly);
          what is queued for a worker survives its death and is served by the next one
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from xmppd.config.schema import ANY_ADDRESS, Config, Listen

#: seconds between two tries to bind a port that is taken
_AGAIN: Final = 0.02


class PortTaken(Exception):
    """A listener cannot be bound; the text says which, why, and by whom it is taken if that can be known."""


class NoAddress(PortTaken):
    """Every listener that cannot be bound is for an address that this machine does not have."""


class PortForbidden(PortTaken):
    """Every listener that cannot be bound is one that this user may not bind: trying again will not help."""


def bind_all(listens: Sequence[Listen], workers: int, patience: float = 0.0) -> list[list[socket.socket]]:
    """Bind every listener once per worker: `result[listener][worker]`. `patience`: for so many seconds a port that is
    taken is tried again. Raises PortTaken, PortForbidden, NoAddress: all at once."""
    until = time.monotonic() + patience
    bound: list[list[socket.socket]] = []
    errors: list[tuple[int | None, str]] = []
    for number, listen in enumerate(listens, 1):
        try:
            bound.append(_bind(listen, workers, until))
        except OSError as error:
            errors.append((error.errno, _words(listen, number, error)))
    if errors:
        close_all(bound)
        raise _kind({number for number, _ in errors})("\n".join(text for _, text in errors))
    return bound


def bind_config(config: Config, patience: float = 0.0) -> tuple[Config, list[list[socket.socket]]]:
    """Bind all listeners of a configuration. One that nobody has configured (Listen.optional) is left out if it cannot
    be bound, with a warning. Otherwise as bind_all."""
    workers, until = config.worker_count, time.monotonic() + patience
    bound = iter(bind_all([listen for listen in config.listen if not listen.optional], workers, patience))
    pairs: list[tuple[Listen, list[socket.socket]]] = []
    warnings = list(config.warnings)
    for number, listen in enumerate(config.listen, 1):
        try:
            pairs.append((listen, _bind(listen, workers, until) if listen.optional else next(bound)))
        except OSError as error:
            warnings.append(f"{_words(listen, number, error)}; the server runs without it")
    listens = tuple(listen for listen, _ in pairs)
    return replace(config, listen=listens, warnings=tuple(warnings)), [sockets for _, sockets in pairs]


def _kind(numbers: set[int | None]) -> type[PortTaken]:
    if numbers == {errno.EACCES}:
        return PortForbidden
    return NoAddress if numbers == {errno.EADDRNOTAVAIL} else PortTaken


def close_all(bound: Sequence[Sequence[socket.socket]]) -> None:
    """Close every socket."""
    for sockets in bound:
        for sock in sockets:
            sock.close()


def port_of(sockets: Sequence[socket.socket]) -> int:
    """Return the port a listener's sockets are bound to (it may have been configured as 0: any)."""
    return int(sockets[0].getsockname()[1])


def _bind(listen: Listen, workers: int, until: float) -> list[socket.socket]:
    # first without SO_REUSEPORT: with it the kernel lets two servers of one user share a port in silence
    while True:
        try:
            probe = _open(listen, listen.port, shared=False)
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise
        time.sleep(_AGAIN)
    port = int(probe.getsockname()[1])
    probe.close()
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < workers:
            sockets.append(_open(listen, port, shared=True))
            sockets[-1].listen(listen.backlog)  # here, so that they do so in the order of the workers (node.steering)
    except OSError:
        close_all([sockets])
        raise
    return sockets


def _open(listen: Listen, port: int, *, shared: bool) -> socket.socket:
    family, address = _address(listen.ip)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(listen.ip != ANY_ADDRESS))
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((address, port))
        if not shared:
            sock.listen(1)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _address(ip: str) -> tuple[socket.AddressFamily, str]:
    if ip == ANY_ADDRESS:
        return (socket.AF_INET6, "::") if socket.has_dualstack_ipv6() else (socket.AF_INET, "0.0.0.0")
    return (socket.AF_INET6 if ":" in ip else socket.AF_INET), ip


def _words(listen: Listen, number: int, error: OSError) -> str:
    what = f"port {listen.port} ({listen.module}, ip {listen.ip})"
    if error.errno == errno.EADDRINUSE:
        holder = who_listens(listen.port)
        other = f"; for another port: --set listen.{number}.port=N"
        return f"{what} is taken by {holder or 'another program'}{other}"
    if error.errno == errno.EACCES:
        return f"{what} may not be bound: ports below 1024 need a right (CAP_NET_BIND_SERVICE)"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{what}: this machine has no such address"
    return f"{what} cannot be bound: {error.strerror}"


def who_listens(port: int, proc: Path = Path("/proc")) -> str:
    """Return `name (pid N)` of the process that listens on a TCP port if /proc tells us; else nothing."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(proc / "net" / table, port)}
    if not inodes:
        return ""
    found = [folder for folder in proc.iterdir() if folder.name.isdigit() and _holds(folder / "fd", inodes)]
    ours = [text for folder in found if (text := _xmppd(folder))]
    return ours[0] if ours else f"{_command(found[0])} (pid {found[0].name})" if found else ""


def _xmppd(folder: Path) -> str:
    """Return which server it is if it is the parent of one of ours."""
    words = _cmdline(folder)
    if "xmppd.node.parent" not in words or "--home" not in words[:-1]:
        return ""
    return f"another xmppd (pid {folder.name}, home {words[words.index('--home') + 1]})"


def _listening(table: Path, port: int) -> list[str]:
    try:
        rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    except OSError:
        return []
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]


def _holds(fds: Path, inodes: set[str]) -> bool:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        return any(_target(fd) in wanted for fd in fds.iterdir())
    except OSError:
        return False


def _target(fd: Path) -> str:
    try:
        return os.readlink(fd)
    except OSError:
        return ""


def _command(folder: Path) -> str:
    return " ".join(_cmdline(folder)).strip()[:80] or "a process"


def _cmdline(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
