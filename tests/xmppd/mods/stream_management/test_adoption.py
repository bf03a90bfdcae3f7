"""Sessions that outlive their process and their server: what was acknowledged is there, in order and once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otp.erts import exits, process
from tests.support import node
from tests.support.sm_client import back, detached, enabled, message
from xmpp_core import ns
from xmppd.mods.stream_management import journal_file, lives
from xmppd.mods.stream_management.saved_rows import SM_SESSION
from xmppd.mods.stream_management.tables import SM_STANZA
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.stream import c2s_sup
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"


async def friends(server: Server) -> tuple[Client, str, Client]:
    """Alice, who may resume, and Bob, who sees her."""
    alice, id_ = await enabled(server)
    bob = await server.client("bob", "phone")
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.send(f"<presence/><presence type='subscribe' to='{other}@localhost'/>")
        await server.settle()
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.send(f"<presence type='subscribed' to='{other}@localhost'/>")
        await server.settle()
    alice.send("<presence to='stranger@localhost/x'/>")
    await server.settle()
    bob.mark = len(bob.seen)
    return alice, id_, bob


def texts(seen: str) -> list[str]:
    return re.findall("<body>(.*?)</body>", seen)


async def new_process(old: object) -> None:
    await node.until(lambda: [s.pid for s in sm.sessions("alice@localhost")] not in ([], [old]))


def test_a_killed_process(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_, bob = await friends(server)
            bob.send(message("one") + message("two"))
            await alice.expect("two")
            assert (await bob.ask(PING)).get("type") == "result"  # both are safe: on disk
            [row] = sm.sessions("alice@localhost")
            process.exit_(row.pid, exits.KILL)
            bob.send(message("three"))
            await new_process(row.pid)
            bob.send(message("four"))
            await server.settle()
            [new] = sm.sessions("alice@localhost")
            assert (new.priority, new.attached, new.stream_id) == (0, False, id_)
            count = len(re.findall("<(message|presence|iq)", alice.seen[alice.seen.index("<enabled") :]))
            again = await back(server, id_, count - 1)
            await again.expect("<resumed [^>]*h='4'.*four</body>")
            assert texts(again.seen) == ["two", "three", "four"]
            assert "unavailable" not in bob.seen[bob.mark :]
            await again.close()
            await bob.expect("<presence [^>]*type='unavailable'")

    node.run(body)


def test_everything_ends_in_order_and_begins_again(tmp_path: Path) -> None:
    async def before() -> str:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_, bob = await friends(server)
            bob.send(message("one"))
            await alice.expect("one")
            alice.drop()
            await detached()
            bob.send(message("two"))
            assert (await bob.ask(PING)).get("type") == "result"
            await server.settle()
            return id_

    async def after(id_: str) -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            [row] = sm.sessions("alice@localhost")
            assert (row.priority, row.attached) == (0, False)
            bob = await server.client("bob", "phone")
            bob.send(message("three"))
            await server.settle()
            alice = await back(server, id_, 0)
            await alice.expect(f"<resumed [^>]*previd='{id_}'.*three</body>")
            assert texts(alice.seen) == ["one", "two", "three"]
            alice.send(f"<a xmlns='{ns.SM}' h='3'/>")
            await server.settle()
            bob.send("<presence/>")
            await bob.expect("<presence [^>]*from='alice@localhost/desk'")

    id_ = node.run(before)
    node.run(lambda: after(id_))


def test_a_session_that_is_attached_when_the_server_goes_down_is_resumed_after_it(tmp_path: Path) -> None:
    async def before() -> str:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_, bob = await friends(server)
            alice.send(f"<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='{ns.SM}'/>")
            await alice.expect("<a [^>]*h='5'/>")
            assert await c2s_sup.shut_down() == 0
            assert "<system-shutdown" in await alice.gone()
            assert "unavailable" not in bob.seen[bob.mark :]
            return id_

    async def after(id_: str) -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            assert await store.count(SM_SESSION) == 1
            alice = await back(server, id_, 0)
            await alice.expect("<resumed [^>]*h='5'")
            await server.settle()
            assert await store.count(SM_SESSION) == 0

    id_ = node.run(before)
    node.run(lambda: after(id_))


def test_after_another_boot_nobody_resumes_what_may_lack_its_end_and_messages_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before() -> str:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_, bob = await friends(server)
            bob.send(message("one"))
            await alice.expect("one")
            assert (await bob.ask(PING)).get("type") == "result"
            journal_file.path_of(tmp_path / "data" / "sm" / "localhost", "kept").write_bytes(
                journal_file.path_of(tmp_path / "data" / "sm" / "localhost", lives.name()).read_bytes()
            )
            assert await store.count(SM_STANZA) == 1
            await server.settle()
            return id_

    async def after(id_: str) -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            await server.settle()
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, id_, 0)
            await alice.expect("<failed ")
            other = await server.client("alice", "other")
            other.send("<presence/>")
            await other.expect("one")

    id_ = node.run(before)

    async def cut() -> None:
        """What was only in memory is gone; so is the row of the session, which was attached."""
        async with serve(store="sqlite", home=tmp_path, modules={"mod_stream_management": False}):
            await store.transaction(lambda tx: tx.clear(SM_SESSION, ("localhost",)))

    node.run(cut)
    monkeypatch.setattr(journal_file, "boot_id", lambda: "another boot")
    node.run(lambda: after(id_))


def test_one_that_expired_meanwhile_ends_and_says_so(tmp_path: Path) -> None:
    async def before() -> str:
        async with serve(store="sqlite", home=tmp_path) as server:
            alice, id_, bob = await friends(server)
            alice.drop()
            await detached()
            bob.send(message("one"))
            await server.settle()
            return id_

    async def after(id_: str) -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            await server.clock.advance(700)
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, id_, 0)
            await alice.expect("<failed [^>]*h='4'")
            assert await store.count(SM_SESSION) == 0

    id_ = node.run(before)
    node.run(lambda: after(id_))
