"""service_sup — the components' streams of this worker.

OTP:      supervisor (simple_one_for_one), cf. ejabberd_service_sup
Way:      net.acceptor → handler(settings) → [service_sup] → component
Process:  permanent, under xmppd.sup; its children are temporary
"""

from __future__ import annotations

from functools import partial

from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import TEMPORARY, ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.net.acceptor import Handler
from xmppd.net.connection import Connection
from xmppd.stream import component
from xmppd.stream.component import ServiceSettings

NAME = "service_sup"


class ServiceSup(Supervisor):
    """One spec; each start_child gives the settings and the connection."""

    def init(self) -> tuple[SupFlags, list[ChildSpec]]:
        """Temporary children, two seconds to say goodbye."""
        child = ChildSpec("component", (component.start_link, ()), restart=TEMPORARY, shutdown=2.0)
        return SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 10, 1.0), [child]


def handler(settings: ServiceSettings) -> Handler:
    """What an acceptor calls with each connection."""
    return partial(_start, settings)


async def _start(settings: ServiceSettings, connection: Connection) -> Pid | None:
    pid: Pid | None = await supervisor.start_child(NAME, (settings, connection))
    return pid
