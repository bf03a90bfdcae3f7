"""reload — the configuration again, on a worker: certificates, modules, log level; sessions go on.

OTP:      application:config_change
Way:      SIGHUP or `reload` → admin.parent_commands → rpc → [reload] → net.tls_server, gen_mod_sup
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from otp.erts import process
from otp.kernel import application, rpc
from xmppd import gen_mod_sup
from xmppd.commands import EXIT_CONFIG
from xmppd.config.schema import Config
from xmppd.gen_mod import ModError
from xmppd.net import tls_server
from xmppd.node import in_force, log_setup


@rpc.exported
async def reload(packed: bytes, certificates: Mapping[str, bytes]) -> dict[str, Any]:
    """Take over what may change in a running worker of the configuration that the parent has read (in_force.pack), with
    what is in the certificate files it names: {"ok": what was done} or {"error", "status"}.
    """
    old: Config = application.get_env("xmppd", "config")
    new, copies = in_force.pinned(in_force.unpack(packed), certificates)
    try:
        done = await gen_mod_sup.reload(old, new)
    except ModError as error:
        return {"error": str(error), "status": EXIT_CONFIG}
    before: list[int] = application.get_env("xmppd", "copies", [])
    application.set_env("xmppd", "config", new)
    application.set_env("xmppd", "copies", copies)
    log_setup.take_over(new.log)
    if process.whereis(tls_server.NAME) is not None:
        trouble = await tls_server.reload(new.certificate_of)
        if trouble:
            return {"error": f"certificates stay as they were: {trouble}", "status": EXIT_CONFIG}
        done.append("certificates read again")
    for fd in before:
        os.close(fd)
    return {"ok": done}
