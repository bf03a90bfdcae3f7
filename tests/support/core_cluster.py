"""core_cluster — cluster on several nodes with one store, and the program that such a node runs.

`run(body, "w1", "w2")` runs `body(cluster)` while the named nodes serve; `RemoteClient` plays a client on one of them.
`modules`: further ones that they have.

    python -m tests.support.core_cluster NAME RUN_DIR COOKIE NODE,NODE,… MODULE,MODULE,…
"""

from __future__ import annotations

import contextlib
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otp.erts import process, runtime
from otp.erts.pid import Pid
from otp.kernel import net_kernel, node, pg, rpc
from otp.kernel.net_kernel import NetConfig
from tests.support import core_server, stages  # noqa: F401 - stages: for what it exports
from tests.support.mesh import COOKIE, SECONDS, Mesh
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd import gen_mod_sup
from xmppd.mods.offline.tables import OFFLINE
from xmppd.routing import hooks, undelivered
from xmppd.routing.hook_points import SessionInfoHook
from xmppd.routing.published import Published
from xmppd.routing.sm import flags, session_table, sm, suspected_nodes
from xmppd.store import store
from xmppd.store.backend import StoreConfig, Table

_clients: dict[str, core_server.Client] = {}
_cores: list[core_server.CoreServer] = []
TOLD = Published("told", "")
_muted: set[Pid] = set()
_floods: dict[str, int] = {}


@dataclass(frozen=True)
class Publish:
    """To a session: to publish this."""

    value: str


@rpc.exported
async def login(jid: str) -> None:
    _clients[jid] = await _cores[0].login(jid)


@rpc.exported
async def send(jid: str, xml: str) -> None:
    await _clients[jid].send(xml)


@rpc.exported
async def ask(jid: str, xml: str) -> str:
    return await _clients[jid].ask(xml)


@rpc.exported
def interested(jid: str) -> bool:
    """Whether the session gets pushes of the roster."""
    return any(s.interested for s in sm.all_sessions() if s.jid.full == jid)


@rpc.exported
async def take(jid: str) -> list[str]:
    await _clients[jid].settle()
    return _clients[jid].take()


@rpc.exported
async def login_quietly(jid: str) -> None:
    """Without a presence: the test says it."""
    _clients[jid] = await _cores[0].login(jid, presence=None, roster=False)


@rpc.exported
def flagged() -> list[str]:
    """The accounts of which somebody is leaving or handing over."""
    return sorted((*flags.LEAVING, *flags.SETTLING, *flags.FETCHING))


@rpc.exported
def texts(jid: str) -> list[str]:
    """All that has come so far, also to a session that has ended."""
    return _clients[jid].texts()


@rpc.exported
async def close(jid: str, nap: float = 0.0) -> None:
    await _clients[jid].close(nap)


@rpc.exported
def flood(jid: str, to: str, count: int) -> None:
    """The client sends numbered messages and never pauses; `flooded` says when that is over."""
    _floods[jid] = count
    process.spawn(_flood, _clients[jid], JID.parse(to), count)


async def _flood(client: core_server.Client, to: JID, count: int) -> None:
    for i in range(count):
        process.send(client.pid, core_server.Say(make_message(to, str(i), from_=client.jid)))
        if i % 5 == 0:
            await process.sleep(0.001)
    await client.settle()
    _floods[client.jid.full] = 0


@rpc.exported
def flooded(jid: str) -> bool:
    return not _floods[jid]


@rpc.exported
def ended(jid: str) -> str:
    return type(_clients[jid].ended).__name__


@rpc.exported
async def publish(jid: str, value: str) -> None:
    """The session says so of itself, for all nodes."""
    process.send(_clients[jid].pid, Publish(value))
    await _clients[jid].settle()


async def _publish(point: SessionInfoHook) -> None:
    if isinstance(point.message, Publish):
        await sm.publish(point.session, TOLD, point.message.value)


@rpc.exported
def published(jid: str) -> str:
    """What is published of the session, as this node sees it."""
    return "".join(TOLD.of(s) for s in sm.all_sessions() if s.jid.full == jid)


@rpc.exported
async def make(jid: str) -> None:
    """An account without a session."""
    await _cores[0].account(jid)


@rpc.exported
async def stored() -> int:
    """How many messages wait in the store."""
    return await store.count(OFFLINE)


@rpc.exported
async def rows(table: str, host: str, user: str) -> list[str]:
    """The committed rows of an account in a table, as text."""
    [found] = [one for one in Table.by_record.values() if one.name == table]
    return [repr(row) for row in await store.select(found, (host, user))]


@rpc.exported
async def column(table: str, name: str, host: str, user: str) -> list[str]:
    """What one column of these rows says."""
    [found] = [one for one in Table.by_record.values() if one.name == table]
    return [str(getattr(row, name)) for row in await store.select(found, (host, user))]


@rpc.exported
def names() -> list[str]:
    return sorted(s.jid.full for s in sm.all_sessions())


@rpc.exported
def others() -> list[str]:
    """The other nodes that have sessions."""
    return sorted(sm.other_nodes())


@rpc.exported
def flag(jid: str) -> None:
    """This node holds the session for one that leaves, as if it had not heard that it has left."""
    for session in sm.sessions(jid.partition("/")[0]):
        flags.set_flag("leaving", session.bare, session.pid)


@rpc.exported
def mute(on: bool) -> None:
    """What the session manager of this node says is lost on the way, until this is called with False."""
    if on:
        _muted.update(session_table.PEERS)
        session_table.PEERS.clear()
    else:
        session_table.PEERS.update(_muted)


@rpc.exported
async def crash(name: str) -> None:
    await core_server.crash(name)


@rpc.exported
def cut(name: str, grace: float) -> None:
    """Break the link to a node (it is dialled again at once); both sides should have been given the same patience."""
    suspected_nodes.GRACE = grace
    if name:
        net_kernel.disconnect(name)


@rpc.exported
async def whereis_placed(module: str, kind: str, key: str) -> Pid:
    """The process for a key of a Placed, a name of the module."""
    mod = next(mod for mod in gen_mod_sup.mods_of(_cores[0].config, "localhost") if mod.name == module)
    pid: Pid = await getattr(importlib.import_module(module), kind).whereis(mod, key)
    return pid


@rpc.exported
async def stop_mod(module: str) -> None:
    """As a worker does that goes down in order."""
    mod = next(mod for mod in gen_mod_sup.mods_of(_cores[0].config, "localhost") if mod.name == module)
    await gen_mod_sup.stop_mod(mod)


@dataclass(frozen=True)
class RemoteClient:
    """A client on another node."""

    node: str
    jid: str

    async def do(self, what: str, *args: Any) -> Any:
        return await call(self.node, what, self.jid, *args)


async def call(name: str, what: str, *args: Any) -> Any:
    return await rpc.call(name, f"tests.support.core_cluster:{what}", *args, timeout=SECONDS)


class CoreCluster(Mesh):
    """The nodes."""

    modules: tuple[str, ...] = ()

    def start(self, name: str, creation: int = 1, cookie: str = COOKIE) -> None:
        args = [name, str(self.run_dir), cookie, ",".join(self.names), ",".join(self.modules)]
        self.children[name] = subprocess.Popen([sys.executable, "-m", "tests.support.core_cluster", *args])

    async def until(self, name: str, *there: str) -> None:
        """Wait until the node serves and knows exactly these sessions."""
        for _ in range(1000):
            with contextlib.suppress(rpc.RpcError):
                if await call(name, "names") == sorted(there):
                    return
            await process.sleep(0.01)
        raise AssertionError(f"{name} knows {await call(name, 'names')}")

    async def client(self, name: str, jid: str) -> RemoteClient:
        await call(name, "login", jid)
        return RemoteClient(name, jid)


def run(
    body: Callable[[CoreCluster], Awaitable[None]], *names: str, modules: tuple[str, ...] = (), later: str = ""
) -> None:
    """See the head of the file. `later`: a node that the body starts."""
    with contextlib.ExitStack() as stack:
        known = (*names, later) if later else names
        cluster = CoreCluster(Path(stack.enter_context(tempfile.TemporaryDirectory())), known, "auto")
        cluster.modules = modules
        stack.callback(cluster.kill_all)
        for name in names:
            cluster.start(name)

        async def main() -> None:
            await net_kernel.start_link(cluster.config())
            await pg.start_link()
            await rpc.start_link()
            await node.await_nodes(set(names), SECONDS)
            for name in names:
                await cluster.until(name)
            await body(cluster)

        runtime.run(main, node="main")


async def _main(config: NetConfig, modules: tuple[str, ...]) -> None:
    await net_kernel.start_link(config)
    await pg.start_link()
    where = StoreConfig("sqlite", str(config.run_dir / "store.sqlite3"))
    undelivered.begin()
    _cores.append(await core_server.start(core_server.config_of((*core_server.MODULES, *modules)), where))
    await hooks.add("localhost", SessionInfoHook, _publish)
    await rpc.start_link()
    await process.receive()


def main() -> None:
    name, run_dir, cookie, nodes, modules = sys.argv[1:]
    config = NetConfig(Path(run_dir), cookie.encode(), tuple(nodes.split(",")))
    runtime.run(lambda: _main(config, tuple(filter(None, modules.split(",")))), node=name)


if __name__ == "__main__":
    # under its importable name, so that its functions are exported by that
    from tests.support import core_cluster

    core_cluster.main()
