"""Stanzas that a node has not taken: routed anew, in order, or back to who sent them; nothing else is."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.pid import intern
from otp.kernel import held
from tests.support.core_server import CoreServer, Say, play
from tests.support.node import until
from xmpp_core import parser, stanza
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza
from xmppd.routing import hooks, undelivered
from xmppd.routing.deliver import Deliver, Kick
from xmppd.routing.hook_points import AccountReceivesHook, Stage
from xmppd.routing.sm import suspected_nodes

GONE = intern("w9", 1, 7)


def made(xml: str, from_: str = "romeo@localhost/r") -> Stanza:
    el = parser.parse_document(f"<x xmlns='jabber:client'>{xml}</x>").first()
    assert el is not None
    return stanza.from_element(el, JID.parse(from_))


def message(number: int, to: str = "juliet@localhost/gone", type_: str = "chat") -> Deliver:
    return Deliver(made(f"<message to='{to}' type='{type_}' id='n{number}'><body>{number}</body></message>"))


def give_back(*messages: tuple[object, bool]) -> None:
    undelivered.begin()
    held.LIMBO["w9"] = held.Limbo(1, 10)
    held.LIMBO["w9"].entries.extend((5 if sent else 20, GONE, what) for what, sent in messages)
    held.give_back("w9")


def test_what_was_never_sent_goes_to_who_is_there_now_and_what_may_have_come_goes_back() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        give_back(
            (message(1), True),
            (message(2, type_="headline"), True),
            (Deliver(made("<presence to='juliet@localhost/gone'/>")), True),
            (Deliver(made("<iq to='juliet@localhost/gone' type='result' id='r'/>")), False),
            (Deliver(made("<iq to='juliet@localhost/gone' type='get' id='g'><x xmlns='y'/></iq>")), False),
            (message(3), False),
            (Kick(), False),
            (message(4), False),
        )
        await until(lambda: len(juliet.got) == 2 and len(romeo.got) == 2)
        assert ["<body>3</body>" in text for text in juliet.texts()] == [True, False]
        assert "<body>4</body>" in juliet.texts()[1]
        first, second = romeo.texts()
        assert "type='error'" in first
        assert "id='n1'" in first
        assert "<resource-constraint" in first
        assert "type='wait'" in first
        assert "id='g'" in second

    play(body)


def test_who_is_away_finds_it_stored() -> None:
    async def body(core: CoreServer) -> None:
        await core.login("romeo@localhost/r")
        await core.account("juliet@localhost")
        give_back(*((message(number), False) for number in range(50)))
        await until(lambda: not suspected_nodes.REROUTING)
        await process.sleep(0.1)
        juliet = await core.login("juliet@localhost/j", presence=None)
        await juliet.send("<presence/>")
        await until(lambda: len([text for text in juliet.texts() if "<body>" in text]) == 50)
        found = [text for text in juliet.texts() if "<body>" in text]
        assert ["".join(c for c in text.partition("<body>")[2].partition("<")[0]) for text in found] == [
            str(number) for number in range(50)
        ]

    play(body)


def test_nothing_overtakes_what_is_routed_anew() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        give_back(*((message(number), False) for number in range(100)))
        assert "juliet@localhost" in suspected_nodes.REROUTING
        await romeo.send("<message to='juliet@localhost/j' type='chat'><body>100</body></message>")
        await until(lambda: len(juliet.got) == 101)
        assert "<body>100</body>" in juliet.texts()[-1]
        assert suspected_nodes.REROUTING == {}

    play(body)


@pytest.mark.parametrize("archived", [False, True])
def test_who_waited_for_the_node_itself_does_not_overtake_either(archived: bool) -> None:
    seen: list[str | None] = []

    def archive(message: Stanza, _: AccountReceivesHook) -> Stanza:
        seen.append(message.id)
        return message

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        if archived:
            await hooks.add("localhost", AccountReceivesHook, archive, Stage.ARCHIVE)
        suspected_nodes.SUSPECTED[juliet.pid.node] = suspected_nodes.SuspectedNode(1, None, 0.0)
        process.send(romeo.pid, Say(message(1000, "juliet@localhost/j").stanza))
        await process.sleep(0.05)
        assert not juliet.got
        give_back(*((message(number), False) for number in range(1000)))
        del suspected_nodes.SUSPECTED[juliet.pid.node]
        await until(lambda: len(juliet.got) == 1001)  # sooner than a line is given up (account.PATIENCE)
        ids = [f"n{number}" for number in range(1001)]
        assert [stanza.id for stanza in juliet.got] == ids
        assert seen == (ids if archived else [])

    play(body)
