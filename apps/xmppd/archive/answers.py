"""answers — finds what a query asks for, and writes it as the client reads it.

Way:      mod_mam, mod_muc → [answers] → archive.pages; results → the c2s that asks, before the answer
XEP:      0313 §4, §5; 0297 (forwarded), 0203 (when it came)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from otp.erts import process
from xmpp_core import escape, ns, rsm, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.rsm import Page
from xmpp_core.stanza import Iq
from xmppd.archive import pages, sequence, words
from xmppd.archive.ids import ArchiveIds
from xmppd.archive.pages import Part
from xmppd.archive.query import MamQuery
from xmppd.archive.sequence import END
from xmppd.archive.tables import ArchivedMessage
from xmppd.routing.context import ANSWER, Context
from xmppd.routing.deliver import Deliver
from xmppd.routing.session import C2sSession
from xmppd.routing.written_message import WrittenMessage

#: how far messages are counted for who asks for their number only
MOST_COUNTED = 1000


async def find(owner: JID, asked: MamQuery, ids: ArchiveIds, *, nicks: bool = False) -> Page[ArchivedMessage]:
    """The page of an archive that a query asks for, the messages in the order in which they came. `nicks`: the archive
    is a room's, and the resources in it are those who speak there. Raises StanzaError item-not-found for ids that are
    not there (any more), StoreError."""
    who = (owner.domain, owner.local)
    given = [id_ for id_ in (asked.after_id, asked.page.after, asked.before_id, asked.page.before) if id_]
    numbers = await _numbers(owner, [*given, *asked.ids], ids)
    after = [numbers[id_] for id_ in (asked.after_id, asked.page.after) if id_]
    before = [numbers[id_] for id_ in (asked.before_id, asked.page.before) if id_]
    if asked.start is not None:
        after.append(sequence.before(asked.start))
    if asked.end is not None:
        before.append(sequence.behind(asked.end))
    peer, resource = (asked.with_.bare, asked.with_.resource) if asked.with_ is not None else ("", "")
    part = Part(peer, resource if nicks or peer != owner.bare else "", max(after, default=-1), min(before, default=END))
    if asked.words:
        part = replace(part, words=words.asked(asked.words)[: words.MOST_ASKED])
    if asked.ids:
        return await _of_these(who, asked, part, sorted({numbers[id_] for id_ in asked.ids}))
    if asked.limit == 0:
        number = await pages.count(who, part, MOST_COUNTED)
        return Page((), complete=number == 0, count=number)
    rows, complete = await pages.read(who, part, asked.limit, backwards=asked.page.backwards)
    return Page(rows, complete=complete)


async def _of_these(who: pages.Who, asked: MamQuery, part: Part, numbers: Sequence[int]) -> Page[ArchivedMessage]:
    rows = [row for row in await pages.read_these(who, numbers) if row is not None and part.has(row)]
    page = rsm.PageRequest(asked.limit, before="" if asked.page.backwards else None)
    return rsm.cut(rows, page, lambda row: str(row.seq), asked.limit)


async def _numbers(owner: JID, given: Sequence[str], ids: ArchiveIds) -> dict[str, int]:
    """The numbers of messages that are there, by their ids."""
    found: dict[str, int] = {}
    for id_ in dict.fromkeys(given):
        seq = ids.decode(owner.bare, id_)
        if seq is None or (await pages.read_these((owner.domain, owner.local), [seq]))[0] is None:
            raise StanzaError("item-not-found", "the archive has no such message (any more)")
        found[id_] = seq
    return found


def send(
    session: C2sSession, owner: JID, rows: Sequence[ArchivedMessage], asked: MamQuery, ids: ArchiveIds
) -> tuple[str, ...]:
    """To the own mailbox, so before the answer; who loses its connection asks again. The ids that were sent."""
    context, sent = Context(for_one=ANSWER), []
    for id_, message in results(owner, session.jid, rows, asked, ids):
        sent.append(id_)
        process.send(session.pid, Deliver(message, (), context))
    return tuple(sent)


def results(
    owner: JID, to: JID, rows: Sequence[ArchivedMessage], asked: MamQuery, ids: ArchiveIds
) -> Iterator[tuple[str, WrittenMessage]]:
    """Each message of a page with its id, as it is sent to who asks."""
    queryid = f" queryid='{escape.attr(asked.queryid)}'" if asked.queryid is not None else ""
    for row in reversed(rows) if asked.flipped else rows:
        id_ = ids.encode(owner.bare, row.seq)
        yield id_, WrittenMessage(owner, to, _result(row, id_, queryid))


def _result(row: ArchivedMessage, id_: str, queryid: str) -> str:
    delay = f"<delay xmlns='{ns.DELAY}' stamp='{came(row)}'/>"
    forwarded = f"<forwarded xmlns='{ns.FORWARD}'>{delay}{row.xml}</forwarded>"
    return f"<result xmlns='{ns.MAM}' id='{id_}'{queryid}>{forwarded}</result>"


def came(row: ArchivedMessage) -> str:
    """When a message came, as a stamp."""
    return stamp.from_epoch(sequence.seconds(row.seq))


def fin(iq: Iq, page: Page[ArchivedMessage], name: Callable[[int], str]) -> Iq:
    """The answer: which page that was, and whether there is more. XEP: 0313 §4.3"""
    rows = page.items
    first, last = (name(rows[0].seq), name(rows[-1].seq)) if rows else ("", "")
    which = Page(rows, first, last, count=page.count).to_element()
    return iq.result(el("fin", ns.MAM, {"complete": "true" if page.complete else None}, which))


def metadata(ends: tuple[ArchivedMessage, ArchivedMessage] | None, name: Callable[[int], str]) -> Element:
    """<metadata/>, empty for an empty archive. XEP: 0313 §5"""
    marks = [
        el(where, ns.MAM, {"id": name(row.seq), "timestamp": came(row)})
        for where, row in zip(("start", "end"), ends or (), strict=False)
    ]
    return el("metadata", ns.MAM, None, *marks)
