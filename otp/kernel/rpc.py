"""rpc — calls functions on other nodes: only those that were exported for it.

OTP:      erpc.erl, rpc.erl
Way:      caller → net_kernel → [rpc of the other node] → a process per call → caller
Process:  one per node, permanent, under kernel_sup; each call runs in a process of its own
Differs:  erpc may call any function; here one must say @rpc.exported, and its module must be loaded there

    @rpc.exported
    def uptime() -> float: ...

    seconds = await rpc.call("w1", "myapp.stats:uptime", timeout=1.0)
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from otp.erts.exits import NORMAL, TIMEOUT, CallError, Crash, ProcessExit, crash
from otp.erts.pid import Pid, Ref
from otp.erts.process import monitor, spawn
from otp.erts.signals import Down
from otp.kernel import codec, net_kernel
from otp.stdlib import gen_server
from otp.stdlib.gen_server import From, GenServer, NoReply, reply

log = logging.getLogger("otp.rpc")
F = TypeVar("F", bound=Callable[..., Any])

NAME: Final = "rpc"
_exported: dict[str, Callable[..., Any]] = {}


class RpcError(Exception):
    """A remote call without an answer. `why`: timeout, noconnection, noproc, or an exit reason."""

    def __init__(self, node: str, fn: str, why: object) -> None:
        super().__init__(f"{fn} on {node}: {why}")
        self.node, self.fn, self.why = node, fn, why


class RpcTimeout(RpcError):
    """It took too long; the function may still be running there."""


class NotExported(RpcError):
    """The other node has no such function for callers."""


class RemoteError(RpcError):
    """The function raised. `crash` has the exception's class name, text and the traceback of the other node."""

    def __init__(self, node: str, fn: str, crash_: Crash) -> None:
        super().__init__(node, fn, crash_)
        self.crash = crash_


@codec.message
@dataclass(frozen=True, slots=True)
class _Apply:
    fn: str
    args: tuple[Any, ...]


@codec.message
@dataclass(frozen=True, slots=True)
class _Answer:
    kind: str  # ok, error, exit, undef
    value: Any


# -- API


def exported(fn: F) -> F:
    """Decorator: other nodes may call this function as "module:name". It may be async.

    Raises: ValueError if another function of that name was exported.
    """
    name = f"{fn.__module__}:{fn.__qualname__}"
    known = _exported.setdefault(name, fn)
    if known is not fn and known.__code__.co_filename != fn.__code__.co_filename:
        raise ValueError(f"{name} is exported twice")
    _exported[name] = fn
    return fn


async def start_link() -> Pid | None:
    """Start this node's server."""
    return await gen_server.start_link(Rpc, name=NAME)


async def call(node: str, fn: str, *args: Any, timeout: float | None = 5.0) -> Any:
    """The value of fn(*args) run on `node`, which may be this one; seconds, None for ever.

    Raises: RemoteError if fn raised, NotExported, RpcTimeout, RpcError; codec.CodecError for arguments that
    may not cross.
    """
    try:
        answer = await net_kernel.call_name(node, NAME, _Apply(fn, args), timeout)
    except CallError as exc:
        raise (RpcTimeout if exc.why == TIMEOUT else RpcError)(node, fn, exc.why) from None
    if answer.kind == "ok":
        return answer.value
    if answer.kind == "error":
        raise RemoteError(node, fn, answer.value)
    raise (NotExported if answer.kind == "undef" else RpcError)(node, fn, answer.value)


def cast(node: str, fn: str, *args: Any) -> None:
    """Have fn(*args) run on another node; nobody hears how it went, but that node's log."""
    net_kernel.send_name(node, NAME, _Apply(fn, args))


async def multicall(nodes: Iterable[str], fn: str, *args: Any, timeout: float = 5.0) -> dict[str, Any]:
    """call() on each node, one after the other: node -> value, or the RpcError that came instead."""
    results: dict[str, Any] = {}
    for node in nodes:
        try:
            results[node] = await call(node, fn, *args, timeout=timeout)
        except RpcError as exc:
            results[node] = exc
    return results


# -- callbacks


class Rpc(GenServer[dict[Ref, From]]):
    """State: the monitor of each running call -> whom to answer should it die without doing so."""

    def init(self) -> dict[Ref, From]:
        """No calls yet."""
        return {}

    def handle_call(self, request: Any, from_: From, running: dict[Ref, From]) -> NoReply[dict[Ref, From]]:
        """Run one call in a process of its own."""
        if not isinstance(request, _Apply) or request.fn not in _exported:
            reply(from_, _Answer("undef", "not exported"))
        else:
            running[monitor(spawn(_run, request, from_))] = from_
        return NoReply(running)

    def handle_info(self, message: Any, running: dict[Ref, From]) -> NoReply[dict[Ref, From]]:
        """A call has ended, or a cast has come."""
        match message:
            case Down(ref, _pid, reason):
                from_ = running.pop(ref, None)
                if from_ is not None and reason != NORMAL:
                    reply(from_, _Answer("exit", codec.printable(reason)))
            case _Apply(fn) if fn in _exported:
                spawn(_run, message, None)
            case _:
                log.error("dropped %.200r: not exported here", message)
        return NoReply(running)


# -- internals


async def _run(request: _Apply, from_: From | None) -> None:
    try:
        value = _exported[request.fn](*request.args)
        answer = _Answer("ok", await value if inspect.isawaitable(value) else value)
        if from_ is not None:
            reply(from_, answer)
    except ProcessExit:
        raise
    except Exception as exc:
        if from_ is None:
            raise
        reply(from_, _Answer("error", crash(exc)))
