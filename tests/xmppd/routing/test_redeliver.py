"""What was on its way to a session that ends goes elsewhere: once, in order, with its time."""

from __future__ import annotations

import contextlib
import time

from otp.erts import process
from otp.erts.exits import CallError
from otp.stdlib import gen_server
from tests.support.core_server import Bye, CoreServer, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, make_message
from xmppd.mods.offline.tables import OFFLINE
from xmppd.routing import hold, hooks
from xmppd.routing.account import accounts
from xmppd.routing.account.account import PATIENCE, account_of
from xmppd.routing.context import COPY, Context
from xmppd.routing.deliver import Deliver, Older
from xmppd.routing.durability import Sync
from xmppd.routing.hook_points import AccountReceivesHook, OfflineMessageHook
from xmppd.routing.sm import sm
from xmppd.store import store

JULIET, ROMEO = JID.parse("juliet@localhost"), JID.parse("romeo@localhost/r")


def bodies(texts: list[str]) -> list[str]:
    return [t.split("<body>")[1].split("</body>")[0] for t in texts if "<body>" in t]


def test_to_the_store_with_the_time_at_which_it_began_to_wait() -> None:
    async def body(core: CoreServer) -> None:
        juliet = await core.login("juliet@localhost/j")
        assert juliet.session is not None
        hold.begin(juliet.session)
        held = Deliver(make_message(JULIET, "held", from_=ROMEO), context=Context(first_sent=1_000_000_000_500))
        assert hold.takes(juliet.session, held)
        await juliet.close()
        (row,) = await store.select(OFFLINE, ("localhost", "juliet"))
        assert "<body>held</body>" in row.xml
        assert row.stamp == 1_000_000_000_500

    play(body)


def test_what_the_store_still_has_is_not_sent_on() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j")
        await romeo.send("<message to='juliet@localhost' type='chat'><body>live</body></message>")
        await core.settle()
        juliet.take()
        process.send(juliet.pid, Bye(0.05))
        process.send(juliet.pid, Older(make_message(JULIET, "stored", from_=ROMEO)))
        await until(lambda: juliet.ended is not None)
        assert await store.count(OFFLINE) == 0

    play(body)


def test_of_what_several_resources_got_one_copy_goes_on_and_only_when_the_last_ends() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        first, second = [await core.login(f"juliet@localhost/{n}") for n in (1, 2)]
        third = await core.login("juliet@localhost/3", "<presence><priority>-1</priority></presence>")

        for client in (first, second):
            process.send(client.pid, Bye(0.05 if client is first else 0.2))
        for n in range(5):
            await romeo.send(f"<message to='juliet@localhost' type='chat'><body>{n}</body></message>")

        await until(lambda: first.ended is not None)
        assert await store.count(OFFLINE) == 0, "the other one has it"
        await until(lambda: second.ended is not None)
        rows = await store.select(OFFLINE, ("localhost", "juliet"))
        assert bodies([row.xml for row in rows]) == ["0", "1", "2", "3", "4"]
        assert bodies(third.take()) == []

    play(body)


def test_one_that_fails_does_not_keep_the_others() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j")

        def fails(message: Message | None, point: OfflineMessageHook) -> object:
            if message is not None and message.id == "2":
                raise ZeroDivisionError("this one only")
            return message

        await hooks.add("localhost", OfflineMessageHook, fails, 1)

        process.send(juliet.pid, Bye(0.05))
        for n in range(5):
            await romeo.send(f"<message to='juliet@localhost' id='{n}' type='chat'><body>{n}</body></message>")
        await until(lambda: juliet.ended is not None)
        rows = await store.select(OFFLINE, ("localhost", "juliet"))
        assert bodies([row.xml for row in rows]) == ["0", "1", "3", "4"]
        (refused,) = romeo.take()
        assert "id='2'" in refused
        assert "<internal-server-error " in refused

    play(body)


def test_answers_are_the_clients_own_and_requests_go_back() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j")

        process.send(juliet.pid, Bye(0.05))
        await romeo.send("<iq type='result' id='answer' to='juliet@localhost/j'/>")
        await romeo.send("<iq type='get' id='question' to='juliet@localhost/j'><q xmlns='x'/></iq>")
        await romeo.send("<presence to='juliet@localhost/j'/>")
        await until(lambda: juliet.ended is not None)
        assert [s.id for s in juliet.got if isinstance(s, Iq)] == ["answer"]
        assert not [s for s in juliet.got if isinstance(s, Presence)]
        (refused,) = romeo.take()
        assert "id='question'" in refused
        assert "<service-unavailable " in refused

    play(body)


def test_a_copy_goes_nowhere_else() -> None:
    async def body(core: CoreServer) -> None:
        desk, phone = [await core.login(f"juliet@localhost/{name}") for name in ("desk", "phone")]
        process.send(phone.pid, Bye(0.05))
        process.send(phone.pid, Deliver(make_message(phone.jid, "a copy", from_=JULIET), (), Context(for_one=COPY)))
        process.send(phone.pid, Deliver(make_message(phone.jid, "its own", from_=ROMEO)))
        await until(lambda: phone.ended is not None)
        await desk.settle()
        assert bodies(desk.take()) == ["its own"]

    play(body)


def test_who_asks_what_is_safe_hears_of_it_by_the_end_of_the_session() -> None:
    async def body(core: CoreServer) -> None:
        juliet = await core.login("juliet@localhost/j")
        told: list[str] = []

        async def sender() -> None:
            process.send(juliet.pid, Bye(0.05))
            process.send(juliet.pid, Deliver(make_message(JULIET, "kept", from_=ROMEO)))
            with contextlib.suppress(CallError):
                await gen_server.call(juliet.pid, Sync(), 5.0)
            told.extend(row.xml for row in await store.select(OFFLINE, ("localhost", "juliet")))

        began = time.monotonic()
        process.spawn(sender)
        await until(lambda: juliet.ended is not None and bool(told))
        assert bodies(told) == ["kept"]
        assert time.monotonic() - began < PATIENCE

    play(body)


def test_a_session_ends_behind_what_has_come_to_its_account_before() -> None:
    """Where stages are wanted, and only then if anything waits."""

    async def body(core: CoreServer) -> None:
        await hooks.add("localhost", AccountReceivesHook, lambda stanza, point: stanza)
        juliet = await core.login("juliet@localhost/j", None, roster=False)
        assert accounts.is_settled(JULIET)
        over: list[bool] = []

        async def stanza() -> None:
            async with account_of(JULIET).line_up():
                await until(lambda: over)

        process.spawn(stanza)
        await until(lambda: not accounts.is_settled(JULIET))
        process.send(juliet.pid, Bye())
        await until(lambda: not sm.sessions(JULIET.bare))
        for _ in range(100):
            await process.give_way()
        assert juliet.ended is None
        over.append(True)
        await until(lambda: juliet.ended is not None)
        assert accounts.is_settled(JULIET)

    play(body)


def test_accounts_are_not_settled_while_their_process_has_something_to_do() -> None:
    async def body(core: CoreServer) -> None:
        home = process.whereis(accounts.NAME)
        assert home is not None
        process.send(home, "anything")
        assert not accounts.is_settled(JULIET)
        await until(lambda: accounts.is_settled(JULIET))

    play(body)
