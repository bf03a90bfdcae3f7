"""Messages to all, and to one."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, CAT, DAN, ROOM, Den, refused, short, three
from xmpp_core import ns
from xmpp_core.muc.room_config import RoomConfig


def private(den: Den, jid: str, nick: str, type_: str = "chat", inside: str = "") -> None:
    den.send(jid, f"<message to='{ROOM}/{nick}' type='{type_}' id='p'><body>psst</body>{inside}</message>")


# -- to all: §7.4


def test_all_hear_it_with_its_id_from_the_occupant() -> None:
    den = three()
    for shown in (den.say(BOB, "hello"), den.told(ANN), den.told(CAT)):
        [told] = shown
        assert (told.get("from"), told.get("id"), told.get("type")) == (f"{ROOM}/bob", "hello", "groupchat")
        assert told.get("to") is None
    [said] = den.kept
    assert (said.nick, said.by) == ("bob", "bob@l")


def test_what_only_rooms_say_is_taken_out_and_said_by_the_room() -> None:
    forged = (
        f"<stanza-id xmlns='{ns.STANZA_ID}' by='{ROOM}' id='forged'/>"
        f"<stanza-id xmlns='{ns.STANZA_ID}' by='elsewhere' id='kept'/>"
        f"<occupant-id xmlns='{ns.OCCUPANT_ID}' id='forged'/><x xmlns='{ns.MUC_USER}'><status code='100'/></x>"
        f"<delay xmlns='{ns.DELAY}' from='{ROOM}' stamp='2000-01-01T00:00:00Z'/><x xmlns='urn:own'/>"
    )
    den = three()
    den.say(BOB, "hello", forged)
    [told] = den.told(CAT)
    names = [(one.name, one.ns, one.get("by")) for one in told.elements()]
    assert names == [
        ("body", ns.CLIENT, None), ("stanza-id", ns.STANZA_ID, "elsewhere"), ("x", "urn:own", None),
        ("occupant-id", ns.OCCUPANT_ID, None), ("stanza-id", ns.STANZA_ID, str(ROOM)),
    ]  # fmt: skip
    assert "forged" not in told.to_xml()


def test_what_is_not_kept_has_no_id_of_the_room() -> None:
    den = three()
    den.say(BOB, "hello", f"<no-store xmlns='{ns.HINTS}'/>")
    [told] = den.told(CAT)
    assert told.child("stanza-id", ns.STANZA_ID) is None
    assert den.kept == []


def test_who_is_not_there_is_not_heard() -> None:
    refused("not-acceptable", three().say, DAN, "hello")


def test_who_has_no_voice_does_not_speak() -> None:
    den = three(RoomConfig())
    den.admin(ANN, "nick='bob' role='visitor'")
    refused("forbidden", den.say, BOB, "hello")
    den.admin(ANN, "nick='bob' role='participant'")
    assert den.say(BOB, "hello")


# -- the subject: §8.1


def test_moderators_set_the_subject_and_participants_where_they_may() -> None:
    den = three()
    refused("forbidden", den.subject, BOB, "Beer")
    assert short(den.subject(ANN, "Tea")) == ["ann groupchat"]
    den.open(changesubject="1")
    den.forget()
    den.subject(BOB, "Beer")
    assert den.room is not None
    assert den.room.subject is not None
    assert (den.room.subject.nick, den.room.subject.message.child_text("subject")) == ("bob", "Beer")
    assert den.room.history == ()
    assert den.outcome is not None
    assert den.outcome.changes.room


@pytest.mark.parametrize("more", ["<body>x</body>", "<thread>x</thread>"])
def test_a_subject_with_a_body_or_a_thread_is_a_message(more: str) -> None:
    den = three()
    den.send(BOB, f"<message to='{ROOM}' type='groupchat'><subject>s</subject>{more}</message>")
    assert den.room is not None
    assert den.room.subject is None
    assert len(den.room.history) == 1


# -- to one: §7.5


def test_a_private_message_goes_to_all_sessions_of_an_occupant() -> None:
    den = three()
    den.join("cat@l/other", "cat")
    private(den, BOB, "cat")
    assert [one.get("to") for one in den.sent] == [CAT, "cat@l/other"]
    for told in den.sent:
        assert (told.get("from"), told.get("type"), told.get("id")) == (f"{ROOM}/bob", "chat", "p")
        assert told.child("x", ns.MUC_USER) is not None
        assert told.child("occupant-id", ns.OCCUPANT_ID) is not None
    assert den.kept == []


def test_private_messages_that_are_refused() -> None:
    den = three()
    refused("bad-request", private, den, BOB, "cat", "groupchat")
    refused("item-not-found", private, den, BOB, "nobody")
    refused("not-acceptable", private, den, DAN, "cat")


@pytest.mark.parametrize(("allowed", "who"), [("moderators", [ANN]), ("participants", [ANN, BOB]), ("none", [])])
def test_who_may_send_them(allowed: str, who: list[str]) -> None:
    den = three(RoomConfig(allowpm=allowed))
    for jid in (ANN, BOB):
        if jid in who:
            private(den, jid, "cat")
        else:
            refused("forbidden", private, den, jid, "cat")
    assert len(den.sent) == len(who)


# -- slow mode: XEP-0500


def test_in_slow_mode_one_waits_between_two_messages_with_whatever_session() -> None:
    den = three()
    den.open(slow_mode_duration="20")
    den.join("bob@l/other", "bobby")
    den.say(BOB, "one")
    for jid in (BOB, "bob@l/other"):
        error = refused("policy-violation", den.say, jid, "two")
        assert error.type_ == "wait"
        assert "20" in error.text
    den.say(CAT, "mine")
    den.send(BOB, f"<message to='{ROOM}' type='groupchat'><active xmlns='{ns.CHATSTATES}'/></message>")
    den.now += 20.0
    den.say(BOB, "three")
    assert den.room is not None
    assert set(den.room.spoke) == {"bob@l"}, "who may speak again is forgotten"
    den.say(ANN, "four")
    den.say(ANN, "five")


def test_the_form_says_what_slow_mode_may_be() -> None:
    den = three()
    answer = den.owner(ANN, "", "get")[-1].to_xml()
    assert f"<validate xmlns='{ns.VALIDATE}' datatype='xs:integer'><range min='0' max='86400'/></validate>" in answer
