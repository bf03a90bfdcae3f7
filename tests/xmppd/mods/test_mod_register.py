"""Accounts made, changed and removed in band."""

from __future__ import annotations

from tests.support.court import Court, config_of, play
from tests.support.node import until
from xmpp_core import parser, stanza
from xmpp_core.stanza import Iq
from xmppd.auth import auth
from xmppd.routing import hooks, sm
from xmppd.routing.deliver import Kick
from xmppd.routing.hook_points import C2sUnauthenticatedIq, StreamFeatures

QUERY = "<query xmlns='jabber:iq:register'>{}</query>"
ME = "<username>romeo</username><password>wherefore</password>"


async def stranger(type_: str, content: str = "", safe: bool = True) -> str:
    """What a stream that has not logged in is answered."""
    el = parser.parse_document(f"<iq xmlns='jabber:client' type='{type_}' id='r'>{QUERY.format(content)}</iq>")
    iq = stanza.from_element(el)
    assert isinstance(iq, Iq)
    answer = await hooks.run_fold("localhost", C2sUnauthenticatedIq("localhost", iq, safe=safe), None)
    assert answer is not None
    return answer.to_xml()


def test_closed_by_default() -> None:
    async def body(court: Court) -> None:
        assert "<not-allowed " in await stranger("get")
        assert "<not-allowed " in await stranger("set", ME)
        assert not await auth.user_exists("romeo", "localhost")
        features = await hooks.run_fold("localhost", StreamFeatures("localhost", safe=True), ())
        assert [f.name for f in features] == []

    play(body)


def test_open_to_strangers() -> None:
    async def body(court: Court) -> None:
        features = await hooks.run_fold("localhost", StreamFeatures("localhost", safe=True), ())
        assert [f.name for f in features] == ["register"]
        form = await stranger("get")
        assert "<instructions>" in form
        assert "<username/><password/><x xmlns='jabber:x:data' type='form'>" in form
        assert "type='result'" in await stranger("set", ME)
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        assert "<conflict " in await stranger("set", ME)
        assert "<not-acceptable " in await stranger("set", "<username>x</username>")
        assert "<jid-malformed " in await stranger("set", "<username>a b</username><password>x</password>")
        fields = "".join(f"<field var='{v}'><value>juliet</value></field>" for v in ("username", "password"))
        assert "type='result'" in await stranger("set", f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>")
        assert await auth.check_plain("juliet", "localhost", "juliet")

    play(body, config_of(registration=True))


def test_a_new_password() -> None:
    async def body(court: Court) -> None:
        await auth.create_user("romeo", "localhost", "old")
        romeo = await court.login("romeo@localhost/r")
        assert "<registered/>" in await romeo.ask(f"<iq type='get' id='1' to='localhost'>{QUERY.format('')}</iq>")
        answer = await romeo.ask(f"<iq type='set' id='2' to='localhost'>{QUERY.format(ME)}</iq>")
        assert "type='result'" in answer
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        other = ME.replace("romeo", "juliet")
        assert "<forbidden " in await romeo.ask(f"<iq type='set' id='3' to='localhost'>{QUERY.format(other)}</iq>")

    play(body)


def test_no_password_goes_over_a_stream_without_tls() -> None:
    async def body(court: Court) -> None:
        features = await hooks.run_fold("localhost", StreamFeatures("localhost"), ())
        assert features == ()
        assert "<not-authorized " in await stranger("set", ME, safe=False)
        assert not await auth.user_exists("romeo", "localhost")
        romeo = await court.login("romeo@localhost/r")
        assert romeo.session is not None
        romeo.session.safe = False
        assert "<not-authorized " in await romeo.ask(f"<iq type='set' id='2' to='localhost'>{QUERY.format(ME)}</iq>")
        assert not await auth.check_plain("romeo", "localhost", "wherefore")

    play(body, config_of(registration=True))


def test_the_end_of_an_account() -> None:
    async def body(court: Court) -> None:
        romeo, juliet = await court.login("romeo@localhost/r"), await court.login("juliet@localhost/j")
        phone = await court.login("romeo@localhost/phone")
        await court.friends(romeo, juliet)
        answer = await romeo.ask(f"<iq type='set' id='1'>{QUERY.format('<remove/>')}</iq>")
        assert "type='result'" in answer
        await until(lambda: romeo.ended and phone.ended)
        assert isinstance(phone.ended, Kick)
        assert sm.sessions("romeo@localhost") == ()
        assert not await auth.user_exists("romeo", "localhost")
        roster = await juliet.ask("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
        assert "jid='romeo@localhost' subscription='none'" in roster
        assert any("type='unsubscribed'" in text for text in juliet.texts())

    play(body)
