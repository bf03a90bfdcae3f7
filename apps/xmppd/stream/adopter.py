"""adopter — opens sessions again whose process is gone: each gets a c2s that waits for its client.

Way:      lost_sessions → Orphaned → [adopter] → OrphanedSessionsHook (a module says which, and what they were) →
          c2s_sup → c2s (c2s_moves.adopt)
OTP:      none: there a process that is gone is gone with its state
Process:  `adopter`, one per worker, permanent, under xmppd_sup behind the modules and before the listeners: at its
          start it opens what a worker that is dead, or the whole server, has left
XEP:      0198 §5
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.routing import hooks
from xmppd.routing.moving_hook_points import OrphanedSessionsHook
from xmppd.routing.saved_session import Orphan
from xmppd.routing.sm import sm
from xmppd.routing.sm.orphans import ADOPTER, Orphaned
from xmppd.stream import c2s_sup
from xmppd.stream.c2s_moves import Adopted, Adoption

#: sessions that are being opened at the same time
AT_ONCE: Final = 64
#: seconds in which one of them is open, or does without us; and that the start waits for a table that is rebuilt
PATIENCE: Final = 5.0
_READY: Final = 2.0
log = logging.getLogger("xmppd.sm")


@dataclass(slots=True)
class AdopterState:
    """The hosts that are served."""

    hosts: tuple[str, ...]


class Adopter(GenServer[AdopterState]):
    """It answers nothing."""

    async def init(self, hosts: tuple[str, ...]) -> AdopterState:
        """What was left before: clients come back to it as soon as the listeners are open."""
        until = CLOCK.monotonic() + _READY
        while not sm.is_ready() and CLOCK.monotonic() < until:
            await process.sleep(0.005)
        await _adopt(hosts)
        return AdopterState(hosts)

    async def handle_info(self, message: object, state: AdopterState) -> Any:
        """Some have lost their process just now."""
        if isinstance(message, Orphaned):
            await _forget_more_of(Orphaned)
            await _adopt(state.hosts)
        return NoReply(state)


async def start_link(hosts: Sequence[str]) -> Pid | None:
    """Starts it; returns when what was left before is open."""
    return await gen_server.start_link(Adopter, tuple(hosts), name=ADOPTER)


def spec(hosts: Sequence[str]) -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec(ADOPTER, (start_link, (tuple(hosts),)))


async def _adopt(hosts: Sequence[str]) -> None:
    for host in hosts:
        if not hooks.wanted(host, OrphanedSessionsHook):
            continue
        began = CLOCK.monotonic()
        afterwards: list[Callable[[], None]] = []
        found = await hooks.run_fold(host, OrphanedSessionsHook(host, afterwards), ())
        if found:
            await _open_all(found)
        for done in afterwards:
            done()
        if found:
            log.info("%d sessions of %s go on here, %.3f s", len(found), host, CLOCK.monotonic() - began)


async def _open_all(orphans: Sequence[Orphan]) -> None:
    opening: dict[Pid, Any] = {}
    for orphan in orphans:
        if len(opening) >= AT_ONCE:
            await _one_is_open(opening)
        pid = await c2s_sup.adopt(Adoption(orphan, process.self_()))
        if pid is not None:
            opening[pid] = process.monitor(pid)
    while opening:
        await _one_is_open(opening)


async def _one_is_open(opening: dict[Pid, Any]) -> None:
    try:
        message = await process.receive(lambda m: isinstance(m, (Adopted, Down)) and m.pid in opening, PATIENCE)
    except ReceiveTimeout:
        log.warning("%d sessions take long to be opened again", len(opening))
        opening.clear()
        return
    process.demonitor(opening.pop(message.pid), flush=True)


async def _forget_more_of(kind: type) -> None:
    """What was asked several times is done once."""
    with contextlib.suppress(ReceiveTimeout):
        while True:
            await process.receive(lambda m: type(m) is kind, timeout=0)
