"""What must wait for older things, and in which order it is let go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process
from otp.erts.pid import intern
from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq, make_message, make_presence
from xmppd.routing import hold
from xmppd.routing.context import ANSWER, Context
from xmppd.routing.deliver import Deliver, Older
from xmppd.routing.session import C2sSession, new_session

JULIET, ROMEO = JID.parse("juliet@localhost/j"), JID.parse("romeo@localhost/r")
SESSION = new_session(JULIET, intern("w1", 1, 1))


def message(text: str) -> Deliver:
    return Deliver(make_message(JULIET, text, from_=ROMEO))


def out(session: C2sSession) -> list[Deliver]:
    found = []
    while (held := hold.let_go(session)) is not None:
        found.append(held)
    return found


@given(st.lists(st.integers(), max_size=50))
def test_in_the_order_in_which_it_came(numbers: list[int]) -> None:
    assert not hold.takes(SESSION, message("nothing is handed over"))
    hold.begin(SESSION)
    sent = [message(str(n)) for n in numbers]
    assert all(hold.takes(SESSION, one) for one in sent)
    assert out(SESSION) == [], "not before the end is said"
    hold.end(SESSION)
    assert out(SESSION) == sent
    times = [one.context.first_sent for one in sent if one.context is not None]
    assert len(times) == len(sent)
    assert all(times), "the time is noted: it is theirs if they come back"
    assert SESSION.hold is None


def test_requests_and_answers_are_let_through() -> None:
    hold.begin(SESSION)
    assert not hold.takes(SESSION, Deliver(make_iq("result", "1", None, to=JULIET)))
    result = make_message(JULIET, "a result of the archive", from_=JULIET.bare_jid())
    assert not hold.takes(SESSION, Deliver(result, (), Context(for_one=ANSWER))), "its <fin/> does not come before it"
    assert hold.takes(SESSION, Deliver(make_presence(JULIET)))
    SESSION.hold = None


def test_it_begins_again_before_it_was_let_go() -> None:
    hold.begin(SESSION)
    assert hold.takes(SESSION, message("one"))
    hold.end(SESSION)
    hold.begin(SESSION)
    assert hold.takes(SESSION, message("two"))
    assert out(SESSION) == []
    hold.end(SESSION)
    assert len(out(SESSION)) == 2


def test_what_is_older_comes_first() -> None:
    async def body(core: CoreServer) -> None:
        juliet = await core.login("juliet@localhost/j")
        assert juliet.session is not None
        hold.begin(juliet.session)
        process.send(juliet.pid, message("live"))
        process.send(juliet.pid, Older(message("stored").stanza))
        await juliet.settle()
        hold.end(juliet.session)
        process.send(juliet.pid, "whatever ends it")
        await juliet.settle()
        assert ["stored" in text for text in juliet.take()] == [True, False]

    play(body)
