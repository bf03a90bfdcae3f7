"""What waits for a client that does not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from tests.support import node
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.stream import slow_reader

JULIET = JID("juliet", "localhost", "balcony")


class Slow:
    """A transport whose client reads when it is told to."""

    limit = 200_000

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
