"""Whatever is sent to a room, in whatever order: what always holds of it, and of what each client believes of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.muc_room import ROOM, Den, codes, item, refused, submit, three
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import muc_presence
from xmpp_core.muc.roles import ADMIN, OUTCAST, P, Role, may
from xmpp_core.muc.room import ChatRoom
from xmpp_core.muc.room_config import RoomConfig

USERS = ("ann@l", "bob@l", "cat@l", "dan@l")
JIDS = tuple(f"{user}/{number}" for user in USERS for number in (1, 2))
NICKS = ("a", "b", "c", "d")

_nick = st.sampled_from(NICKS)
_shows = st.sampled_from(["", "<show>away</show>", "<show>dnd</show>"])
_flags = st.sampled_from(["0", "1"])
_admin = st.one_of(
    st.builds("nick='{}' role='{}'".format, _nick, st.sampled_from(["none", "visitor", "participant", "moderator"])),
    st.builds(
        "jid='{}' affiliation='{}'".format,
        st.sampled_from(USERS),
        st.sampled_from(["outcast", "none", "member", "admin", "owner"]),
    ),
)
_form = st.builds(
    lambda **fields: submit(fields),
    membersonly=_flags,
    moderatedroom=_flags,
    whois=st.sampled_from(["anyone", "moderators"]),
    presencebroadcast=st.sampled_from([("moderator", "participant", "visitor"), ("moderator",), ("participant",)]),
    **{"muc#maxhistoryfetch": st.sampled_from(["0", "2", "20"])},
)
_join = st.builds(f"<presence to='{ROOM}/{{}}'><x xmlns='{ns.MUC}'/>{{}}</presence>".format, _nick, _shows)
_request = f"<iq type='set' id='a' to='{ROOM}'><query xmlns='{{}}'>{{}}</query></iq>"
_changes = st.one_of(
    st.builds(_request.format, st.just(ns.MUC_ADMIN), st.builds("<item {}/>".format, _admin)),
    st.builds(_request.format, st.just(ns.MUC_OWNER), _form),
)
_gone = f"<error type='cancel'><gone xmlns='{ns.STANZAS}'/></error>"
_stanza = st.one_of(
    _join,
    _join,
    st.builds(f"<presence to='{ROOM}/{{}}'>{{}}</presence>".format, _nick, _shows),
    st.just(f"<presence to='{ROOM}/a' type='unavailable'/>"),
    st.just(f"<message to='{ROOM}' type='groupchat'><body>hello</body></message>"),
    st.just(f"<message to='{ROOM}' type='groupchat'><subject>tea</subject></message>"),
    st.just(f"<message to='{ROOM}' type='error'>{_gone}</message>"),
)
#: mostly what somebody does who may
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(JIDS), _stanza),
        st.tuples(st.sampled_from((JIDS[0], JIDS[0], JIDS[2])), _changes),
        st.tuples(st.sampled_from(JIDS), _changes),
    ),
    min_size=5,
    max_size=40,
)
#: so it begins: Ann owns it, Bob is an admin, all are there
BEGINNING = [
    ("ann@l/1", f"<presence to='{ROOM}/a'><x xmlns='{ns.MUC}'/></presence>"),
    ("ann@l/1", _request.format(ns.MUC_ADMIN, "<item jid='bob@l' affiliation='admin'/>")),
    *[
        (f"{user}/1", f"<presence to='{ROOM}/{nick}'><x xmlns='{ns.MUC}'/></presence>")
        for user, nick in zip(USERS[1:], NICKS[1:], strict=True)
    ],
]


class Views:
    """What each client believes: who is in the room, by what it was told."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, dict[str, str]]] = {}

    def hear(self, jid: str, told: Element) -> None:
        """One stanza. A client that is told of its own end forgets all."""
        if told.name != "presence" or told.get("type") == "error":
            return
        nick, own = (told.get("from") or "").partition("/")[2], 110 in codes(told)
        view = self.of.setdefault(jid, {})
        if told.get("type") == "unavailable":
            view.pop(nick, None)
            if own and 303 not in codes(told):
                self.of.pop(jid)
        else:
            view[nick] = {key: value for key, value in item(told).items() if key in ("role", "affiliation")}


def check(room: ChatRoom) -> None:
    """What always holds."""
    assert room.owners(), "a room has an owner"
    assert {full: nick for nick, one in room.occupants.items() for full in [jid.full for jid in one.jids]} == room.nicks
    for nick, one in room.occupants.items():
        affiliation = room.affiliation(one.user)
        assert one.nick == nick
        assert one.seats
        assert {jid.bare for jid in one.jids} == {one.user.bare}, "one nick, one account"
        assert one.role is not Role.NONE
        assert affiliation is not OUTCAST
        assert not room.config.members_only or may(affiliation, P.ENTER_MEMBERS_ONLY)
        assert affiliation < ADMIN or one.role is Role.MODERATOR, "admins and owners are moderators"
    assert len(room.history) <= room.config.history


def expected(room: ChatRoom, jid: str) -> dict[str, dict[str, str]]:
    """Who is there, to a client: all whose presence is told, and itself."""
    own = room.nicks[jid]
    return {
        nick: {"affiliation": room.affiliation(one.user).word, "role": one.role.word}
        for nick, one in room.occupants.items()
        if nick == own or room.config.shows(one.role)
    }


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_what_always_holds_and_each_client_believes_what_is_so(steps: list[tuple[str, str]]) -> None:
    den, views = Den(RoomConfig(persistent=True), None, "ann@l"), Views()
    shown = den.config.broadcast
    for jid, xml in [*BEGINNING, *steps]:
        before = den.room
        if before is None:
            return
        try:
            den.send(jid, xml)
        except StanzaError:
            assert den.room is before, "who is refused changes nothing"
            continue
        assert den.outcome is not None
        for effect in den.outcome.effects:
            for to in getattr(effect, "to", ()):
                views.hear(to.full, effect.stanza.el)  # type: ignore[union-attr]  # none there: it fails
        if den.room is None:
            return
        check(den.room)
        if den.room.config.broadcast != shown:
            return  # who is there is told anew to who enters only
        assert {one: views.of[one] for one in den.room.nicks} == {
            one: expected(den.room, one) for one in den.room.nicks
        }
        assert set(views.of) == set(den.room.nicks)


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from(JIDS))
def test_who_enters_gets_the_others_then_itself_then_messages_then_the_subject(
    steps: list[tuple[str, str]], jid: str
) -> None:
    den = Den(RoomConfig(persistent=True), None, "ann@l")
    for sender, xml in [*BEGINNING, *steps]:
        try:
            den.send(sender, xml)
        except StanzaError:
            continue
        if den.room is None:
            return
    if den.room is None or jid in den.room.nicks:
        return
    den.forget()
    try:
        got = den.join(jid, "new")
    except StanzaError:
        return
    kinds = [
        "own" if one.name == "presence" and 110 in codes(one)
        else "other" if one.name == "presence"
        else "subject" if one.child("subject") is not None and one.child("body") is None
        else "message"
        for one in got
    ]  # fmt: skip
    order = ["other", "own", "message", "subject"]
    assert kinds == sorted(kinds, key=order.index)
    assert (kinds.count("own"), kinds.count("subject")) == (1, 1)


def test_what_is_for_nobody_here_is_refused() -> None:
    den = three()
    refused("service-unavailable", den.ask, "ann@l/1", "<query xmlns='urn:nothing'/>")
    assert den.send("bob@l/2", f"<message to='{ROOM}' type='headline'><body>x</body></message>") == []
    assert muc_presence.sees_jids(den.room, den.room.occupants["ann"])  # type: ignore[arg-type, union-attr]
    assert JID.parse("bob@l/2") in list(den.room.seats())  # type: ignore[union-attr]  # none there: it fails
