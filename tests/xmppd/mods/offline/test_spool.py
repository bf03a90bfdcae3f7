"""From the store to a session: in order, once, and never lost to a connection that breaks."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otp.erts import exits, process
from tests.support.core_server import Client, CoreServer, play
from tests.support.node import until
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.mods.offline import spool
from xmppd.mods.offline.tables import ASIDE, OFFLINE, OfflineMessage
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

JULIET, ROMEO = JID.parse("juliet@localhost"), JID.parse("romeo@localhost/r")
PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"


def text(body: str) -> str:
    return make_message(JULIET, body, from_=ROMEO).el.to_xml("")


async def put(*texts: str, stamp: int = 1_000_000_000_500, first: int = 1) -> None:
    def transaction(tx: Tx) -> None:
        for i, xml in enumerate(texts, first):
            tx.write(OfflineMessage("localhost", "juliet", i, stamp, xml))

    await store.transaction(transaction)


async def came(core: CoreServer) -> Client:
    juliet = await core.login("juliet@localhost/j", presence=None)
    await juliet.send("<presence/>")
    await core.settle()
    return juliet


def bodies(client: Client) -> list[str]:
    return [t.split("<body>")[1].split("</body>")[0] for t in client.take() if "<body>" in t]


def test_in_order_with_the_time_and_deleted_when_the_client_says_something() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(text("a"), text("b"))
        juliet = await came(core)
        first, second = [t for t in juliet.take() if t.startswith("<message")]
        assert first.startswith("<message type='chat' from='romeo@localhost/r' to='juliet@localhost'><body>a</body>")
        assert "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2001-09-09T01:46:40.500Z'>" in first
        assert "<body>b</body>" in second
        assert await store.count(OFFLINE) == 2, "the connection may be dead already"
        await juliet.send(PING)
        await core.settle()
        assert await store.count(OFFLINE) == 0

    play(body)


def test_a_stamp_forged_in_the_servers_name_is_taken_out() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        forged = el("delay", ns.DELAY, {"from": "localhost", "stamp": "1999-01-01T00:00:00Z"})
        await put(make_message(JULIET, "x", forged, from_=ROMEO).el.to_xml(""))
        (got,) = [t for t in (await came(core)).take() if t.startswith("<message")]
        assert got.count("<delay") == 1
        assert "1999" not in got

    play(body)


POISON = st.sampled_from(["", "<", "<message>", "<message xmlns='jabber:client'", "\x00", "<iq xmlns='x'/>"])


@given(st.lists(st.one_of(POISON, st.just("good")), min_size=1, max_size=130))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_that_cannot_be_read_are_set_aside_and_stop_no_other(rows: list[str]) -> None:
    logging.getLogger("xmppd.offline").setLevel(logging.CRITICAL)

    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(*[text(f"m{i}") if row == "good" else row for i, row in enumerate(rows)])
        juliet = await came(core)
        assert bodies(juliet) == [f"m{i}" for i, row in enumerate(rows) if row == "good"]
        await juliet.send(PING)
        await core.settle()
        assert await store.count(OFFLINE) == 0
        aside = await store.select(ASIDE, ("localhost", "juliet"))
        assert [(row.seq, row.xml) for row in aside] == [(i, row) for i, row in enumerate(rows, 1) if row != "good"], (
            "nothing is thrown away"
        )

    play(body)


def test_a_row_that_cannot_be_read_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("xmppd.offline").setLevel(logging.NOTSET)

    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put("<message>")
        await came(core)

    play(body)
    assert "message 1 for juliet@localhost cannot be read and is set aside" in caplog.text


def test_what_the_client_is_not_known_to_have_comes_again_with_its_first_time() -> None:
    """However the session ends: in order, or killed. What it had answered to comes no more."""

    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(*[text(f"m{i}") for i in range(120)])
        juliet = await came(core)
        assert bodies(juliet) == [f"m{i}" for i in range(120)]
        process.exit_(juliet.pid, exits.KILL)
        await until(lambda: not process.is_alive(juliet.pid))
        juliet = await came(core)
        again = [t for t in juliet.take() if "<body>" in t]
        assert len(again) == 120
        assert all("stamp='2001-09-09T01:46:40.500Z'" in t for t in again)
        await juliet.send(PING)
        await juliet.close()
        assert bodies(await came(core)) == []

    play(body)


class Full:
    """A disk that is full: what is there can be read, nothing can be changed."""

    def __init__(self, backend: store.Backend) -> None:
        self.backend = backend
        self.read, self.select, self.count = backend.read, backend.select, backend.count

    async def transaction(self, fn: object) -> object:
        raise StoreError("SQLite: database or disk is full")

    def close(self) -> None:
        self.backend.close()


def test_a_full_disk_does_not_stop_the_hand_over_at_the_first_portion() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(*[text(f"m{i}") for i in range(120)], "<poison", text("last"))
        backend = store.current()
        store.use(Full(backend))  # type: ignore[arg-type]
        juliet = await came(core)
        assert bodies(juliet) == [*[f"m{i}" for i in range(120)], "last"]
        await juliet.send(PING)
        await juliet.send("<presence><priority>3</priority></presence>")
        await core.settle()
        assert bodies(juliet) == [], "it goes on behind them"
        store.use(backend)
        await juliet.send(PING)
        await core.settle()
        assert await store.count(OFFLINE) == 1, "deleted when there is room again; the poison could not be moved then"

    play(body)


def test_one_of_two_resources_gets_them() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(*[text(f"m{i}") for i in range(130)])
        clients = [await core.login(f"juliet@localhost/{n}", presence=None) for n in range(3)]
        for client in clients:
            process.send(client.pid, SAY)
        await core.settle()
        got = [bodies(client) for client in clients]
        assert sorted(map(len, got)) == [0, 0, 130]

    from tests.support.core_server import Say
    from xmpp_core.stanza import make_presence

    SAY = Say(make_presence(None))
    play(body)


def test_what_the_first_left_the_other_resource_gets() -> None:
    async def body(core: CoreServer) -> None:
        await core.account("juliet@localhost")
        await put(text("a"), text("b"))
        first = await came(core)
        second = await core.login("juliet@localhost/second")
        assert bodies(first) == ["a", "b"]
        process.exit_(first.pid, exits.KILL)
        await until(lambda: not process.is_alive(first.pid))
        await until(lambda: len(second.got) > 1)
        await core.settle()
        assert bodies(second) == ["a", "b"]

    play(body)


def test_a_message_that_is_stored_while_its_owner_is_there_is_fetched() -> None:
    async def body(core: CoreServer) -> None:
        juliet = await came(core)
        await put(text("late"))
        assert spool.tell(JULIET)
        await core.settle()
        assert bodies(juliet) == ["late"]
        assert spool.tell(JULIET)
        await core.settle()
        assert bodies(juliet) == [], "once"

    play(body)
