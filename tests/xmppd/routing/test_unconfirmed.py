"""Copies of what a receiver may lose: kept until it is confirmed, taken once, whatever comes in between."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import process
from otp.erts.pid import Pid, new_pid
from tests.support import node
from tests.support.core_server import Client, CoreServer, Say, play
from tests.support.node import until
from xmpp_core import parser, stanza
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.routing import durability, unconfirmed, undelivered
from xmppd.routing.deliver import Deliver
from xmppd.routing.sm import sm
from xmppd.routing.unconfirmed import COPIES, Copies, LostCopy

HOLDERS = [new_pid() for _ in range(3)]
steps = st.lists(
    st.tuples(st.sampled_from(("send", "send", "ask", "answer", "die", "merge")), st.sampled_from(range(3))),
    max_size=60,
)


@dataclass
class Model:
    """By holder: what was sent to it and is not safe; the questions under way, each with what it covers."""

    sent: dict[int, list[Deliver]] = field(default_factory=lambda: {0: [], 1: [], 2: []})
    asked: dict[int, deque[tuple[int, list[Deliver]]]] = field(default_factory=lambda: {n: deque() for n in range(3)})


def message(number: int) -> Deliver:
    return Deliver(Message(Element("message", "jabber:client", {"id": str(number)})))


@given(steps)
@settings(max_examples=200, deadline=None)
def test_what_is_not_confirmed_is_there_once_and_nothing_else(todo: list[tuple[str, int]]) -> None:
    copies, model = Copies(), Model()
    for number, (step, who) in enumerate(todo):
        holder, sent, asked = HOLDERS[who], model.sent, model.asked[who]
        if step == "send":
            sent[who].append(message(number))
            copies.add(holder, sent[who][-1])
        elif step == "merge":
            other = Copies()
            sent[who].append(message(number))
            other.add(holder, sent[who][-1])
            copies.merge(other)
        elif step == "ask" and holder in copies.by_holder:
            asked.append((copies.by_holder[holder].mark(), list(sent[who])))
        elif step == "answer" and asked:
            mark, covered = asked.popleft()
            copies.confirm(holder, mark)
            gone = {id(one) for one in covered}
            sent[who] = [one for one in sent[who] if id(one) not in gone]
        elif step == "die":
            assert [id(one.message) for one in copies.take(holder)] == [id(one) for one in sent[who]]
            sent[who], model.asked[who] = [], deque()
        assert copies.count == sum(len(found) for found in sent.values())
    for who, holder in enumerate(HOLDERS):
        assert [id(one.message) for one in copies.take(holder)] == [id(one) for one in model.sent[who]]
    assert (copies.count, copies.size) == (0, 0)


def test_only_who_waits_before_it_acknowledges_keeps_copies_and_only_so_many() -> None:
    async def body() -> None:
        unconfirmed.clear()
        holder = process.spawn(process.receive)
        assert not unconfirmed.keep(holder, message(0))
        assert not COPIES
        unconfirmed.begin()
        for number in range(unconfirmed.MOST):
            assert not unconfirmed.is_full()
            assert unconfirmed.keep(holder, message(number))
        assert unconfirmed.is_full()
        assert not durability.has_room()
        assert COPIES[process.self_()].size > 0
        other = process.spawn(process.receive)
        unconfirmed.hand_over(process.self_(), other)
        assert durability.is_safe(process.self_())
        assert not durability.is_safe(other)

    node.run(body)


def test_what_one_was_given_that_had_been_killed_before_is_routed_anew_and_has_not_left_in_order() -> None:
    async def body() -> None:
        unconfirmed.clear()
        again: list[Deliver] = []

        def route_anew(copies: list[LostCopy]) -> Pid:
            again.extend(copy.message for copy in copies)
            return process.spawn(process.sleep, 0)

        unconfirmed.on_lost(route_anew)
        unconfirmed.begin()
        killed, elsewhere = process.spawn(process.receive), Pid("w9", 3, 1)
        process.exit_(killed, "kill")
        unconfirmed.lost(killed)
        unconfirmed.lost_node("w9", 3)
        for number, holder in enumerate((killed, elsewhere)):
            unconfirmed.keep(holder, Deliver(chat(number, "juliet@localhost")))
        await durability.flush()
        assert [one.stanza.id for one in again] == ["n0", "n1"]
        unconfirmed.node_is_back("w9", 3)
        assert not unconfirmed.was_lost(Pid("w9", 3, 2)), "the link was cut, and nothing else"
        assert unconfirmed.was_lost(Pid("w9", 2, 7))

    node.run(body)


def chat(number: int, to: str) -> Stanza:
    el = parser.parse_document(
        f"<x xmlns='jabber:client'><message to='{to}' type='chat' id='n{number}'><body>{number}</body></message></x>"
    ).first()
    assert el is not None
    return stanza.from_element(el, JID.parse("romeo@localhost/r"))


Stanza = stanza.Stanza


async def managed(core: CoreServer, jid: str) -> Client:
    """A session whose client acknowledges, but not yet."""
    client = await core.login(jid)
    assert client.session is not None
    client.acknowledges = False
    await sm.set_stream_id(client.session, f"stream of {jid}")
    return client


def ids(client: Client) -> list[str | None]:
    return [one.id for one in client.got if isinstance(one, Message)]


async def stored(core: CoreServer, jid: str) -> list[str | None]:
    """What another resource finds in the store."""
    client = await core.login(jid, presence=None)
    await client.send("<presence/>")
    await core.settle()
    return ids(client)


def kept_by(pid: Pid) -> int:
    copies = COPIES.get(pid)
    return copies.count if copies is not None else 0


def test_what_a_killed_session_had_not_confirmed_goes_to_who_is_there_once_and_in_order() -> None:
    async def body(core: CoreServer) -> None:
        undelivered.begin()
        romeo = await core.login("romeo@localhost/r")
        juliet = await managed(core, "juliet@localhost/j")
        for number in range(5):
            process.send(romeo.pid, Say(chat(number, "juliet@localhost/j")))
        await until(lambda: len(ids(juliet)) == 5)
        assert kept_by(romeo.pid) == 5
        juliet.acknowledges = True
        await romeo.settle()
        assert kept_by(romeo.pid) == 0, "confirmed: nobody needs them any more"
        juliet.acknowledges = False
        for number in range(5, 12):
            process.send(romeo.pid, Say(chat(number, "juliet@localhost" if number % 2 else "juliet@localhost/j")))
        await until(lambda: len(ids(juliet)) == 12)
        process.exit_(juliet.pid, "kill")
        await until(lambda: not sm.sessions("juliet@localhost"))
        core.clients.remove(juliet)
        await romeo.settle()
        assert durability.is_safe(romeo.pid)
        assert await stored(core, "juliet@localhost/k") == [f"n{number}" for number in range(5, 12)]

    play(body)


def test_a_session_that_ends_in_order_has_sent_on_what_it_had_so_nothing_is_sent_twice() -> None:
    async def body(core: CoreServer) -> None:
        undelivered.begin()
        romeo = await core.login("romeo@localhost/r")
        juliet = await managed(core, "juliet@localhost/j")
        for number in range(5):
            process.send(romeo.pid, Say(chat(number, "juliet@localhost/j")))
        await until(lambda: len(ids(juliet)) == 5)
        await juliet.close()
        core.clients.remove(juliet)
        assert kept_by(romeo.pid) == 5
        await romeo.settle()
        assert kept_by(romeo.pid) == 0
        assert await stored(core, "juliet@localhost/k") == []

    play(body)


def test_of_two_resources_that_got_it_the_one_that_lives_has_it() -> None:
    async def body(core: CoreServer) -> None:
        undelivered.begin()
        romeo = await core.login("romeo@localhost/r")
        one, other = await managed(core, "juliet@localhost/one"), await core.login("juliet@localhost/other")
        process.send(romeo.pid, Say(chat(1, "juliet@localhost")))
        await until(lambda: ids(one) == ids(other) == ["n1"])
        process.exit_(one.pid, "kill")
        await until(lambda: len(sm.sessions("juliet@localhost")) == 1)
        core.clients.remove(one)
        await romeo.settle()
        assert ids(other) == ["n1"]

    play(body)
