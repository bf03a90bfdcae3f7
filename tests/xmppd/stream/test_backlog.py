"""What waits for a component that reads too slowly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process
from tests.support import node
from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, make_message
from xmppd.routing.deliver import Deliver, Replaced
from xmppd.stream import backlog
from xmppd.stream.backlog import Backlog
from xmppd.stream.driver import Stream


def message(sender: str, number: int, size: int = 10_000) -> Message:
    return make_message(JID.parse("x@gate.localhost"), "x" * size, id_=str(number), from_=JID.parse(sender))


class Slow:
    """A transport whose peer reads when it is told to, `room` messages at a time."""

    limit = 200_000

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.congested, self.closing, self.room = False, False, 1
        self._tell: list[Callable[[], object]] = []

    def send(self, text: str) -> None:
        self.sent.append(text.partition(" id='")[2].partition("'")[0])
        self.room -= 1
        self.congested = self.room <= 0

    def tell_writable(self, fn: Callable[[], object]) -> None:
        self._tell.append(fn)

    def read(self, room: int) -> None:
        self.room, self.congested = room, False
        told, self._tell = self._tell, []
        for fn in told:
            fn()


def component(body: Callable[[Slow, Any], Awaitable[None]]) -> None:
    """Runs body(transport, pid of the process that writes to it), with a server behind them."""

    async def writing(slow: Any) -> None:
        while True:
            got = await process.receive()
            assert isinstance(got, Deliver)
            await backlog.write(Stream(connection=slow), got.stanza)

    async def whole(_core: CoreServer) -> None:
        slow = Slow()
        await body(slow, process.spawn(writing, slow))

    play(whole)


def test_nothing_is_kept_or_refused_while_it_reads() -> None:
    async def body(slow: Slow, pid: Any) -> None:
        slow.room = 1000
        for i in range(100):
            process.send(pid, Deliver(message("a@localhost/r", i)))
        await node.until(lambda: slow.sent == [str(i) for i in range(100)])

    component(body)


def test_one_sender_fills_a_share_and_the_others_keep_theirs_all_in_order() -> None:
    async def body(slow: Slow, pid: Any) -> None:
        for i in range(50):
            process.send(pid, Deliver(message("flood@localhost/r", i)))
        process.send(pid, Deliver(message("b@localhost/r", 100)))
        await node.until(lambda: slow.sent == ["0"] and not process.process_info(pid).message_queue_len)  # type: ignore[union-attr]
        slow.read(3)
        await node.until(lambda: len(slow.sent) == 4)
        slow.read(1000)
        await node.until(lambda: "100" in slow.sent)
        kept = [int(number) for number in slow.sent]
        assert kept == sorted(kept)
        assert 3 < len(kept) < 10
        process.send(pid, Deliver(message("flood@localhost/r", 101)))
        await node.until(lambda: slow.sent[-1] == "101")

    component(body)


def test_who_is_refused_is_told() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        slow: Any = Slow()
        slow.congested = True
        pid = process.spawn(lambda: backlog.write(Stream(connection=slow), message("romeo@localhost/r", 0)))
        for i in range(1, 20):
            process.send(pid, Deliver(message("romeo@localhost/r", i)))
        await node.until(lambda: len(romeo.got) >= 15)
        slow.closing = True
        slow.read(1000)
        await node.until(lambda: len(romeo.got) == 19)
        conditions = [s.stanza_error().condition for s in romeo.got]
        assert conditions == ["resource-constraint"] * 15 + ["remote-server-timeout"] * 4
        assert not process.is_alive(pid)

    play(body)


def test_a_component_that_goes_while_nothing_waits_is_not_waited_for() -> None:
    async def body() -> None:
        slow: Any = Slow()
        pid = process.spawn(lambda: backlog.write(Stream(connection=slow), message("a@localhost", 1)))
        await node.until(lambda: slow._tell)
        slow.closing = True  # and still congested: what was written will not be read any more
        for fn in slow._tell:
            fn()
        await node.until(lambda: not process.is_alive(pid))

    node.run(body)


def test_what_else_comes_is_left_in_the_mailbox() -> None:
    async def body() -> None:
        slow: Any = Slow()
        process.send(process.self_(), "shutdown")
        process.spawn(lambda: slow.read(10))
        await backlog.write(Stream(connection=slow), message("a@localhost", 1))
        assert await process.receive(timeout=0) == "shutdown"
        assert await process.flush() == []

    node.run(body)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60_000), st.booleans())))
def test_it_never_holds_more_than_its_limit_nor_one_sender_more_than_a_share(ops: list[tuple[str, int, bool]]) -> None:
    made, taken = Backlog(200_000), []
    for i, (who, size, takes_out) in enumerate(ops):
        if takes_out and made.waiting:
            assert made.pop().id == taken.pop(0)[0]
        packet = message(f"{who}@localhost", i, size)
        weight = packet.weight()
        mine = sum(w for _, name, w in taken if name == who)
        fits = made.weight + weight <= 200_000 and mine + weight <= 200_000 * backlog.SHARE
        assert made.take(packet) is fits
        if fits:
            taken.append((str(i), who, weight))
    assert made.weight == sum(weight for _, _, weight in taken)


def test_a_word_that_ends_the_stream_is_heard_and_what_waits_is_there_to_be_given_back() -> None:
    async def body() -> None:
        slow: Any = Slow()
        waiting = [Deliver(message("a@localhost", i)) for i in range(3)]
        for one in (*waiting, Replaced(), "behind"):
            process.send(process.self_(), one)
        await backlog.write(Stream(connection=slow), message("a@localhost", 9))
        assert await process.flush() == ["behind", Replaced(), *waiting]

    node.run(body)
