"""A subscription does not overtake what its sender said before it, on whichever workers the two and their homes are."""

from __future__ import annotations

import pytest

from tests.support.booted import Booted
from tests.support.wire import local

ROUNDS = 25
CHAT = (
    "<message type='chat' id='m{0}' to='{1}'><body>{0}</body></message><presence type='subscribe' id='s{0}' to='{2}'/>"
)
TAKEN_BACK = "<presence type='unsubscribe' to='{}'/><iq type='get' id='p{}'><ping xmlns='urn:xmpp:ping'/></iq>"


@pytest.mark.parametrize(("home", "here"), [("w1", "w2"), ("w2", "w1")])
def test_a_request_comes_behind_the_message_before_it(server: Booted, home: str, here: str) -> None:
    """The message goes by the home of the recipient, which is where its oldest session is."""
    romeo, juliet = server.account("romeo"), server.account("juliet")
    server.on_worker(home, juliet, "old").online()
    new = server.on_worker(here, juliet, "new").online()
    sender = server.on_worker(here, romeo).online()
    for number in range(ROUNDS):
        sender.send(CHAT.format(number, new.jid, new.bare))
        kinds: list[str] = []
        while len(kinds) < 2:
            got = new.next()
            if got.get("id") in (f"m{number}", f"s{number}"):
                kinds.append(local(got))
        assert kinds == ["message", "presence"]
        sender.send(TAKEN_BACK.format(new.bare, number))
        while sender.next().get("id") != f"p{number}":
            pass
