"""pusher — what it keeps of clients that are away is bounded, and one that was enabled anew is not disabled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from otp.kernel import codec
from tests.support import node
from xmpp_core.jid import JID
from xmppd.mods.push import pusher, registrations
from xmppd.mods.push.matters import Weight
from xmppd.mods.push.pusher import CameBack, Pusher, PusherState, Stirred
from xmppd.mods.push.registrations import PUSH, PushRegistration
from xmppd.store import store
from xmppd.testing.server import serve

ROW = PushRegistration("localhost", "juliet", "push.test", "n", "phone", "", "", 1)


def test_the_one_that_was_stirred_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with serve() as server:
            state = PusherState(server.mod("mod_push"))
            monkeypatch.setattr(pusher, "MOST", 3)
            for name in ("a", "b", "c", "a", "d"):
                Pusher().handle_cast(Stirred(replace(ROW, node=name), int(Weight.MESSAGE)), state)
            assert [key[2] for key in state.wakers] == ["c", "a", "d"]
            Pusher().handle_cast(CameBack((replace(ROW, node="a"), replace(ROW, node="x"))), state)
            assert [key[2] for key in state.wakers] == ["c", "d"]
            await server.settle()

    node.run(body)


def test_what_was_enabled_anew_meanwhile_is_not_disabled() -> None:
    async def body() -> None:
        async with serve():
            anew = replace(ROW, since=2)
            await store.transaction(lambda tx: registrations.write(tx, anew, 5))
            await pusher._disable(ROW)
            assert await store.select(PUSH, ("localhost", "juliet")) == [anew]
            await pusher._disable(anew)
            assert await store.select(PUSH, ("localhost", "juliet")) == []

    node.run(body)


def test_without_a_pusher_nothing_is_done() -> None:
    async def body() -> None:
        async with serve(modules={"mod_push": False}):
            pusher.tell(JID.parse("juliet@localhost"), CameBack((ROW,)))

    node.run(body)


def test_what_it_is_told_may_come_from_another_node() -> None:
    for told in (Stirred(ROW, int(Weight.CALL), 1.5, "a@x", "words"), CameBack((ROW,))):
        assert codec.decode(codec.encode(told)) == told


def test_what_was_written_is_not_printed() -> None:
    assert "words" not in repr(Stirred(ROW, 1, 0.0, "a sender of words", "some words"))
