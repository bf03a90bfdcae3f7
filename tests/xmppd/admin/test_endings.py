"""test_endings — what is refused before anything ends; tests/interop/test_endings.py ends a server that runs.

Way:  xmppd.admin.endings
"""

from __future__ import annotations

import pytest

from xmppd.admin.endings import LONGEST
from xmppd.commands import CommandError
from xmppd.testing.thread import serve_in_thread


@pytest.mark.parametrize("command", ["server stop", "server restart"])
def test_a_server_without_a_parent_does_not_end(command: str) -> None:
    with serve_in_thread() as server:
        with pytest.raises(CommandError, match="cannot be ended from here"):
            server.command(command, announcement="Bye.")
        assert server.client("ann").jid.startswith("ann@localhost/"), "and nobody was told"


@pytest.mark.parametrize("delay", [-1, LONGEST + 1])
def test_times_that_are_none(delay: int) -> None:
    with serve_in_thread() as server, pytest.raises(CommandError, match="delay must be"):
        server.command("server stop", delay=delay)
