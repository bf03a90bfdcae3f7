"""test_catalog — which commands a command line knows: with a server, and without one.

Way:  xmppd.cli.catalog
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otp.erts.blocking import run_blocking
from otp.stdlib import gen_server
from tests.support.node import run
from xmppd.cli import catalog
from xmppd.cli.main import Root
from xmppd.commands import Answer, Command, CommandError, Param
from xmppd.node import control
from xmppd.node.home import Home

POUR = Command(("tea", "pour"), "acme.mod_tea:pour", "pours", (Param("cups", "how many"),), module="acme.mod_tea")


def asked(home: Home, commands: Any) -> list[Command]:
    """What is known while a server runs that answers so."""

    async def execute(name: str, params: dict[str, Any]) -> Answer:
        if isinstance(commands, Exception):
            raise commands
        return Answer(commands if name == "commands" else params)

    async def main() -> list[Command]:
        pid = await control.start_link(home.control, execute)
        found = await run_blocking(catalog.commands, home)
        await gen_server.stop(pid)
        return found

    home.create()
    return run(main)


def test_a_server_that_runs_says_which_it_has(tmp_path: Path) -> None:
    assert asked(Home(tmp_path), [POUR.plain()]) == [POUR]


@pytest.mark.parametrize("answer", [CommandError("no worker is up"), [{"name": ["x"]}], [{"of": "the future"}], None])
def test_without_an_answer_the_files_say_it(tmp_path: Path, answer: Any) -> None:
    assert [one.key for one in asked(Home(tmp_path), answer)] == [one.key for one in catalog.in_files()]


def test_without_a_server_the_files_say_it(tmp_path: Path) -> None:
    keys = [one.key for one in catalog.commands(Home(tmp_path))]
    assert {"status", "user add", "roster list", "session kick"} <= set(keys)


def test_a_module_has_its_own_group_of_verbs() -> None:
    root = Root()
    root.complete_from([POUR, Command(("status",), "x:y", "of the server")])
    assert sorted(root.commands) == ["status", "tea"]
    assert root.commands["tea"].help == "of acme.mod_tea"
