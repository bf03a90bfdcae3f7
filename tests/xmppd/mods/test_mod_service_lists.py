"""test_mod_service_lists — who is kept out, who alone is let in, who else administers.

Way:  xmppd.mods.mod_service_lists, by the wire
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xmpp_core import ns
from xmppd.commands import CommandError
from xmppd.testing.thread import ThreadClient, ThreadServer, serve_in_thread

COMPONENTS = {"bridge.localhost": "secret"}


def set_(server: ThreadServer, which: str, *jids: str) -> None:
    server.command("access set", which=which, jids=list(jids))


def there(server: ThreadServer, user: str) -> ThreadClient:
    client = server.client(user)
    client.send("<presence/>")
    server.settle()
    return client


def chat(to: str, from_: str = "") -> str:
    said = f" from='{from_}'" if from_ else ""
    return f"<message to='{to}'{said} type='chat' id='m'><body>hi</body></message>"


def test_nothing_goes_to_those_who_are_kept_out() -> None:
    with serve_in_thread() as server:
        ann = there(server, "ann")
        set_(server, "blocked", "spam.example", "bob@localhost")
        for to in ("spam.example", "x@spam.example/y", "bob@localhost"):
            ann.send(chat(to))
            assert "<policy-violation " in ann.expect("<message[^>]*type='error'.*?</message>")
        query = f"<iq type='get' id='q' to='spam.example'><query xmlns='{ns.VERSION}'/></iq>"
        assert "policy-violation" in ann.ask(query).to_xml("")
        set_(server, "blocked")
        ann.send(chat("x@spam.example"))
        assert "<remote-server-not-found " in ann.expect("<message[^>]*type='error'.*?</message>")


def test_nothing_comes_from_them() -> None:
    with serve_in_thread(components=COMPONENTS) as server:
        ann = there(server, "ann")
        bridge = server.component("bridge.localhost")
        set_(server, "blocked", "bridge.localhost")
        bridge.send(chat("ann@localhost", "x@bridge.localhost"))
        assert "<policy-violation " in bridge.expect("<message[^>]*type='error'.*?</message>")
        bridge.send("<presence to='ann@localhost' from='x@bridge.localhost' type='subscribe'/>")
        bridge.send("<presence to='ann@localhost' from='x@bridge.localhost/r'/>")
        bridge.send("<message to='ann@localhost' from='x@bridge.localhost' type='headline'><body>news</body></message>")
        server.settle()
        assert "bridge.localhost" not in ann.seen
        set_(server, "blocked")
        bridge.send(chat("ann@localhost", "x@bridge.localhost"))
        assert "hi" in ann.expect("<message[^>]*from='x@bridge.localhost'.*?</message>")


def test_a_contact_who_is_kept_out_is_not_told_who_is_there() -> None:
    with serve_in_thread(components=COMPONENTS) as server:
        ann, bridge = there(server, "ann"), server.component("bridge.localhost")
        bridge.send("<presence to='ann@localhost' from='x@bridge.localhost' type='subscribe'/>")
        ann.expect("<presence[^>]*type='subscribe'")
        ann.send("<presence to='x@bridge.localhost' type='subscribed'/>")
        bridge.expect("<presence[^>]*from='ann@localhost/[^>]*>")
        set_(server, "blocked", "x@bridge.localhost")
        server.settle()
        before = len(bridge.seen)
        there(server, "ann").send("<presence><show>away</show></presence>")
        server.settle()
        assert "away" not in bridge.seen[before:]


def test_who_alone_is_let_in_is_asked_of_others_servers_only() -> None:
    with serve_in_thread(components=COMPONENTS) as server:
        ann, bridge = there(server, "ann"), server.component("bridge.localhost")
        set_(server, "allowed", "friend.example")
        ann.send(chat("x@other.example"))
        assert "<policy-violation " in ann.expect("<message[^>]*type='error'.*?</message>")
        ann.send(chat("x@friend.example"))
        assert "<remote-server-not-found " in ann.expect("<message[^>]*type='error'.*?</message>")
        bridge.send(chat("ann@localhost", "x@bridge.localhost"))
        assert "hi" in ann.expect("<message[^>]*from='x@bridge.localhost'.*?</message>")
        bob = there(server, "bob")
        bob.send(chat("ann@localhost"))
        assert "hi" in ann.expect("<message[^>]*from='bob@localhost.*?</message>")
        info = f"<iq type='get' id='d' to='pubsub.localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>"
        assert ann.ask(info).get("type") == "result"


def test_a_list_outlives_a_restart(tmp_path: Path) -> None:
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        set_(server, "blocked", "spam.example")
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        assert server.command("access show", which="blocked").value == ["spam.example"]
        ann = there(server, "ann")
        ann.send(chat("x@spam.example"))
        assert "<policy-violation " in ann.expect("<message[^>]*type='error'.*?</message>")


def test_an_account_that_goes_takes_its_office_along() -> None:
    with serve_in_thread(admins=("admin@localhost",)) as server:
        for name in ("admin", "ann"):
            server.account(name)
        set_(server, "admins", "admin@localhost", "ann@localhost")
        server.command("user del", user="ann@localhost")
        assert server.command("access show", which="admins").value == ["admin@localhost"]


def test_what_no_list_takes() -> None:
    with serve_in_thread() as server:
        wrong = [("tea", ""), ("blocked", "localhost"), ("blocked", "a@b@c"), ("admins", "x@localhost")]
        for which, jid in [*wrong, ("admins", "localhost")]:
            with pytest.raises(CommandError):
                set_(server, which, jid)
        assert server.command("access show", which="blocked").value == []
