"""catalog — which commands there are: those of the server that runs, else those of the files that are here.

OTP:      cf. ejabberdctl, whose help asks the node
Way:      cli.main → [catalog] → admin.dispatch.catalog over the control socket, or admin.registry
"""

from __future__ import annotations

import importlib
from typing import Final

from xmppd.cli import client
from xmppd.commands import Command, CommandError
from xmppd.node.home import Home

#: seconds that a running server has to tell its commands
PATIENCE: Final = 5.0


def commands(home: Home) -> list[Command]:
    """The commands of the server with that home, those of its modules included; if none runs there or answers, of all
    modules that come with this one."""
    try:
        return [Command.of(plain) for plain in client.ask(home, "commands", {}, PATIENCE)]
    except (CommandError, TypeError, KeyError):  # of another version: its own command line fits it
        return in_files()


def in_files() -> list[Command]:
    """The commands that the files of this server declare, whether their modules are switched on or not."""
    # most verbs ask a running server; this loads most of it
    registry = importlib.import_module("xmppd.admin.registry")
    modules = importlib.import_module("xmppd.cli.modules")
    gen_mod = importlib.import_module("xmppd.gen_mod")
    found: list[Command] = registry.of_parent()
    found += registry.of_worker({name: gen_mod.path_of(name) for name in modules.names()})
    return found
