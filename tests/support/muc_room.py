"""muc_room — a room without a process: what somebody sends it changes it, and `told` is what its occupants get.

den = Den()
den.join("ann@l/1", "ann")            # makes the room, which is locked
den.open()
den.join("bob@l/2", "bob")
assert den.told("bob@l/2")[-1].name == "message"
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from xmpp_core import ns, parser
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import entering, room_events
from xmpp_core.muc.entering import EntryRules
from xmpp_core.muc.roles import RoomAffiliation
from xmpp_core.muc.room import Affiliated, ArchivedTarget, ChatRoom, Mark, Said
from xmpp_core.muc.room_config import RoomConfig
from xmpp_core.muc.room_draft import KeepSaid, Outcome, RoomAnswer, RoomDraft, Send, TakeBack, Tell
from xmpp_core.stanza import Stanza, from_element

ROOM = JID.parse("den@conference.l")
ANN, BOB, CAT, DAN = "ann@l/1", "bob@l/2", "cat@l/3", "dan@l/4"


def stanza(xml: str, sender: str) -> Stanza:
    """As the server gets it from a client."""
    el_ = parser.parse_document(f"<x xmlns='jabber:client'>{xml}</x>").first()
    assert el_ is not None
    return from_element(el_, JID.parse(sender))


class Den:
    """See the head of this file. `sent`: what went to others, by address; `kept`: what went to the archive."""

    def __init__(self, config: RoomConfig | None = None, rules: EntryRules | None = None, *owners: str) -> None:
        self.config, self.rules = config or RoomConfig(), rules or EntryRules()
        self.room: ChatRoom | None = None
        self.now, self.seq = 1_000_000.0, 0
        self.got: defaultdict[str, list[Element]] = defaultdict(list)
        self.sent: list[Element] = []
        self.kept: list[Said] = []
        self.outcome: Outcome | None = None
        self.target: ArchivedTarget | None = None
        self.taken_back: list[TakeBack] = []
        if owners:
            rows = {owner: Affiliated(RoomAffiliation.OWNER) for owner in owners}
            self.room = ChatRoom(ROOM, self.config, rows, salt=b"salt")

    # -- what somebody sends

    def send(self, sender: str, xml: str) -> list[Element]:
        """A stanza; what its sender is told then. Raises StanzaError."""
        one = stanza(xml, sender)
        new = self.room is None
        if self.room is None:
            assert one.from_ is not None
            room = entering.created(ROOM, one.from_.bare_jid(), self.config, b"salt")
        else:
            room = self.room
        draft = RoomDraft(room, self.now)
        self.seq += 1
        keep = one.kind == "message" and one.el.child("no-store", ns.HINTS) is None
        mark = Mark(self.seq, f"id{self.seq}", keep, self.target)
        room_events.handle(draft, one, self.rules, mark, new=new)
        self.take(draft.done(), sender)
        return self.told(sender)

    def take(self, outcome: Outcome, sender: str = "") -> None:
        """What follows."""
        self.outcome, self.room = outcome, outcome.room
        self.now += 1.0
        for effect in outcome.effects:
            match effect:
                case Tell(told, to):
                    for jid in to:
                        self.got[jid.full].append(told.el)
                case RoomAnswer(told):
                    self.got[sender].append(told.el)
                case Send(told):
                    self.sent.append(told.el)
                case KeepSaid(said):
                    self.kept.append(said)
                case TakeBack():
                    self.taken_back.append(effect)

    def join(self, jid: str, nick: str, inside: str = "", more: str = "") -> list[Element]:
        """Enters."""
        return self.send(jid, f"<presence to='{ROOM}/{nick}'><x xmlns='{ns.MUC}'>{inside}</x>{more}</presence>")

    def leave(self, jid: str, nick: str = "x") -> list[Element]:
        return self.send(jid, f"<presence to='{ROOM}/{nick}' type='unavailable'/>")

    def say(self, jid: str, text: str, more: str = "") -> list[Element]:
        return self.send(
            jid, f"<message to='{ROOM}' type='groupchat' id='{text}'><body>{text}</body>{more}</message>"
        )  # fmt: skip

    def subject(self, jid: str, text: str) -> list[Element]:
        return self.send(jid, f"<message to='{ROOM}' type='groupchat'><subject>{text}</subject></message>")

    def admin(self, jid: str, *items: str, type_: str = "set") -> list[Element]:
        """Items of muc#admin, by their attributes and what is in them."""
        inside = "".join([f"<item {one.partition('|')[0]}>{one.partition('|')[2]}</item>" for one in items])
        return self.ask(jid, f"<query xmlns='{ns.MUC_ADMIN}'>{inside}</query>", type_)

    def owner(self, jid: str, inside: str = "", type_: str = "set") -> list[Element]:
        return self.ask(jid, f"<query xmlns='{ns.MUC_OWNER}'>{inside}</query>", type_)

    def ask(self, jid: str, payload: str, type_: str = "get", to: str = str(ROOM)) -> list[Element]:
        return self.send(jid, f"<iq type='{type_}' id='q' to='{to}'>{payload}</iq>")

    def open(self, jid: str = ANN, **fields: str | tuple[str, ...]) -> list[Element]:
        """The form comes back with these fields, of muc#roomconfig."""
        return self.owner(jid, submit(fields))

    # -- what they are told

    def told(self, jid: str) -> list[Element]:
        """All since the last time."""
        return self.got.pop(jid, [])

    def forget(self) -> None:
        """What was told so far."""
        self.got.clear()
        self.sent.clear()
        self.kept.clear()


def submit(fields: dict[str, Any] | None = None, type_: str = "submit") -> str:
    """<x/>, with fields of muc#roomconfig by the last part of their names, or whole ones."""
    rows = "".join([_field(var, value) for var, value in (fields or {}).items()])
    hidden = f"<field var='FORM_TYPE'><value>{ns.MUC}#roomconfig</value></field>" if rows else ""
    return f"<x xmlns='{ns.DATA_FORMS}' type='{type_}'>{hidden}{rows}</x>"


def _field(var: str, value: str | tuple[str, ...]) -> str:
    values = (value,) if isinstance(value, str) else value
    name = var if "#" in var else f"muc#roomconfig_{var}"
    return f"<field var='{name}'>{''.join([f'<value>{one}</value>' for one in values])}</field>"


def codes(element: Element) -> list[int]:
    """The status codes of a presence or message."""
    x = element.child("x", ns.MUC_USER)
    return [int(one.get("code") or 0) for one in x.elements("status")] if x is not None else []


def item(element: Element) -> dict[str, str]:
    """The attributes of <item/>."""
    x = element.child("x", ns.MUC_USER)
    found = x.child("item") if x is not None else None
    return dict(found.attrs) if found is not None else {}


def short(elements: list[Element]) -> list[str]:
    """What came, a word for each: who it is from, its kind or type."""
    return [f"{(one.get('from') or '').partition('/')[2]} {one.get('type') or one.name}".strip() for one in elements]


def refused(condition: str, fn: Any, *args: Any, **more: Any) -> StanzaError:
    """It is refused with this condition."""
    with pytest.raises(StanzaError) as raised:
        fn(*args, **more)
    assert raised.value.condition == condition
    return raised.value


def three(config: RoomConfig | None = None) -> Den:
    """A room of Ann's, with Bob and Cat in it; nothing is told yet."""
    den = Den(config)
    den.join(ANN, "ann")
    den.open()
    den.join(BOB, "bob")
    den.join(CAT, "cat")
    den.forget()
    return den
