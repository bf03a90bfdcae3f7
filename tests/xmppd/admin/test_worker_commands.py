"""test_worker_commands — the worker's end of commands.

Way:  xmppd.admin.worker_commands
"""

from __future__ import annotations

import os

from tests.support.admin import beside_server
from tests.support.node import run
from xmppd.admin import worker_commands
from xmppd.net import listener_sup


def test_commands_and_their_errors() -> None:
    async def body() -> None:
        assert await worker_commands.run("user add", {"user": "alice", "password": "long enough"}) == {
            "ok": {"jid": "alice@localhost", "uri": "xmpp:alice@localhost"}
        }
        assert await worker_commands.run("user add", {"user": "alice", "password": "long enough"}) == {
            "error": "alice@localhost exists already",
            "status": 1,
        }
        assert await worker_commands.sessions() == {"ok": 0}

    beside_server(body)


def test_the_shell_and_the_vital_signs() -> None:
    async def body() -> None:
        assert await worker_commands.shell("here", "1 + 1") == {"ok": {"output": "2\n"}}
        vital = worker_commands.vital()
        assert vital["pid"] == os.getpid()
        assert vital["memory_mb"] > 5
        assert vital["processes"] >= 1
        assert type(vital["deeds"]) is dict

    run(body)


def test_draining_closes_the_listeners() -> None:
    from otp.stdlib import supervisor

    async def body() -> None:
        await worker_commands.drain()
        assert all(child.pid is None for child in await supervisor.which_children(listener_sup.NAME))

    beside_server(body)
