"""test_messages — what processes are told, in lines, and never a secret.

Way:  xmppd.inspect.messages
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otp.observer import plugin
from otp.observer.messages import lines
from otp.stdlib.gen import Cast
from otp.stdlib.gen_fsm import Event
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import from_element
from xmppd.inspect.messages import LONGEST, xml
from xmppd.inspect.plugin import XmppdPlugin
from xmppd.net.connection import Batch
from xmppd.routing.deliver import Deliver, Kick


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before = plugin.installed()
    plugin.install(XmppdPlugin())
    yield
    plugin.install(before)


BODY = el("message", ns.CLIENT, {"type": "chat"}, el("body", ns.CLIENT, None, "hello"))
VALUE = el("value", ns.DATA_FORMS, None, "tiger")

SECRETS = [
    el("auth", ns.SASL, {"mechanism": "PLAIN"}, "AHRpZ2Vy"),
    el("response", ns.SASL, None, "tiger"),
    el("challenge", ns.SASL, None, "tiger"),
    el("success", ns.SASL, None, "tiger"),
    el("authenticate", "urn:xmpp:sasl:2", None, el("initial-response", "urn:xmpp:sasl:2", None, "tiger")),
    el("iq", ns.CLIENT, {"type": "set"}, el("query", ns.REGISTER, None, el("password", ns.REGISTER, None, "tiger"))),
    el("iq", ns.CLIENT, None, el("query", ns.AUTH, None, el("digest", ns.AUTH, None, "tiger"))),
    el("handshake", ns.COMPONENT, None, "tiger"),
    el("x", ns.DATA_FORMS, None, el("field", ns.DATA_FORMS, {"var": "password"}, VALUE)),
    el("x", ns.DATA_FORMS, None, el("field", ns.DATA_FORMS, {"var": "a", "type": "text-private"}, VALUE)),
    el("resume", ns.SM, {"previd": "tiger", "h": "3"}),
    el("enabled", ns.SM, {"id": "tiger", "resume": "true"}),
    el("token", "urn:x", {"token": "tiger"}, "tiger"),
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS, ids=lambda element: element.name)
def test_no_secret_is_shown_in_whatever_it_is_wrapped(secret: Element) -> None:
    for message in (secret, Event(Batch([secret], 7, 1)), Cast(("say", secret)), Cast({"x": [secret]})):
        told = repr(lines(message))
        assert "tiger" not in told
        assert "AHRpZ2Vy" not in told
    assert "***" in xml(secret)


def test_stanzas_are_told_one_by_one_with_their_ends() -> None:
    presence = el("presence", ns.CLIENT)
    kinds = [kind for kind, _ in lines(Event(Batch([BODY, presence], 100, 1)))]
    assert kinds == ["message", "presence"]
    stanza = from_element(BODY, JID.parse("romeo@x/a")).addressed(to=JID.parse("juliet@x"))
    ((kind, text),) = lines(Deliver(stanza))
    assert kind == "message"
    for part in ("from='romeo@x/a'", "to='juliet@x'", "<body>hello</body>"):
        assert part in text


def test_other_messages_are_terms() -> None:
    assert lines(Kick("conflict", "gone")) == [("Kick", "Kick(condition='conflict', text='gone')")]
    assert lines(Cast(Kick())) == [("Kick", "Kick(condition='policy-violation', text='has been kicked')")]
    assert lines(("a", 1)) == [("tuple", "('a', 1)")]


def test_a_long_stanza_is_cut_and_stays_on_its_line() -> None:
    text = lines(el("message", ns.CLIENT, None, el("body", ns.CLIENT, None, "x\n" * 5000)))[0][1]
    assert len(text) < LONGEST + 40
    assert "\n" not in text
