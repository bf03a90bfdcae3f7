"""app — starts and stops the server, as an application of a node.

OTP:      application; cf. ejabberd_app.erl
Way:      application_controller → [app] → sup
Process:  none of its own: `start` returns the top supervisor, `prep_stop` runs before that is ended
"""

from __future__ import annotations

from typing import Any

from otp.erts.pid import Pid
from otp.kernel import application
from otp.kernel.application import Application
from xmppd import sup
from xmppd.admin import worker_commands
from xmppd.config.schema import Config


class XmppdApp(Application):
    """The callbacks. The application's env holds `config` (a Config) and `listen_fds` (by listener,
    Listen.name)."""

    async def start(self, type_: Any, args: Any) -> Pid:
        """Start the tree; returns its top. Raises StartError."""
        pid = await sup.start_link(_config(), application.get_env("xmppd", "listen_fds", {}))
        assert pid is not None
        return pid

    async def prep_stop(self, state: Any) -> Any:
        """Before anything ends: nobody new comes in, and those who are in are told and get time to leave."""
        await worker_commands.drain()
        return state


def _config() -> Config:
    config = application.get_env("xmppd", "config")
    assert isinstance(config, Config)
    return config
