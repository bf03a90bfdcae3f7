"""A telephone is woken by its app server: while its session waits on another worker, after it has gone, and after the
server was started anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import COMPONENTS, Booted
from tests.support.phone import SM, Phone
from tests.support.wire import Component, show

PUSH = "urn:xmpp:push:0"
SERVICE = COMPONENTS[0]
FORM = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='secret'><value>shh</value></field></x>"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Booted]:
    with Booted.start(tmp_path, workers=2) as server:
        yield server
        server.drop_all()


def notified(app: Component, seconds: float = 30.0) -> int:
    """The count in the next notification, which is accepted. Raises Silence."""
    asked: Element = app.next(seconds)
    text = show(asked)
    assert asked.get("from") == "localhost", text
    assert "shh" in text
    assert "wherefore" not in text
    app.send(f"<iq type='result' id='{asked.get('id')}' from='{SERVICE}' to='localhost'/>")
    counts = [f.findtext("{*}value") for f in asked.iter("{jabber:x:data}field") if f.get("var") == "message-count"]
    return int(counts[0] or 0)


def waits(server: Booted, user: str) -> bool:
    return [row["state"] for row in server.ask("session list", {"user": user})] == ["detached"]


def test_a_telephone_is_woken_while_it_waits_when_it_is_gone_and_after_a_restart(server: Booted) -> None:
    app, user = server.service(SERVICE), server.account("juliet")
    romeo = server.on_worker("w1", server.account("romeo"))
    phone = Phone(server, user, server.on_worker("w2", user, "phone"))
    phone.say("<presence/>")
    phone.say(f"<iq type='set' id='e'><enable xmlns='{PUSH}' jid='{SERVICE}' node='n'>{FORM}</enable></iq>")
    phone.safe()
    words = f"<message to='{user}@localhost' type='chat'><body>wherefore {{}}</body></message>"
    romeo.send(words.format(0))
    phone.read_until("wherefore 0")
    phone.safe()
    phone.drop()
    server.settled(lambda: waits(server, user))
    romeo.send(words.format(1) + words.format(2))
    assert notified(app) == 1
    assert phone.back()
    phone.read_until("wherefore 2")
    phone.safe()
    phone.wire.send(f"<a xmlns='{SM}' h='{phone.got}'/>")
    phone.wire.close()
    server.settled(lambda: not server.sessions(user))
    romeo.send(words.format(3))
    assert notified(app) == 1
    assert server.cli("push", "list", f"{user}@localhost")[0]["service"] == SERVICE
    server.drop_all()
    server.stop()
    server.again()
    app = server.service(SERVICE)
    romeo = server.client("romeo")
    romeo.send(words.format(4))
    assert notified(app) == 1
