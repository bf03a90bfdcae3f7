"""mod_reports — a block with a report in it, and what an operator sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xmpp_core import ns
from xmppd.commands import CommandError
from xmppd.testing.thread import serve_in_thread

ITEM = "<item jid='{}'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:{}'>{}</report></item>"
TEXT = "<text xml:lang='en'>Never came trouble to my house like this.</text>"


@pytest.fixture
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def block(client: Any, *items: str) -> str:
    asked = f"<iq type='set' id='b'><block xmlns='{ns.BLOCKING}'>{''.join(items)}</block></iq>"
    return str(client.ask(asked).get("type"))


def listed(server: Any, **more: Any) -> list[Any]:
    found = server.command("report list", **more).value
    assert isinstance(found, list)
    return found


def test_it_is_announced(server: Any) -> None:
    query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
    assert ns.REPORTING in server.client("juliet").ask(f"<iq type='get' id='d' to='localhost'>{query}</iq>").to_xml()


def test_who_is_reported_is_blocked_and_the_operator_reads_why(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    juliet = server.client("juliet")
    juliet.ask(f"<iq type='get' id='g'><blocklist xmlns='{ns.BLOCKING}'/></iq>")
    mark = f"<stanza-id xmlns='{ns.STANZA_ID}' by='romeo@example.net' id='28482-98726-73623'/>"
    assert block(juliet, ITEM.format("romeo@example.net", "spam", mark + TEXT + "<report-origin/>")) == "result"
    juliet.expect("<block xmlns='urn:xmpp:blocking'><item jid='romeo@example.net'/></block>")
    [line] = listed(server)
    assert (line["about"], line["reason"], line["reporter"]) == ("romeo@example.net", "spam", "juliet@localhost")
    shown = server.command("report show", number=line["number"]).value
    assert shown["says"] == "Never came trouble to my house like this."
    assert shown["messages"] == ["28482-98726-73623"]
    assert shown["allows"] == "their server"
    server.command("report close", number=line["number"], note="told their operator")
    assert listed(server) == []
    [line] = listed(server, all=True)
    assert line["closed"]
    assert server.command("report show", number=line["number"]).value["note"] == "told their operator"
    assert "trouble" not in caplog.text
    with pytest.raises(CommandError):
        server.command("report show", number=99)


def test_a_report_that_is_none_or_too_many_blocks_all_the_same(server: Any) -> None:
    juliet = server.client("juliet")
    assert block(juliet, "<item jid='a@b'><report xmlns='urn:xmpp:reporting:1'/></item>") == "result"
    assert listed(server) == []
    assert block(juliet, *[ITEM.format(f"{number}@b", "abuse", "") for number in range(30)]) == "result"
    assert len(listed(server)) == 20
    listing = juliet.ask(f"<iq type='get' id='g'><blocklist xmlns='{ns.BLOCKING}'/></iq>").to_xml()
    assert listing.count("<item ") == 31


def test_what_an_account_has_reported_stays_without_its_name(server: Any) -> None:
    juliet = server.client("juliet")
    block(juliet, ITEM.format("romeo@example.net", "abuse", ""))
    server.command("user del", user="juliet@localhost")
    assert [(line["about"], line["reporter"]) for line in listed(server)] == [("romeo@example.net", "")]
