"""Answers that processes wait for."""

from otp.erts import process, runtime
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq
from xmppd.routing import awaited
from xmppd.routing.awaited import WAITING, Answered, AwaitedAnswer

ASKED = JID.parse("romeo@localhost/r")


def test_only_whoever_was_asked_answers_and_once() -> None:
    async def body() -> None:
        id_ = f"{process.node()}.1"
        WAITING[id_] = AwaitedAnswer(ASKED.full, process.self_())
        awaited.take(make_iq("result", id_, from_=JID.parse("eve@localhost/r")))
        assert id_ in WAITING
        good = make_iq("result", id_, from_=ASKED)
        awaited.take(good)
        awaited.take(good)
        assert await process.receive(lambda m: True, 5) == Answered(good)
        assert not WAITING

    runtime.run(body)


def test_what_nobody_waits_for_is_dropped() -> None:
    async def body() -> None:
        awaited.take(make_iq("result", f"{process.node()}.none", from_=ASKED))
        awaited.take(make_iq("result", "", from_=ASKED))

    runtime.run(body)
