"""test_commands — the registry.

Way:  xmppd.commands
"""

from __future__ import annotations

import importlib
import inspect

import pytest

from xmppd.commands import COMMANDS, EXIT_USAGE, Command, CommandError, check_params, registry


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.key)
def test_every_command_has_a_function_that_takes_its_parameters(command: Command) -> None:
    module, _, name = command.fn.partition(":")
    function = getattr(importlib.import_module(module), name)
    assert list(inspect.signature(function).parameters) == [param.name for param in command.params]
    assert command.help


def test_names_and_aliases_are_unique() -> None:
    names = [name for command in COMMANDS for name in (command.key, *command.aliases)]
    assert len(names) == len(set(names))
    assert registry()["adduser"] is registry()["user add"]


def test_parameters_are_checked() -> None:
    command = registry()["user add"]
    assert check_params(command, {"user": "a"}) == {"user": "a", "password": None}
    for wrong in ({}, {"user": None}, {"user": "a", "colour": 1}):
        with pytest.raises(CommandError) as caught:
            check_params(command, wrong)
        assert caught.value.status == EXIT_USAGE
