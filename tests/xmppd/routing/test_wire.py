"""What crosses between nodes comes back as it was."""

from __future__ import annotations

import pytest

from otp.erts.pid import intern
from otp.kernel import codec
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq, make_message, make_presence
from xmppd.config.schema import LimitsSection, kind_of
from xmppd.routing import wire
from xmppd.routing.deliver import Deliver, DeliverIfNewer, Kick, Replaced, RosterItemChanged, Shutdown
from xmppd.routing.session import Session

ROMEO, JULIET = JID.parse("romeo@localhost/r"), JID.parse("juliet@localhost")
SESSION = Session(ROMEO, intern("w7", 3, 42), (1, 2), -5, True, (("ip", "::1"),))
TREE = el("x", "urn:x", {"{urn:y}z": "<&>", "xml:lang": "en"}, "text", el("y", ns.CLIENT))


@pytest.mark.parametrize(
    "value",
    [
        TREE,
        ROMEO,
        make_message(JULIET, "hi \U0001f339", TREE, from_=ROMEO),
        Deliver(make_presence(None, type_="unavailable", from_=ROMEO)),
        Deliver(make_iq("get", "1", TREE, to=JULIET, from_=ROMEO)),
        SESSION,
        SESSION._replace(stream_id="an id", attached=False, client="a phone"),
        DeliverIfNewer(make_iq("set", "1", TREE, to=ROMEO, from_=JULIET), "push juliet@localhost", 7),
        Kick("conflict", "x"),
        Replaced(),
        Shutdown(),
        RosterItemChanged("juliet@localhost", "both", 7),
        (SESSION, SESSION),
    ],
)
def test_there_and_back(value: object) -> None:
    assert codec.decode(codec.encode(value)) == value
    assert wire.__name__ == "xmppd.routing.wire"


def test_addresses_go_with_a_stanza_even_where_it_does_not_say_them() -> None:
    message = make_message(None, "x")
    message.from_, message.to = ROMEO, JULIET
    back = codec.decode(codec.encode(Deliver(message))).stanza
    assert (back.from_, back.to, back.el.attrs) == (ROMEO, JULIET, {"type": "chat"})


def test_the_largest_stanza_that_may_be_configured_fits_into_a_frame() -> None:
    most = {name: kind_of(LimitsSection, name).high for name in ("stanza_bytes", "stanza_elements")}  # type: ignore[attr-defined]
    space = "n" * 1024  # the longest name that the parser takes, in each element of the largest stanza
    count = most["stanza_elements"]
    text = "x" * (most["stanza_bytes"] // count)
    many = el(
        "x", space, None, *[el("y", space, {"{" + space + "}a": ""} if i < 4000 else None, text) for i in range(count)]
    )
    assert len(codec.encode(Deliver(make_message(JULIET, None, many, from_=ROMEO)))) <= codec.MAX_FRAME
