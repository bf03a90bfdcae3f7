"""What travels with a stanza crosses between nodes as it is."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import codec
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.routing import wire
from xmppd.routing.context import Context, Origin
from xmppd.routing.deliver import Deliver

CONTEXTS = st.builds(
    Context, st.sampled_from(Origin), st.text(max_size=8), st.booleans(), st.booleans(),
    st.integers(0, 1 << 50), st.booleans(), st.integers(0, 3), st.integers(0, 9),
)  # fmt: skip


@given(CONTEXTS)
def test_it_crosses_alone_and_with_its_stanza(context: Context) -> None:
    assert wire
    assert codec.decode(codec.encode(context)) == context
    message = make_message(JID.parse("juliet@localhost"), "x", from_=JID.parse("romeo@localhost/r"))
    come = codec.decode(codec.encode(Deliver(message, (), context)))
    assert (come.stanza, come.context) == (message, context)


def test_the_recipient_has_an_archive_of_its_own() -> None:
    context = Context(Origin.CLIENT, "the sender's id", no_copy=True, first_sent=7)
    assert context.for_recipient() == Context(Origin.CLIENT, "", no_copy=True, first_sent=7)
    assert {field.name for field in fields(Context)} >= {"archive_id", "no_copy", "for_one", "first_sent", "origin"}
