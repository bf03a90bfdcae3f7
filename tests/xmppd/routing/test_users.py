"""RFC 6121 section 8 between real sessions (the rules themselves: tests of xmpp_core.delivery)."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.core_server import CoreServer, play
from xmpp_core import delivery
from xmpp_core.delivery import Recipients
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.routing import hooks, users
from xmppd.routing.account import account
from xmppd.routing.context import Context
from xmppd.routing.hook_points import AccountDeliversHook
from xmppd.routing.session import Session
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import StoreError


def bodies(texts: list[str]) -> list[str]:
    return [t.split("<body>")[1].split("</body>")[0] for t in texts if "<body>" in t]


async def say(client: object, to: str, text: str, type_: str = "chat") -> None:
    await client.send(f"<message to='{to}' type='{type_}' id='{text}'><body>{text}</body></message>")  # type: ignore[attr-defined]


def test_messages_go_to_the_named_resource_or_to_the_highest_priority() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        high = await core.login("juliet@localhost/high", "<presence><priority>9</priority></presence>")
        low = await core.login("juliet@localhost/low")
        never = await core.login("juliet@localhost/never", "<presence><priority>-1</priority></presence>")
        await core.settle()
        for client in (high, low, never):
            client.take()
        await say(romeo, "juliet@localhost", "bare")
        await say(romeo, "juliet@localhost/never", "full")
        await say(romeo, "juliet@localhost/gone", "gone")
        await say(romeo, "juliet@localhost", "news", "headline")
        await core.settle()
        assert bodies(high.take()) == ["bare", "gone", "news"]
        assert bodies(low.take()) == ["news"]
        assert bodies(never.take()) == ["full"]
        assert romeo.take() == []

    play(body)


def test_what_nobody_can_take_comes_back() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await core.login("juliet@localhost/j")
        await say(romeo, "juliet@localhost", "x", "groupchat")
        await say(romeo, "nobody@localhost", "y")
        await say(romeo, "nobody@localhost", "z", "error")
        await core.settle()
        got = romeo.take()
        assert len(got) == 2
        assert all("type='error'" in t and "<service-unavailable " in t for t in got)

    play(body)


def test_requests_to_others() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await romeo.send("<iq type='get' id='1' to='juliet@localhost/j'><q xmlns='x'/></iq>")
        await core.settle()
        (request,) = juliet.take()
        assert request == "<iq type='get' id='1' to='juliet@localhost/j' from='romeo@localhost/r'><q xmlns='x'/></iq>"
        for to in ("juliet@localhost", "juliet@localhost/gone", "nobody@localhost", "localhost"):
            answer = await romeo.ask(f"<iq type='get' id='2' to='{to}'><q xmlns='x'/></iq>")
            assert "<service-unavailable " in answer
        await romeo.send("<iq type='result' id='3' to='juliet@localhost/gone'/>")
        await core.settle()
        assert romeo.take() == [], "an answer to nobody ends there"

    play(body)


def test_to_another_domain() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await say(romeo, "x@elsewhere.example", "x")
        assert "<remote-server-not-found " in romeo.take()[0]

    play(body)


def test_what_is_delivered_at_once_is_what_the_rules_deliver() -> None:
    """Whatever deliver_now does itself, delivery.decide would have done: over types, addresses and priorities."""

    async def body(core: CoreServer) -> None:
        done = 0
        for number, priorities in enumerate([(), (None,), (-1,), (0,), (7,), (0, 7), (-1, 0)]):
            name = f"juliet{number}@localhost"
            clients = []
            for at, priority in enumerate(priorities):
                shown = None if priority is None else f"<presence><priority>{priority}</priority></presence>"
                clients.append(await core.login(f"{name}/r{at}", shown))
            await core.settle()
            rows = [(s.jid.resource, s.priority) for s in sm.sessions(name)]
            for type_, address in product(("chat", "normal", "headline", "groupchat", "error"), (name, f"{name}/r0")):
                to = JID.parse(address)
                for client in clients:
                    client.take()
                taken = users.deliver_now(make_message(to, "x", type_=type_, from_=JID.parse("romeo@localhost/r")), to)
                await core.settle()
                got = {client.jid.resource for client in clients if client.take()}
                assert got == (_recipients(type_, to, rows) if taken else set()), (type_, address, rows)
                done += taken
        assert done >= 10

    play(body)


def _recipients(type_: str, to: JID, rows: list[tuple[str, int | None]]) -> set[str]:
    decided = delivery.decide("message", type_, to, rows, True)
    return set(decided.resources) if isinstance(decided, Recipients) else set()


def test_a_message_that_comes_again_finds_what_modules_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is past the stages at which that is loaded, and may be the first that needs it."""

    async def unreadable(*_: object) -> None:
        raise StoreError("gone")

    async def body(core: CoreServer) -> None:
        juliet, loaded = await core.login("juliet@localhost/j"), list[bool]()

        def look(who: tuple[Session, ...], point: AccountDeliversHook) -> tuple[Session, ...]:
            loaded.append(point.account.loaded)
            return who

        await hooks.add("localhost", AccountDeliversHook, look)
        for way in (users.route, users.again):
            account.forget("juliet@localhost")
            message = make_message(JID.parse("juliet@localhost"), "x", from_=JID.parse("romeo@localhost/r"))
            assert await way(message, Context(staged=True)) is None
        assert loaded == [True, True]
        account.forget("juliet@localhost")
        for reads in ("transaction", "read", "select"):
            monkeypatch.setattr(store, reads, unreadable)
        await users.route(message, Context(staged=True))
        assert loaded == [True, True, False]
        await core.settle()
        assert len(bodies(juliet.take())) == 3, "that it cannot be read keeps nobody from a message"

    play(body)
