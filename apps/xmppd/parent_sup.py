"""parent_sup — the parent's tree: the workers, and the control socket.

OTP:      supervisor
Way:      parent_app → [parent_sup] → otp.kernel.keeper (one per worker) → otp.kernel.peer; node.control
Process:  `parent_sup`, over `worker_sup`, `doorkeeper`, `control`, `reaper` where orphans are given to it, and
          `watchdog` where a service manager wants signs of life. A worker that crashes is started again by its keeper,
          ever later if that does not help; the release ends if none of them can live
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable

from otp.erts.pid import Pid
from otp.kernel import keeper, reaper
from otp.kernel.keeper import Patience
from otp.kernel.peer import PeerSpec
from otp.release import boot
from otp.stdlib import supervisor
from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.admin import dispatch
from xmppd.commands import EXIT_FAILED
from xmppd.monitor import parent_metrics
from xmppd.node import control, doorkeeper, output, watchdog
from xmppd.node.parent_state import Parent
from xmppd.store.same_file import RELEASE

#: loaded here, so that the parent answers a scrape of a worker
MEASURED = parent_metrics.LOADED
#: how a worker learns the secret of the mesh
COOKIE_VARIABLE = "OTP_COOKIE"
#: seconds a worker has to end after its clients have gone: the store's last commits
GRACE = 20.0


class ParentSup(Supervisor):
    """The end of worker_sup, for whatever reason, is the end of all."""

    def init(self, parent: Parent) -> tuple[SupFlags, list[ChildSpec]]:
        """The children."""
        workers = (supervisor.start_link, (WorkerSup, parent), {"name": "worker_sup"})
        control_socket = (control.start_link, (parent.home.control, dispatch.execute))
        flags = SupFlags(Strategy.ONE_FOR_ONE, 10, 60.0, AutoShutdown.ANY_SIGNIFICANT)
        return flags, [
            ChildSpec("worker_sup", workers, Restart.TRANSIENT, type="supervisor", significant=True),
            ChildSpec("doorkeeper", (doorkeeper.start_link, (parent,))),
            ChildSpec("control", control_socket),
            *([ChildSpec("reaper", (reaper.start_link, ()))] if parent.forker or os.getpid() == 1 else []),
            *([ChildSpec("watchdog", (watchdog.start_link, (parent,)))] if parent.systemd.watchdog else []),
        ]


class WorkerSup(Supervisor):
    """One keeper per worker process."""

    def init(self, parent: Parent) -> tuple[SupFlags, list[ChildSpec]]:
        """The children. That one of them ends often is its keeper's affair."""
        limits = parent.config.limits
        shutdown = limits.drain_seconds * 2 + GRACE
        patience = Patience(limits.worker_restarts, limits.worker_period)
        specs = [_spec(parent, worker, shutdown, patience) for worker in parent.workers]
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 60.0), specs


async def start_link(parent: Parent) -> Pid | None:
    """Start the parent's tree."""
    return await supervisor.start_link(ParentSup, parent, name="parent_sup")


def _spec(parent: Parent, worker: str, shutdown: float, patience: Patience) -> ChildSpec:
    spec = PeerSpec(
        worker,
        _command(worker),
        pass_fds=tuple(parent.start_of(worker).fds.values()),
        env={COOKIE_VARIABLE: parent.cookie.hex(), RELEASE: parent.release, "PYTHONUNBUFFERED": "1"},
        shutdown=shutdown,
        say=output.relay,
        input=lambda: parent.start_of(worker).to_bytes(),  # asked at each start: there may have been a reload
        forker=parent.forker,
    )
    return ChildSpec(worker, (keeper.start_link, (spec, patience, _give_up)), shutdown=shutdown + 5.0)


def _give_up(why: str) -> None:
    boot.stop(why, EXIT_FAILED)


def _command(worker: str) -> Callable[[], tuple[str, ...]]:
    """The command line of each generation: the same, but for the creation, which no two share."""
    generations = itertools.count(1)

    def command() -> tuple[str, ...]:
        return (sys.executable, "-I", "-m", "xmppd.node.worker", worker, str(next(generations)))

    return command
