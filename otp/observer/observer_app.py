"""observer_app — the application observer: the socket at which a release is observed.

OTP:      observer_app of runtime_tools' observer_backend
Process:  observer_sup: the server, if there is a path to listen at

Its setting: `socket` (a path; absent: no socket, and only the other nodes of the mesh may ask).
"""

from __future__ import annotations

from typing import Any

from otp.erts.pid import Pid
from otp.kernel.application import Application
from otp.observer import server
from otp.stdlib import supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.supervisor import Supervisor, SupInit


class ObserverApp(Application):
    """See the head of the file."""

    async def start(self, type_: str, args: Any) -> Pid | None:
        """Start observer_sup."""
        return await supervisor.start_link(ObserverSup, args.get("socket"), name="observer_sup")


class ObserverSup(Supervisor):
    """One child, or none."""

    def init(self, path: str | None) -> SupInit:
        """The server at `path`."""
        return SupFlags(), [server.spec(path)] if path is not None else []
