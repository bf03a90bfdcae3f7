"""What an operator does with rooms, by commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.muc_client import RoomOnTheWire, condition
from xmppd.commands import CommandError


def value(server: Any, name: str, **params: Any) -> Any:
    return server.command(name, **params).value


def test_rooms_are_listed_and_told_of(server: Any) -> None:
    den = RoomOnTheWire(server, "facts")
    ann, _ = den.members(
        "ann", "bob", roomname="Tea", passwordprotectedroom="0", roomsecret="secret", moderatedroom="1"
    )
    den.admin(ann, "<item jid='carl@localhost' affiliation='outcast'/>")
    rows = {row["room"]: row for row in value(server, "room list", host="localhost")}
    assert rows[den.jid] == {"room": den.jid, "name": "Tea", "listed": True, "creator": "ann@localhost"}
    server.command("room config", room="facts", options="password=secret", host="localhost")
    server.settle()
    facts = value(server, "room info", room="facts", host="localhost")
    assert facts["options"] == {"name": "Tea", "moderated": True}
    assert facts["affiliations"] == {"ann@localhost": "owner", "carl@localhost": "outcast"}
    assert sorted(facts["occupants"].values()) == ["ann", "bob"]


def test_a_room_is_made_and_is_no_more(server: Any) -> None:
    den = RoomOnTheWire(server, "made")
    server.account("dora")
    options = "name=Made history=2 broadcast=moderator,participant"
    assert value(server, "room create", room="made", owner="dora@localhost", options=options) == den.jid
    with pytest.raises(CommandError, match="there is such a room"):
        server.command("room create", room="made", owner="dora@localhost")
    ann = den.member("ann")
    assert "muc_persistent" in den.info(ann).to_xml()
    assert value(server, "room info", room=den.jid, host="localhost")["options"]["broadcast"] == [
        "moderator",
        "participant",
    ]
    server.command("room destroy", room="made", reason="tea", host="localhost")
    assert "<reason>tea</reason>" in ann.expect("<destroy.*?</destroy>")
    assert condition(den.info(ann)) == "item-not-found"
    with pytest.raises(CommandError, match="no such room"):
        server.command("room destroy", room="made", host="localhost")


def test_its_people_are_changed(server: Any) -> None:
    den = RoomOnTheWire(server, "people")
    ann, bob = den.members("ann", "bob")
    server.command("room affiliation", room="people", who="bob@localhost", what="admin", host="localhost")
    assert "affiliation='admin'" in bob.expect(
        f"<presence from='{den.jid}/bob'(?:(?!</presence>).)*admin.*?</presence>"
    )
    server.command("room kick", room="people", nick="bob", reason="tea", host="localhost")
    told = bob.expect("<presence [^>]*type='unavailable'.*?</presence>")
    assert "code='307'" in told
    assert "<reason>tea</reason>" in told
    server.command("room affiliation", room="people", who="evil.example", what="outcast", host="localhost")
    assert "evil.example" in den.admin(ann, "<item affiliation='outcast'/>", "get").to_xml()


def test_its_messages_are_deleted(server: Any) -> None:
    den = RoomOnTheWire(server, "purged")
    [ann] = den.members("ann")
    den.say(ann, "hi")
    ann.expect("<body>hi</body>")
    server.command("room purge", room="purged", host="localhost")
    assert "<start" not in den.ask(ann, "get", "<metadata xmlns='urn:xmpp:mam:2'/>").to_xml()
    assert "<body>" not in den.join(server.client("bob"), "bob")


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("room info", {"room": "nowhere"}, "there is no room"),
        ("room info", {"room": "x@elsewhere"}, "is no room of"),
        ("room info", {"room": "@"}, "."),
        ("room config", {"room": "nowhere", "options": "colour=red"}, "no option"),
        ("room config", {"room": "nowhere", "options": "history=5"}, "no such room"),
        ("room affiliation", {"room": "nowhere", "who": "a@b", "what": "king"}, "one of"),
        ("room affiliation", {"room": "nowhere", "who": "b", "what": "owner"}, "no account"),
        ("room kick", {"room": "nowhere", "nick": "x"}, "no such room"),
    ],
)
def test_what_cannot_be_done_is_said(server: Any, name: str, params: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        server.command(name, **params, host="localhost")
