"""Requests to an occupant, and the way of their answers."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, CAT, DAN, ROOM, Den, refused, short, three
from xmpp_core import ns
from xmpp_core.element import Element

VERSION = f"<query xmlns='{ns.VERSION}'/>"
PING = f"<ping xmlns='{ns.PING}'/>"


def ask(den: Den, jid: str, nick: str, payload: str = VERSION) -> list[Element]:
    return den.ask(jid, payload, to=f"{ROOM}/{nick}")


def test_a_request_comes_from_the_nick_and_its_answer_goes_to_the_session_that_asked() -> None:
    den = three()
    den.join("ann@l/other", "ann")
    den.forget()
    assert ask(den, ANN, "bob") == ask(den, "ann@l/other", "bob") == []
    first, second = den.sent
    assert (first.get("from"), first.get("to"), first.get("type")) == (f"{ROOM}/ann", BOB, "get")
    assert first.get("id") != second.get("id")
    assert ANN not in first.to_xml()
    den.sent.clear()
    for asked, whose in ((second, "ann@l/other"), (first, ANN)):
        den.send(BOB, f"<iq type='result' id='{asked.get('id')}' to='{ROOM}/ann'>{VERSION}</iq>")
        answer = den.sent.pop()
        assert (answer.get("from"), answer.get("to"), answer.get("id")) == (f"{ROOM}/bob", whose, "q")


def test_an_answer_to_nothing_goes_nowhere() -> None:
    den = three()
    for jid, id_, nick in ((BOB, "made-up", "ann"), (DAN, "x" * 20, "ann"), (BOB, "x" * 20, "nobody")):
        den.send(jid, f"<iq type='result' id='{id_}' to='{ROOM}/{nick}'/>")
    assert den.sent == []


def test_a_card_is_asked_of_the_account() -> None:
    den = three()
    ask(den, ANN, "bob", f"<vCard xmlns='{ns.VCARD}'/>")
    [asked] = den.sent
    assert asked.get("to") == "bob@l"
    den.sent.clear()
    den.send("bob@l", f"<iq type='result' id='{asked.get('id')}' to='{ROOM}/ann'><vCard xmlns='{ns.VCARD}'/></iq>")
    assert [(one.get("from"), one.get("to")) for one in den.sent] == [(f"{ROOM}/bob", ANN)]


def test_a_ping_to_oneself_is_the_rooms_business() -> None:
    """XEP-0410"""
    den = three()
    assert short(ask(den, BOB, "bob", PING)) == ["bob result"]
    assert den.sent == []
    refused("not-acceptable", ask, den, DAN, "dan", PING)
    refused("not-acceptable", ask, den, "bob@l/other", "bob", PING)
    ask(den, BOB, "cat", PING)
    assert [one.get("to") for one in den.sent] == [CAT]


def test_requests_that_are_refused() -> None:
    den = three()
    refused("bad-request", ask, den, DAN, "bob", f"<query xmlns='{ns.DISCO_INFO}'/>")  # §6.6
    refused("not-acceptable", ask, den, DAN, "bob")
    refused("item-not-found", ask, den, BOB, "nobody")
    refused("bad-request", den.send, BOB, f"<iq type='get' id='{'x' * 300}' to='{ROOM}/cat'>{VERSION}</iq>")
    assert den.sent == []
