"""parent_app — starts and stops the parent's part of the server, as an application of the node `main`.

OTP:      application; what heart, init and the listener's owner are to a node
Way:      application_controller → [parent_app] → parent_sup
Process:  none of its own
"""

from __future__ import annotations

import logging
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import node, rpc
from otp.kernel.application import Application
from xmppd import parent_sup
from xmppd.node import ports
from xmppd.node.parent_state import Parent, state

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
        waiting = {process.spawn_monitor(_drain, worker, parent)[1] for worker in parent.workers}
        while waiting:
            down = await process.receive(lambda m: isinstance(m, Down) and m.ref in waiting)
            waiting.discard(down.ref)
        return app_state


async def _drain(worker: str, parent: Parent) -> None:
    if worker not in node.nodes():
        return
    try:
        await rpc.call(worker, "xmppd.admin.worker_commands:drain", timeout=parent.config.limits.drain_seconds * 2 + 5)
    except rpc.RpcError as error:
        log.warning("%s did not drain: %s", worker, error)
