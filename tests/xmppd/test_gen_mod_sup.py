"""Modules of hosts: started, stopped, changed while sessions go on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.core_server import CoreServer, config_of, play
from xmppd import gen_mod_sup
from xmppd.config.schema import Config, Host

PING = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


def with_modules(modules: Mapping[str, Mapping[str, object]]) -> Config:
    return Config(**{**vars(config_of(())), "modules": modules})


def test_a_child_for_each_module_and_its_own_processes() -> None:
    async def body(core: CoreServer) -> None:
        children = await supervisor.which_children(gen_mod_sup.sup_name("localhost"))
        assert [child.id for child in children] == [
            "offline_writer@localhost",
            "mod_offline@localhost",
            "mod_ping@localhost",
        ]

    play(body, config_of(("mod_offline", "mod_ping")))


def test_hosts_have_modules_of_their_own() -> None:
    async def body(core: CoreServer) -> None:
        assert process.whereis("mod_ping@localhost") is not None
        assert process.whereis("mod_ping@quiet.example") is None

    config = config_of(("mod_ping",), ("localhost", "quiet.example"))
    quiet = Host(name="quiet.example", modules={})
    play(body, Config(**{**vars(config), "host": {"quiet.example": quiet}}))


def test_reload_starts_stops_and_changes_with_sessions_going_on() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r", presence=None, roster=False)
        assert "type='result'" in await romeo.ask(PING)
        new = with_modules({"mod_version": {"show_os": True}})
        assert await gen_mod_sup.reload(core.config, new) == [
            "stopped mod_version of localhost",
            "stopped mod_ping of localhost",
            "started mod_version of localhost",
        ]
        assert "<service-unavailable " in await romeo.ask(PING)
        assert "<os>" in await romeo.ask("<iq type='get' id='v' to='localhost'><query xmlns='jabber:iq:version'/></iq>")
        assert await gen_mod_sup.reload(new, new) == []
        more = dataclasses.replace(new, admins=("romeo@localhost",))
        assert "started mod_version of localhost" in await gen_mod_sup.reload(new, more)
        assert await gen_mod_sup.reload(more, core.config)
        assert "type='result'" in await romeo.ask(PING)

    play(body, with_modules({"mod_ping": {}, "mod_version": {}}))
