"""rpc — calls functions on other nodes: only those that were exported for it.

OTP:      erpc.erl, rpc.erl
Way:      caller → net_kernel → [rpc of the other node] → a process per call → caller
Process:  one per node, permanent, under kernel_sup; each call runs in a process of its own
Differs:  erpc may call any function; here a function must be marked @rpc.exported, and its module be loaded there

    @rpc.exported
    def uptime() -> float: ...

    seconds = await rpc.call("w1", "myapp.stats:uptime", timeout=1.0)
"""

from __future__ import annotations

import inspect
import logging
import math
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from otp.erts.exits import NORMAL, TIMEOUT, CallError, Crash, ProcessExit, ReceiveTimeout, crash
from otp.erts.pid import HERE, Pid, Ref, make_ref
from otp.erts.process import monitor, monotonic_time, receive, self_, send, spawn, whereis
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


def is_exported(fn: Callable[..., Any]) -> bool:
    """Whether the function, or another version of it, was exported."""
    return f"{fn.__module__}:{fn.__qualname__}" in _exported


async def start_link() -> Pid | None:
    """Start this node's server."""
    return await gen_server.start_link(Rpc, name=NAME)


async def call(node: str, fn: str, *args: Any, timeout: float | None = 5.0) -> Any:
    """The value of fn(*args) run on `node`, which may be this one; seconds, None for ever.

    Raises: RemoteError if fn raised, NotExported, RpcTimeout, RpcError; codec.CodecError for arguments that
    may not cross; ValueError for a time that is none.
    """
    try:
        answer = await net_kernel.call_name(node, NAME, _Apply(fn, args), _checked(timeout))
    except CallError as exc:
        raise (RpcTimeout if exc.why == TIMEOUT else RpcError)(node, fn, exc.why) from None
    if answer.kind == "ok":
        return answer.value
    if answer.kind == "error":
        raise RemoteError(node, fn, answer.value)
    raise (NotExported if answer.kind == "undef" else RpcError)(node, fn, answer.value)


def cast(node: str, fn: str, *args: Any) -> None:
    """Run fn(*args) on a node, which may be this one; only that node's log tells how it went."""
    if node == HERE.node:
        server = whereis(NAME)
        if server is not None:
            send(server, _Apply(fn, args))
        return
    net_kernel.send_name(node, NAME, _Apply(fn, args))


async def multicall(nodes: Iterable[str], fn: str, *args: Any, timeout: float | None = 5.0) -> dict[str, Any]:
    """call() on all nodes at once: node -> value, or the RpcError that came instead; `timeout` is for all together."""
    _checked(timeout)
    requests = {node: send_request(node, fn, *args) for node in nodes}
    until = None if timeout is None else monotonic_time() + timeout
    results: dict[str, Any] = {}
    for node, request in requests.items():
        left = None if until is None else max(until - monotonic_time(), 0.0)
        try:
            results[node] = await receive_response(request, left)
        except RpcError as exc:
            results[node] = exc
    return results


def multicast(nodes: Iterable[str], fn: str, *args: Any) -> None:
    """cast() to all nodes."""
    for node in nodes:
        cast(node, fn, *args)


# -- requests whose answer is fetched later


@dataclass(frozen=True, slots=True)
class CallId:
    """A call under way."""

    ref: Ref
    node: str
    fn: str


@dataclass(frozen=True, slots=True)
class _Response:
    """In the mailbox of the process that sent the request."""

    ref: Ref
    value: Any
    error: RpcError | None


def send_request(node: str, fn: str, *args: Any) -> CallId:
    """call() without the wait: its answer comes as a message, for one of the three functions below."""
    request = CallId(make_ref(), node, fn)
    spawn(_request, request, args, self_())
    return request


async def receive_response(request: CallId, timeout: float | None = None) -> Any:
    """The value of a request. Raises: what call() raises; RpcTimeout gives the request up."""
    try:
        response = await receive(lambda m: isinstance(m, _Response) and m.ref is request.ref, _checked(timeout))
    except ReceiveTimeout:
        _abandoned.add(request.ref)
        raise RpcTimeout(request.node, request.fn, TIMEOUT) from None
    return _value(response)


async def wait_response(request: CallId, timeout: float | None = 0) -> tuple[Any] | None:
    """(value,) of a request, or None if it is not there in time; it may be asked for again. Raises as call()."""
    try:
        response = await receive(lambda m: isinstance(m, _Response) and m.ref is request.ref, _checked(timeout))
    except ReceiveTimeout:
        return None
    return (_value(response),)


def check_response(message: object, request: CallId) -> tuple[Any] | None:
    """(value,) if a received message is the answer to the request, None if it is something else. Raises as call()."""
    if not isinstance(message, _Response) or message.ref is not request.ref:
        return None
    return (_value(message),)


#: requests whose answer nobody waits for any more
_abandoned: weakref.WeakSet[Ref] = weakref.WeakSet()


async def _request(request: CallId, args: tuple[Any, ...], owner: Pid) -> None:
    try:
        value, error = await call(request.node, request.fn, *args, timeout=None), None
    except RpcError as exc:
        value, error = None, exc
    except codec.CodecError as exc:
        value, error = None, RpcError(request.node, request.fn, str(exc))
    if request.ref not in _abandoned:
        send(owner, _Response(request.ref, value, error))


def _value(response: _Response) -> Any:
    if response.error is not None:
        raise response.error
    return response.value


def _checked(timeout: float | None) -> float | None:
    if timeout is not None and (isinstance(timeout, bool) or not 0 <= timeout < math.inf):
        raise ValueError(f"no time to wait: {timeout!r}")
    return timeout


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
