"""Messages for who is not there."""

from __future__ import annotations

import pytest

from otp.erts import exits, process
from tests.support.core_server import CoreServer, config_of, play
from tests.support.node import until
from xmpp_core import ns
from xmpp_core.jid import JID
from xmppd.gen_mod import Mod
from xmppd.mods import mod_offline, mod_roster
from xmppd.mods.offline.tables import OFFLINE
from xmppd.routing import hooks
from xmppd.routing.account import account, removal
from xmppd.routing.account.account import ACCOUNTS
from xmppd.routing.hook_points import AccountReceivesHook
from xmppd.store import store


def hello(text: str = "hello", type_: str = "chat") -> str:
    return f"<message to='juliet@localhost' type='{type_}' id='{text}'><body>{text}</body></message>"


async def waiting() -> int:
    return await store.count(OFFLINE, ("localhost", "juliet"))


def test_messages_wait_are_stamped_and_go_once() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        for i in range(300):
            await romeo.send(hello(f"m{i}"))
        await romeo.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        assert await waiting() == 300, "committed before the answer that acknowledges them"
        juliet = await core.login("juliet@localhost/j", presence=None)
        await juliet.send("<presence><priority>-1</priority></presence>")
        assert not [t for t in juliet.take() if t.startswith("<message")], "not to a negative priority"
        await juliet.send("<presence/>")
        await core.settle()
        texts = [t for t in juliet.take() if t.startswith("<message")]
        assert len(texts) == 300
        assert all(f"<body>m{i}</body>" in text for i, text in enumerate(texts)), "in their order"
        assert "<delay xmlns='urn:xmpp:delay' from='localhost'" in texts[0]
        await juliet.send("<presence/>")
        await core.settle()
        assert await waiting() == 0, "what the client says tells that it is there"
        assert romeo.take() == []

    play(body)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (hello(), True),
        (hello(type_="normal"), True),
        (hello(type_="headline"), False),
        (f"<message to='juliet@localhost' type='chat'><active xmlns='{ns.CHATSTATES}'/></message>", False),
        ("<message to='juliet@localhost'><received xmlns='urn:xmpp:receipts' id='x'/></message>", True),
        ("<message to='juliet@localhost'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>", False),
    ],
)
def test_which_messages_are_kept(message: str, kept: bool) -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        await romeo.send(message)
        assert await waiting() == int(kept)

    play(body)


def test_a_full_store_is_told_to_the_sender() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        for i in range(5):
            await romeo.send(hello(f"m{i}"))
        await core.settle()
        assert await waiting() == 3
        refused = romeo.take()
        assert ["id='m3'" in refused[0], "id='m4'" in refused[1]] == [True, True]
        assert all("<service-unavailable " in text for text in refused)
        friend = await core.login("friend@localhost/f")
        await mod_roster.roster_add("juliet@localhost", "friend@localhost")
        for i in range(5):
            await friend.send(hello(f"f{i}"))
        await core.settle()
        assert await waiting() == 6, "the half that strangers cannot fill"
        assert ["id='f3'" in text for text in friend.take() if "type='error'" in text] == [True, False]

    config = config_of()
    config = type(config)(**{**vars(config), "modules": {**config.modules, "mod_offline": {"max_messages": 6}}})
    play(body, config)


def test_who_has_no_account_gets_nothing_stored() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await romeo.send(hello())
        assert "<service-unavailable " in romeo.take()[0]
        assert await waiting() == 0

    play(body)


def test_an_account_that_is_written_to_while_away_is_looked_up_once_and_anew_when_it_is_removed() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        await hooks.add("localhost", AccountReceivesHook, lambda stanza, point: stanza)
        for text in ("one", "two", "three"):
            await romeo.send(hello(text))
        await romeo.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        assert [row.xml.partition(" id='")[2].partition("'")[0] for row in await store.select(OFFLINE)] == [
            "one",
            "two",
            "three",
        ]
        assert ACCOUNTS["juliet@localhost"].exists
        assert await removal.remove(JID.parse("juliet@localhost"))
        assert not ACCOUNTS["juliet@localhost"].exists
        romeo.take()
        await romeo.send(hello("late"))
        assert "<service-unavailable " in romeo.take()[0]
        assert await waiting() == 0

    play(body)


def test_of_accounts_that_are_away_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "MOST_AWAY", 2)

    async def body(core: CoreServer) -> None:
        names = ["a@localhost", "b@localhost", "c@localhost"]
        for name in names:
            await core.account(name)
            assert await account.account_of(JID.parse(name)).is_there()
        assert set(ACCOUNTS) == {"b@localhost", "c@localhost"}

    play(body)


def test_a_session_that_dies_with_its_messages_loses_none() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        await romeo.send(hello())
        juliet = await core.login("juliet@localhost/j", presence=None)
        mod = Mod("mod_offline", "localhost", mod_offline.Options())
        assert juliet.session is not None
        await mod_offline.deliver(mod_offline.UserReachableHook(juliet.session), mod)
        process.exit_(juliet.pid, exits.KILL)
        await until(lambda: not process.is_alive(juliet.pid))
        assert await waiting() == 1
        again = await core.login("juliet@localhost/again", presence=None)
        await again.send("<presence/>")
        await core.settle()
        assert len([t for t in again.take() if "<body>hello</body>" in t]) == 1

    play(body)


def test_the_writer_dies_and_nothing_is_acknowledged_that_it_had() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        romeo = await core.login("romeo@localhost/r")
        writer = process.whereis("offline_writer@localhost")
        assert writer is not None
        process.exit_(writer, exits.KILL)
        await until(lambda: process.whereis("offline_writer@localhost") not in (None, writer))
        await romeo.send(hello())
        assert await waiting() == 1

    play(body)
