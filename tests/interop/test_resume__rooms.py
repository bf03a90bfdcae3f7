"""Who loses the connection, or its worker, stays in its rooms: what was said meanwhile comes once and in order, and the
others see nothing of it."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from tests.interop.test_resume import kill, own, phone
from tests.support.booted import Booted
from tests.support.muc_room import submit
from tests.support.phone import Phone
from xmpp_core import ns

__all__ = ["own"]
ROOM = "resumed@conference.localhost"


def said(text: object) -> str:
    return f"<message to='{ROOM}' type='groupchat'><body>{text}</body></message>"


def enter(one: Phone) -> None:
    one.say(f"<presence to='{ROOM}/{one.user}'><x xmlns='{ns.MUC}'/></presence>")
    one.safe()


def pages(one: Phone) -> list[Element]:
    """Messages that come now, a page of an archive among them."""
    one.say(f"<iq type='set' id='page' to='{ROOM}'><query xmlns='{ns.MAM}'/></iq>")
    found = []
    while (element := one.wire.next()).get("id") != "page":
        found.append(element)
    return found


def both(server: Booted, romeos: str, juliets: str) -> tuple[Phone, Phone]:
    """In the room: Juliet has made it."""
    romeo, juliet = phone(server, "romeo", romeos), phone(server, "juliet", juliets)
    enter(juliet)
    form = f"<query xmlns='{ns.MUC_OWNER}'>{submit()}</query>"
    juliet.say(f"<iq type='set' id='o' to='{ROOM}'>{form}</iq>")
    juliet.safe()
    enter(romeo)
    juliet.say(said("begin"))
    for one in (romeo, juliet):
        one.read_until("begin")
        one.bodies.clear()
    return romeo, juliet


@pytest.mark.parametrize("romeos", ["w1", "w2"])
def test_what_is_said_while_one_is_away_comes_when_one_is_back(own: Booted, romeos: str) -> None:
    romeo, juliet = both(own, romeos, "w1")
    for round_ in range(4):
        romeo.drop()
        juliet.say(*[said(f"{round_}.{number}") for number in range(5)])
        juliet.safe()
        assert romeo.back()
    romeo.say(said("end"))
    for one in (romeo, juliet):
        one.read_until("end")
        assert one.bodies == [*[f"{round_}.{number}" for round_ in range(4) for number in range(5)], "end"]
        assert one.gone == []


@pytest.mark.parametrize("romeos", ["w1", "w2"])
def test_who_was_on_a_worker_that_is_killed_is_still_in_the_room(own: Booted, romeos: str) -> None:
    juliets = "w2" if romeos == "w1" else "w1"
    romeo, juliet = both(own, romeos, juliets)
    juliet.say(*[said(number) for number in range(10)])
    juliet.safe()
    kill(own, romeos)
    juliet.say(said("after"))
    juliet.safe(20.0)
    romeo.back_within()
    romeo.say(said("end"))
    for one in (romeo, juliet):
        one.read_until("end", 20.0)
    assert juliet.bodies == [*map(str, range(10)), "after", "end"]
    assert juliet.gone == [], "nobody has seen Romeo go"
    mark = f"{{{ns.MAM}}}"
    kept = [one.findtext(f".//{{{ns.CLIENT}}}body") for one in pages(romeo) if one.find(f"{mark}result") is not None]
    assert kept == ["begin", *map(str, range(10)), "after", "end"], (
        "what was on its way to its worker is in the archive"
    )
