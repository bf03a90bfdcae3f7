"""Cards in both forms, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, error, events, iq, items, publish
from xmpp_core import ns
from xmppd.mods.mod_vcard4 import NODE
from xmppd.testing.thread import serve_in_thread


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def ask(
    client: Any, kind: str = "get", inner: str = "", to: str = "", form: str = "vcard", space: str = ns.VCARD4
) -> str:
    where = f" to='{to}'" if to else ""
    text: str = client.ask(f"<iq type='{kind}' id='v'{where}><{form} xmlns='{space}'>{inner}</{form}></iq>").to_xml()
    return text


def ask_old(client: Any, kind: str = "get", inner: str = "", to: str = "") -> str:
    return ask(client, kind, inner, to, "vCard", ns.VCARD)


def card(name: str, more: str = "") -> str:
    return f"<vcard xmlns='{ns.VCARD4}'><fn><text>{name}</text></fn>{more}</vcard>"


def test_it_is_announced(server: Any) -> None:
    ann = server.client("ann")
    for to in ("ann@localhost", "localhost"):
        query = f"<iq type='get' id='d' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        assert f"<feature var='{ns.VCARD4}'/>" in ann.ask(query).to_xml()


def test_a_card_that_is_published_is_there_in_all_forms(server: Any) -> None:
    bea, cid = server.client("bea"), server.client("cid")
    ask_old(bea, "set", "<FN>Old</FN><PHOTO><BINVAL>Zm9v</BINVAL></PHOTO>")
    publish(bea, NODE, card("Bea", "<tel><uri>tel:+1</uri></tel>"), access_model="open")
    for text in (ask(cid, to="bea@localhost"), iq(cid, "get", f"<items node='{NODE}'/>", "bea@localhost").to_xml()):
        assert card("Bea", "<tel><uri>tel:+1</uri></tel>") in text
    old = ask_old(cid, to="bea@localhost")
    assert "<FN>Bea</FN><TEL><NUMBER>+1</NUMBER></TEL>" in old
    assert "<PHOTO><BINVAL>Zm9v</BINVAL></PHOTO>" in old


def test_a_card_in_the_older_form_is_published_and_told(server: Any) -> None:
    dot, eve = server.client("dot"), server.client("eve")
    befriend(server, dot, eve)
    come(server, eve, NODE)
    ask_old(dot, "set", "<FN>Dot</FN>")
    [event] = events(server, eve)
    assert card("Dot") in event
    assert card("Dot") in ask(server.client("fay"), to="dot@localhost")
    ask_old(dot, "set", "<FN>Dot</FN><X/>")
    assert len(events(server, eve)) == 1, "it says the same"
    ask_old(dot, "set", "<NICKNAME>d</NICKNAME>")
    assert f"<vcard xmlns='{ns.VCARD4}'><nickname><text>d</text></nickname></vcard>" in events(server, eve)[-1]
    assert len(items(dot, NODE)) == 1


def test_a_card_that_is_set_is_published(server: Any) -> None:
    gil, hal = server.client("gil"), server.client("hal")
    assert "type='result'" in ask(gil, "set", "<fn><text>Gil</text></fn>")
    assert items(hal, NODE, "gil@localhost") == ["current"]
    assert "<FN>Gil</FN>" in ask_old(hal, to="gil@localhost")
    assert card("Gil") in ask(hal, to="gil@localhost")
    assert "<forbidden " in ask(hal, "set", "<fn/>", "gil@localhost")
    assert "<forbidden " in ask(hal, "set", "<fn/>", "nobody@localhost")


def test_one_for_contacts_only_is_not_for_all(server: Any) -> None:
    ida, jan, kay = server.client("ida"), server.client("jan"), server.client("kay")
    befriend(server, ida, jan)
    ask_old(ida, "set", "<FN>I.</FN>")
    iq(ida, "set", f"<delete node='{NODE}'/>", space=ns.PUBSUB_OWNER)
    assert card("I.") in ask(kay, to="ida@localhost"), "without a node it is the older one"
    publish(ida, NODE, card("Ida"), access_model="presence")
    assert card("Ida") in ask(jan, to="ida@localhost")
    assert card("Ida") in ask(ida)
    assert card("I.") in ask(kay, to="ida@localhost")
    assert "<FN>I.</FN>" in ask_old(kay, to="ida@localhost")
    assert error(iq(kay, "get", f"<items node='{NODE}'/>", "ida@localhost"))[0] == "not-authorized"


def test_strangers_do_not_learn_who_has_an_account(server: Any) -> None:
    lou, mia = server.client("lou"), server.client("mia")
    assert f"<vcard xmlns='{ns.VCARD4}'/>" in ask(lou)
    answers = [ask(mia, to=f"{name}@localhost").replace(name, "x") for name in ("lou", "nobody")]
    assert answers[0] == answers[1]
    assert "<service-unavailable " in answers[0]


def test_what_is_no_card_changes_nothing(server: Any) -> None:
    ned = server.client("ned")
    ask_old(ned, "set", "<FN>Ned</FN>")
    publish(ned, NODE, "<x xmlns='urn:x'/>", access_model="open")
    assert "<FN>Ned</FN>" in ask_old(ned)
    assert card("Ned") in ask(ned)
    publish(ned, NODE, card("N" * 140_000))
    assert "<FN>Ned</FN>" in ask_old(ned), "too large for the older one"
