"""test_query — what clients ask of an archive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xmpp_core import dataforms, ns, parser
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.rsm import PageRequest
from xmppd.archive import query
from xmppd.archive.query import FULLTEXT, MOST, USUAL, MamQuery


def field(var: str, *values: str) -> str:
    return f"<field var='{var}'>{''.join([f'<value>{value}</value>' for value in values])}</field>"


def form(*fields: str, type_: str = "submit", form_type: str = ns.MAM) -> str:
    return f"<x xmlns='{ns.DATA_FORMS}' type='{type_}'>{field('FORM_TYPE', form_type)}{''.join(fields)}</x>"


def read(inside: str = "", attrs: str = "", words: bool = False) -> MamQuery:
    return query.parse(parser.parse_written(f"<query xmlns='{ns.MAM}'{attrs}>{inside}</query>"), words)


def test_nothing_said_is_all() -> None:
    assert read() == MamQuery()
    assert (read().limit, read(attrs=" queryid='f27'").queryid) == (USUAL, "f27")


def test_all_that_can_be_said() -> None:
    set_ = f"<set xmlns='{ns.RSM}'><max>10</max><before/></set><flip-page/>"
    fields = [
        field("with", "juliet@capulet.lit"),
        field("start", "2010-06-07T00:00:00Z"),
        field("end", "2010-07-07T13:23:54Z"),
        field("after-id", "a"),
        field("before-id", "b"),
        field("ids", "1", "2"),
        field(FULLTEXT, "balcony"),
    ]
    assert read(form(*fields) + set_, words=True) == MamQuery(
        None,
        JID.parse("juliet@capulet.lit"),
        datetime(2010, 6, 7, tzinfo=UTC),
        datetime(2010, 7, 7, 13, 23, 54, tzinfo=UTC),
        "b",
        "a",
        ("1", "2"),
        "balcony",
        PageRequest(10, before=""),
        True,
    )


def test_pages_are_bounded() -> None:
    assert read(f"<set xmlns='{ns.RSM}'><max>100000</max></set>").limit == MOST
    assert read(f"<set xmlns='{ns.RSM}'><max>0</max></set>").limit == 0


@pytest.mark.parametrize(
    ("inside", "condition"),
    [
        (form(field("nonsense", "1")), "feature-not-implemented"),
        (form(field(FULLTEXT, "x")), "feature-not-implemented"),
        (form(field("with", "@")), "bad-request"),
        (form(field("start", "yesterday")), "bad-request"),
        (form(field("end", "2010-07-07")), "bad-request"),
        (form(form_type="urn:xmpp:mam:1"), "bad-request"),
        (form(type_="form"), "bad-request"),
        (form(field("ids", *[str(n) for n in range(MOST + 1)])), "policy-violation"),
        (f"<set xmlns='{ns.RSM}'><index>5</index></set>", "feature-not-implemented"),
        (f"<set xmlns='{ns.RSM}'><max>x</max></set>", "bad-request"),
    ],
)
def test_what_is_refused(inside: str, condition: str) -> None:
    with pytest.raises(StanzaError) as refused:
        read(inside)
    assert refused.value.condition == condition


@pytest.mark.parametrize("attrs", [" node='x'", f" queryid='{'x' * 300}'"])
def test_what_is_refused_of_the_query_itself(attrs: str) -> None:
    with pytest.raises(StanzaError):
        read(attrs=attrs)


def test_the_form_says_what_may_be_asked_and_demands_nothing() -> None:
    found = query.form(words=True).first()
    assert found is not None
    asked = dataforms.parse(found)
    assert {item.var: item.type for item in asked.fields} == {
        "FORM_TYPE": "hidden",
        "with": "jid-single",
        "start": "text-single",
        "end": "text-single",
        "before-id": "text-single",
        "after-id": "text-single",
        "ids": "list-multi",
        FULLTEXT: "text-single",
    }
    assert "required" not in found.to_xml()
    assert f"<validate xmlns='{ns.VALIDATE}' datatype='xs:string'><open/></validate>" in found.to_xml()
    assert FULLTEXT not in query.form().to_xml()
