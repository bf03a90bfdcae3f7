"""report_xml — what a client says of somebody whom it blocks.

Way:      mod_reports → [report_xml] → queue
XEP:      0377 §4 (the payload), §5 (what may be done with it), §6 (which messages)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID, JidError

SPAM: Final = "urn:xmpp:reporting:spam"
ABUSE: Final = "urn:xmpp:reporting:abuse"
#: characters of a reason, of the words, of an id; messages that are named
MOST_REASON: Final = 200
MOST_TEXT: Final = 2000
MOST_ID: Final = 200
MOST_IDS: Final = 20


@dataclass(frozen=True, slots=True)
class SaidOf:
    """Of `about` (a JID): `reason` is a URN; `messages` are the ids of the worst ones; `origin`, `others`: the server
    of `about`, and others, may be told."""

    about: str
    reason: str
    text: str = field(default="", repr=False)
    messages: tuple[str, ...] = ()
    origin: bool = False
    others: bool = False


def read(items: Iterable[Element]) -> list[SaidOf]:
    """The reports in the items of a block. One without a reason is none: the block is what counts. XEP: 0377 §6"""
    found = [_read(item) for item in items]
    return [said for said in found if said is not None]


def _read(item: Element) -> SaidOf | None:
    report = item.child("report", ns.REPORTING)
    reason = report.get("reason") if report is not None else None
    if report is None or not reason:
        return None
    try:
        about = JID.parse(item.get("jid") or "").full
    except JidError:
        return None
    ids = [mark.get("id") or "" for mark in report.elements("stanza-id", ns.STANZA_ID)]
    return SaidOf(
        about,
        reason[:MOST_REASON],
        (report.child_text("text", ns.REPORTING) or "").strip()[:MOST_TEXT],
        tuple([id_ for id_ in ids if id_ and len(id_) <= MOST_ID][:MOST_IDS]),
        report.child("report-origin", ns.REPORTING) is not None,
        report.child("third-party", ns.REPORTING) is not None,
    )
