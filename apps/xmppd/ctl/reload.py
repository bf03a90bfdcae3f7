"""reload — the configuration again, on a worker: certificates, modules, log level; sessions go on.

OTP:      application:config_change
Way:      SIGHUP or `reload` → ctl.on_main → rpc → [reload] → net.tls_server, gen_mod_sup
"""

from __future__ import annotations

import dataclasses
from typing import Any

from otp.erts import process
from otp.kernel import application, rpc
from xmppd import gen_mod_sup
from xmppd.config.problems import ConfigError
from xmppd.config.schema import Config
from xmppd.ctl import log_setup
from xmppd.ctl.commands import EXIT_CONFIG
from xmppd.ctl.worker_start import WorkerStart
from xmppd.gen_mod import ModError
from xmppd.net import tls_server


@rpc.exported
async def reload() -> dict[str, Any]:
    """Take over what may change in a running worker: {"ok": what was done} or {"error", "status"}."""
    old: Config = application.get_env("xmppd", "config")
    start: WorkerStart = application.get_env("xmppd", "start")
    try:
        new = taken_over(old, start.load())
        done = await gen_mod_sup.reload(old, new)
    except (ConfigError, ModError) as error:
        return {"error": str(error), "status": EXIT_CONFIG}
    application.set_env("xmppd", "config", new)
    log_setup.take_over(new.log)
    if process.whereis(tls_server.NAME) is not None:
        trouble = await tls_server.reload(new.certificate_of)
        if trouble:
            return {"error": f"certificates stay as they were: {trouble}", "status": EXIT_CONFIG}
        done.append("certificates read again")
    return {"ok": done}


def taken_over(old: Config, new: Config) -> Config:
    """Give the new configuration with what only a restart can change as it was."""
    return dataclasses.replace(
        new, hosts=old.hosts, listen=old.listen, workers=old.workers, store=old.store, auth=old.auth
    )
