"""test_admin_form — what is read from a form that was filled in.

Way:  xmppd.mods.adhoc.admin_form
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.jid import JID
from xmppd.commands import Caller, CommandError
from xmppd.mods.adhoc.admin_form import ACCOUNT, MOST_ACCOUNTS, AdminForm, ServiceCommand


def form(**values: tuple[str, ...]) -> AdminForm:
    return AdminForm(values, Caller(JID("admin", "localhost"), "admin"), "localhost")


def test_accounts_each_once_and_of_full_addresses_their_own() -> None:
    assert form(accountjids=("a@h", "a@h/r", "", "b@h")).accounts() == ("a@h", "b@h")
    assert form(accountjids=("a@h", "a@h/r", "a@h")).named() == ("a@h", "a@h/r")
    with pytest.raises(CommandError, match="more than"):
        form(accountjids=tuple(f"{n}@h" for n in range(MOST_ACCOUNTS + 1))).accounts()


def test_one_account_under_either_name() -> None:
    assert form(accountjid=("a@h/r",)).account() == "a@h"
    assert form(accountjids=("a@h",), accountjid=("a@h",)).account() == "a@h"
    for wrong in (form(), form(accountjids=("a@h", "b@h"))):
        with pytest.raises(CommandError, match="one account"):
            wrong.account()


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=20)))
def test_lines_are_a_text(lines: list[str]) -> None:
    assert form(motd=tuple(lines)).lines("motd") == "\n".join(lines).rstrip()


def test_what_was_filled_in_does_not_stand_in_a_repr() -> None:
    assert "hush" not in repr(form(password=("hush",)))


async def _nothing(asked: AdminForm) -> tuple[()]:
    return ()


def test_a_wrong_address_is_no_wrong_form() -> None:
    wanted = ServiceCommand("x", "X", (ACCOUNT,), "user add", _nothing).wanted
    field = wanted.get("accountjid")
    assert field is not None
    assert (field.type, field.required) == ("text-single", True)
