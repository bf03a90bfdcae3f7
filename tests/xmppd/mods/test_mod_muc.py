"""The service of rooms: its options, who makes rooms, and what passes between an account and a room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from otp.erts import process
from tests.support.muc_client import RoomOnTheWire, condition
from xmpp_core import ns
from xmppd.gen_mod import ModError
from xmppd.gen_mod_config import options_of
from xmppd.mods import mod_muc
from xmppd.muc.room_requests import RoomSettled
from xmppd.muc.room_server import ROOMS
from xmppd.muc.tables import OCCUPANT
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.testing.thread import serve_in_thread

DOMAIN = "rooms.localhost"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    defaults = {"persistent": True, "history": 3}
    modules = {"mod_muc": {"domain": "rooms.{host}", "max_rooms": 8, "default_options": defaults}}
    with serve_in_thread(modules=modules, components={"bot.example": "s"}) as server:
        yield server


def room(server: Any, name: str) -> RoomOnTheWire:
    return RoomOnTheWire(server, name, DOMAIN)


def test_new_rooms_are_as_the_options_say(server: Any) -> None:
    den = room(server, "defaults")
    [ann] = den.members("ann")
    text = den.info(ann).to_xml()
    assert "muc_persistent" in text
    assert ">3</value>" in text


def test_an_account_makes_so_many_rooms(server: Any) -> None:
    for number in range(8):
        room(server, f"limit{number}").members("busy")
    busy = server.client("busy")
    third = room(server, "limit8")
    assert "<resource-constraint" in third.join(busy, "busy", wait="<presence .*?type='error'.*?</presence>")


def test_strangers_make_no_rooms_and_enter_those_that_are_there(server: Any) -> None:
    den = room(server, "open")
    [ann] = den.members("ann")
    bot = server.component("bot.example")
    for name, wanted in (("attic", "<not-allowed"), ("open", "<subject")):
        to = f"{name}@{DOMAIN}/bot"
        bot.send(f"<presence from='b@bot.example/1' to='{to}'><x xmlns='{ns.MUC}'/></presence>")
        assert wanted in bot.expect(f"{wanted}.*?</(presence|message)>")
    den.say(ann, "hi")
    assert "to='b@bot.example/1'" in bot.expect("<message [^>]*><body>hi</body>.*?</message>")


def test_private_messages_and_requests_go_through_the_room(server: Any) -> None:
    den = room(server, "private")
    ann, bob = den.members("ann", "bob")
    ann.send(f"<message to='{den.jid}/bob' type='chat' id='p'><body>psst</body></message>")
    got = bob.expect("<message [^>]*>(?:(?!</message>).)*psst.*?</message>")
    assert f"from='{den.jid}/ann'" in got
    ann.send(f"<iq type='get' id='v1' to='{den.jid}/bob'><query xmlns='{ns.VERSION}'/></iq>")
    asked = bob.expect(f"<iq [^>]*>(?:(?!</iq>).)*{ns.VERSION}.*?</iq>")
    id_ = re.search(" id='(.*?)'", asked)
    assert id_ is not None
    assert "ann@localhost" not in asked
    bob.send(f"<iq type='result' id='{id_[1]}' to='{den.jid}/ann'><query xmlns='{ns.VERSION}'/></iq>")
    assert f"from='{den.jid}/bob'" in ann.expect("<iq [^>]*id='v1'.*?</iq>")
    assert den.ask(ann, "get", f"<ping xmlns='{ns.PING}'/>", nick="ann").get("type") == "result"
    assert condition(den.ask(server.client("cat"), "get", f"<ping xmlns='{ns.PING}'/>", nick="ann")) == "not-acceptable"


def test_an_invitation_comes_to_an_account(server: Any) -> None:
    den = room(server, "inviting")
    [ann] = den.members("ann")
    eve = server.client("eve")
    eve.send("<presence/>")
    server.settle()
    ann.send(f"<message to='{den.jid}'><x xmlns='{ns.MUC_USER}'><invite to='eve@localhost'/></x></message>")
    assert "<invite from='ann@localhost'/>" in eve.expect("<message .*?</message>")
    eve.send(f"<message to='{den.jid}'><x xmlns='{ns.MUC_USER}'><decline to='ann@localhost'/></x></message>")
    assert "<decline from='eve@localhost'/>" in ann.expect("<message (?:(?!</message>).)*decline.*?</message>")


def test_errors_come_from_the_occupants_address(server: Any) -> None:
    den = room(server, "errors")
    den.members("ann")
    cat = server.client("cat")
    got = den.join(cat, "ann", wait="<presence .*?type='error'.*?</presence>")
    assert "<conflict" in got
    assert f"from='{den.jid}/ann'" in got
    assert f"<x xmlns='{ns.MUC}'/>" in got


def test_nothing_is_said_to_the_service_itself(server: Any) -> None:
    ann = server.client("ann")
    ann.send(f"<message to='{DOMAIN}'><body>x</body></message>")
    assert "<service-unavailable" in ann.expect("<message [^>]*type='error'.*?</message>")
    ann.send(f"<presence to='{DOMAIN}'/>")
    server.settle()
    assert ann.nothing_more()


def test_who_is_lost_without_a_word_is_out_of_all_rooms(server: Any) -> None:
    den = room(server, "lost")
    ann, _ = den.members("ann", "bob")

    async def lose() -> None:
        [session] = [one for one in sm.sessions("bob@localhost") if one.jid.full == full]
        process.exit_(session.pid, "kill")

    server.run(ROOMS.call, server.mod("mod_muc"), den.jid, RoomSettled())
    [full] = [row.jid for row in server.run(store.select, OCCUPANT, ("localhost", "lost")) if row.nick == "bob"]
    server.run(lose)
    ann.expect(f"<presence from='{den.jid}/bob' type='unavailable'.*?</presence>")


@pytest.mark.parametrize(
    "wrong", [{"default_options": {"colour": "red"}}, {"default_options": {"history": "3"}}, {"max_rooms": -1}]
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModError):
        options_of("mod_muc", wrong)


def test_usual_options() -> None:
    options = mod_muc.Options()
    assert not options.restrict_creation
    assert not options.legacy_join
    assert options.room_config.archive
    assert options.entry_rules.most == options.max_occupants
