"""main_sup — the parent's tree: the workers, and the control socket.

OTP:      supervisor
Way:      main_app → [main_sup] → otp.kernel.peer (one per worker), ctl.server
Process:  `main_sup`, over `worker_sup` and `control`. More worker crashes than [limits] allows end worker_sup, with it
          main_sup, the application and so the release; control is merely restarted
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

from otp.erts.pid import Pid
from otp.kernel import peer
from otp.kernel.peer import PeerSpec
from otp.stdlib import supervisor
from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.ctl import dispatch, output, server
from xmppd.ctl.parent_state import Parent

#: how a worker learns the secret of the mesh
COOKIE_VARIABLE = "OTP_COOKIE"
#: seconds a worker has to end after its clients have gone: the store's last commits
GRACE = 20.0


class MainSup(Supervisor):
    """The end of worker_sup, for whatever reason, is the end of all."""

    def init(self, parent: Parent) -> tuple[SupFlags, list[ChildSpec]]:
        """The children."""
        workers = (supervisor.start_link, (WorkerSup, parent), {"name": "worker_sup"})
        control = (server.start_link, (parent.home.control, dispatch.execute))
        flags = SupFlags(Strategy.ONE_FOR_ONE, 10, 60.0, AutoShutdown.ANY_SIGNIFICANT)
        return flags, [
            ChildSpec("worker_sup", workers, Restart.TRANSIENT, type="supervisor", significant=True),
            ChildSpec("control", control),
        ]


class WorkerSup(Supervisor):
    """One child per worker process."""

    def init(self, parent: Parent) -> tuple[SupFlags, list[ChildSpec]]:
        """The children, and how many crashes are too many."""
        limits = parent.config.limits
        shutdown = limits.drain_seconds * 2 + GRACE
        specs = [_spec(parent, worker, shutdown) for worker in parent.workers]
        return SupFlags(Strategy.ONE_FOR_ONE, limits.worker_restarts, limits.worker_period), specs


async def start_link(parent: Parent) -> Pid | None:
    """Start the parent's tree."""
    return await supervisor.start_link(MainSup, parent, name="main_sup")


def _spec(parent: Parent, worker: str, shutdown: float) -> ChildSpec:
    spec = PeerSpec(
        worker,
        _command(worker),
        pass_fds=tuple(parent.start_of(worker).fds.values()),
        env={COOKIE_VARIABLE: parent.cookie.hex(), "PYTHONUNBUFFERED": "1"},
        shutdown=shutdown,
        say=output.relay,
        input=lambda: parent.start_of(worker).to_bytes(),  # anew for each start: there may have been a reload
    )
    return ChildSpec(worker, (peer.start_link, (spec,), {"name": worker}), shutdown=shutdown + 5.0)


def _command(worker: str) -> Callable[[], tuple[str, ...]]:
    """The command line of each generation: the same, but for the creation, which no two share."""
    generations = itertools.count(1)

    def command() -> tuple[str, ...]:
        return (sys.executable, "-I", "-m", "xmppd.ctl.worker", worker, str(next(generations)))

    return command
