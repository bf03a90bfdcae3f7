"""A stranger's request is answered the same whether there is such an account or not."""

from __future__ import annotations

import re

import pytest

from tests.support.core_server import Client, CoreServer, play
from xmpp_core import ns
from xmppd.routing import handler_table, iq

#: payloads with what their handlers look for inside
CONTENT = {
    ns.PRIVATE: "<a xmlns='urn:x'/>",
    ns.ROSTER: "<item jid='c@localhost'/>",
    ns.REGISTER: "<username>somebody</username><password>x</password>",
}
#: what no handler serves at accounts, or nowhere
UNSERVED = [(ns.VERSION, "query"), (ns.TIME, "time"), (ns.BIND, "bind"), (ns.SESSION, "session"), ("urn:none", "q")]


def served() -> list[tuple[str, str]]:
    """(namespace, element) of all that is answered at an account."""
    keys = [key for key in handler_table.keys(iq.TABLE) if isinstance(key, tuple)]
    return sorted(
        {
            (key[2], key[3] or "any")
            for key in keys
            if key[:2] == ("localhost", iq.SM) and not isinstance(key, iq.Announced)
        }
    )


async def answers(asker: Client, to: str) -> dict[tuple[str, str, str], str]:
    """What `asker` is told, without who said it, by (namespace, element, type)."""
    told = {}
    for space, name in [*served(), *UNSERVED]:
        for type_ in ("get", "set"):
            payload = f"<{name} xmlns='{space}'>{CONTENT.get(space, '')}</{name}>"
            answer = await asker.ask(f"<iq type='{type_}' id='q' to='{to}'>{payload}</iq>")
            told[space, name, type_] = answer.replace(to, "")
    return told


@pytest.mark.parametrize("resource", ["", "/gone"])
def test_somebody_and_nobody_are_told_apart_by_nothing(resource: str) -> None:
    async def body(core: CoreServer) -> None:
        await core.login("here@localhost/r")
        await core.login("invisible@localhost/r", presence=None, roster=False)
        await core.account("away@localhost/r")
        stranger = await core.login("paris@localhost/p")
        nobody = await answers(stranger, f"nobody@localhost{resource}")
        assert len(nobody) >= 20
        for name in ("here", "invisible", "away"):
            assert await answers(stranger, f"{name}@localhost{resource}") == nobody, name

    play(body)


def test_what_strangers_are_told() -> None:
    async def body(core: CoreServer) -> None:
        stranger = await core.login("paris@localhost/p")
        for (space, _, type_), answer in (await answers(stranger, "nobody@localhost")).items():
            match = re.search(r"<error.*?<([a-z-]+) ", answer)
            condition = match[1] if match else "result"
            if (space, type_) == (ns.DISCO_ITEMS, "get"):
                assert condition == "result", "an empty one. XEP-0030 §8"
            elif space in (ns.ROSTER, ns.LAST) or (space, type_) == (ns.VCARD, "set"):
                assert condition == "forbidden", "RFC 6121 §2.3.3, XEP-0012 §4, XEP-0054 §3.2"
            elif (space, type_) != (ns.DISCO_ITEMS, "set"):
                assert condition == "service-unavailable", "RFC 6121 §8.5.1"

    play(body)


def test_a_strangers_question_how_long_reaches_no_resource() -> None:
    """XEP-0012 §4; any other request to a full JID is its client's."""

    async def body(core: CoreServer) -> None:
        here, friend = await core.login("here@localhost/r"), await core.login("friend@localhost/f")
        stranger = await core.login("paris@localhost/p")
        await core.friends(here, friend)
        here.take()
        ask = "<iq type='get' id='q' to='{}'><query xmlns='{}'/></iq>"
        for to in ("here@localhost/r", "here@localhost/x", "nobody@localhost/r"):
            assert "<forbidden " in await stranger.ask(ask.format(to, ns.LAST))
        assert here.take() == []
        await friend.send(ask.format("here@localhost/r", ns.LAST))
        await stranger.send(ask.format("here@localhost/r", ns.VERSION))
        await here.settle()
        assert [text.count("<iq ") for text in here.take()] == [1, 1]

    play(body)


def test_who_may_see_somebody_asks_the_handlers() -> None:
    async def body(core: CoreServer) -> None:
        here, friend = await core.login("here@localhost/r"), await core.login("friend@localhost/f")
        await core.friends(here, friend)
        told = await answers(friend, "here@localhost")
        assert "type='result'" in told[ns.PING, "ping", "get"]
        assert "type='result'" in told[ns.LAST, "query", "get"]
        assert "<forbidden " in told[ns.PRIVATE, "query", "get"]

    play(body)
