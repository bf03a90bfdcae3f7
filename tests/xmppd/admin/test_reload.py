"""test_reload — the configuration again, in a running worker.

Way:  xmppd.admin.reload
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from otp.erts import process
from otp.kernel import application
from tests.support import server
from tests.support.admin import beside_server
from xmppd.admin import reload
from xmppd.config.load import load
from xmppd.config.schema import DEFAULT_MODULES
from xmppd.node import in_force


def test_modules_come_and_go_and_what_is_fixed_stays(tmp_path: Path) -> None:
    config = server.config(tmp_path, tls="optional", modules={"mod_time": {}, "mod_ping": {}})
    file = tmp_path / "xmppd.toml"

    async def reloaded() -> Any:
        return await reload.reload(in_force.pack(in_force.taken_over(config, load(None, tmp_path, {}))), {})

    async def body() -> list[Any]:
        file.write_text("hosts = ['other.x']\n[modules]\nmod_time = false\n[registration]\nopen = true\n")
        good = await reloaded()
        assert process.whereis("mod_time@localhost") is None
        assert process.whereis("mod_version@localhost") is not None
        now = application.get_env("xmppd", "config")
        assert now.registration.open
        assert now.hosts == ("localhost",)
        file.write_text('[modules]\nmod_time = true\n"no.such_module" = true\n')
        bad = await reloaded()
        assert application.get_env("xmppd", "config") is now
        return [good, bad]

    good, bad = beside_server(body, config)
    assert "stopped mod_time of localhost" in good["ok"]
    assert good["ok"][-1] == "certificates read again"
    assert bad["status"] == 78


def test_a_host_more_leaves_the_modules_of_the_others_alone(tmp_path: Path) -> None:
    config = server.config(tmp_path, modules={"mod_time": {}, "mod_ping": {}})

    async def body() -> tuple[Any, bool]:
        (tmp_path / "xmppd.toml").write_text(
            "hosts = ['localhost', 'new.x']\n[modules]\n"
            + "".join(f"{name} = false\n" for name in DEFAULT_MODULES if name not in config.modules)
        )
        names = ("mod_time@localhost", "mod_ping@localhost")
        before = [process.whereis(name) for name in names]
        new = in_force.taken_over(config, load(None, tmp_path, {}))
        answer = await reload.reload(in_force.pack(new), {})
        return answer, None not in before and before == [process.whereis(name) for name in names]

    assert beside_server(body, config) == ({"ok": []}, True)
