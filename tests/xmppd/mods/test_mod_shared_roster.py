"""test_mod_shared_roster — members of a group have each other as contacts.

Way:  xmppd.mods.mod_shared_roster, by the wire
"""

from __future__ import annotations

import pytest

from xmpp_core import ns
from xmppd.gen_mod import ModError
from xmppd.gen_mod_config import options_of
from xmppd.testing.thread import ThreadClient, serve_in_thread

OFFICE = {"name": "Office", "members": [{"jid": "ann", "name": "Ann Smith"}, "bob", "carol@localhost"]}
KITCHEN = {"name": "Kitchen", "members": ["ann", "bob"]}
ON = {"mod_shared_roster": {"groups": [OFFICE, KITCHEN]}}


def roster(client: ThreadClient) -> dict[str | None, tuple[str | None, str | None, list[str]]]:
    """Of each contact the subscription, the name and the groups."""
    query = client.ask(f"<iq type='get' id='r'><query xmlns='{ns.ROSTER}'/></iq>").child("query", ns.ROSTER)
    assert query is not None
    return {
        item.get("jid"): (item.get("subscription"), item.get("name"), [one.text() for one in item.elements("group")])
        for item in query.elements()
    }


def test_members_are_in_each_others_rosters_and_nobody_else_is() -> None:
    with serve_in_thread(modules=ON) as server:
        assert roster(server.client("bob")) == {
            "ann@localhost": ("both", "Ann Smith", ["Office", "Kitchen"]),
            "carol@localhost": ("both", None, ["Office"]),
        }
        assert roster(server.client("dave")) == {}


def test_members_see_each_others_presence() -> None:
    with serve_in_thread(modules=ON) as server:
        ann, bob, dave = server.client("ann", "a"), server.client("bob", "b"), server.client("dave")
        ann.send("<presence><show>away</show></presence>")
        dave.send("<presence/>")
        server.settle()
        bob.send("<presence/>")
        bob.expect("<presence[^>]*from='ann@localhost/a'.*?<show>away")
        ann.expect("<presence[^>]*from='bob@localhost/b'")
        server.settle()
        assert "bob@localhost" not in dave.seen
        last = f"<iq type='get' id='l' to='{{}}'><query xmlns='{ns.LAST}'/></iq>"
        assert bob.ask(last.format("ann@localhost")).get("type") == "result"
        assert "<forbidden " in dave.ask(last.format("ann@localhost")).to_xml("")
        ann.close()
        bob.expect("<presence[^>]*from='ann@localhost/a'[^>]*type='unavailable'|type='unavailable'[^>]*ann@localhost/a")


def test_what_a_user_writes_stands_in_the_place_of_the_shared_item() -> None:
    with serve_in_thread(modules=ON) as server:
        bob = server.client("bob")
        item = "<item jid='ann@localhost' name='Annie'><group>Friends</group></item>"
        bob.ask(f"<iq type='set' id='r'><query xmlns='{ns.ROSTER}'>{item}</query></iq>")
        found = roster(bob)
        assert found["ann@localhost"][1:] == ("Annie", ["Friends"])
        assert found["carol@localhost"][0] == "both"


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"members": []}, "each has a name"),
        ({"name": "x", "members": "ann"}, "must be a list"),
        ({"name": "x", "members": ["a@b@c"]}, "groups: x: a@b@c"),
        ({"name": "x", "members": [7]}, "a member is"),
        ({"name": "x", "members": [], "all": True}, 'no "all" is known'),
    ],
)
def test_what_is_no_group(group: dict[str, object], words: str) -> None:
    with pytest.raises(ModError, match=words):
        options_of("mod_shared_roster", {"groups": [group]})
