"""test_reload — the configuration again, in a running worker.

Way:  xmppd.ctl.reload
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from otp.erts import process
from otp.kernel import application
from tests.support import server
from tests.support.admin import beside_server
from xmppd.config.load import load
from xmppd.ctl import reload
from xmppd.ctl.worker_start import WorkerStart


def test_modules_come_and_go_and_what_is_fixed_stays(tmp_path: Path) -> None:
    config = server.config(tmp_path, tls="optional", modules={"mod_time": {}, "mod_ping": {}})
    file = tmp_path / "xmppd.toml"

    async def body() -> list[Any]:
        application.set_env("xmppd", "start", WorkerStart("w1", str(tmp_path), None, {}, [], [], []))
        file.write_text("hosts = ['other.x']\n[modules]\nmod_time = false\n[registration]\nopen = true\n")
        good = await reload.reload()
        assert process.whereis("mod_time@localhost") is None
        assert process.whereis("mod_version@localhost") is not None
        now = application.get_env("xmppd", "config")
        assert now.registration.open
        assert now.hosts == ("localhost",)
        file.write_text("[limits]\nrate = 1\n")
        bad = await reload.reload()
        assert application.get_env("xmppd", "config") is now
        return [good, bad]

    good, bad = beside_server(body, config)
    assert "stopped mod_time of localhost" in good["ok"]
    assert good["ok"][-1] == "certificates read again"
    assert bad["status"] == 78


def test_only_a_restart_changes_hosts_listeners_and_store(tmp_path: Path) -> None:
    old = load(None, tmp_path, {})
    flags = {"hosts": "b.x", "store.backend": "memory", "limits.rate": "off", "auth.iterations": "5000"}
    new = reload.taken_over(old, load(None, tmp_path, {}, flags))
    assert (new.hosts, new.listen, new.store, new.auth) == (old.hosts, old.listen, old.store, old.auth)
    assert new.limits == dataclasses.replace(old.limits, rate=None)
