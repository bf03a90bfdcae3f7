"""unacknowledged — what the client of a session that ends has not acknowledged goes to others, or back.

Way:      mod_stream_management (SessionRedeliverHook) → [unacknowledged] → users.again, router
Process:  runs in the c2s that ends
RFC:      6121 §8.5.3.2 (as if the resource had not been there)
XEP:      0198 §4 (unhandled stanzas), 0203 (the time of the first attempt); 0045: a room that gets an error lets the
          occupant go
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from otp.erts import process
from xmpp_core import ns, parser, stamp
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, from_element
from xmpp_core.stream_management import ARCHIVED, GROUPCHAT, MESSAGE, REQUEST, KeptStanza
from xmppd.routing import faults, router, users
from xmppd.routing.context import Context
from xmppd.routing.deliver import Deliver
from xmppd.routing.redeliver import ends_here

_SHARE = 20
_SENT_ON = frozenset({MESSAGE, ARCHIVED, GROUPCHAT, REQUEST})
#: what stands for the id in an archive: that there is one
_SOME_ID = "-"


async def send_on(entries: Sequence[KeptStanza], jid: JID) -> bool:
    """Send on what was for the session of a full JID and is more than presence and the like, in its order; whether
    there was any. One that fails does not keep the others."""
    wanted = [entry for entry in entries if entry.kind in _SENT_ON]
    rooms: set[str] = set()
    for number, entry in enumerate(wanted, 1):
        [element] = parser.parse_all_written([entry.xml], in_stream=True)
        if isinstance(element, Unreadable):
            faults.log(element, f"sending on what {jid} has not acknowledged")
            continue
        await _send_on(entry, element, jid, rooms)
        if number % _SHARE == 0:
            await process.give_way()
    return bool(wanted)


async def _send_on(entry: KeptStanza, element: Element, jid: JID, rooms: set[str]) -> None:
    stanza = from_element(element)
    try:
        if entry.kind in (MESSAGE, ARCHIVED):
            answer = await _message(entry, stanza, jid)
        elif entry.kind == GROUPCHAT:
            answer = _to_room(stanza, rooms)
        else:
            answer = _to_asker(stanza, jid) if entry.kind == REQUEST else None
    except Exception as error:
        answer = faults.answer(stanza, error)
    if answer is not None and answer.to is not None:
        await router.route(answer)


async def _message(entry: KeptStanza, stanza: Stanza, jid: JID) -> Stanza | None:
    """To another session of the account, or the store; its stages and its copies are behind it. What an archive has
    answered stays there."""
    if stanza.from_ == jid.bare_jid() and stanza.el.child("result", ns.MAM) is not None:
        return None
    archived = _SOME_ID if entry.kind == ARCHIVED else ""
    context = Context(archive_id=archived, no_copy=True, first_sent=entry.first_sent, staged=True)
    if ends_here(Deliver(stanza, entry.others, context)):
        return None
    return await users.again(_delayed(stanza, entry.first_sent, jid.domain), context)


def _delayed(stanza: Stanza, first_sent: int, host: str) -> Stanza:
    """With the time of the first attempt, unless a time of ours stands there."""
    for child in stanza.el.elements():
        if child.ns == ns.DELAY and child.get("from") == host:
            return stanza
    when = datetime.fromtimestamp(first_sent / 1000, UTC)
    return stanza.with_el(stanza.el.with_children(*stanza.el.children, stamp.delay(host, when)))


def _to_room(stanza: Stanza, rooms: set[str]) -> Stanza | None:
    """Once to each."""
    if stanza.from_ is None or stanza.from_.bare in rooms:
        return None
    rooms.add(stanza.from_.bare)
    return faults.bounce(stanza, StanzaError("recipient-unavailable"))


def _to_asker(stanza: Stanza, jid: JID) -> Stanza | None:
    """What the server pushes in the account's own name, nobody waits for an answer to."""
    if stanza.from_ is None or stanza.from_ == jid.bare_jid():
        return None
    return faults.bounce(stanza, StanzaError("service-unavailable"))
