"""server — a whole server in this process: memory store, a free port, modules as wanted.

async def body():
    async with serving(config(modules={})) as port:
        client = await Client.connect(port)
        …
node.run(body)
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from otp.erts import process
from otp.kernel.kernel_app import KernelSup
from otp.stdlib import supervisor
from tests.support.node import until
from xmppd import sup
from xmppd.config.schema import Auth, Config, Limits, Listen, Paths, Registration, Store
from xmppd.net import listener


def config(
    home: Path | None = None,
    *,
    hosts: tuple[str, ...] = ("localhost",),
    tls: str = "off",
    listen: tuple[Listen, ...] = (),
    modules: Mapping[str, Mapping[str, Any]] | None = None,
    limits: Limits | None = None,
    auth: Auth | None = None,
    registration: bool = False,
) -> Config:
    """A configuration for tests: one c2s listener on a free port, PLAIN allowed in the clear, the memory store."""
    made = Config(
        paths=Paths(home or Path(tempfile.mkdtemp(prefix="xmppd-test-"))),
        hosts=hosts,
        listen=listen or (Listen(module="c2s", ip="127.0.0.1", port=0, tls=tls, plain_without_tls=True),),
        registration=Registration(open=registration),
        limits=limits or Limits(),
        store=Store(backend="memory"),
        auth=auth or Auth(),
    )
    return made if modules is None else dataclasses.replace(made, modules=modules)


@contextlib.asynccontextmanager
async def serving(chosen: Config) -> AsyncIterator[int]:
    """Starts the server of a configuration and gives the port of its first listener; ends it at the exit."""
    if process.whereis("pg") is None:
        await supervisor.start_link(KernelSup, {})
    top = await sup.start_link(chosen)
    assert top is not None
    try:
        yield await port_of(chosen.listen[0])
    finally:
        process.unlink(top)
        process.exit_(top, "shutdown")
        await until(lambda: not process.is_alive(top))


async def port_of(listen: Listen) -> int:
    """The port that a listener of the running server got."""
    name = f"listener:{listen.module}:{listen.ip}:{listen.port}"
    sock = await listener.get_socket(name)
    return int(sock.getsockname()[1])


async def streams() -> list[Any]:
    """The pids of the clients' streams."""
    return [child.pid for child in await supervisor.which_children("c2s_sup")]
