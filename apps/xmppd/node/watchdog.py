"""watchdog — feeds the service manager's watchdog, as long as the parent and its workers are alive.

OTP:      cf. heart: its beats, and its callback
Way:      keeper.STATES, node.nodes() → [watchdog] → node.systemd
Process:  `watchdog`, permanent, under parent_sup in the parent, where a watchdog waits (WATCHDOG_USEC)

It runs on the parent's loop, so that it beats only if that turns; that a worker's loop turns is seen by its signs of
life in the mesh. A worker that has ended is its keeper's affair, which starts it again: as long as another one serves,
the service manager need not end the sessions of that one too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from otp.erts.pid import Pid
from otp.erts.process import self_, send, send_after
from otp.kernel import keeper, node
from otp.kernel.keeper import Kept
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.node.parent_state import Parent

log = logging.getLogger("xmppd.main")

NAME: Final = "watchdog"
#: beats in the time that the service manager waits: one may come late
BEATS: Final = 4


class _Beat:
    """Time to beat."""


@dataclass(slots=True)
class _State:
    parent: Parent
    interval: float
    well: bool = True


async def start_link(parent: Parent) -> Pid | None:
    """Start it. The parent's Systemd has a watchdog."""
    return await gen_server.start_link(Watchdog, parent, name=NAME)


class Watchdog(GenServer[_State]):
    """See the head of this file."""

    def init(self, parent: Parent) -> _State:
        """Beat at once: the time runs since the start."""
        assert parent.systemd.watchdog is not None
        send(self_(), _Beat())
        return _State(parent, parent.systemd.watchdog / BEATS)

    def handle_info(self, message: Any, state: _State) -> NoReply[_State]:
        """Beat, if all is well."""
        if not isinstance(message, _Beat):
            return NoReply(state)
        well = is_well(state.parent.workers, keeper.STATES, set(node.nodes()))
        if well:
            state.parent.systemd.tell(WATCHDOG="1")
        elif state.well:
            log.critical("a worker gives no sign of life: the watchdog of the service manager is not fed")
        state.well = well
        send_after(state.interval, self_(), message)
        return NoReply(state)


def is_well(workers: tuple[str, ...], kept: Mapping[str, Kept], alive: Set[str]) -> bool:
    """Tell whether the server lives: each worker gives signs of life (is in `alive`) or is being started (again) by
    its keeper, and one of them serves or none has served yet. Pure."""
    states = [kept.get(worker, Kept()) for worker in workers]
    if any(one.status == "serving" and worker not in alive for worker, one in zip(workers, states, strict=True)):
        return False
    serves = any(one.status == "serving" for one in states)
    return serves or all(one.status in ("starting", "stopping") for one in states)
