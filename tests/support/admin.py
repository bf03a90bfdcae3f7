"""admin — runs a test body beside a whole server of this process, as a worker runs commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from otp.kernel import application
from tests.support import node, server
from xmppd.config.schema import Config


def beside_server(body: Callable[[], Awaitable[Any]], chosen: Config | None = None) -> Any:
    """Serve a configuration (hosts localhost and other.example if none is given) and run `body` meanwhile."""
    config = chosen or server.config(hosts=("localhost", "other.example"))

    async def main() -> Any:
        application.set_env("xmppd", "config", config)
        try:
            async with server.serving(config):
                return await body()
        finally:
            application.forget_env("xmppd")

    return node.run(main)
