"""matters — whether a message is worth waking somebody's telephone for.

Way:      mod_push → [matters]
XEP:      0357 (what is an event is left to the server), 0280 and 0297 (copies), 0353 and 0482 (calls), 0384 (keys
          without words)
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID, JidError


class Weight(IntEnum):
    """NOTHING: it can wait until the client comes by itself; MESSAGE: somebody wrote; CALL: somebody waits now."""

    NOTHING = 0
    MESSAGE = 1
    CALL = 2


_TYPES: Final = frozenset({"chat", "normal", "groupchat"})
#: encrypted words; of OMEMO only with <payload/>: without, it is about keys
_SEALED: Final = frozenset({ns.OPENPGP, ns.ENCRYPTED})
_OMEMO: Final = frozenset({ns.OMEMO, ns.OMEMO_OLD})
_CALLS: Final = {ns.JINGLE_MESSAGE: "propose", ns.CALL_INVITES: "invite"}


def weight(message: Element, owner: JID) -> Weight:
    """How much a message that is for `owner` (a bare JID) matters; of a copy that was received, the original."""
    copy = message.child("received", ns.CARBONS)
    if copy is None:
        return _weight(message, owner)
    forwarded = copy.child("forwarded", ns.FORWARD)
    original = forwarded.child("message", ns.CLIENT) if forwarded is not None else None
    return _weight(original, owner) if original is not None else Weight.NOTHING


def _weight(message: Element, owner: JID) -> Weight:
    type_ = message.get("type") or "normal"
    if type_ not in _TYPES or _bare(message.get("from")) == owner.bare:
        return Weight.NOTHING
    return max([_of(child) for child in message.elements()], default=Weight.NOTHING)


def _of(child: Element) -> Weight:
    space, name = child.ns, child.name
    if _CALLS.get(space) == name:
        return Weight.CALL
    if space == ns.CLIENT:
        matters = name == "body" and bool(child.text())
    elif space in _OMEMO:
        matters = child.child("payload", space) is not None
    elif space == ns.MUC_USER:
        matters = child.child("invite", space) is not None
    else:
        matters = space in _SEALED or (space, name) == (ns.INVITE, "x")
    return Weight.MESSAGE if matters else Weight.NOTHING


def _bare(address: str | None) -> str:
    try:
        return JID.parse(address).bare if address else ""
    except JidError:
        return ""
