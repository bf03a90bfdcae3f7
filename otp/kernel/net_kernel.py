"""net_kernel — makes this node part of a mesh: listens, dials, watches, and installs the carrier.

OTP:      net_kernel.erl, erl_epmd.erl, inet_dist
Way:      boot → kernel_sup → [net_kernel] → link, carrier
Process:  one per node, permanent, under kernel_sup; a node that has no run_dir does not start it
Differs:  the nodes of a mesh are known beforehand and ordered; each dials those before it, every 50 ms until it is
          connected, so two never dial each other. Addresses are sockets in the run directory: there is no epmd

    config = NetConfig(run_dir=Path("var/run"), cookie=b"…", nodes=("main", "w1", "w2"))
    await net_kernel.start_link(config)
    await node.await_nodes({"main", "w1"}, timeout=5.0)
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otp.erts import runtime
from otp.erts.pid import HERE, Pid
from otp.erts.process import monotonic_time, running, self_, send, send_after
from otp.erts.scheduler import THIS
from otp.kernel import held, stdlib_messages, unix_socket
from otp.kernel.carrier import Mesh
from otp.kernel.handshake import NONCE_BYTES, Handshake, Hello
from otp.kernel.held import LIMBO
from otp.kernel.link import Link
from otp.kernel.node import BOOK
from otp.stdlib import gen_server
from otp.stdlib.gen import CALL_TIMEOUT
from otp.stdlib.gen_server import GenServer, NoReply, Reply, StopInit

log = logging.getLogger("otp.net_kernel")

NAME: Final = "net_kernel"
#: seconds between two attempts to reach a node
RETRY: Final = 0.05
#: seconds without a sign of life after which a node is dropped
SILENCE: Final = 5.0
#: seconds that messages are kept for a node that is gone, if nobody gives them back before
PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Where and with whom: a private folder for the sockets, the shared secret, all names in their order.

    Every `tick` seconds a node gives the others a sign of life; one that gives none for `silence` seconds is dropped
    (net_ticktime). Seconds in which this node stood still itself do not count.
    """

    run_dir: Path
    cookie: bytes = field(repr=False)
    nodes: tuple[str, ...]
    tick: float = 1.0
    silence: float = SILENCE


@dataclass(frozen=True, slots=True)
class _Lost:
    name: str


class _Tick:
    """Time to dial the nodes that are missing."""


class _Beat:
    """Time for a sign of life."""


@dataclass(frozen=True, slots=True)
class _GiveBack:
    """Time to stop waiting for a node that is gone, with what is kept for it."""

    name: str
    creation: int


@dataclass(slots=True)
class _State:
    config: NetConfig
    mesh: Mesh
    complaints: set[tuple[str, str]]
    dialling: dict[str, Link] = field(default_factory=dict)
    ticking: bool = True
    beat: float = field(default_factory=monotonic_time)


#: the carrier in use, None on a node alone
_mesh: list[Mesh] = []


# -- API


async def start_link(config: NetConfig) -> Pid | None:
    """Join the mesh of `config` under this node's name and creation. Raises: StartError."""
    return await gen_server.start_link(NetKernel, config, name=NAME)


def send_name(node: str, name: str, message: object) -> None:
    """Send to a registered name on another node ({Name, Node} ! Message); lost if either is not there.

    Raises: CodecError if the message may not cross.
    """
    send((name, node), message)


async def call_name(node: str, name: str, request: object, timeout: float | None = CALL_TIMEOUT) -> Any:
    """gen_server:call({Name, Node}, Request): ask a registered process of another node, or of this one.

    Raises: CallError with why = noconnection, noproc, timeout or the server's exit reason; CodecError.
    """
    return await gen_server.call((name, node), request, timeout)


async def drain(node: str) -> None:
    """Wait until a node keeps up with what was sent to it: for senders in bulk. At once if it is not there."""
    for mesh in _mesh:
        entry = mesh.entries.get(node)
        if entry is not None:
            await entry.link.pace.caught_up()


def unsent() -> dict[str, int]:
    """By connected node, the bytes that wait because it does not read."""
    return {name: entry.link.unsent for mesh in _mesh for name, entry in mesh.entries.items()}


def disconnect(node: str) -> bool:
    """Break the link to a node (erlang:disconnect_node/1); the node that dialled dials again. False if there was
    none."""
    entry = next((mesh.entries[node] for mesh in _mesh if node in mesh.entries), None)
    if entry is not None:
        entry.link.drop("disconnected on request")
    return entry is not None


# -- callbacks


class NetKernel(GenServer[_State]):
    """See the head of the file."""

    async def init(self, config: NetConfig) -> _State | StopInit:
        """Listen, install the carrier, begin to dial."""
        if HERE.node not in config.nodes:
            return StopInit(("not_in_mesh", HERE.node, config.nodes))
        me = self_()
        _prepare(config.run_dir)
        path = _socket_path(config, HERE.node)
        try:
            sock = unix_socket.listen(path)
        except OSError as exc:
            return StopInit(("cannot_listen", str(path), str(exc)))
        complaints: set[tuple[str, str]] = set()
        mesh = Mesh(lambda name: send(me, _Lost(name)), lambda link, why: _complain(complaints, link, why))
        server = await THIS.loop.create_unix_server(lambda: Link(mesh, _handshake(mesh, config)), sock=sock)
        BOOK.clear()
        held.begin(THIS.loop)
        _mesh[:] = [mesh]
        runtime.set_carrier(mesh)
        send(me, _Tick())
        send_after(config.tick, me, _Beat())
        # also when it is killed: a server left open would keep its successor from the address
        running().on_exit = [lambda: _leave(mesh, server, path)]
        return _State(config, mesh, complaints)

    def handle_call(self, request: Any, from_: Any, state: _State) -> Reply[_State]:
        """ "identity": this node's name and creation, and who is connected."""
        if request == "identity":
            return Reply((HERE.node, HERE.creation, tuple(sorted(state.mesh.entries))), state)
        return Reply(("unknown_request", repr(request)[:100]), state)

    async def handle_info(self, message: Any, state: _State) -> Any:
        """Dial, and dial again."""
        if isinstance(message, _Lost):
            state.complaints.clear()
            limbo = LIMBO.get(message.name)
            if limbo is not None:
                send_after(PATIENCE, self_(), _GiveBack(message.name, limbo.creation))
            if not state.ticking:
                state.ticking = True
                send(self_(), _Tick())
        elif isinstance(message, _Beat):
            now = monotonic_time()
            # a gap is this node's own: what the others sent meanwhile has not been read yet
            state.mesh.beat(min(now - state.beat, 2 * state.config.tick), state.config.silence)
            state.beat = now
            send_after(state.config.tick, self_(), message)
        elif isinstance(message, _GiveBack):
            limbo = LIMBO.get(message.name)
            if limbo is not None and limbo.creation == message.creation:
                held.give_back(message.name)
        elif isinstance(message, _Tick):
            missing = [name for name in _dialled(state.config) if name not in state.mesh.entries]
            for name in missing:
                await _dial(name, state)
            state.ticking = bool(missing)
            if missing:
                send_after(RETRY, self_(), message)
        else:
            return super().handle_info(message, state)
        return NoReply(state)


# -- internals


async def _dial(name: str, state: _State) -> None:
    before = state.dialling.get(name)
    if before is not None and not before.closed:
        return  # still shaking hands; it has a deadline
    try:
        sock = unix_socket.connect(_socket_path(state.config, name))
    except OSError as exc:
        if not isinstance(exc, (FileNotFoundError, ConnectionRefusedError, BlockingIOError)):
            log.warning("cannot dial %s: %s", name, exc)
        return
    link = state.dialling[name] = Link(state.mesh, _handshake(state.mesh, state.config, name))
    try:
        # not create_unix_connection: if the peer goes at once, uvloop's has closed the descriptor before it has taken
        # `sock` over; `sock` would close it once more, and by then that number belongs to something else
        await THIS.loop.connect_accepted_socket(lambda: link, sock)
    except OSError as exc:
        sock.close()
        link.drop(str(exc))


def _leave(mesh: Mesh, server: asyncio.AbstractServer, path: Path) -> None:
    server.close()
    _mesh.clear()  # the mesh stays the carrier: what is kept is kept until its successor has connected
    for entry in list(mesh.entries.values()):
        entry.link.drop("this node leaves")
    path.unlink(missing_ok=True)


def _handshake(mesh: Mesh, config: NetConfig, expects: str | None = None) -> Handshake:
    hello = Hello(HERE.node, HERE.creation, secrets.token_bytes(NONCE_BYTES))
    return Handshake(hello, config.cookie, expects, mesh.took)


def _dialled(config: NetConfig) -> tuple[str, ...]:
    return config.nodes[: config.nodes.index(HERE.node)]


def _socket_path(config: NetConfig, name: str) -> Path:
    return config.run_dir / f"{name}.sock"


def _prepare(run_dir: Path) -> None:
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if run_dir.stat().st_uid == os.getuid():
        run_dir.chmod(0o700)


def _complain(complaints: set[tuple[str, str]], link: Link, why: str) -> None:
    peer = link.handshake.peer
    name = peer.name if peer is not None else "an unknown peer"
    if (name, why) not in complaints:  # it is dialled again and again: once is enough
        complaints.add((name, why))
        log.warning("no link with %s: %s", name, why)


stdlib_messages.register()
