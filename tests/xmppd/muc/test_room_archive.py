"""A room's archive: who may read it, and what is in it."""

from __future__ import annotations

import re
from typing import Any

from tests.support.muc_client import RoomOnTheWire, condition
from xmpp_core import ns


def read(den: RoomOnTheWire, client: Any, inside: str = "") -> list[str]:
    mark = len(client.seen)
    answer = den.archive(client, inside)
    assert answer.get("type") == "result", answer.to_xml()
    found: list[str] = re.findall("<result .*?</result>", client.seen[mark:])
    return found


def bodies(found: list[str]) -> list[str]:
    return re.findall("<body>(.*?)</body>", "".join(found))


def form(**fields: str) -> str:
    rows = "".join([f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items()])
    hidden = f"<field var='FORM_TYPE'><value>{ns.MAM}</value></field>"
    return f"<x xmlns='{ns.DATA_FORMS}' type='submit'>{hidden}{rows}</x>"


def test_what_was_said_is_there_with_the_id_that_it_was_told_with(server: Any) -> None:
    den = RoomOnTheWire(server, "archived")
    ann, bob = den.members("ann", "bob")
    for text in ("one", "two", "three"):
        den.say(bob, text)
    told = ann.expect("<message [^>]*><body>three</body>.*?</message>")
    found = read(den, ann)
    assert bodies(found) == ["one", "two", "three"]
    id_ = re.search(f"<stanza-id xmlns='{ns.STANZA_ID}' by='{den.jid}' id='(.*?)'", told)
    assert id_ is not None
    assert f"<result xmlns='{ns.MAM}' id='{id_[1]}'" in found[-1]
    assert f"from='{den.jid}/bob'" in found[-1]
    assert f"<occupant-id xmlns='{ns.OCCUPANT_ID}'" in found[-1]
    assert "to=" not in found[-1]
    assert "muc#user" not in found[-1], "addresses are a secret here"
    assert bodies(read(den, ann, f"<set xmlns='{ns.RSM}'><max>1</max><before/></set>")) == ["three"]


def test_one_occupants_messages(server: Any) -> None:
    den = RoomOnTheWire(server, "ofone")
    ann, bob = den.members("ann", "bob")
    for client, text in ((ann, "one"), (bob, "two"), (ann, "three")):
        den.say(client, text)
        bob.expect(f"<body>{text}</body>")
    assert bodies(read(den, ann, form(**{"with": f"{den.jid}/ann"}))) == ["one", "three"]
    assert bodies(read(den, ann, form(**{"with": den.jid}))) == ["one", "two", "three"]


def test_where_all_see_addresses_the_archive_has_them(server: Any) -> None:
    den = RoomOnTheWire(server, "named")
    ann, _ = den.members("ann", "bob", whois="anyone")
    den.say(ann, "hi")
    ann.expect("<body>hi</body>")
    assert "jid='ann@localhost'" in read(den, ann)[0]
    got = den.join(server.client("cat"), "cat")
    history = re.search("<message [^>]*><body>hi</body>.*?</message>", got)
    assert history is not None
    assert "muc#user" not in history[0]


def test_who_may_read_it(server: Any) -> None:
    den = RoomOnTheWire(server, "closed")
    ann, bob = den.members("ann", "bob")
    cat = server.client("cat")
    assert read(den, cat) == [], "an open room is read by who may enter it"
    den.admin(ann, "<item jid='cat@localhost' affiliation='outcast'/><item jid='bob@localhost' affiliation='member'/>")
    assert condition(den.archive(cat)) == "forbidden"
    den.configure(ann, membersonly="1")
    assert condition(den.archive(server.client("dan"))) == "forbidden"
    den.leave(bob, "bob")
    read(den, bob)
    assert condition(RoomOnTheWire(server, "nowhere").archive(ann)) == "item-not-found"


def test_a_room_without_an_archive_has_none(server: Any) -> None:
    den = RoomOnTheWire(server, "forgetful")
    [ann] = den.members("ann", enablearchiving="0")
    assert condition(den.archive(ann)) == "service-unavailable"
    assert f"'{ns.MAM}'" not in den.info(ann).to_xml()
    assert "code='170'" not in den.join(server.client("bob"), "bob")


def test_the_form_and_the_ends(server: Any) -> None:
    den = RoomOnTheWire(server, "ends")
    [ann] = den.members("ann")
    assert "after-id" in den.archive(ann, type_="get").to_xml()
    ends = den.ask(ann, "get", f"<metadata xmlns='{ns.MAM}'/>")
    assert "<start" not in ends.to_xml()
    den.say(ann, "hi")
    ann.expect("<body>hi</body>")
    assert "<start" in den.ask(ann, "get", f"<metadata xmlns='{ns.MAM}'/>").to_xml()


def test_what_is_not_to_be_kept_is_not(server: Any) -> None:
    den = RoomOnTheWire(server, "hints")
    [ann] = den.members("ann")
    den.say(ann, "secret", f"<no-store xmlns='{ns.HINTS}'/>")
    ann.send(f"<message to='{den.jid}' type='groupchat'><composing xmlns='{ns.CHATSTATES}'/></message>")
    ann.expect("<composing")
    assert read(den, ann) == []


def test_what_is_taken_back_leaves_a_tombstone(server: Any) -> None:
    den = RoomOnTheWire(server, "tombs")
    ann, bob = den.members("ann", "bob")
    for text in ("rude", "own", "kept"):
        den.say(bob, text)
    told = ann.expect("<message [^>]*><body>rude</body>.*?</message>")
    own = ann.expect("<message [^>]*><body>own</body>.*?</message>")
    ids = [re.search(f"by='{den.jid}' id='(.*?)'", one)[1] for one in (told, own)]  # type: ignore[index]
    retract = f"<retract xmlns='{ns.RETRACT}'/>"
    wish = f"<moderate xmlns='{ns.MODERATE}' id='{ids[0]}'>{retract}<reason>tea</reason></moderate>"
    assert condition(den.ask(bob, "set", wish)) == "forbidden"
    assert den.ask(ann, "set", wish).get("type") == "result"
    assert condition(den.ask(ann, "set", wish.replace(ids[0], "made-up"))) == "item-not-found"
    bob.send(f"<message to='{den.jid}' type='groupchat'><retract xmlns='{ns.RETRACT}' id='{ids[1]}'/></message>")
    bob.expect(f"<retract [^>]*id='{ids[1]}'")
    found = read(den, ann)
    assert bodies(found) == ["kept"]
    assert "<moderated" in found[0]
    assert "<retracted" in found[1]
    assert f"<occupant-id xmlns='{ns.OCCUPANT_ID}'" in found[1]
    got = den.join(server.client("cat"), "cat")
    assert re.findall("<body>(.*?)</body>", got) == ["kept"]
