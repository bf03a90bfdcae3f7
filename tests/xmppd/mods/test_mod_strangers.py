"""mod_strangers — what a stranger says comes when the account has spoken to the stranger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xmpp_core import ns
from xmppd.config.schema import DEFAULT_MODULES
from xmppd.testing.thread import serve_in_thread

OPTIONS = {"local": False, "of_one": 2, "requests": 3}


@pytest.fixture
def server() -> Iterator[Any]:
    with serve_in_thread(modules={"mod_strangers": OPTIONS}, components={"rooms.test": "s"}) as server:
        yield server


def come(server: Any, user: str) -> Any:
    client = server.client(user, "r")
    client.send("<presence/>")
    server.settle()
    client.inner.mark = len(client.seen)
    return client


def say(server: Any, client: Any, text: str, to: str = "juliet@localhost", more: str = "", type_: str = "chat") -> None:
    client.send(f"<message to='{to}' type='{type_}' id='{text}'><body>{text}</body>{more}</message>")
    server.settle()


def test_it_is_off_unless_it_is_named() -> None:
    assert "mod_strangers" not in DEFAULT_MODULES


def test_what_a_stranger_says_waits_until_it_is_answered(server: Any) -> None:
    juliet, mallory = come(server, "juliet"), come(server, "mallory")
    say(server, mallory, "buy this")
    say(server, mallory, "to your full address", to=juliet.jid)
    assert juliet.nothing_more()
    assert mallory.nothing_more()
    [row] = server.command("strangers list", account="juliet").value
    assert (row["contact"], row["messages"]) == ("mallory@localhost", 2)
    say(server, mallory, "and one more")
    assert "<service-unavailable " in mallory.expect("<message [^>]*type='error'.*?</message>")
    say(server, juliet, "who are you", to="mallory@localhost")
    got = juliet.expect("buy this.*?</message>") + juliet.expect("full address.*?</message>")
    assert got.count("<delay ") == 2
    say(server, mallory, "a friend of a friend")
    juliet.expect("a friend of a friend")
    assert server.command("strangers list", account="juliet").value == []


def test_what_waits_is_there_after_a_restart_and_whom_the_account_knows(tmp_path: Any) -> None:
    settings: dict[str, Any] = {"modules": {"mod_strangers": OPTIONS}, "store": "sqlite", "home": tmp_path}
    with serve_in_thread(**settings) as server:
        juliet, nurse, mallory = come(server, "juliet"), come(server, "nurse"), come(server, "mallory")
        say(server, juliet, "dear nurse", to="nurse@localhost")
        say(server, mallory, "buy this")
    with serve_in_thread(**settings) as server:
        juliet, nurse = come(server, "juliet"), come(server, "nurse")
        say(server, nurse, "dear juliet")
        juliet.expect("dear juliet")
        say(server, juliet, "what", to="mallory@localhost")
        juliet.expect("buy this")


def test_a_contact_is_no_stranger_and_who_is_let_in_is_none_any_more(server: Any) -> None:
    juliet, romeo = come(server, "juliet"), come(server, "romeo")
    say(server, romeo, "may I")
    romeo.send("<presence to='juliet@localhost' type='subscribe'/>")
    juliet.expect("<presence [^>]*type='subscribe'")
    assert "may I" not in juliet.seen
    juliet.send("<presence to='romeo@localhost' type='subscribed'/>")
    juliet.expect("may I")
    item = "<item jid='paris@localhost'/>"
    juliet.ask(f"<iq type='set' id='r'><query xmlns='{ns.ROSTER}'>{item}</query></iq>")
    say(server, come(server, "paris"), "the county")
    juliet.expect("the county")


def test_a_flood_of_requests_is_dropped_and_begins_anew_in_an_hour(server: Any) -> None:
    juliet = come(server, "juliet")
    for number in range(5):
        come(server, f"s{number}").send("<presence to='juliet@localhost' type='subscribe'/>")
        server.settle()
    assert juliet.seen.count("type='subscribe'") == 3
    server.clock.advance(3601)
    come(server, "s9").send("<presence to='juliet@localhost' type='subscribe'/>")
    juliet.expect("from='s9@localhost'[^>]*type='subscribe'|type='subscribe'[^>]*from='s9@localhost'")


def test_an_invitation_of_a_stranger_waits_and_that_of_a_friend_does_not(server: Any) -> None:
    juliet, rooms = come(server, "juliet"), server.component("rooms.test")
    say(server, juliet, "hello", to="nurse@localhost")
    for by in ("mallory@localhost/r", "nurse@localhost/r"):
        invite = f"<x xmlns='{ns.MUC_USER}'><invite from='{by}'/></x>"
        rooms.send(f"<message from='den@rooms.test' to='juliet@localhost'>{invite}</message>")
    juliet.expect("invite from='nurse@localhost/r'")
    assert "mallory" not in juliet.seen
    [row] = server.command("strangers list", account="juliet").value
    assert row["contact"] == "mallory@localhost"


def test_what_a_room_says_to_who_has_entered_it_comes(server: Any) -> None:
    juliet, rooms = come(server, "juliet"), server.component("rooms.test")
    private = f"<message from='den@rooms.test/tom' to='{juliet.jid}' type='chat'><body>{{}}</body></message>"
    rooms.send(private.format("outside"))
    server.settle()
    assert juliet.nothing_more()
    juliet.send(f"<presence to='den@rooms.test/juliet'><x xmlns='{ns.MUC}'/></presence>")
    server.settle()
    rooms.send(private.format("inside"))
    juliet.expect("outside")
    juliet.expect("inside")


def test_services_the_server_and_neighbours_are_no_strangers() -> None:
    with serve_in_thread(modules={"mod_strangers": {}}, components={"rooms.test": "s"}) as server:
        juliet, mallory, service = come(server, "juliet"), come(server, "mallory"), server.component("rooms.test")
        say(server, mallory, "a neighbour")
        juliet.expect("a neighbour")
        service.send("<message from='rooms.test' to='juliet@localhost'><body>news</body></message>")
        juliet.expect("news")


def test_nothing_is_kept_for_nobody_and_what_is_too_old_goes(server: Any) -> None:
    juliet, mallory = come(server, "juliet"), come(server, "mallory")
    say(server, mallory, "hello", to="nobody@localhost")
    assert "<service-unavailable " in mallory.expect("<message [^>]*type='error'.*?</message>")
    say(server, mallory, "hello")
    assert juliet.nothing_more()
    server.clock.advance(31 * 86400)
    assert server.command("strangers list", account="juliet").value == []
