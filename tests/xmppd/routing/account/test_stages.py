"""The stages of an account: their order, one at a time, whoever sends.

Handlers are put into the running server as a module would; the sessions are real ones behind the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import process
from otp.erts.clock import CLOCK
from tests.support.core_server import MODULES, Client, CoreServer, config_of, play
from tests.support.node import until
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Message, Stanza, make_message
from xmppd.routing import hooks, router
from xmppd.routing.account.account import ACCOUNTS, PATIENCE
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import (
    AccountDeliversHook,
    AccountReceivesHook,
    AccountSendsHook,
    OfflineMessageHook,
    Stage,
    UserReceivePacketHook,
)
from xmppd.routing.hooks import Stop

HOST = "localhost"


def bodies(client: Client) -> list[str]:
    return [stanza.body or "" for stanza in client.got if isinstance(stanza, Message)]


async def say(client: Client, to: str, text: str) -> None:
    await client.send(f"<message to='{to}' type='chat'><body>{text}</body></message>")


class Archive:
    """Notes what passes, in its order, and calls it by a number; it `waits` for a turn of the loop if told so."""

    def __init__(self, waits: Callable[[str], bool] = lambda body: False) -> None:
        self.seen: list[tuple[str, str]] = []
        self.waits = waits

    def receives(self, stanza: Stanza | None, point: AccountReceivesHook) -> Any:
        return self._keep(stanza, point.context, point.account.jid.local)

    def sends(self, stanza: Stanza | None, point: AccountSendsHook) -> Any:
        return self._keep(stanza, point.context, point.account.jid.local)

    def _keep(self, stanza: Stanza | None, context: Context, owner: str) -> Any:
        if not isinstance(stanza, Message) or stanza.body is None:
            return stanza
        if self.waits(stanza.body):
            return self._keep_later(stanza, context, owner)
        self.seen.append((owner, stanza.body))
        context.archive_id = f"{owner}-{len(self.seen)}"
        return stanza

    async def _keep_later(self, stanza: Message, context: Context, owner: str) -> Stanza:
        await process.sleep(0.002)
        self.seen.append((owner, stanza.body or ""))
        context.archive_id = f"{owner}-{len(self.seen)}"
        return stanza


async def listen(point: Any, fn: Callable[..., Any], stage: Stage) -> None:
    await hooks.add(HOST, point, fn, stage)


def test_the_sender_first_and_each_stage_in_its_order() -> None:
    order: list[str] = []

    def stage(name: str) -> Callable[..., Any]:
        def handler(acc: Any, point: Any) -> Any:
            order.append(f"{name} {point.account.jid.local}" if hasattr(point, "account") else name)
            return acc

        return handler

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        for point, name in ((AccountReceivesHook, "for"), (AccountSendsHook, "of")):
            for one in reversed(Stage):
                await listen(point, stage(f"{one.name} {name}"), one)
        await listen(AccountDeliversHook, stage("decided"), Stage.COPIES)
        await listen(UserReceivePacketHook, stage("client"), Stage.MODULES)
        await say(romeo, "juliet@localhost/j", "hi")
        await core.settle()
        assert bodies(juliet) == ["hi"]

    play(body)
    names = [stage.name for stage in Stage]
    of, to = [f"{name} of romeo" for name in names], [f"{name} for juliet" for name in names]
    assert order == [*of, *to, "decided juliet", "client"]


def test_whoever_sends_it_goes_through_the_recipients_stages() -> None:
    async def body(core: CoreServer) -> None:
        juliet, archive = await core.login("juliet@localhost/j"), Archive()
        origins: list[Origin] = []
        await listen(AccountReceivesHook, archive.receives, Stage.ARCHIVE)
        await listen(AccountReceivesHook, lambda acc, point: origins.append(point.context.origin) or acc, Stage.FILTER)
        for origin in Origin:
            await router.route(make_message(juliet.jid, origin.value, from_=juliet.jid), Context(origin))
        await core.settle()
        assert bodies(juliet) == [origin.value for origin in Origin] == [text for _, text in archive.seen]
        assert origins == list(Origin)

    play(body)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=2, max_size=12))
@settings(max_examples=25, deadline=None)
def test_the_order_in_the_archive_is_that_on_every_device(script: list[tuple[int, bool]]) -> None:
    """Whoever sends what, and whichever of it the archive has to wait for: it is delivered in the archive's order."""

    async def body(core: CoreServer) -> None:
        senders = [await core.login(f"s{n}@localhost/r") for n in range(3)]
        devices = [await core.login(f"juliet@localhost/{n}") for n in range(2)]
        archive = Archive(lambda text: text.startswith("slow"))
        await listen(AccountReceivesHook, archive.receives, Stage.ARCHIVE)
        for number, (sender, slow) in enumerate(script):
            text = f"{'slow' if slow else 'fast'} {number}"
            process.spawn(say, senders[sender], "juliet@localhost", text)
        for _ in script:
            await process.sleep(0.003)
            await core.settle()
        kept = [text for _, text in archive.seen]
        assert len(kept) == len(script)
        assert all(bodies(device) == kept for device in devices)
        mine = [[text for text in kept if script[int(text.split()[1])][0] == n] for n in range(3)]
        assert all(sorted(texts, key=lambda t: int(t.split()[1])) == texts for texts in mine), "each sender's own order"

    play(body)


def test_what_a_stage_stops_or_refuses() -> None:
    def block(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
        match stanza.type if stanza is not None else "":
            case "headline":
                return Stop(None)
            case "chat":
                raise StanzaError("service-unavailable")
        return stanza

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await listen(AccountReceivesHook, block, Stage.BLOCK)
        await romeo.send("<message to='juliet@localhost/j' type='headline'><body>x</body></message>")
        assert romeo.take() == []
        await say(romeo, "juliet@localhost/j", "y")
        assert "<service-unavailable " in romeo.take()[0]
        await romeo.send("<presence to='juliet@localhost/j'/>")
        await core.settle()
        assert len(juliet.take()) == 1, "presence goes the same way, and nobody has stopped it"
        await say(juliet, "romeo@localhost", "z")
        assert bodies(romeo) == [], "romeo's stages refuse as well: they are the host's"

    play(body)


def test_a_stage_that_fails_is_an_error_to_the_sender_and_costs_no_stream() -> None:
    def fails(stanza: Stanza | None, point: Any) -> Any:
        raise ZeroDivisionError("a bug, on purpose")

    async def later(stanza: Stanza | None, point: Any) -> Any:
        await process.sleep(0)
        return fails(stanza, point)

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        for point in (AccountSendsHook, AccountReceivesHook):
            for handler in (fails, later):
                await listen(point, handler, Stage.MODULES)
                await say(romeo, "juliet@localhost/j", "x")
                assert "<internal-server-error " in romeo.take()[0]
                await hooks.delete(HOST, point, handler)
        await say(romeo, "juliet@localhost/j", "there")
        await core.settle()
        assert bodies(juliet) == ["there"]

    play(body)


def test_a_stage_may_send_to_the_account_whose_stage_it_is() -> None:
    """It stands at the head of the line itself, and does not wait for itself."""

    async def echo(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
        if isinstance(stanza, Message) and stanza.body == "x":
            await router.route(make_message(point.account.jid, "notice", from_=stanza.from_))
        return stanza

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await listen(AccountReceivesHook, echo, Stage.MODULES)
        await say(romeo, "juliet@localhost", "x")
        await core.settle()
        assert bodies(juliet) == ["notice", "x"]

    play(body)


def test_the_context_comes_to_the_client_and_to_who_keeps_it() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        archive, seen = Archive(), list[str]()
        await listen(AccountSendsHook, archive.sends, Stage.ARCHIVE)
        await listen(AccountReceivesHook, archive.receives, Stage.ARCHIVE)
        await listen(UserReceivePacketHook, lambda acc, p: seen.append(p.context.archive_id) or acc, Stage.MODULES)
        await say(romeo, "juliet@localhost/j", "x")
        await core.settle()
        assert seen == ["juliet-2"], "the recipient's archive, not the sender's"
        await hooks.add(HOST, OfflineMessageHook, lambda acc, p: seen.append(p.context.archive_id) or acc, Stage.BLOCK)
        await core.account("nurse@localhost")
        await say(romeo, "nurse@localhost", "y")
        await core.settle()
        assert seen[1:] == ["nurse-4"]
        assert juliet.ended is None

    play(body)


def test_an_account_is_made_at_need_and_gone_with_its_last_session() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        assert dict(ACCOUNTS) == {}, "nobody has needed one"
        await listen(AccountReceivesHook, Archive().receives, Stage.ARCHIVE)
        await say(romeo, "juliet@localhost/j", "x")
        assert set(ACCOUNTS) == {"juliet@localhost"}
        await juliet.close()
        core.clients.remove(juliet)
        juliet.session = None
        await process.sleep(0)
        assert set(ACCOUNTS) == set()

    play(body, config_of([name for name in MODULES if name != "mod_vcard"]))  # which needs one for presence


def test_all_presence_of_an_account_goes_through_them_too() -> None:
    """Broadcast, probes, subscriptions, and what a change of a roster has told: a block at either side stops it."""

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        blocked: set[tuple[str, str]] = set()

        def block(stanza: Stanza | None, point: AccountSendsHook | AccountReceivesHook) -> Any:
            assert stanza is not None
            other = stanza.to if isinstance(point, AccountSendsHook) else stanza.from_
            pair = (point.account.jid.local, other.local if other is not None else "")
            return Stop(None) if pair in blocked else stanza

        await core.friends(romeo, juliet)
        for point in (AccountSendsHook, AccountReceivesHook):
            await listen(point, block, Stage.BLOCK)
        for pair in (("romeo", "juliet"), ("juliet", "romeo")):
            blocked.add(pair)
            await romeo.send("<presence><show>away</show></presence>")
            await romeo.send("<presence type='unsubscribe' to='juliet@localhost'/>")
            await romeo.send("<presence type='probe' to='juliet@localhost'/>")
            await core.settle()
            assert juliet.take() == [], pair
            romeo.take()
            blocked.clear()
        await romeo.send("<presence><show>xa</show></presence>")
        await romeo.send("<presence type='unsubscribed' to='juliet@localhost'/>")
        await core.settle()
        came = [stanza.type for stanza in juliet.got if stanza.kind == "presence"]
        assert came == ["", "unavailable", "unsubscribed"]

    play(body)


def test_handlers_that_write_to_each_others_accounts_wait_for_nobody() -> None:
    """Each has its own account's stanza in hand and sends to the other's: neither stands in the other's line."""

    async def echo(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
        if isinstance(stanza, Message) and stanza.body == "x" and stanza.from_ is not None:
            await process.sleep(0.005)
            await router.route(make_message(stanza.from_.bare_jid(), "echo", from_=point.account.jid))
        return stanza

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await listen(AccountReceivesHook, echo, Stage.MODULES)
        began = CLOCK.monotonic()
        process.spawn(say, romeo, "juliet@localhost", "x")
        process.spawn(say, juliet, "romeo@localhost", "x")
        await until(lambda: all(sorted(bodies(client)) == ["echo", "x"] for client in (romeo, juliet)))
        assert CLOCK.monotonic() - began < PATIENCE / 2, "nobody was given up"

    play(body)


def test_what_a_client_asks_its_account_or_its_server_goes_through_no_stage() -> None:
    """It is no stanza between accounts, and is answered in the client's c2s, where its session is."""
    seen: list[str] = []

    def note(stanza: Stanza | None, point: Any) -> Stanza | None:
        seen.append(f"{type(point).__name__} {stanza.kind if stanza is not None else None}")
        return stanza

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        for point in (AccountSendsHook, AccountReceivesHook):
            await listen(point, note, Stage.MODULES)
        for to in ("", "to='romeo@localhost'", "to='localhost'"):
            answer = await romeo.ask(f"<iq type='get' id='d' {to}><query xmlns='jabber:iq:roster'/></iq>")
            assert "id='d'" in answer
        assert seen == []
        await romeo.send(f"<iq type='get' id='p' to='{juliet.jid}'><ping xmlns='urn:xmpp:ping'/></iq>")
        await core.settle()
        assert seen == ["AccountSendsHook iq", "AccountReceivesHook iq"]

    play(body)
