"""The messages that who enters is shown, as it asks for them; and the subject."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, DAN, Den, refused, three
from xmpp_core import ns
from xmpp_core.element import Element


def history(den: Den, attrs: str) -> list[str]:
    own = den.join(DAN, "dan", f"<history {attrs}/>")
    den.leave(DAN)
    den.forget()
    return [body for one in own if (body := one.child_text("body")) is not None]


def talk() -> Den:
    den = three()
    for text in ("one", "two", "three", "four"):
        den.now += 10.0
        den.say(BOB, text)
    return den


@pytest.mark.parametrize(
    ("attrs", "texts"),
    [
        ("", ["one", "two", "three", "four"]),
        ("maxstanzas='2'", ["three", "four"]),
        ("maxstanzas='0'", []),
        ("maxstanzas='99'", ["one", "two", "three", "four"]),
        ("maxchars='0'", []),
        ("seconds='20'", ["three", "four"]),
        ("seconds='0'", []),
        ("seconds='20' maxstanzas='1'", ["four"]),
        ("since='1970-01-01T00:00:00Z'", ["one", "two", "three", "four"]),
        ("since='2970-01-01T00:00:00Z'", []),
    ],
)
def test_each_attribute(attrs: str, texts: list[str]) -> None:
    assert history(talk(), attrs) == texts


def test_characters_are_those_of_the_whole_stanza() -> None:
    den = talk()
    own = den.join(DAN, "dan", "<history maxstanzas='1'/>")
    size = len(next(one for one in own if one.child("body") is not None).with_attrs(to=None).to_xml())
    den.leave(DAN)
    assert history(den, f"maxchars='{size - 1}'") == []
    assert history(den, f"maxchars='{size}'") == ["four"]


def test_a_time_in_between() -> None:
    den = talk()
    own = den.join(DAN, "dan")
    stamps = [one.child("delay", ns.DELAY).get("stamp") for one in own if one.child("body") is not None]  # type: ignore[union-attr]
    den.leave(DAN)
    assert history(den, f"since='{stamps[2]}'") == ["three", "four"]


@pytest.mark.parametrize("attrs", ["maxstanzas='x'", "maxchars='-1'", "seconds='1e3'", "since='yesterday'"])
def test_what_is_no_number_or_time_is_refused(attrs: str) -> None:
    den = talk()
    refused("bad-request", den.join, DAN, "dan", f"<history {attrs}/>")
    assert den.room is not None
    assert "dan" not in den.room.occupants


def test_a_message_of_history_is_the_occupants_with_the_rooms_time() -> None:
    den = talk()
    own = den.join(DAN, "dan")
    first = next(one for one in own if one.child("body") is not None)
    assert first.get("from") == "den@conference.l/bob"
    assert first.get("id") == "one"
    delay = first.child("delay", ns.DELAY)
    assert delay is not None
    assert delay.get("from") == "den@conference.l"
    assert first.child("stanza-id", ns.STANZA_ID) is not None


def subject_of(own: list[Element]) -> Element:
    return own[-1]


def test_the_subject_comes_last_and_always() -> None:
    den = talk()
    empty = subject_of(den.join(DAN, "dan"))
    assert empty.child_text("subject") == ""
    assert empty.child("delay", ns.DELAY) is None
    den.subject(ANN, "Tea")
    den.leave(DAN)
    set_ = subject_of(den.join(DAN, "dan"))
    assert (set_.child_text("subject"), set_.get("from")) == ("Tea", "den@conference.l/ann")
    assert set_.child("delay", ns.DELAY) is not None
    den.subject(ANN, "")
    den.leave(DAN)
    cleared = subject_of(den.join(DAN, "dan"))
    assert cleared.child_text("subject") == ""
    assert cleared.child("delay", ns.DELAY) is not None, "it was cleared by somebody, then"
