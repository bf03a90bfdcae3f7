"""systemd — tells the service manager how the server is: up, reloading, stopping, alive.

OTP:      none; cf. heart, and sd_notify(3)
Way:      node.readiness, admin.parent_commands, parent_app, node.watchdog → [systemd] → the socket of NOTIFY_SOCKET
Differs:  without that variable nothing is told. Workers do not have it: only the parent speaks (NotifyAccess=main)
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final

log = logging.getLogger("xmppd.main")

#: variables of the service manager, for this process only
VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


@dataclass(frozen=True, slots=True)
class Systemd:
    """Where the service manager listens ("": nowhere), and within how many seconds it wants a sign of life (None: it
    wants none)."""

    address: str = ""
    watchdog: float | None = None

    @staticmethod
    def take(environ: MutableMapping[str, str], pid: int | None = None) -> Systemd:
        """Read the variables of the service manager, and take them away. `pid`: of this process."""
        found = {name: environ.pop(name, "") for name in VARIABLES}
        return Systemd(found["NOTIFY_SOCKET"], _seconds(found, os.getpid() if pid is None else pid))

    def tell(self, **fields: str) -> None:
        """Send fields of sd_notify(3), such as READY="1". That nobody takes them is logged."""
        if not self.address:
            return
        # "@": in the namespace of abstract sockets (unix(7))
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        text = "\n".join(f"{name}={value}" for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(text.encode(), address)
        except OSError as error:
            log.warning("the service manager was not told %s: %s", next(iter(fields)), error)

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """Around a reload, however it ends: Type=notify-reload waits for both messages."""
        # its clock, not that of the timers here: the service manager compares the stamp with its own
        moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.tell(RELOADING="1", MONOTONIC_USEC=str(moment))
        try:
            yield
        finally:
            self.tell(READY="1")


#: nobody manages this process
NOBODY: Final = Systemd()


def _seconds(found: Mapping[str, str], pid: int) -> float | None:
    if found["WATCHDOG_PID"] not in ("", str(pid)) or not found["WATCHDOG_USEC"].isdecimal():
        return None
    return int(found["WATCHDOG_USEC"]) / 1e6 or None
