"""test_docs_crash — the first two crashes of docs/crash.md, played in a server."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import exits, process
from otp.erts.exits import CallError, Crash
from otp.stdlib import gen_server
from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.mods.offline import writer
from xmppd.mods.offline.writer import StoreMessage
from xmppd.routing.durability import Sync
from xmppd.routing.sm import sm

BOB = JID.parse("bob@localhost")


def test_a_bug_in_a_modules_process(caplog: pytest.LogCaptureFixture) -> None:
    """Stations 1 to 11: the report of the process, then that of its supervisor, then a new process of the same name."""

    async def body(core: CoreServer) -> None:
        name = writer.name("localhost")
        old, mod = process.whereis(name), process.whereis("mod_offline@localhost")
        alice = await core.login("alice@localhost/desk")
        size: Any = "ten"
        gen_server.cast(name, StoreMessage(BOB, make_message(BOB, "hello", from_=alice.jid), size))
        with pytest.raises(CallError) as waited:
            await gen_server.call(name, Sync())
        assert isinstance(waited.value.why, Crash)
        assert waited.value.why.kind == "TypeError"
        await until(lambda: process.whereis(name) not in (None, old))
        await gen_server.call(name, Sync())  # the new one serves
        assert process.whereis("mod_offline@localhost") is mod
        assert "type='result'" in await alice.ask(
            "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        )

    with caplog.at_level(logging.ERROR):
        play(body)
    told = [record.name for record in caplog.records if record.levelno >= logging.ERROR]
    assert told == ["otp.proc_lib", "otp.supervisor"]
    assert "TypeError" in caplog.text
    assert "child_terminated" in caplog.text


def test_a_killed_c2s() -> None:
    """Stations 1 to 6: the row goes, and whoever saw the session is told that it is unavailable."""

    async def body(core: CoreServer) -> None:
        desk, phone = await core.login("alice@localhost/desk"), await core.login("alice@localhost/phone")
        for session in (desk, phone):
            await session.send("<presence/>")
        await core.settle()
        phone.take()
        process.exit_(desk.pid, exits.KILL)
        await until(lambda: [row.jid.resource for row in sm.sessions("alice@localhost")] == ["phone"])
        await core.settle()
        (told,) = phone.take()
        assert "type='unavailable'" in told
        assert "from='alice@localhost/desk'" in told

    play(body)
