"""rules — which messages an archive keeps.

Way:      mod_mam, mod_muc → [rules]
XEP:      0313 §5.1.1, 0334 (hints), 0359 §6 (marks that nobody may forge), 0424; and what clients look for when they
          catch up: encrypted messages, receipts, markers, reactions, calls, invitations
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element

#: it has a stanza-id, of whomever
MARKED: Final = 1
#: somebody wants it later
CONTENT: Final = 2
#: it must not be kept, or it must (hints)
NO_STORE: Final = 4
STORE: Final = 8
#: it is a copy, or what an archive or a node has sent: the original is what counts
DERIVED: Final = 16
#: it takes another one back
RETRACTS: Final = 32

TYPES: Final = frozenset({"chat", "normal"})
_BY_NS: Final = {
    ns.STANZA_ID: MARKED,
    ns.RECEIPTS: CONTENT,
    ns.MARKERS: CONTENT,
    ns.REACTIONS: CONTENT,
    ns.CORRECT: CONTENT,
    ns.RETRACT: CONTENT | RETRACTS,
    ns.FASTEN: CONTENT,
    ns.JINGLE_MESSAGE: CONTENT,
    ns.CALL_INVITES: CONTENT,
    ns.INVITE: CONTENT,
    ns.FILE_SHARING: CONTENT,
    ns.OMEMO: CONTENT,
    ns.OMEMO_OLD: CONTENT,
    ns.OPENPGP: CONTENT,
    ns.ENCRYPTED: CONTENT,
    ns.CARBONS: DERIVED,
    ns.MAM: DERIVED,
    ns.PUBSUB_EVENT: DERIVED,
}
_BY_HINT: Final = {"no-store": NO_STORE, "no-permanent-store": NO_STORE, "store": STORE}
_NOT_A_COPY: Final = frozenset({"private"})


def look(children: Iterable[Element | str]) -> int:
    """What stands in a message, as flags: one look at each of its elements."""
    flags = 0
    for child in children:
        if isinstance(child, str):
            continue
        space, name = child.ns, child.name
        if space == ns.CLIENT:
            if name in ("body", "subject"):
                flags |= CONTENT
        elif space == ns.HINTS:
            flags |= _BY_HINT.get(name, 0)
        elif space == ns.STANZA_ID:
            if name == "stanza-id":
                flags |= MARKED
        elif space == ns.MUC_USER:
            if child.child("invite") is not None or child.child("decline") is not None:
                flags |= CONTENT
        elif not (space == ns.CARBONS and name == "private"):
            flags |= _BY_NS.get(space, 0)
    return flags


def is_kept(type_: str, flags: int) -> bool:
    """Whether a message of this type and with these flags is one that archives keep. XEP: 0313 §5.1.1, 0334 §4"""
    if type_ not in TYPES or flags & (NO_STORE | DERIVED):
        return False
    return bool(flags & (CONTENT | STORE))


def retracted(message: Element) -> str:
    """The id of the message that this one takes back, "" if it does not. XEP: 0424 §4"""
    found = message.child("retract", ns.RETRACT)
    return (found.get("id") or "") if found is not None else ""
