"""test_registry — which commands there are, and the call of one.

Way:  xmppd.admin.registry
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass

import pytest

from tests.support.node import run
from xmpp_core.jid import JID
from xmppd.admin import registry
from xmppd.cli import catalog
from xmppd.commands import EXIT_PERMISSION, Account, Answer, Caller, Command, CommandError, command, commands_of

ALL = catalog.in_files()


@pytest.mark.parametrize("one", ALL, ids=lambda c: c.key)
def test_every_command_has_a_function_that_takes_its_parameters(one: Command) -> None:
    module, _, name = one.fn.partition(":")
    function = getattr(importlib.import_module(module), name)
    taken = [name for name in inspect.signature(function).parameters if name != "mod"]
    assert taken == [param.name for param in one.params if not (one.per_host and param.name == "host")]
    assert one.help
    assert inspect.getdoc(function)


def test_names_and_aliases_are_unique() -> None:
    names = [name for one in ALL for name in (one.key, *one.aliases)]
    assert len(names) == len(set(names))
    found = registry.by_name(ALL)
    assert found["adduser"] is found["user add"]


def test_a_second_one_of_a_name_changes_nothing() -> None:
    first, second = Command(("a",), "m:f", "first"), Command(("a",), "m:g", "second", aliases=("b",))
    assert registry.by_name([first, second]) == {"a": first, "b": second}


@dataclass(frozen=True)
class Cup:
    """A row."""

    guest: JID
    cups: int


@command("tea list", "who drinks", text=lambda rows: f"{len(rows)} guests", access="account")
async def guests(guest: Account) -> list[Cup]:
    """Rows."""
    return [Cup(guest, 2)]


def here() -> Command:
    (found,) = commands_of(importlib.import_module(__name__))
    return found


def test_a_result_is_plain_data_and_has_its_words() -> None:
    answer = run(lambda: registry.call(here(), {"guest": JID.parse("a@x")}))
    assert answer == Answer([{"guest": "a@x", "cups": 2}], "1 guests")
    assert registry.plain({1: (None, True, 1.5, {"s"})}) == {"1": [None, True, 1.5, ["s"]]}


def test_an_account_may_call_what_it_is_let_and_only_on_itself() -> None:
    anne = Caller(JID.parse("anne@x"), "account")
    assert registry.checked(here(), {"guest": "anne@x"}, anne) == {"guest": "anne@x"}
    assert registry.checked(here(), {"guest": "bob@x"}) == {"guest": "bob@x"}
    add = registry.by_name(ALL)["user add"]
    for one, given in ((here(), {"guest": "bob@x"}), (add, {"user": "anne@x"})):
        with pytest.raises(CommandError, match="anne@x may not call") as caught:
            registry.checked(one, given, anne)
        assert caught.value.status == EXIT_PERMISSION


def test_an_administrator_may_call_what_is_not_for_operators_only() -> None:
    admin = Caller(JID.parse("admin@x"), "admin")
    assert registry.checked(here(), {"guest": "bob@x"}, admin) == {"guest": "bob@x"}
    found = registry.by_name(ALL)
    assert registry.checked(found["user show"], {"user": "bob@x"}, admin) == {"user": "bob@x"}
    for_operators = [one.key for one in ALL if not registry.may_call(one, admin)]
    assert {"stop", "reload", "status", "upgrade", "crash", "tree"} <= set(for_operators)
    with pytest.raises(CommandError, match="admin@x may not call ping so"):
        registry.checked(found["ping"], {}, admin)
