"""What strangers are told of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend
from xmppd.auth.tables import OPERATOR, REGISTRATION, Account
from xmppd.mods.mod_report_affiliations import info_of
from xmppd.testing.thread import serve_in_thread

NS = "urn:xmpp:raa:0"
DISCO = "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
FORGED = f"<info xmlns='{NS}' affiliation='admin'/>"
MEMBER = f"<info xmlns='{NS}' affiliation='member'/>"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    options = {"mod_report_affiliations": {"embed": True}}
    with serve_in_thread(
        modules=options, admins=("root@localhost",), components={"rooms.example": "secret"}, registration=True
    ) as server:
        yield server


@pytest.mark.parametrize(
    ("by", "at", "is_admin", "told"),
    [
        (OPERATOR, 1_700_000_000, True, "affiliation='admin'"),
        (OPERATOR, 1_700_000_000, False, "affiliation='member'"),
        (REGISTRATION, 1_700_000_000, False, "affiliation='registered' since='2023-11-14T00:00:00Z'"),
        ("", 86_399, False, "affiliation='registered' since='1970-01-01T00:00:00Z'"),
    ],
)
def test_the_day_and_no_more(by: str, at: int, is_admin: bool, told: str) -> None:
    account = Account("localhost", "romeo", "", "", "", created_at=at, created_by=by)
    assert info_of(account, is_admin).to_xml("") == f"<info xmlns='{NS}' {told}/>"


def ask(client: Any, to: str) -> str:
    text: str = client.ask(f"<iq type='get' id='q' to='{to}'><query xmlns='{NS}'/></iq>").to_xml()
    return text


def presence(client: Any, text: str) -> str:
    client.send(text)
    found = client.expect(r"<presence [^>]*?(?:/>|>.*?</presence>)")
    return found if isinstance(found, str) else str(found.group(0))


def test_it_is_announced_by_the_server(server: Any) -> None:
    ann = server.client("ann")
    text = ann.ask(DISCO).to_xml()
    for feature in (NS, f"{NS}#embed-presence-sub", f"{NS}#embed-presence-directed"):
        assert f"<feature var='{feature}'/>" in text
    assert f"{NS}#embed-message" not in text


def test_who_may_ask(server: Any) -> None:
    bea, cid, root = server.client("bea"), server.client("cid"), server.client("root")
    for to in ("bea@localhost", "nobody@localhost"):
        assert "<forbidden " in ask(cid, to)
    assert MEMBER in ask(bea, "bea@localhost")
    assert MEMBER in ask(root, "root@localhost"), "that one is an administrator strangers do not learn"
    befriend(server, bea, cid)
    assert MEMBER in ask(cid, "bea@localhost")
    rooms = server.component("rooms.example")
    text = "<iq type='get' id='q' from='rooms.example' to='{}'><query xmlns='urn:xmpp:raa:0'/></iq>"
    assert MEMBER in rooms.ask(text.format("bea@localhost")).to_xml()
    assert "<item-not-found " in rooms.ask(text.format("nobody@localhost")).to_xml()


def test_requests_for_a_subscription_have_it(server: Any) -> None:
    dot, eve = server.client("dot"), server.client("eve")
    for client in (dot, eve):
        client.send("<presence/>")
        server.settle()
    dot.send(f"<presence to='eve@localhost' type='subscribe'>{FORGED}<status>hi</status></presence>")
    server.settle()
    [request] = re.findall(r"<presence [^>]*type='subscribe'.*?</presence>", eve.seen)
    assert MEMBER in request
    assert "<status>hi</status>" in request
    assert FORGED not in request


def test_presence_for_strangers_has_it_and_that_for_contacts_has_not(server: Any) -> None:
    fay, gil = server.client("fay", "a"), server.client("gil", "b")
    rooms = server.component("rooms.example")
    fay.send(f"<presence to='room@rooms.example/fay'>{FORGED}</presence>")
    assert "affiliation='member'" in rooms.expect(r"<presence [^>]*room@rooms.example/fay.*?</presence>")
    befriend(server, fay, gil)
    gil.send("<presence/>")
    server.settle()
    before = len(gil.seen)
    fay.send(f"<presence to='gil@localhost/b'>{FORGED}</presence>")
    fay.send(f"<presence>{FORGED}</presence>")
    server.settle()
    assert "<presence " in gil.seen[before:]
    assert NS not in gil.seen[before:]


def test_who_has_registered_is_said_to_have(server: Any) -> None:
    new = server.connect()
    streams = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
    new.send(f"<stream:stream {streams} to='localhost' version='1.0'>")
    form = "<username>hal</username><password>secret</password>"
    new.send(f"<iq type='set' id='r'><query xmlns='jabber:iq:register'>{form}</query></iq>")
    new.expect("<iq [^>]*type='result'")
    hal = server.client("hal")
    assert re.search(r"affiliation='registered' since='\d{4}-\d\d-\d\dT00:00:00Z'", ask(hal, "hal@localhost"))
