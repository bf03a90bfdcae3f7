"""test_dataforms — forms there and back, and what an answer may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.dataforms import FIELD_TYPES, Field, Form, Option, find, parse
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError

BOT = Form(
    type="form",
    title="Bot",
    instructions="Fill in\nall of it",
    fields=(
        Field("FORM_TYPE", ("jabber:bot",), "hidden"),
        Field("name", type="text-single", label="Name", desc="What it is called", required=True),
        Field("public", ("0",), "boolean"),
        Field("maxsubs", ("20",), "list-single", options=(Option("10", "ten"), Option("20"))),
        Field("features", ("news",), "list-multi", options=(Option("news"), Option("search"))),
        Field("invite", type="jid-multi"),
        Field("", ("Section 1",), "fixed"),
    ),
)


def condition(answer: Form) -> str:
    with pytest.raises(StanzaError) as refused:
        BOT.check(answer)
    return refused.value.condition


def test_a_form_is_read_as_it_was_written() -> None:
    assert parse(BOT.to_element()) == BOT


def test_a_table_of_results() -> None:
    table = Form(
        "result",
        reported=(Field("name", type="text-single", label="Name"),),
        items=((Field("name", ("a",)),), (Field("name", ("b",)),)),
    )
    assert parse(table.to_element()) == table


values = st.lists(st.text("ab<&'\"é ", max_size=4), max_size=3).map(tuple)
fields = st.builds(
    Field,
    var=st.uuids().map(str),
    values=values,
    type=st.sampled_from(["", *sorted(FIELD_TYPES)]),
    label=st.text("ab", max_size=3),
    required=st.booleans(),
    options=st.lists(st.builds(Option, st.text("xy", max_size=2), st.text("ab", max_size=2)), max_size=2).map(tuple),
)


@given(st.builds(Form, st.sampled_from(["form", "submit", "result"]), st.lists(fields, max_size=4).map(tuple)))
def test_round_trip(form: Form) -> None:
    assert parse(form.to_element()) == form


def test_an_answer_is_checked_and_defaults_filled_in() -> None:
    given_ = BOT.answer({"name": "benvolio", "public": True, "invite": ("romeo@localhost", "juliet@localhost")})
    assert given_.form_type == "jabber:bot"
    checked = BOT.check(parse(given_.to_element()))
    assert checked["name"] == ("benvolio",)
    assert checked["public"] == ("1",)
    assert checked["maxsubs"] == ("20",)
    assert checked["invite"] == ("romeo@localhost", "juliet@localhost")
    assert "" not in checked


@pytest.mark.parametrize("wrong", [
    {},
    {"name": ""},
    {"name": ("a", "b")},
    {"name": "a", "public": "perhaps"},
    {"name": "a", "maxsubs": "30"},
    {"name": "a", "features": ("news", "chess")},
    {"name": "a", "invite": ("@",)},
])  # fmt: skip
def test_a_wrong_answer_is_not_acceptable(wrong: dict[str, str]) -> None:
    assert condition(BOT.answer(wrong)) == "not-acceptable"


def test_an_answer_to_another_form_is_a_bad_request() -> None:
    assert condition(Form("submit", (Field("FORM_TYPE", ("jabber:other",)), Field("name", ("a",))))) == "bad-request"
    assert condition(Form("cancel")) == "bad-request"


@pytest.mark.parametrize("element", [
    el("x", ns.DATA_FORMS),
    el("x", ns.DATA_FORMS, {"type": "odd"}),
    el("x", "urn:odd", {"type": "form"}),
    el("x", ns.DATA_FORMS, {"type": "form"}, el("field", ns.DATA_FORMS)),
    el("x", ns.DATA_FORMS, {"type": "form"}, el("field", ns.DATA_FORMS, {"var": "a", "type": "odd"})),
    el("x", ns.DATA_FORMS, {"type": "form"}, *[el("field", ns.DATA_FORMS, {"var": "a"})] * 2),
])  # fmt: skip
def test_what_is_no_form_is_a_bad_request(element: Element) -> None:
    with pytest.raises(StanzaError) as refused:
        parse(element)
    assert refused.value.condition == "bad-request"


def test_values() -> None:
    form = BOT.answer({"public": True})
    public = form.get("public")
    assert public is not None
    assert public.as_bool
    assert form.value("public") == "1"
    assert form.value("absent", "default") == "default"
    with pytest.raises(StanzaError):
        _ = Field("public", ("2",)).as_bool


def test_find_by_form_type() -> None:
    query = el("query", ns.REGISTER, None, Form("result").to_element(), BOT.to_element())
    assert find(query) == Form("result")
    assert find(query, "jabber:bot") == BOT
    assert find(query, "jabber:other") is None
