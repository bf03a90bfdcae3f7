"""test_forms — a declaration as a form, and the answer as parameters.

Way:  xmppd.mods.adhoc.forms
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import pytest

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd.commands import Account, Arg, Caller, Command, check_params, command, commands_of
from xmppd.mods.adhoc import forms

ADMIN = Caller(JID.parse("admin@x"), "admin")
ANNE = Caller(JID.parse("anne@x"), "account")


@command("tea pour", "pours", access="account")
def pour(
    guest: Account,
    kind: Annotated[str, Arg("of tea")],
    secret_word: Annotated[str | None, Arg("said softly", is_secret=True)] = None,
    cups: int = 1,
    warmth: float | None = None,
    sugar: list[str] | None = None,
    milk: bool = False,
    note: str = "",
) -> None:
    """One of each kind."""


def tea() -> Command:
    (found,) = commands_of(importlib.import_module(__name__))
    return found


def answer(type_: str = "submit", **values: tuple[str, ...]) -> Element:
    form = Form(type_, tuple([Field(name, given) for name, given in values.items()]))
    return el("command", ns.COMMANDS, None, form.to_element())


def test_each_kind_has_its_type_of_field() -> None:
    form = forms.form_of(tea(), ADMIN)
    assert (form.type, form.title, form.instructions) == ("form", "tea pour", "pours")
    assert [(f.var, f.type, f.required, f.values) for f in form.fields] == [
        ("guest", "jid-single", True, ()),
        ("kind", "text-single", True, ()),
        ("secret_word", "text-private", False, ()),
        ("cups", "text-single", False, ("1",)),
        ("warmth", "text-single", False, ()),
        ("sugar", "text-multi", False, ()),
        ("milk", "boolean", False, ("0",)),
        ("note", "text-single", False, ()),
    ]
    assert (form.fields[2].label, form.fields[2].desc) == ("secret word", "said softly")
    assert dataforms.parse(form.to_element()) == form


def test_an_account_is_not_asked_on_whom() -> None:
    assert [f.var for f in forms.form_of(tea(), ANNE).fields][:2] == ["kind", "secret_word"]
    assert forms.read(tea(), ANNE, answer(kind=("green",), guest=("bob@x",)))["guest"] == "anne@x"


def test_what_comes_back_is_what_the_function_takes() -> None:
    given = forms.read(
        tea(),
        ADMIN,
        answer(
            guest=("bob@x",), kind=("green",), secret_word=("",), cups=("2",), warmth=("70.5",), sugar=("a", "", "b"),
            milk=("true",), note=(),
        ),
    )  # fmt: skip
    assert given == {
        "guest": "bob@x", "kind": "green", "cups": 2, "warmth": 70.5, "sugar": ["a", "b"], "milk": True,
    }  # fmt: skip
    assert check_params(tea(), given)["note"] == ""


def test_what_is_left_out_is_as_it_was_offered() -> None:
    given = forms.read(tea(), ADMIN, answer("cancel", guest=("bob@x",), kind=("green",)))
    assert given == {"guest": "bob@x", "kind": "green", "cups": 1, "milk": False}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": ()},
        {"guest": ("a@@x",)},
        {"cups": ("two",)},
        {"cups": ("1.5",)},
        {"warmth": ("nan",)},
        {"warmth": ("inf",)},
        {"milk": ("maybe",)},
        {"note": ("two", "values")},
    ],
)
def test_a_wrong_answer_is_a_bad_payload(wrong: dict[str, Any]) -> None:
    with pytest.raises(StanzaError, match=next(iter(wrong))) as caught:
        forms.read(tea(), ADMIN, answer(**{"guest": ("bob@x",), "kind": ("green",)} | wrong))
    assert caught.value.condition == "bad-request"
    assert caught.value.app is not None
    assert caught.value.app.name == "bad-payload"


@pytest.mark.parametrize(
    "payload", [el("command", ns.COMMANDS), answer("result"), el("command", ns.COMMANDS, None, el("x", ns.DATA_FORMS))]
)
def test_no_answer_is_one_where_nothing_is_needed(payload: Element) -> None:
    with pytest.raises(StanzaError) as caught:
        forms.read(tea(), ADMIN, payload)
    assert caught.value.app is not None
    assert caught.value.app.name == "bad-payload"
    easy = Command(("easy",), "m:f", "h", tuple([p for p in tea().params if not p.required]))
    assert forms.read(easy, ADMIN, el("command", ns.COMMANDS)) == {"cups": 1, "milk": False}
