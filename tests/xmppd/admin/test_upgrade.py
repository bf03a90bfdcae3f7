"""test_upgrade — a module's file again, on a worker that serves; the wire is in tests/interop/test_upgrade.py.

Way:  xmppd.admin.upgrade
"""

from __future__ import annotations

from typing import Any

from tests.support.admin import beside_server
from xmppd.admin import upgrade


def test_a_module_registers_what_its_file_declares() -> None:
    async def body() -> list[Any]:
        return [await upgrade.upgrade(name) for name in ("mod_ping", "otp.erts.process", "mod_nothing")]

    good, fixed, missing = beside_server(body)
    assert good["ok"]["module"] == "xmppd.mods.mod_ping"
    assert good["ok"]["done"] == [f"registered mod_ping of {host} again" for host in ("localhost", "other.example")]
    assert (fixed["status"], missing["status"]) == (2, 2)
    assert missing["error"].startswith("no module xmppd.mods.mod_nothing is loaded here: name one as mod_ping")
    assert "nothing was changed" in missing["error"]
