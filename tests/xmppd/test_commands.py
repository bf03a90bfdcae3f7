"""test_commands — what a declaration becomes, and the parameters of a call.

Way:  xmppd.commands
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Annotated, Any

import pytest

from otp.kernel import application
from xmppd.commands import (
    EXIT_USAGE,
    HOST,
    Account,
    Answer,
    Arg,
    Caller,
    Command,
    CommandError,
    Param,
    check_params,
    command,
    commands_of,
    of_node,
    text_of,
    use,
)


@command("tea pour", "pours", aliases=("brew",), text=lambda cups: f"{cups} cups", access="account", timeout=60)
async def pour(
    guest: Account,
    kind: str,
    mod: object,
    cups: Annotated[int, Arg("how many")] = 1,
    warmth: float | None = None,
    sugar: Annotated[list[str] | None, Arg("each")] = None,
    milk: bool = False,
    where: Annotated[str | None, Arg("table", positional=True)] = None,
) -> int:
    """Pour."""
    return cups


@command("tea stop", "stops")
def stop(mod: object) -> None:
    """Stop."""


@command("tea wrong", "cannot be")
def wrong(what: dict[str, str]) -> None:
    """No command takes this."""


def file_of(*functions: Any) -> ModuleType:
    file = ModuleType("mod_tea")
    for function in functions:
        setattr(file, function.__name__, function)
    return file


def test_a_signature_becomes_parameters() -> None:
    (found,) = commands_of(file_of(pour), "mod_tea")
    assert (found.name, found.fn) == (("tea", "pour"), f"{__name__}:pour")
    assert (found.module, found.per_host, found.access, found.timeout) == ("mod_tea", True, "account", 60)
    assert found.params == (
        Param("guest", "account, as NAME or NAME@HOST", kind="account", positional=True),
        Param("kind", "", kind="text", positional=True),
        Param("cups", "how many", 1, False, kind="whole"),
        Param("warmth", "", None, False, kind="number"),
        Param("sugar", "each", None, False, True, kind="many"),
        Param("milk", "", False, False, kind="flag"),
        Param("where", "table", None, False, kind="text", positional=True),
    )


def test_a_command_of_a_module_without_an_account_asks_for_its_host() -> None:
    (found,) = commands_of(file_of(stop), "mod_tea")
    assert found.params == (HOST,)


def test_a_type_that_no_command_has_is_told_to_its_author() -> None:
    with pytest.raises(TypeError, match=r"wrong: no command takes a dict.* \(what\)"):
        commands_of(file_of(wrong))


@command("tea mine", "of nobody", access="account")
def mine(cups: int) -> None:
    """An account calls it, and on whom?"""


def test_what_an_account_calls_has_an_account() -> None:
    with pytest.raises(TypeError, match="mine: an account calls it on itself, so it takes one Account"):
        commands_of(file_of(mine))


@command("tea close", "ends the parent", where="parent")
def close() -> None:
    """Close."""


def test_who_may_call_what_does_not_say_it() -> None:
    assert [one.access for one in commands_of(file_of(stop, close))] == ["admin", "operator"]


def test_the_commands_of_a_node_are_those_that_it_was_told() -> None:
    class Empty:
        """No commands."""

        def offered(self, caller: Caller | None = None) -> list[Command]:
            return []

        async def carry_out(self, name: str, params: Mapping[str, Any], caller: Caller | None = None) -> Answer:
            raise CommandError(name)

    empty = Empty()
    try:
        use(empty)
        assert of_node() is empty
    finally:
        application.forget_env("xmppd")


def test_it_crosses_to_the_command_line_as_json() -> None:
    (found,) = commands_of(file_of(pour), "mod_tea")
    assert Command.of(json.loads(json.dumps(found.plain()))) == found


def test_words_of_a_result() -> None:
    assert text_of(pour, 3) == "3 cups"
    assert text_of(stop, None) is None
    assert text_of(file_of, None) is None


def test_parameters_are_checked() -> None:
    (found,) = commands_of(file_of(pour), "mod_tea")
    given = {"guest": "a", "kind": "green"}
    filled = {"cups": 1, "warmth": None, "sugar": None, "milk": False, "where": None}
    assert check_params(found, given) == given | filled
    assert check_params(found, given | {"cups": 2, "warmth": 60, "sugar": ["x"]})["warmth"] == 60
    for wrong_ in (
        {},
        {"guest": None, "kind": "green"},
        given | {"colour": 1},
        given | {"cups": "2"},
        given | {"cups": True},
        given | {"sugar": "x"},
        given | {"sugar": [1]},
        given | {"milk": 1},
        given | {"kind": 7},
    ):
        with pytest.raises(CommandError) as caught:
            check_params(found, wrong_)
        assert caught.value.status == EXIT_USAGE
