"""A stanza in whose handling a stream crashes ends that stream, once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import mod_poison
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.routing import poison
from xmppd.testing.thread import ThreadServer, serve_in_thread


@pytest.fixture(autouse=True)
def nothing_poisoned() -> None:
    poison.POISONED.clear()


@pytest.fixture
def xmppd() -> Iterator[ThreadServer]:
    with serve_in_thread(modules={mod_poison: True}) as server:
        yield server


def say(word: str, ident: str = "1") -> str:
    return f"<message to='bob@localhost' id='{ident}' type='chat'><body>{word}</body></message>"


def test_at_the_receiver_it_ends_that_stream_and_is_refused_from_then_on(
    xmppd: ThreadServer, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = xmppd.client("alice"), xmppd.client("bob")
    bob.send("<presence/>")
    bob.expect("<presence")
    alice.send(say("poison-for-the-receiver"))
    assert "internal-server-error" in bob.gone()
    assert "which is not handled again; sha256 " in caplog.text
    assert "poison-for" not in caplog.text.partition("not handled again")[0]
    again = xmppd.client("bob")
    again.send("<presence/>")
    again.expect("<presence")
    alice.send(say("poison-for-the-receiver"))
    assert "internal-server-error" in alice.expect("<message.*?</message>")
    alice.send(say("another", "2"))
    assert "another" in again.expect("<message.*?</message>")


def test_at_the_sender_it_ends_that_stream_and_is_answered_from_then_on(xmppd: ThreadServer) -> None:
    alice, bob = xmppd.client("alice", "a"), xmppd.client("bob")
    bob.send("<presence/>")
    bob.expect("<presence")
    alice.send(say("poison-for-the-sender"))
    assert "internal-server-error" in alice.gone()
    again = xmppd.client("alice", "a")
    again.send(say("poison-for-the-sender"))
    assert "internal-server-error" in again.expect("<message.*?</message>")
    again.send(say("another"))
    assert "another" in bob.expect("<message.*?</message>")


def test_only_the_last_ones_are_remembered() -> None:
    to = JID.parse("bob@localhost")
    stanzas = [make_message(to, f"{number}") for number in range(poison.MOST + 2)]
    for stanza in stanzas:
        poison.blame(stanza, KeyboardInterrupt())
    assert len(poison.POISONED) == poison.MOST
    assert [poison.holds(stanza) for stanza in stanzas[:3]] == [False, False, True]


def test_an_end_from_outside_is_nobodys_fault() -> None:
    poison.blame(make_message(JID.parse("bob@localhost"), "x"), GeneratorExit())
    assert not poison.POISONED
