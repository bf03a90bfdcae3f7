"""Whatever a client names, in however many words, nothing of the server grows with it (tests/house/test_bounds.py)."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.sm_client import ENABLE
from xmpp_core import ns
from xmppd.auth.throttle import Throttle
from xmppd.auth.verified import Verified
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

#: distinct words of each flood, and how much may be left of one
MANY = 3000
LEFT = 600
PING = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


async def asked(client: Client, stanzas: list[str]) -> None:
    """Send these, and wait until all have been dealt with."""
    for start in range(0, len(stanzas), 100):
        client.send("".join(stanzas[start : start + 100]) + PING.format(f"end{start}"))
        await client.expect(f"<iq[^>]*id='end{start}'[^>]*>", 30)


async def addresses(client: Client, word: str) -> None:
    message = "<message to='{0}{1}@localhost/{1}' type='chat'><body>x</body></message>"
    await asked(client, [message.format(word, n) for n in range(MANY)])


async def domains(client: Client, word: str) -> None:
    await asked(client, [f"<message to='u@{word}{n}.example'><body>x</body></message>" for n in range(MANY)])


async def directed_presence(client: Client, word: str) -> None:
    await asked(client, [f"<presence to='{word}{n}@localhost/r'/>" for n in range(MANY)])


async def probes_and_requests(client: Client, word: str) -> None:
    kinds = ("probe", "subscribe", "unsubscribed", "unsubscribe")
    await asked(client, [f"<presence type='{kinds[n % 4]}' to='{word}{n}@localhost'/>" for n in range(MANY // 3)])


async def namespaces(client: Client, word: str) -> None:
    await asked(client, [f"<iq type='get' id='{word}{n}'><x xmlns='{word}:{n}'/></iq>" for n in range(MANY)])


async def names_and_attributes(client: Client, word: str) -> None:
    stanza = "<message to='localhost'><{0} {0}='1' xmlns='urn:{0}' xmlns:{0}='{0}'/></message>"
    await asked(client, [stanza.format(f"{word}{n}") for n in range(MANY)])


async def nodes_and_commands(client: Client, word: str) -> None:
    ask = f"<iq type='get' id='{{0}}' to='localhost'><query xmlns='{ns.DISCO_INFO}' node='{{0}}'/></iq>"
    do = f"<iq type='set' id='c{{0}}' to='localhost'><command xmlns='{ns.COMMANDS}' node='{{0}}'/></iq>"
    await asked(client, [ask.format(f"{word}{n}") + do.format(f"{word}{n}") for n in range(MANY // 3)])


async def languages(client: Client, word: str) -> None:
    await asked(client, [f"<message to='localhost' xml:lang='{word}-{n}'/>" for n in range(MANY)])


async def answers_that_nobody_wants(client: Client, word: str) -> None:
    await asked(client, [f"<iq type='result' id='{word}{n}' to='localhost'/>" for n in range(MANY)])


async def acknowledgements(client: Client, word: str) -> None:
    r, a = "<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='0'/>"
    await asked(client, [r + a * 2] * MANY)


FLOODS = (
    addresses, domains, directed_presence, probes_and_requests, namespaces, names_and_attributes, nodes_and_commands,
    languages, answers_that_nobody_wants, acknowledgements,
)  # fmt: skip


def sizes() -> dict[str, int]:
    """How much is in the containers of our modules, by name; and in all containers that there are, by kind."""
    found = {
        f"{module.__name__}.{name}": len(value)
        for module in list(sys.modules.values())
        if (getattr(module, "__name__", "") or "").partition(".")[0] in ("otp", "xmppd", "xmpp_core")
        for name, value in list(vars(module).items())
        if isinstance(value, dict | list | set | deque) and not name.startswith("__")
    }
    gc.collect()
    for kind in (dict, list, set, deque, OrderedDict):
        found[f"all {kind.__name__}"] = sum(len(one) for one in gc.get_objects() if type(one) is kind)
    return found


@pytest.mark.parametrize("flood", FLOODS)
def test_nothing_is_left_of_it(flood: Callable[[Client, str], Awaitable[Any]]) -> None:
    """The second time, so that what is remembered of the last thousands (functools) is full."""

    async def body() -> None:
        limits = {"rate": None}
        without = {"mod_mam": False}  # a store in memory keeps what an account says
        async with serve(limits=limits, modules=without) as server:
            await flooded(server, flood, "a")
            before = sizes()
            await flooded(server, flood, "b")
            after = sizes()
        grown = {name: after[name] - before.get(name, 0) for name in after}
        assert not {name: more for name, more in grown.items() if more > LEFT}

    asyncio.run(body())


async def flooded(server: Server, flood: Callable[[Client, str], Awaitable[Any]], word: str) -> None:
    client = await server.client("mallory")
    if flood is acknowledgements:
        client.send(ENABLE)
        await client.expect("<enabled")
    client.send("<presence/>")
    await flood(client, word)
    client.seen, client.mark = "", 0
    await client.close()
    await server.settle()


def test_who_guesses_many_names_and_passwords_fills_no_more_than_the_bound() -> None:
    throttle, verified = Throttle(1, 10), Verified()
    for number in range(25_000):
        throttle.spend(f"ip:{number}", 0.0)
        verified.add(b"%d" % number, 0.0)
    assert (len(throttle), len(verified)) == (10_000, 10_000)
