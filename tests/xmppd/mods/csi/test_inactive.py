"""inactive — what is kept back from a stream, when it is written, and that nothing overtakes it."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from tests.support import node
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, from_element
from xmppd.mods.csi.inactive import HoldLimits, InactiveClient
from xmppd.mods.csi.urgency import EVENT, PRESENCE, STATE

OWNER = JID.parse("alice@localhost")
KINDS = frozenset({PRESENCE, STATE, EVENT})
SENDERS = ["bob@x/a", "bob@x/b", "room@x/carol"]


class Written:
    """A stream that remembers what was sent, as Stream.send would write it."""

    def __init__(self) -> None:
        self.outgoing: InactiveClient | None = None
        self.seen: list[tuple[str, int]] = []

    def send(self, item: Stanza | Element, context: Any = None, others: tuple[str, ...] = ()) -> None:
        if self.outgoing is not None and not self.outgoing.passes(item, context, others):
            return
        element = item if isinstance(item, Element) else item.el
        if element.get("id") == "broken":
            raise ValueError("cannot be written")
        self.seen.append((element.get("from") or "", int(element.get("id") or 0)))


class Session:
    """As much of a C2sSession as is asked for."""

    user, host, jid, pid = OWNER, "localhost", JID.parse("alice@localhost/phone"), None


def client(stanzas: int = 100, octets: int = 1 << 20) -> tuple[Written, InactiveClient]:
    stream, session = Written(), Session()
    # a test cannot wait: its timers are tested on a server (test_mod_csi)
    held = InactiveClient(cast(Any, session), cast(Any, stream), HoldLimits(stanzas, octets, 1e9, KINDS))
    stream.outgoing = held
    return stream, held


def stanza(kind: str, from_: str, id_: int | str) -> Stanza:
    attrs = {"from": from_, "id": str(id_), "to": "alice@localhost/phone"}
    if kind == "presence":
        return from_element(el("presence", ns.CLIENT, attrs))
    child = el("body", ns.CLIENT, None, "x") if kind == "text" else el("composing", ns.CHATSTATES)
    return from_element(el("message", ns.CLIENT, attrs | {"type": "chat"}, child))


PLAY = st.lists(st.tuples(st.sampled_from(["presence", "state", "state", "text"]), st.sampled_from(SENDERS)))


@given(PLAY, st.integers(1, 6))
def test_what_comes_keeps_its_order_and_the_last_of_each_is_there(play: list[tuple[str, str]], most: int) -> None:
    async def body() -> None:
        stream, held = client(stanzas=most)
        last: dict[tuple[str, str], int] = {}
        for number, (kind, from_) in enumerate(play):
            stream.send(stanza(kind, from_, number))
            last[kind, from_] = number
            assert len(held._held) <= most
        texts = {number for number, (kind, _) in enumerate(play) if kind == "text"}
        assert texts <= {number for _, number in stream.seen}
        held.end()
        numbers = [number for _, number in stream.seen]
        assert numbers == sorted(numbers)
        assert len(numbers) == len(set(numbers))
        assert set(last.values()) <= set(numbers)
        assert stream.outgoing is None

    node.run(body)


def test_bytes_are_a_limit_too() -> None:
    async def body() -> None:
        stream, held = client(octets=stanza("presence", SENDERS[0], 1).weight() * 2)
        for number, from_ in enumerate(SENDERS):
            stream.send(stanza("presence", from_, number))
        assert [number for _, number in stream.seen] == [0, 1, 2]
        assert stream.outgoing is held, "it is still inactive"

    node.run(body)


def test_an_element_that_is_no_stanza_goes_past_and_an_error_does_not() -> None:
    async def body() -> None:
        stream, _ = client()
        stream.send(stanza("presence", SENDERS[0], 1))
        stream.send(el("failed", ns.SM, {"id": "2"}))
        assert stream.seen == [("", 2)]
        stream.send(el("message", ns.CLIENT, {"type": "error", "id": "3"}))
        assert [number for _, number in stream.seen] == [2, 1, 3]

    node.run(body)


def test_one_that_cannot_be_written_does_not_keep_the_others(caplog: Any) -> None:
    async def body() -> None:
        stream, held = client()
        for id_, from_ in zip((1, "broken", 3), SENDERS, strict=True):
            stream.send(stanza("presence", from_, id_))
        held.flush()
        assert [number for _, number in stream.seen] == [1, 3]
        assert stream.outgoing is held

    node.run(body)
    assert "what has waited" in caplog.text
