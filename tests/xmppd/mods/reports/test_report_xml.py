"""report_xml — what is read of a report, whatever a client writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmppd.mods.reports.report_xml import (
    ABUSE,
    MOST_ID,
    MOST_IDS,
    MOST_REASON,
    MOST_TEXT,
    SPAM,
    SaidOf,
    read,
)


def item(jid: str, *children: Element, reason: str | None = SPAM) -> Element:
    report = el("report", ns.REPORTING, {"reason": reason}, *children)
    return el("item", ns.BLOCKING, {"jid": jid}, report)


def test_all_of_it() -> None:
    ids = [el("stanza-id", ns.STANZA_ID, {"by": "romeo@x", "id": name}) for name in ("1", "2")]
    text = el("text", ns.REPORTING, {"xml:lang": "en"}, " Never came trouble to my house like this. ")
    whole = item("romeo@x", *ids, text, el("report-origin", ns.REPORTING), el("third-party", ns.REPORTING))
    bare = item("c@d", reason=ABUSE)
    assert read([whole, bare]) == [
        SaidOf("romeo@x", SPAM, "Never came trouble to my house like this.", ("1", "2"), True, True),
        SaidOf("c@d", ABUSE),
    ]
    assert "trouble" not in repr(read([whole]))


def test_one_without_a_reason_is_none() -> None:
    assert read([item("a@b", reason=None), item("a@b", reason=""), el("item", ns.BLOCKING, {"jid": "a@b"})]) == []


@given(st.text(max_size=300), st.text(max_size=3000), st.lists(st.text(max_size=300), max_size=40))
def test_none_of_it_is_longer_than_is_kept(reason: str, text: str, ids: list[str]) -> None:
    marks = [el("stanza-id", ns.STANZA_ID, {"id": id_}) for id_ in ids]
    for said in read([item("a@b", *marks, el("text", ns.REPORTING, None, text), reason=reason)]):
        assert 0 < len(said.reason) <= MOST_REASON
        assert len(said.text) <= MOST_TEXT
        assert len(said.messages) <= MOST_IDS
        assert all(0 < len(id_) <= MOST_ID for id_ in said.messages)
