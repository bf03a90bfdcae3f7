"""slixmpp in rooms, on two workers: its plugins for rooms, occupant ids, pings to oneself and the archive; a restart,
after which all that a room is is the same; and a worker that is killed while the room is talked in."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from slixmpp import JID
from slixmpp.exceptions import IqError, PresenceError

from tests.interop.test_slixmpp import play
from tests.support.booted import Booted
from tests.support.muc_room import submit
from tests.support.slixmpp_client import SlixmppClient
from tests.support.wire import PATIENCE, Wire, local, show
from xmpp_core import ns
from xmppd.routing.placement import node_for

SERVICE = "conference.localhost"
PLUGINS = ("xep_0045", "xep_0249", "xep_0313", "xep_0421")
EVENTS = ("groupchat_message", "groupchat_subject", "groupchat_invite", "groupchat_presence")


class Talker(SlixmppClient):
    """A client that goes to rooms."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        for event in EVENTS:
            queue = self.seen[event] = asyncio.Queue()
            self.add_event_handler(event, queue.put_nowait)

    @property
    def muc(self) -> Any:
        """The plugin for rooms."""
        return self.plugin["xep_0045"]

    async def enter_room(self, room: JID, nick: str, **more: Any) -> tuple[Any, Any, Any, Any]:
        """Own presence, subject, those who are there, history."""
        return await self.muc.join_muc_wait(room, nick, timeout=10, **more)  # type: ignore[no-any-return]  # slixmpp is not typed

    async def said(self, text: str) -> Any:
        return await self.got("groupchat_message", lambda message: message["body"] == text)


@asynccontextmanager
async def three(server: Booted, name: str) -> AsyncIterator[tuple[JID, Talker, Talker, Talker]]:
    """A room with its owner in it, open; and two who are not in it yet."""
    users = [server.account(one) for one in ("anna", "bert", "carl")]
    room = JID(f"{name}@{SERVICE}")
    async with (
        Talker.login(server, users[0], "a") as anna,
        Talker.login(server, users[1], "b") as bert,
        Talker.login(server, users[2], "c") as carl,
    ):
        await anna.enter_room(room, "anna")  # type: ignore[attr-defined]  # login gives what it was called on
        form = anna.plugin["xep_0004"].make_form(ftype="submit")
        await anna.muc.set_room_config(room, form)  # type: ignore[attr-defined]  # login gives what it was called on
        yield room, anna, bert, carl  # type: ignore[misc]  # likewise


def test_entering_talking_nicks_the_subject_and_leaving(server: Booted) -> None:
    async def body() -> None:
        async with three(server, "talk") as (room, anna, bert, carl):
            own, subject, there, history = await bert.enter_room(room, "bert")
            assert own["from"] == f"{room}/bert"
            assert {one["from"].resource for one in there} == {"anna", "bert"}
            assert (subject["subject"] or "", history) == ("", [])
            bert.send_message(mto=room, mbody="hello", mtype="groupchat")
            heard = await anna.said("hello")
            assert heard["from"] == f"{room}/bert"
            assert heard["occupant-id"]["id"] == own["occupant-id"]["id"]
            anna.muc.set_subject(room, "Tea")
            assert (await bert.got("groupchat_subject", lambda m: m["subject"]))["subject"] == "Tea"
            _, subject, there, history = await carl.enter_room(room, "carl", maxstanzas=20)
            assert subject["subject"] == "Tea"
            assert [one["body"] for one in history] == ["hello"]
            assert {one["from"].resource for one in there} == {"anna", "bert", "carl"}
            assert await bert.muc.set_self_nick(room, "bertha", timeout=10) == "bertha"
            with pytest.raises(PresenceError, match="conflict"):
                await anna.enter_room(room, "bertha")
            carl.send_message(mto=f"{room}/bertha", mbody="psst", mtype="chat")
            assert (await bert.got("message", lambda m: m["body"] == "psst"))["from"] == f"{room}/carl"
            bert.muc.leave_muc(room, "bertha")
            gone = await anna.got(
                "groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == f"{room}/bertha"
            )
            assert gone["muc"]["role"] == "none"
            archived = [
                one["mam_result"]["forwarded"]["stanza"]["body"]
                async for one in anna.plugin["xep_0313"].iterate(jid=room)
            ]
            assert archived == ["hello", ""], "what was said, and the subject"

    play(body)


def test_roles_affiliations_and_the_form(server: Booted) -> None:
    async def body() -> None:
        async with three(server, "rule") as (room, anna, bert, carl):
            await bert.enter_room(room, "bert")
            await carl.enter_room(room, "carl")
            with pytest.raises(IqError, match="forbidden"):
                await bert.muc.set_role(room, "carl", "none")
            await anna.muc.set_affiliation(room, "admin", jid=bert.boundjid.bare)
            with pytest.raises(IqError, match="not-allowed"):
                await bert.muc.set_affiliation(room, "outcast", jid=anna.boundjid.bare)
            await bert.muc.set_role(room, "carl", "visitor")
            assert await bert.muc.get_roles_list(room, "visitor") == ["carl"]
            await bert.muc.set_role(room, "carl", "none", reason="tea")
            kicked = await carl.got(
                "groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == f"{room}/carl"
            )
            assert 307 in kicked["muc"]["status_codes"]
            await bert.muc.set_affiliation(room, "outcast", jid=carl.boundjid.bare)
            with pytest.raises(PresenceError, match="forbidden"):
                await carl.enter_room(room, "carl")
            assert await anna.muc.get_affiliation_list(room, "admin") == [bert.boundjid.bare]
            form = await anna.muc.get_room_config(room)
            assert form.get_values()["muc#roomconfig_persistentroom"] is False
            answer = anna.plugin["xep_0004"].make_form(ftype="submit")
            answer.add_field(var="FORM_TYPE", value=f"{ns.MUC}#roomconfig")
            answer.add_field(var="muc#roomconfig_membersonly", value="1")
            await anna.muc.set_room_config(room, answer)
            carl.muc.leave_muc(room, "carl")  # slixmpp believes to be where it was refused
            await anna.muc.set_affiliation(room, "member", jid=carl.boundjid.bare)
            assert (await carl.got("groupchat_invite"))["from"].bare == room.bare
            await carl.enter_room(room, "carl")
            await anna.muc.destroy(room, reason="tea")
            await carl.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == f"{room}/carl")
            with pytest.raises(IqError, match="item-not-found"):
                await carl.plugin["xep_0030"].get_info(jid=room)

    play(body)


# -- what is left of a room


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Booted]:
    """A server that may be stopped, and whose workers may be killed."""
    with Booted.start(tmp_path, workers=2) as server:
        yield server
        server.drop_all()


ROOM = f"den@{SERVICE}"


def asked(wire: Wire, what: str, type_: str = "get") -> Element:
    """The payload of an answer of the room."""
    return wire.ask(type_, what, ROOM)


def until(wire: Wire, wanted: Callable[[Element], bool]) -> list[Element]:
    """All that comes up to what is wanted."""
    found = [wire.next()]
    while not wanted(found[-1]):
        found.append(wire.next())
    return found


def is_subject(element: Element) -> bool:
    return local(element) == "message" and element.find(f"{{{ns.CLIENT}}}subject") is not None


def enter(wire: Wire) -> list[Element]:
    wire.send(f"<presence to='{ROOM}/{wire.bare.partition('@')[0]}'><x xmlns='{ns.MUC}'/></presence>")
    return until(wire, is_subject)


def leave(wire: Wire) -> None:
    nick = wire.bare.partition("@")[0]
    wire.send(f"<presence type='unavailable' to='{ROOM}/{nick}'/>")
    until(wire, lambda one: local(one) == "presence" and one.get("type") == "unavailable")


def known(wire: Wire) -> list[str]:
    """All that somebody who enters can know of the room, and its owner, without the addresses of sessions."""
    told = enter(wire)
    wire.send(f"<iq type='set' id='page' to='{ROOM}'><query xmlns='{ns.MAM}'/></iq>")
    told += until(wire, lambda one: local(one) == "iq" and one.get("id") == "page")
    leave(wire)
    for wanted in ("owner", "admin", "member", "outcast"):
        told.append(asked(wire, f"<query xmlns='{ns.MUC_ADMIN}'><item affiliation='{wanted}'/></query>"))
    told += [asked(wire, f"<query xmlns='{one}'/>") for one in (ns.DISCO_INFO, ns.MUC_OWNER, ns.REGISTER)]
    return [re.sub(r' id="q[0-9]+"', "", show(one).replace(wire.jid, "…")) for one in told]


def test_a_restart_changes_nothing_of_a_room(alone: Booted) -> None:
    user = alone.account("anna")
    anna = alone.client(user=user).online()
    enter(anna)
    fields = {"persistentroom": "1", "roomname": "Tea", "whois": "anyone", "roomadmins": ("bert@localhost",)}
    asked(anna, f"<query xmlns='{ns.MUC_OWNER}'>{submit(fields)}</query>", "set")
    rows = (
        "<item affiliation='outcast' jid='carl@localhost'><reason>tea</reason></item>"
        "<item affiliation='member' jid='dora@localhost' nick='dora'/>"
    )
    asked(anna, f"<query xmlns='{ns.MUC_ADMIN}'>{rows}</query>", "set")
    anna.send(f"<message to='{ROOM}' type='groupchat'><subject>Cups</subject></message>")
    for text in ("one", "two"):
        anna.send(f"<message to='{ROOM}' type='groupchat' id='{text}'><body>{text}</body></message>")
    until(anna, lambda one: one.get("id") == "two")
    leave(anna)
    before = known(anna)
    anna.close()
    alone.stop()
    alone.again()
    assert known(alone.client(user=user).online()) == before


def test_a_killed_worker_takes_no_occupant_of_the_other_along_and_nothing_acknowledged_is_lost(alone: Booted) -> None:
    anna, bert = alone.account("anna"), alone.account("bert")
    one, two = alone.on_worker("w1", anna).online(), alone.on_worker("w2", bert).online()
    enter(one)
    asked(one, f"<query xmlns='{ns.MUC_OWNER}'>{submit()}</query>", "set")
    enter(two)
    home = node_for(ROOM, ("w1", "w2"))
    stays, goes = (two, one) if home == "w1" else (one, two)
    for number in range(50):
        stays.send(f"<message to='{ROOM}' type='groupchat' id='m{number}'><body>{number}</body></message>")
    stays.send("<iq type='get' id='ping' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    until(stays, lambda told: told.get("id") == "ping")  # an answer acknowledges what came before it
    os.kill(alone.worker_pids()[home], signal.SIGKILL)
    begun = time.monotonic()
    stays.send(f"<message to='{ROOM}' type='groupchat' id='after'><body>after</body></message>")
    until(stays, lambda told: told.get("id") == "after" and told.get("type") == "groupchat")
    assert time.monotonic() - begun < PATIENCE
    goes.drop()
    kept = known(stays)
    for number in range(50):
        assert any(f">{number}<" in text and "result" in text for text in kept), number
