"""mod_push on the wire: a component plays the app server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.app_server import FORM, LATER, NOT_FOUND, PUSH, AppServer, disable, enable
from tests.support.sm_client import ENABLE, SM
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.mods.mod_push import LOOK
from xmppd.mods.push.pusher import PATIENCE
from xmppd.routing.sm import sm
from xmppd.testing.thread import serve_in_thread

DISCO = "http://jabber.org/protocol/disco#info"


@pytest.fixture
def server() -> Iterator[Any]:
    with serve_in_thread(components={PUSH: "s", "other.test": "s"}) as server:
        yield server


def condition(answer: Element) -> str:
    error = answer.child("error")
    assert error is not None, answer.to_xml()
    return next(child.name for child in error.elements() if child.ns == ns.STANZAS)


def say(server: Any, client: Any, text: str, to: str = "juliet@localhost", type_: str = "chat") -> None:
    client.send(f"<message to='{to}' type='{type_}'><body>{text}</body></message>")
    server.settle()


def managed(server: Any, user: str = "juliet", resource: str = "phone") -> tuple[Any, str]:
    """A client with stream management that is there, and the id of its stream."""
    client = server.client(user, resource)
    client.send(ENABLE)
    id_ = re.findall(" id='([^']+)'", client.expect("<enabled [^>]*/>"))[0]
    client.send("<presence/>")
    server.settle()
    return client, id_


def back(server: Any, id_: str, user: str = "juliet") -> Any:
    client = server.connect()
    server.run(client.inner.plain, user, "secret")
    server.run(client.inner.open)
    client.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
    client.expect("<resumed ")
    server.settle()
    return client


def detached(server: Any, client: Any) -> None:
    client.drop()
    server.settle()
    assert False in [row.attached for row in sm.sessions("juliet@localhost")]


def test_it_is_announced_at_the_account_and_there_only(server: Any) -> None:
    juliet = server.client("juliet")
    for to, there in (("juliet@localhost", True), ("localhost", False)):
        text = juliet.ask(f"<iq type='get' id='d' to='{to}'><query xmlns='{DISCO}'/></iq>").to_xml()
        assert (ns.PUSH in text) is there


def test_a_message_that_is_stored_wakes_the_client_once_and_again_when_the_pause_is_over(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    assert enable(juliet).get("type") == "result"
    juliet.close()
    say(server, romeo, "my very secret")
    [text] = app.come()
    assert re.search(f"<iq [^>]*from='localhost'[^>]*to='{PUSH}'|<iq [^>]*to='{PUSH}'[^>]*from='localhost'", text)
    assert "<publish node='n1'>" in text
    assert FORM in text
    assert "secret<" not in text.replace(FORM, "")
    assert "romeo" not in text
    say(server, romeo, "two")
    say(server, romeo, "three")
    assert app.notified() == []
    server.clock.advance(61)
    assert app.notified() == [3]
    server.clock.advance(600)
    assert app.notified() == []
    say(server, romeo, "four")
    assert app.notified() == [4]
    juliet = server.client("juliet", "phone")
    juliet.close()
    say(server, romeo, "five")
    assert app.notified() == [1]


def test_a_client_that_is_there_is_not_woken_and_one_that_is_not_is_though_another_has_it(server: Any) -> None:
    app, romeo = AppServer(server), server.client("romeo")
    phone, desk = server.client("juliet", "phone"), server.client("juliet", "desk")
    enable(phone)
    for client in (phone, desk):
        client.send("<presence/>")
    say(server, romeo, "both are there")
    assert app.notified() == []
    phone.close()
    say(server, romeo, "one is")
    assert app.notified() == [1]
    desk.send("<message to='romeo@localhost' type='chat'><body>I have read it</body></message>")
    desk.send("<message to='juliet@localhost' type='chat'><body>a note to myself</body></message>")
    server.clock.advance(61)
    assert app.notified() == []


@pytest.mark.parametrize(
    ("children", "type_"),
    [
        (f"<received xmlns='{ns.RECEIPTS}' id='1'/>", "chat"),
        (f"<displayed xmlns='{ns.MARKERS}' id='1'/><store xmlns='{ns.HINTS}'/>", "chat"),
        (f"<composing xmlns='{ns.CHATSTATES}'/>", "chat"),
        ("<body>news</body>", "headline"),
    ],
)
def test_what_has_no_words_for_anybody_wakes_nobody(server: Any, children: str, type_: str) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    juliet.close()
    romeo.send(f"<message to='juliet@localhost' type='{type_}'>{children}</message>")
    assert app.notified() == []


def test_a_call_does_not_wait_for_the_pause(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    juliet.close()
    say(server, romeo, "hello")
    assert app.notified() == [1]
    server.clock.advance(10)
    propose = f"<propose xmlns='{ns.JINGLE_MESSAGE}' id='1'/><store xmlns='{ns.HINTS}'/>"
    romeo.send(f"<message to='juliet@localhost' type='chat'>{propose}</message>")
    assert app.notified() == [2]


def test_a_session_that_waits_is_woken_and_waits_longer(server: Any) -> None:
    app, romeo = AppServer(server), server.client("romeo")
    phone, id_ = managed(server)
    enable(phone)
    detached(server, phone)
    server.clock.advance(3600)
    say(server, romeo, "are you asleep")
    assert app.notified() == [1]
    phone = back(server, id_)
    phone.expect("are you asleep")
    say(server, romeo, "good morning")
    phone.expect("good morning")
    assert app.notified() == []
    detached(server, phone)
    say(server, romeo, "again")
    assert app.notified() == [1]
    server.clock.advance(90_000)
    assert app.notified() == []  # the session has ended: what went to the store was told of


def test_without_a_registration_it_waits_as_configured(server: Any) -> None:
    phone, _ = managed(server)
    detached(server, phone)
    server.clock.advance(601)
    assert not sm.sessions("juliet@localhost")


def test_what_was_on_its_way_when_the_connection_was_lost_wakes_it_too(server: Any) -> None:
    app, romeo = AppServer(server), server.client("romeo")
    phone, id_ = managed(server)
    enable(phone)
    say(server, romeo, "you do not hear this")
    detached(server, phone)
    assert app.notified() == []
    server.clock.advance(LOOK)
    assert app.notified() == [1]
    phone = back(server, id_)
    detached(server, phone)
    back(server, id_)
    server.clock.advance(LOOK)
    assert app.notified() == []  # it was back before anybody looked


def test_what_a_room_says_wakes_its_occupant_only(server: Any) -> None:
    app, romeo = AppServer(server), server.client("romeo")
    phone, _ = managed(server)
    enable(phone, "n1")
    tablet = server.client("juliet", "tablet")
    enable(tablet, "n2")
    tablet.close()
    detached(server, phone)
    say(server, romeo, "all of you", to="juliet@localhost/phone", type_="groupchat")
    [text] = app.come()
    assert "<publish node='n1'>" in text


def test_a_registration_that_is_refused_for_good_is_gone_and_one_that_fails_for_now_is_not(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    juliet.close()
    app.answer = LATER
    for text in ("one", "two"):
        say(server, romeo, text)
        assert len(app.notified()) == 1
        server.clock.advance(100)
    app.answer = NOT_FOUND
    say(server, romeo, "three")
    assert app.notified() == [3]
    assert server.command("push list", account="juliet").value == []
    server.clock.advance(100)
    say(server, romeo, "four")
    assert app.notified() == []


def test_an_app_server_that_is_away_or_says_nothing_keeps_its_clients(server: Any) -> None:
    romeo, juliet = server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    juliet.close()
    say(server, romeo, "nobody is there to be told")
    silent = server.component(PUSH)
    server.clock.advance(100)
    say(server, romeo, "and now nobody answers")
    silent.expect("<iq ")
    server.clock.advance(PATIENCE + 1)
    assert [row["service"] for row in server.command("push list", account="juliet").value] == [PUSH]


def test_disabled_is_one_node_or_a_whole_service(server: Any) -> None:
    app, other, romeo = AppServer(server), AppServer(server, "other.test"), server.client("romeo")
    juliet = server.client("juliet", "phone")
    for node in ("n1", "n2", "n3"):
        enable(juliet, node)
    enable(juliet, "n1", "other.test")
    assert disable(juliet, "n2").get("type") == "result"
    juliet.close()
    say(server, romeo, "one")
    assert sorted(re.findall("node='(n.)'", "".join(app.come()))) == ["n1", "n3"]
    juliet = server.client("juliet", "phone")
    disable(juliet)
    juliet.close()
    other.notified()
    say(server, romeo, "two")
    assert (app.notified(), other.notified()) == ([], [1])


def test_what_cannot_be_enabled_is_refused(server: Any) -> None:
    juliet = server.client("juliet", "phone")
    server.account("romeo")
    iq = f"<iq type='set' id='e'{{}}><enable xmlns='{ns.PUSH}' {{}}/></iq>"
    for to, attrs, expected in (
        ("", "", "bad-request"),
        ("", "jid='a@@b'", "jid-malformed"),
        ("", "jid='romeo@localhost' node='n'", "not-allowed"),
        ("", "jid='localhost' node='n'", "not-allowed"),
        ("", f"jid='{PUSH}' node='{'n' * 1025}'", "not-acceptable"),
        (" to='romeo@localhost'", f"jid='{PUSH}' node='n'", "service-unavailable"),
    ):
        assert condition(juliet.ask(iq.format(to, attrs))) == expected
    assert condition(enable(juliet, form=f"<x xmlns='jabber:x:data'>{'<field/>' * 2000}</x>")) == "not-acceptable"


def test_the_last_options_count_and_what_others_have_invented_is_passed_over(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    priority = "<priority xmlns='tigase:push:priority:0'/><encrypt xmlns='tigase:push:encrypt:0'>k</encrypt>"
    assert enable(juliet, form=f"{priority}{FORM.replace('eruio', 'another')}").get("type") == "result"
    juliet.close()
    say(server, romeo, "one")
    [text] = app.come()
    assert "another234" in text
    assert "tigase" not in text


def test_nobody_is_woken_for_an_account_that_has_lost_its_access(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    server.command("user passwd", user="juliet@localhost", password="another one")
    say(server, romeo, "one")
    assert app.notified() == []
    assert server.command("push list", account="juliet").value == []


def test_an_account_that_is_removed_leaves_nothing(server: Any) -> None:
    app, romeo, juliet = AppServer(server), server.client("romeo"), server.client("juliet", "phone")
    enable(juliet)
    server.command("user del", user="juliet@localhost")
    server.account("juliet")
    say(server, romeo, "one")
    assert app.notified() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"show_sender": True, "show_body": True}, ["romeo@localhost/street", "wherefore"]),
        ({"text": "A new message"}, ["A new message"]),
        ({"most": 1}, []),
    ],
)
def test_what_an_operator_lets_be_said_is_said(options: dict[str, Any], said: list[str]) -> None:
    with serve_in_thread(components={PUSH: "s"}, modules={"mod_push": options}) as server:
        app, romeo, juliet = AppServer(server), server.client("romeo", "street"), server.client("juliet", "phone")
        enable(juliet, "n0")
        server.clock.advance(1)
        enable(juliet, "n1")
        juliet.close()
        say(server, romeo, "wherefore")
        text = app.come()[-1]
        assert re.findall("var='last-message-[a-z]+'><value>([^<]*)<", text) == said
        assert len(server.command("push list", account="juliet").value) == min(options.get("most", 2), 2)
