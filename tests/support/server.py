"""server — xmppd.testing.server for our own tests: exactly the modules that are wanted, and the port alone.

async def body():
    async with serving(config(modules={})) as port:
        client = await Client.connect(port)
        …
node.run(body)
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from otp.stdlib import supervisor
from xmppd.config.schema import AuthSection, Config, LimitsSection, Listen, Paths, Registration, StoreSection
from xmppd.testing.server import port_of, serve_config
from xmppd.testing.settings import NOWHERE


def config(
    home: Path | None = None,
    *,
    hosts: tuple[str, ...] = ("localhost",),
    tls: str = "off",
    listen: tuple[Listen, ...] = (),
    modules: Mapping[str, Mapping[str, Any]] | None = None,
    limits: LimitsSection | None = None,
    auth: AuthSection | None = None,
    registration: bool = False,
) -> Config:
    """A configuration for tests: one c2s listener on a free port, PLAIN allowed in the clear, the memory store."""
    made = Config(
        paths=Paths(home or NOWHERE),
        hosts=hosts,
        listen=listen or (Listen(module="c2s", ip="127.0.0.1", port=0, tls=tls, plain_without_tls=True),),
        registration=Registration(open=registration),
        limits=limits or LimitsSection(),
        store=StoreSection(backend="memory"),
        auth=auth or AuthSection(),
    )
    return made if modules is None else dataclasses.replace(made, modules=modules)


@contextlib.asynccontextmanager
async def serving(chosen: Config) -> AsyncIterator[int]:
    """Starts the server of a configuration and gives the port of its first listener; ends it at the exit."""
    async with serve_config(chosen):
        yield await port_of(chosen.listen[0])


async def streams() -> list[Any]:
    """The pids of the clients' streams."""
    return [child.pid for child in await supervisor.which_children("c2s_sup")]
