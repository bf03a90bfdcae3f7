"""Which software this is."""

from tests.support.core_server import CoreServer, config_of, play
from xmppd.config.schema import Config
from xmppd.mods import mod_version

ASK = "<iq type='get' id='v' to='localhost'><query xmlns='jabber:iq:version'/></iq>"


def with_os(show: bool) -> Config:
    config = config_of()
    return Config(**{**vars(config), "modules": {**config.modules, "mod_version": {"show_os": show}}})


def test_name_and_version_and_no_system_unless_allowed() -> None:
    async def body(core: CoreServer) -> None:
        answer = await (await core.login("romeo@localhost/r")).ask(ASK)
        assert f"<name>xmppd</name><version>{mod_version.installed()}</version></query>" in answer

    play(body, with_os(False))


def test_the_system_where_it_may_be_told() -> None:
    async def body(core: CoreServer) -> None:
        assert "</version><os>" in await (await core.login("romeo@localhost/r")).ask(ASK)

    play(body, with_os(True))
