"""mesh — a test that is a node among other OS processes.

`run(body, "w1", "w2")` runs `body(mesh)` as the node "main" of a mesh with those nodes, all of them connected, and
kills what is left of them afterwards.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from otp.erts import process, runtime
from otp.kernel import net_kernel, node, pg, rpc
from otp.kernel.net_kernel import NetConfig
from otp.kernel.node import NodeDown

COOKIE = "a secret of the test"
SECONDS = 40.0


class Mesh:
    """The other nodes."""

    def __init__(self, run_dir: Path, names: tuple[str, ...], loop: str, silence: float = 10.0) -> None:
        self.run_dir, self.loop, self.silence = run_dir, loop, silence
        self.names = ("main", *names)
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def config(self, cookie: str = COOKIE) -> NetConfig:
        return NetConfig(self.run_dir, cookie.encode(), self.names, self.silence / 10, self.silence)

    def start(self, name: str, creation: int = 1, cookie: str = COOKIE) -> None:
        args = [name, str(creation), str(self.run_dir), cookie, ",".join(self.names), self.loop, str(self.silence)]
        self.children[name] = subprocess.Popen([sys.executable, "-m", "tests.support.remote_node", *args])

    def kill(self, name: str) -> None:
        child = self.children.pop(name)
        child.send_signal(signal.SIGKILL)
        child.wait()

    async def kill_and_see(self, name: str) -> None:
        """Kill it and wait until this node knows."""
        node.monitor_nodes()
        self.kill(name)
        await receive(lambda m: isinstance(m, NodeDown) and m.name == name)
        node.monitor_nodes(False)

    def kill_all(self) -> None:
        for name in list(self.children):
            self.kill(name)


async def call(name: str, fn: str, *args: Any) -> Any:
    """Call a function of tests.support.remote_node on another node."""
    return await rpc.call(name, f"tests.support.remote_node:{fn}", *args, timeout=SECONDS)


async def receive(match: Callable[[Any], bool]) -> Any:
    """The next message that matches."""
    return await process.receive(match, timeout=SECONDS)


def run(
    body: Callable[[Mesh], Awaitable[None]],
    *names: str,
    run_dir: Path | None = None,
    loop: str = "auto",
    silence: float = 10.0,
) -> None:
    """See the head of the file."""
    with contextlib.ExitStack() as stack:
        folder = run_dir or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mesh = Mesh(folder, names, loop, silence)
        stack.callback(mesh.kill_all)
        for name in names:
            mesh.start(name)

        async def main() -> None:
            await net_kernel.start_link(mesh.config())
            await pg.start_link()
            await rpc.start_link()
            await node.await_nodes(set(names), SECONDS)
            for name in names:
                await _until_it_serves(name)
            for name in names:
                await call(name, "meet", [other for other in names if other != name])
            await body(mesh)

        runtime.run(main, node="main", loop=loop)


async def _until_it_serves(name: str) -> None:
    # a node is connected a moment before its rpc server runs
    for _ in range(1000):
        try:
            await call(name, "os_pid")
            return
        except rpc.RpcError as exc:
            if exc.why != "noproc":
                raise
        await process.sleep(0.01)
