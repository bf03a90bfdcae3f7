"""core_server — the server behind the wire: real hooks, store, router, sm and modules; sessions that keep what they
get.

    def test_it():
        async def body(core):
            romeo = await core.login("romeo@localhost/orchard")
            await romeo.send("<message to='juliet@localhost'><body>hi</body></message>")
        play(body)

A Client is a process that does what a c2s does with the messages of routing.deliver, without a stream; `got` holds
what would have been written to the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otp.erts import exits, process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import pg
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.gen import Call
from otp.stdlib.supervisor import Supervisor
from tests.support import node
from tests.support.node import until
from xmpp_core import parser, stanza
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Stanza
from xmppd import gen_mod_sup
from xmppd.auth import auth
from xmppd.auth.tables import Account
from xmppd.config.schema import Config, Paths, Registration
from xmppd.gen_mod_store import schemas
from xmppd.http import routes
from xmppd.routing import durability, hold, hooks, iq, packets, router, safe_rounds
from xmppd.routing.account import account, accounts
from xmppd.routing.context import Context
from xmppd.routing.deliver import Deliver, DeliverIfNewer, Kick, Older, Replaced
from xmppd.routing.durability import Sync
from xmppd.routing.hook_points import SessionClosedHook, SessionInfoHook, SessionLeavingHook, SessionOpenedHook
from xmppd.routing.redeliver import redeliver
from xmppd.routing.session import C2sSession, new_session
from xmppd.routing.sm import session_table, sm
from xmppd.store import store
from xmppd.store.backend import StoreConfig

MEMORY = StoreConfig("memory")
MODULES = (
    "mod_disco",
    "mod_last",
    "mod_offline",
    "mod_ping",
    "mod_presence",
    "mod_private",
    "mod_register",
    "mod_roster",
    "mod_time",
    "mod_vcard",
    "mod_version",
)


@dataclass(frozen=True)
class Say:
    """To a client: its user sends this."""

    stanza: Stanza


@dataclass(frozen=True)
class Bye:
    """To a client: the user closes the stream, `nap` seconds after that is read: till then its mailbox fills."""

    nap: float = 0.0


@dataclass(frozen=True)
class Settle:
    """To a client: tell `to` when all before this has been done."""

    to: Pid


@dataclass(eq=False)
class Client:
    """A session and all that it got, as XML text without default namespaces' noise. With a stream_id in its row it
    answers each Sync at once, or, if it does not acknowledge, keeps it in `asked`."""

    jid: JID
    session: C2sSession | None = None
    got: list[Stanza] = field(default_factory=list)
    ended: object = None
    acknowledges: bool = True
    asked: list[Any] = field(default_factory=list)

    @property
    def pid(self) -> Pid:
        assert self.session is not None
        return self.session.pid

    def texts(self) -> list[str]:
        return [s.to_xml() for s in self.got]

    def take(self) -> list[str]:
        """What came since the last take."""
        texts = self.texts()
        self.got.clear()
        return texts

    async def send(self, xml: str) -> None:
        """The user sends this; returns when the server has done with it."""
        el = parser.parse_document(f"<x xmlns='jabber:client'>{xml}</x>").first()
        assert el is not None
        process.send(self.pid, Say(stanza.from_element(el, self.jid)))
        await self.settle()

    async def settle(self) -> None:
        """Returns when the session has done all that it was sent until now (twice, for what it sends itself)."""
        for _ in range(2):
            ref = process.monitor(self.pid)
            process.send(self.pid, Settle(process.self_()))
            await process.receive(lambda m, ref=ref: isinstance(m, Settle) or (isinstance(m, Down) and m.ref is ref))
            process.demonitor(ref, flush=True)

    async def ask(self, xml: str) -> str:
        """Sends an IQ and returns its answer."""
        before = len(self.got)
        await self.send(xml)
        await until(lambda: any(s.kind == "iq" and s.type in ("result", "error") for s in self.got[before:]))
        answer = next(s for s in self.got[before:] if s.kind == "iq" and s.type in ("result", "error"))
        self.got.remove(answer)
        return answer.to_xml()

    async def close(self, nap: float = 0.0) -> None:
        process.send(self.pid, Bye(nap))
        await until(lambda: self.ended is not None)


async def _live(client: Client) -> None:
    session = client.session = new_session(client.jid, process.self_())
    await sm.open_session(session)
    await hooks.run(session.host, SessionOpenedHook(session))
    client.ended = None
    reason = await _serve(client, session)
    await sm.close_session(session)
    moved = await redeliver(session, client.got.append)
    moved = await hooks.run_fold(session.host, SessionLeavingHook(session), moved)
    await sm.finish_leaving(session, moved=moved)
    await hooks.run(session.host, SessionClosedHook(session))
    client.ended = reason


async def _serve(client: Client, session: C2sSession) -> object:
    while True:
        message = await process.receive()
        match message:
            case Say(packet):
                session.said_something()
                send = packets.send_now if isinstance(packet, Message) else packets.send_packet
                answer = send(session, packet)  # type: ignore[arg-type]
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer is not None:
                    process.send(session.pid, Deliver(answer))
            case DeliverIfNewer(_, subject, version) if not session.is_newer(subject, version):
                pass
            case Deliver() if hold.takes(session, message):
                pass
            case DeliverIfNewer(packet) if hold.takes(session, Deliver(packet)):
                pass
            case Deliver(packet, _, context):
                await _show(client, session, packet, context)
            case DeliverIfNewer(packet) | Older(packet):
                await _show(client, session, packet)
            case Call(from_=from_, request=Sync()):
                if client.acknowledges:
                    gen_server.reply(from_, None)
                else:
                    client.asked.append(from_)
            case Settle(to):
                await durability.flush()
                process.send(to, message)
            case Bye(nap):
                if nap:
                    await process.sleep(nap)
                session.said_something()
                return message
            case Kick() | Replaced():
                return message
            case _:
                await hooks.run(session.host, SessionInfoHook(session, message))
                while (held := hold.let_go(session)) is not None:
                    await _show(client, session, held.stanza, held.context)


async def _show(client: Client, session: C2sSession, packet: Stanza, context: Context | None = None) -> None:
    kept = packets.begin_receive(session, packet, context)
    if kept is not None and not isinstance(kept, Stanza):
        kept = await kept
    if kept is not None:
        client.got.append(kept)


class CoreServer:
    """The running server."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clients: list[Client] = []

    async def account(self, jid: str) -> None:
        parsed = JID.parse(jid)
        if not await auth.user_exists(parsed.local, parsed.domain):
            keyless = Account(parsed.domain, parsed.local, "", "", "")  # nobody logs in with a password here
            await store.transaction(lambda tx: tx.write(keyless))

    async def login(self, jid: str, presence: str | None = "<presence/>", roster: bool = True) -> Client:
        """A session of an account, made if need be: roster asked for and available, if not told otherwise."""
        await self.account(jid)
        client = Client(JID.parse(jid))
        process.spawn(_live, client)
        await until(lambda: client.session is not None and client.jid in {s.jid for s in sm.sessions(client.jid.bare)})
        self.clients.append(client)
        if roster:
            await client.ask("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
        if presence is not None:
            await client.send(presence)
        await self.settle()
        client.take()
        return client

    async def settle(self) -> None:
        """Returns when all sessions have done what was under way, also what they sent each other."""
        for _ in range(3):
            for client in self.clients:
                if client.ended is None and process.is_alive(client.pid):
                    await client.settle()

    async def friends(self, one: Client, two: Client) -> None:
        """Both see each other."""
        await one.send(f"<presence type='subscribe' to='{two.jid.bare}'/>")
        await two.send(f"<presence type='subscribed' to='{one.jid.bare}'/>")
        await two.send(f"<presence type='subscribe' to='{one.jid.bare}'/>")
        await one.send(f"<presence type='subscribed' to='{two.jid.bare}'/>")
        await self.settle()
        one.take()
        two.take()


def config_of(
    modules: Sequence[str] = MODULES, hosts: Sequence[str] = ("localhost",), *, registration: bool = False
) -> Config:
    return Config(
        paths=Paths(Path("/nowhere")),
        hosts=tuple(hosts),
        registration=Registration(open=registration),
        modules={name: {} for name in modules},
    )


class CoreSup(Supervisor):
    """The part of xmppd_sup that has no sockets."""

    def init(self, config: Config, where: StoreConfig) -> Any:
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [
            hooks.spec(),
            ChildSpec("store", (store.start_link, (where, schemas(config)))),
            ChildSpec("auth", (auth.start_link, ())),
            router.spec(config.hosts),
            iq.spec(),
            routes.spec(),
            sm.spec(),
            accounts.spec(),
            gen_mod_sup.spec(config),
        ]


async def start(config: Config, where: StoreConfig = MEMORY) -> CoreServer:
    """Starts everything under a supervisor, linked to the calling process; pg runs already."""
    session_table.OWN.clear()  # of a node that ran in this OS process before
    account.begin()
    safe_rounds.begin()
    await supervisor.start_link(CoreSup, config, where, name="court_sup")
    return CoreServer(config)


async def crash(name: str) -> None:
    """Kills a registered process and waits until its supervisor has another."""
    old = process.whereis(name)
    assert old is not None
    process.exit_(old, exits.KILL)
    await until(lambda: process.whereis(name) not in (None, old))


def play(body: Callable[[CoreServer], Awaitable[Any]], config: Config | None = None) -> Any:
    """Runs body(core) as a process of a fresh node."""

    async def whole() -> Any:
        await pg.start_link()
        return await body(await start(config or config_of()))

    return node.run(whole)
