"""What streams count, on a server that runs."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from xmpp_core.element import Element
from xmpp_core.stanza import Message
from xmpp_core.stream_events import ReportAuth
from xmppd import metrics
from xmppd.stream import traffic
from xmppd.testing.server import serve


def values(name: str) -> dict[tuple[str, ...], Any]:
    return {labels: number for labels, number in metrics.METRICS[name].sample()[4] if number}


def grown(before: dict[tuple[str, ...], Any], name: str) -> dict[tuple[str, ...], Any]:
    return {k: n - before.get(k, 0) for k, n in values(name).items() if n != before.get(k, 0)}


def test_stanzas_by_kind_and_direction() -> None:
    async def body() -> None:
        async with serve(components={"comp.test": "s"}) as server:
            alice, bob = await server.client("alice", "a"), await server.client("bob", "b")
            component = await server.component("comp.test")
            await server.settle()
            before = values("xmppd_stanzas_total")
            for _ in range(3):
                alice.send(f"<message to='{bob.jid}'><body>hi</body></message>")
            alice.send("<message to='comp.test'/>")
            alice.send("<message to='no@where@'/>")  # an error, sent as an element
            await alice.ask("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            component.send(f"<message from='comp.test' to='{alice.jid}'/>")
            component.send(f"<presence from='comp.test' to='{alice.jid}'/>")
            await server.settle()
            assert grown(before, "xmppd_stanzas_total") == {
                ("message", "in"): 5, ("message", "out"): 6, ("iq", "in"): 1, ("iq", "out"): 1,
                ("presence", "in"): 1, ("presence", "out"): 1,
            }  # fmt: skip

    asyncio.run(body())


def test_each_class_of_stanzas_is_counted_from_the_first_one_on() -> None:
    class MessageOfItsOwn(Message):
        """As modules have them that know what is written."""

    item = MessageOfItsOwn(Element("jabber:client", "message"))
    before = values("xmppd_stanzas_total")
    traffic.count_element(item)
    traffic.SENT[MessageOfItsOwn].n += 1
    traffic.count_element(Element("jabber:client", "message"))
    traffic.count_element(Element("urn:x", "features"))
    assert grown(before, "xmppd_stanzas_total") == {("message", "out"): 3}


def test_logins_and_failures() -> None:
    async def body() -> None:
        async with serve() as server:
            before, failed = values("xmppd_logins_total"), values("xmppd_login_failures_total")
            await server.client("alice")
            assert grown(before, "xmppd_logins_total") == {("PLAIN",): 1}
            stranger = await server.connect()
            await stranger.open("localhost")
            wrong = base64.b64encode(b"\0alice\0wrong").decode()
            for mechanism in ("PLAIN", "X-OWN"):
                stranger.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{wrong}</auth>")
                await stranger.expect("</failure>")
            assert grown(failed, "xmppd_login_failures_total") == {("not-authorized",): 1, ("invalid-mechanism",): 1}

    asyncio.run(body())


@pytest.mark.parametrize("word", ["alice@localhost", "'; drop", ""])
def test_what_is_no_mechanism_and_no_reason_is_other(word: str) -> None:
    series = {name: len(metrics.METRICS[name].cells) for name in ("xmppd_logins_total", "xmppd_login_failures_total")}
    for ok in (True, False):
        for _ in range(3):
            traffic.count_login(ReportAuth("alice", ok, word, word))
    for name, count in series.items():
        assert len(metrics.METRICS[name].cells) <= count + 1
