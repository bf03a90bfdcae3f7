"""The process of a room: what it stores before it answers, what it has again when it starts again, who is gone."""

from __future__ import annotations

import re
from typing import Any

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.muc_client import RoomOnTheWire, condition
from tests.support.muc_room import submit
from xmpp_core import ns
from xmppd.muc import room_store
from xmppd.muc.room_server import ROOMS
from xmppd.muc.tables import AFFILIATION, OCCUPANT, ROOM
from xmppd.store import store


def kill(server: Any, den: RoomOnTheWire) -> None:
    """The room's process dies, and nothing of it is left in memory."""

    async def killed() -> None:
        pid = await ROOMS.whereis(server.mod("mod_muc"), den.jid)
        process.exit_(pid, "kill")
        while process.is_alive(pid):
            await process.sleep(0.005)

    server.run(killed)


def body_of(server: Any, client: Any, text: str) -> str:
    found: str = client.expect(f"<message [^>]*><body>{text}</body>.*?</message>")
    return found


def test_what_an_owner_is_answered_is_on_disk(server: Any) -> None:
    den = RoomOnTheWire(server, "durable")
    ann, _ = den.members("ann", "bob", roomname="Tea")
    den.admin(ann, "<item jid='bob@localhost' affiliation='admin'/>")
    [row] = server.run(store.select, ROOM, ("localhost", "durable"))
    assert (row.name, row.locked, row.creator) == ("Tea", False, "ann@localhost")
    rows = server.run(store.select, AFFILIATION, ("localhost", "durable"))
    assert {one.jid: one.affiliation for one in rows} == {"ann@localhost": "owner", "bob@localhost": "admin"}


def test_a_room_that_is_killed_goes_on_with_all_that_it_had(server: Any) -> None:
    den = RoomOnTheWire(server, "killed")
    ann, bob = den.members("ann", "bob")
    den.admin(ann, "<item nick='bob' role='visitor'/>")
    ann.send(f"<message to='{den.jid}' type='groupchat'><subject>Cups</subject></message>")
    den.say(ann, "before")
    body_of(server, bob, "before")
    server.settle()
    before = den.info(ann).to_xml()
    kill(server, den)
    den.say(ann, "after")
    body_of(server, bob, "after")
    assert re.sub("id='r[0-9]+'", "", den.info(ann).to_xml()) == re.sub("id='r[0-9]+'", "", before)
    den.say(bob, "x")
    assert "<forbidden" in bob.expect("<message [^>]*type='error'.*?</message>")
    got = den.join(server.client("cat"), "cat")
    assert re.findall("<body>(.*?)</body>", got) == ["before", "after"]
    assert "<subject>Cups</subject>" in got


def test_occupants_whose_sessions_ended_meanwhile_are_gone_from_a_room_that_starts_again(server: Any) -> None:
    den = RoomOnTheWire(server, "meanwhile")
    ann, bob = den.members("ann", "bob")

    async def lose() -> None:
        pid = await ROOMS.whereis(server.mod("mod_muc"), den.jid)
        row = (await store.select(OCCUPANT, ("localhost", "meanwhile")))[0]
        await store.transaction(lambda tx: tx.write(replaced(row)))
        process.exit_(pid, "kill")

    def replaced(row: Any) -> Any:
        return type(row)(row.host, row.room, "carl@localhost/gone", "carl", row.role, 1, row.domain, row.presence)

    server.settle()
    server.run(lose)
    den.say(ann, "on")
    told = bob.expect(f"<presence [^>]*from='{den.jid}/carl'.*?</presence>")
    assert "type='unavailable'" in told
    assert "code='333'" in told
    body_of(server, bob, "on")


def test_a_session_that_is_killed_leaves(server: Any) -> None:
    den = RoomOnTheWire(server, "leaving")
    ann, bob = den.members("ann", "bob")
    bob.drop()
    assert "type='unavailable'" in ann.expect(f"<presence [^>]*from='{den.jid}/bob' type='unavailable'.*?</presence>")


def test_rooms_that_nobody_is_in_have_no_process(server: Any) -> None:
    den = RoomOnTheWire(server, "empty")
    [ann] = den.members("ann", persistentroom="1")
    den.leave(ann, "ann")
    assert condition(den.info(ann)) == ""

    async def count() -> int:
        name = ROOMS.sup_name(server.mod("mod_muc"))
        children = await supervisor.which_children(name)
        return sum(str(child.id) == den.jid for child in children)

    server.settle()
    assert server.run(count) == 0
    assert "<subject" in den.join(ann, "ann")
    assert server.run(count) == 1


def test_what_is_no_wish_to_enter_makes_no_room(server: Any) -> None:
    den = RoomOnTheWire(server, "many")
    for number in range(3):
        RoomOnTheWire(server, f"many{number}").members("moderate", persistentroom="1")
    assert server.run(room_store.created_by, "localhost", "moderate@localhost") == 3
    dan = server.client("dan")
    dan.send(f"<message to='{den.jid}' type='groupchat'><body>x</body></message>")
    assert "<item-not-found" in dan.expect("<message [^>]*type='error'.*?</message>")
    dan.send(f"<presence to='{den.jid}/dan'/>")
    told = dan.expect("<presence .*?</presence>")
    assert [code for code in ("110", "307", "333") if f"code='{code}'" in told] == ["110", "307", "333"]
    assert condition(den.ask(dan, "set", f"<query xmlns='{ns.MUC_OWNER}'>{submit()}</query>")) == "item-not-found"
