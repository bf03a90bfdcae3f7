"""What waits for a client that does not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process
from tests.support import node
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID
from xmpp_core.stanza import from_element, make_message
from xmppd import limits_hit
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.stream import slow_reader

JULIET = JID("juliet", "localhost", "balcony")


class Slow:
    """A transport whose client reads when it is told to."""

    limit = 400_000

    def __init__(self) -> None:
        self.read: Callable[[], object] = bool

    def tell_writable(self, fn: Callable[[], object]) -> None:
        self.read = fn


def large(number: int) -> Deliver:
    return Deliver(make_message(JULIET, f"{number} " + "x" * 30_000))


def send_all(*messages: object) -> None:
    for message in messages:
        process.send(process.self_(), message)


def play(body: Callable[[Any], Any]) -> None:
    node.run(lambda: body(Slow()))


def test_it_waits_until_the_client_has_read_and_takes_nothing_out() -> None:
    async def body(slow: Any) -> None:
        waiting = (large(1), "other", large(2))
        send_all(*waiting)
        process.spawn(lambda: slow.read())
        await slow_reader.wait_until_read(slow)
        assert await process.flush() == list(waiting)

    play(body)


def test_more_bytes_than_may_wait_end_it_at_once_whether_they_were_there_or_come() -> None:
    async def body(slow: Any) -> None:
        me, before, after = process.self_(), [large(0), "other", large(1)], [large(2), large(3), "behind"]

        def come() -> None:
            for message in after:
                process.send(me, message)

        send_all(*before)
        process.spawn(come)
        with pytest.raises(StreamError, match="resource-constraint"):
            await slow_reader.wait_until_read(slow)
        assert await process.flush() == [*before, *after], "all in their order: they are to be given back"

    play(body)


def test_news_weigh_as_much() -> None:
    async def body(slow: Any) -> None:
        send_all(*[DeliverIfNewer(large(number).stanza, "subject", number) for number in range(4)])
        with pytest.raises(StreamError, match="resource-constraint"):
            await slow_reader.wait_until_read(slow)

    play(body)


def test_many_small_ones_may_wait_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_reader, "PATIENCE", 0.01)

    async def body(slow: Any) -> None:
        me = process.self_()
        send_all(*range(slow_reader.MOST_WAITING))
        process.send_after(0.05, me, "one too many")
        with pytest.raises(StreamError, match="resource-constraint"):
            await slow_reader.wait_until_read(slow)
        assert (await process.flush())[-1] == "one too many"

    play(body)


def seen(text: str, from_: str = "romeo@localhost/a", type_: str = "", size: int = 0) -> Deliver:
    attrs = {"from": from_, "to": str(JULIET), **({"type": type_} if type_ else {})}
    made = from_element(el("presence", ns.CLIENT, attrs, el("status", ns.CLIENT, {}, text + "x" * size)))
    return Deliver(made)


def text_of(message: Any) -> str:
    return str(message.stanza.el.child_text("status"))


def test_of_presence_the_last_of_each_sender_stays_in_its_place() -> None:
    kept = [seen("2", type_="unavailable"), seen("ask", type_="subscribe"), "other", seen("3", "nurse@localhost/b")]
    queue = [seen("1"), kept[0], kept[1], kept[2], seen("0", "nurse@localhost/b"), kept[3], seen("3")]
    assert slow_reader.without_old_presence(queue) == [kept[1], "other", kept[3], queue[-1]]


def test_of_versions_the_highest_stays_though_it_came_first() -> None:
    one, two, three = (DeliverIfNewer(seen(str(n)).stanza, "romeo", n) for n in (1, 2, 3))
    assert slow_reader.without_old_presence([one, three, two]) == [three, two]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "unavailable", "subscribe", "message"]))))
def test_a_client_that_reads_all_of_it_knows_the_same_in_the_end(said: list[tuple[str, str]]) -> None:
    queue = [
        Deliver(make_message(JULIET, str(n))) if type_ == "message" else seen(str(n), f"{who}@localhost/r", type_)
        for n, (who, type_) in enumerate(said)
    ]
    kept = slow_reader.without_old_presence(queue)

    def known(messages: Any) -> Any:
        states = {}
        for one in messages:
            if one.stanza.kind == "presence" and one.stanza.type != "subscribe":
                states[one.stanza.el.attrs["from"]] = (one.stanza.type, text_of(one))
        return states

    assert known(kept) == known(queue)
    rest = [one for one in queue if one.stanza.kind == "message" or one.stanza.type == "subscribe"]
    assert [one for one in kept if one in rest] == rest
    assert len(kept) == len(rest) + len(known(queue))


def test_presence_that_comes_and_goes_does_not_end_a_client_and_messages_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(slow: Any) -> None:
        me = process.self_()

        def come_and_go() -> None:
            for number in range(30):
                process.send(me, seen(str(number), type_="unavailable" if number % 2 else "", size=15_000))
            process.send(me, large(1))
            slow.read()

        before = limits_hit.COLLAPSED.n, limits_hit.MAILBOX.n
        process.spawn(come_and_go)
        await slow_reader.wait_until_read(slow)
        assert slow_reader.SLOW.n == 0
        waiting = await process.flush()
        assert text_of(waiting[-2])[:2] == "29"
        assert waiting[-1] == large(1)
        assert limits_hit.COLLAPSED.n - before[0] == 31 - len(waiting) > 20
        assert limits_hit.MAILBOX.n == before[1]

    play(body)
