"""room_archive — a room's archive, for those who may know what was said there.

Way:      mod_muc → [room_archive] → archive.pages; results → whoever asks, before the answer
XEP:      0313 §5 (rooms); 0045 §5.2 (who may enter)
"""

from __future__ import annotations

from functools import partial

from otp.erts import process
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc.roles import AFFILIATIONS, MEMBER, OUTCAST
from xmpp_core.stanza import Iq
from xmppd.archive import answers, keeping, pages, query
from xmppd.gen_mod import Mod
from xmppd.muc import room_delivery, room_disco
from xmppd.muc.room_requests import RoomSettled
from xmppd.muc.room_server import ROOMS
from xmppd.routing import router
from xmppd.routing.context import ANSWER, Context, Origin
from xmppd.routing.deliver import Deliver
from xmppd.routing.written_message import WrittenMessage


async def query_of(iq: Iq, mod: Mod) -> Iq:
    """The form, or a page. Raises StanzaError."""
    room = await _readable(iq, mod)
    if iq.type == "get":
        return iq.result(query.form())
    assert iq.payload is not None
    assert iq.from_ is not None
    asked, ids = query.parse(iq.payload), await keeping.ids()
    page = await answers.find(room, asked, ids, nicks=True)
    for _, message in answers.results(room, iq.from_, page.items, asked, ids):
        await _send(message, iq.from_)
    return answers.fin(iq, page, partial(ids.encode, room.bare))


async def ends_of(iq: Iq, mod: Mod) -> Iq:
    """The first and the last message. Raises StanzaError."""
    room, ids = await _readable(iq, mod), await keeping.ids()
    return iq.result(answers.metadata(await pages.ends((room.domain, room.local)), partial(ids.encode, room.bare)))


async def _readable(iq: Iq, mod: Mod) -> JID:
    """The room, once all that was said there is to be found. Raises StanzaError for who may not know it."""
    assert iq.to is not None
    seen = await room_disco.look(iq, mod)
    affiliation = AFFILIATIONS[seen.affiliation]
    if not seen.archive:
        raise StanzaError("service-unavailable", "this room keeps no archive")
    if affiliation is OUTCAST or (seen.closed and affiliation < MEMBER and not seen.there):
        raise StanzaError("forbidden", "only who may enter reads the archive")
    await ROOMS.call(mod, iq.to.bare, RoomSettled())
    return iq.to.bare_jid()


async def _send(message: WrittenMessage, to: JID) -> None:
    session = room_delivery.session_of(to) if router.serves(to.domain) else None
    if session is not None:
        process.send(session.pid, Deliver(message, (), Context(Origin.SERVICE, for_one=ANSWER)))
    else:
        await router.route(message, Context(Origin.SERVICE, for_one=ANSWER))
