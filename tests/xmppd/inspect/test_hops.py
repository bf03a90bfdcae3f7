"""test_hops — where stanzas are at which moment, in a whole server of one node.

Way:  xmppd.inspect.hops
"""

from __future__ import annotations

from typing import Any

from otp.erts import message_trace
from otp.stdlib.call_trace import CallTrace
from tests.support import node
from tests.support.server import config, serving
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.auth import auth
from xmppd.inspect import chart, hops
from xmppd.net.xml_stream import XmlStream
from xmppd.routing import faults, hooks, router
from xmppd.testing.client import Client

ROMEO, JULIET = JID.parse("romeo@x/a"), JID.parse("juliet@x/b")
FEED, ROUTE = XmlStream.feed, router.dispatch
CHAIN, REPLY = hooks.begin_chain, faults.bounce


def test_a_stanza_is_known_by_what_it_says_and_who_says_it() -> None:
    def message(id_: str, text: str) -> Any:
        return el("message", ns.CLIENT, {"id": id_}, el("body", ns.CLIENT, None, text))

    key = hops.key_of(message("1", "hello"), ROMEO, JULIET)
    assert key == hops.key_of(message("1", "hello"), ROMEO, None), "wherever it goes"
    assert key != hops.key_of(message("1", "hello"), JULIET, None)
    assert key != hops.key_of(message("2", "hello"), ROMEO, None)
    assert key != hops.key_of(message("1", "bye"), ROMEO, None)


def test_the_answer_to_an_iq_bears_its_key() -> None:
    asks = el("iq", ns.CLIENT, {"id": "1", "type": "get"})
    answers = el("iq", ns.CLIENT, {"id": "1", "type": "result"})
    assert hops.key_of(asks, ROMEO, JULIET) == hops.key_of(answers, JULIET, ROMEO)
    assert hops.key_of(asks, ROMEO, None) == hops.key_of(answers, ROMEO.bare_jid(), ROMEO)


async def exchange(client: Client) -> list[str]:
    """The stations of a ping, as measured."""
    hops.begin(60.0)
    client.send("<iq id='p' type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    await client.expect("id='p'")
    way = next(way for key, way in hops.notes().items() if key.startswith("iq/p/"))
    assert (way["sender"], way["kind"]) == ("romeo@localhost/a", "iq")
    times = [note[0] for note in way["notes"]]
    assert sorted(times) == sorted(times, key=int)
    hops.end()
    return [note[2] for note in sorted(way["notes"])]


def test_a_ping_passes_every_station_and_all_is_put_back() -> None:
    async def body() -> list[str]:
        async with serving(config()) as port:
            await auth.create_user("romeo", "localhost", "secret")
            client = await Client.connect(port)
            await client.login("romeo", "a")
            return await exchange(client)

    stations = node.run(body)
    for station in ("receiver", "c2s", "router", "iq", "recipient", "transport"):
        assert station in stations, stations
    assert stations.index("receiver") < stations.index("c2s") < stations.index("router") < stations.index("transport")
    assert (XmlStream.feed, router.dispatch) == (FEED, ROUTE)
    assert not message_trace.is_on()


async def ends(client: Client, stanza: str, answer: str = "") -> list[str]:
    """Send a message to which the server answers, or nothing, and give what was noted of both, in order."""
    client.send(stanza)
    if answer:
        await client.expect(answer)
    client.send("<iq id='then' type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    await client.expect("id='then'")
    ways = chart.merged([hops.notes()])
    way = next(way for way in ways.values() if way["kind"] == "message" and way["sender"])
    return [f"{note[2]} {note[4]}" for note in way["notes"]]


def test_who_refused_a_message_and_who_keeps_one_is_told() -> None:
    def message(to: str) -> str:
        return f"<message id='m' type='chat' to='{to}'><body>hi</body></message>"

    async def body() -> list[list[str]]:
        async with serving(config()) as port:
            for name in ("romeo", "juliet"):
                await auth.create_user(name, "localhost", "secret")
            client = await Client.connect(port)
            await client.login("romeo", "a")
            found = []
            for to, answer in (("nobody@localhost", "type='error'"), ("x@far.example", "remote-server-not-found"),
                               ("juliet@localhost", "")):  # fmt: skip
                hops.begin(60.0)
                found.append(await ends(client, message(to), answer))
                hops.end()
            return found

    nobody, far, kept = node.run(body)
    for refused, who, why in (
        (nobody, "users", "service-unavailable"),
        (far, "router", "remote-server-not-found"),
    ):
        assert f"{who} refuses: {why}" in refused
        after = refused[refused.index(f"{who} refuses: {why}") :]
        assert [line.partition(" ")[0] for line in after][-2:] == ["transport", "client"], "it is followed to the end"
    assert any(line.startswith("mod_offline@localhost OfflineMessageHook: takes it") for line in kept), kept
    assert hooks.begin_chain is CHAIN
    assert faults.bounce is REPLY


def test_measuring_ends_by_itself(monkeypatch: Any) -> None:
    monkeypatch.setattr(hops, "SPARE", 0.0)

    async def body() -> None:
        hops.begin(0.02)
        assert router.dispatch is not ROUTE
        await node.until(lambda: router.dispatch is ROUTE)
        assert not message_trace.is_on()
        hops.end()

    node.run(body)


def test_memory_of_stanzas_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(hops, "KEPT", 3)
    monkeypatch.setattr(CallTrace, "trace", lambda *_: None)

    async def body() -> None:
        hops.begin(60.0)
        for n in range(10):
            hops._current[0]._note(f"k{n}", (n, "w1", "router", "", "route()"))
        assert list(hops.notes()) == ["k7", "k8", "k9"]
        hops.end()

    node.run(body)
