"""http_sup — the HTTP connections of this worker.

OTP:      supervisor (simple_one_for_one); cf. ejabberd_http's connections under ejabberd_listener
Way:      net.acceptor → handler(settings) → [http_sup] → http_server
Process:  permanent, under xmppd.sup; its children are temporary
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import TEMPORARY, ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.http import http_server
from xmppd.http.http_connection import HttpConnection
from xmppd.http.http_server import HttpSettings
from xmppd.net.acceptor import Handler

NAME: Final = "http_sup"


class HttpSup(Supervisor):
    """One spec; each start_child gives the settings and the connection."""

    def init(self) -> tuple[SupFlags, list[ChildSpec]]:
        """Temporary children, a second to end."""
        child = ChildSpec("http", (http_server.start_link, ()), restart=TEMPORARY, shutdown=1.0)
        return SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 10, 1.0), [child]


def handler(settings: HttpSettings) -> Handler:
    """What an acceptor calls with each connection."""
    return partial(_start, settings)


async def _start(settings: HttpSettings, connection: Any) -> Pid | None:
    assert isinstance(connection, HttpConnection)
    pid: Pid | None = await supervisor.start_child(NAME, (settings, connection))
    return pid
