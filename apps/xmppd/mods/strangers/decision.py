"""decision — what becomes of a stanza of somebody whom the account does not know.

Way:      mod_strangers → [decision]
RFC:      6121 §3.1.3 (requests); §5.2 (messages)
XEP:      0045 §7.8.2 and 0249 (invitations), 0085 (states of a chat)

    a message, an invitation   HOLD, while there is room for it, else REFUSE
    a subscription request     PASS, while there are few, else DROP
    states, receipts, news     DROP
    all else                   PASS: what rooms say to their occupants, errors, presence, requests and answers
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from xmpp_core import ns
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Message, Presence, Stanza


class What(Enum):
    """What a stanza is to somebody who does not know its sender."""

    WORDS = "words"
    INVITATION = "invitation"
    REQUEST = "request"
    NOISE = "noise"
    OTHER = "other"


class Verdict(Enum):
    """PASS: it goes on; HOLD: it waits until the account knows the sender; DROP: it is gone; REFUSE: the sender hears
    that it cannot be delivered."""

    PASS = "pass"
    HOLD = "hold"
    DROP = "drop"
    REFUSE = "refuse"


#: what clients say to each other without words
_SILENT: Final = frozenset({ns.CHATSTATES, ns.HINTS, ns.RECEIPTS, ns.MARKERS, ns.STANZA_ID})


def what_is(stanza: Stanza) -> What:
    """See What."""
    if isinstance(stanza, Presence):
        return What.REQUEST if stanza.type == "subscribe" else What.OTHER
    if not isinstance(stanza, Message) or stanza.type in ("error", "groupchat"):
        return What.OTHER
    if inviter(stanza) is not None or stanza.el.child("x", ns.INVITE) is not None:
        return What.INVITATION
    if stanza.type == "headline":
        return What.NOISE
    says = any(child.ns not in _SILENT and child.name != "thread" for child in stanza.el.elements())
    return What.WORDS if says else What.NOISE


def inviter(stanza: Stanza) -> str | None:
    """Whose invitation a room passes on, a bare JID, "" for nobody's; None: it is none. XEP: 0045 §7.8.2"""
    room = stanza.el.child("x", ns.MUC_USER)
    invite = room.child("invite", ns.MUC_USER) if room is not None else None
    if invite is None:
        return None
    try:
        return JID.parse(invite.get("from") or "").bare
    except JidError:
        return ""


def speaker(stanza: Stanza) -> str:
    """Who has to be known, a bare JID: who invites, if a room says so, which is a bare JID itself; what a client sends
    has a resource, and speaks for nobody else."""
    from_ = stanza.from_
    if from_ is None:
        return ""
    invites = inviter(stanza) if not from_.resource else None
    return from_.bare if invites is None else invites


def judge(what: What, *, known: bool, has_room: bool, few_requests: bool) -> Verdict:
    """`has_room`: for one more that is held back of this sender; `few_requests`: of late."""
    if known:
        return Verdict.PASS
    match what:
        case What.WORDS | What.INVITATION:
            return Verdict.HOLD if has_room else Verdict.REFUSE
        case What.REQUEST:
            return Verdict.PASS if few_requests else Verdict.DROP
        case What.NOISE:
            return Verdict.DROP
        case What.OTHER:
            return Verdict.PASS
