"""parent_app — starts and stops the parent's part of the server, as an application of the node `main`.

OTP:      application; what heart, init and the listener's owner are to a node
Way:      application_controller → [parent_app] → parent_sup
Process:  none of its own
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import node, rpc
from otp.kernel.application import Application
from xmppd import parent_sup
from xmppd.node import ports
from xmppd.node.parent_state import state

log = logging.getLogger("xmppd.main")


class ParentApp(Application):
    """The callbacks. The application's env holds `parent` (a Parent)."""

    async def start(self, type_: Any, args: Any) -> Pid:
        """Start parent_sup. Raises StartError."""
        pid = await parent_sup.start_link(state())
        assert pid is not None
        return pid

    async def prep_stop(self, app_state: Any) -> Any:
        """Before the workers end: no port is open any more, and all workers say goodbye at the same time."""
        parent = state()
        parent.systemd.tell(STOPPING="1")
        ports.close_all(parent.sockets)
        await _all_take("quiesce", parent.workers, 2.0)
        await _all_take("drain", parent.workers, parent.config.limits.drain_seconds * 2 + 5)
        return app_state


async def _all_take(step: str, workers: Iterable[str], seconds: float) -> None:
    waiting = {process.spawn_monitor(_take, step, worker, seconds)[1] for worker in workers}
    while waiting:
        down = await process.receive(lambda m: isinstance(m, Down) and m.ref in waiting)
        waiting.discard(down.ref)


async def _take(step: str, worker: str, seconds: float) -> None:
    if worker not in node.nodes():
        return
    try:
        await rpc.call(worker, f"xmppd.admin.worker_commands:{step}", timeout=seconds)
    except rpc.RpcError as error:
        log.warning("%s did not %s: %s", worker, step, error)
