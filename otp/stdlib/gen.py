"""gen — what the behaviours share on the client's side: calls, casts, replies, system requests.

OTP:      gen.erl, and the sending end of sys.erl
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, overload

from otp.erts import exits
from otp.erts.future import LoopFuture, TimedFuture
from otp.erts.links import ALIASES, Net, add_watcher, deliver, remove_watcher
from otp.erts.pid import HERE, NameAt, Pid, Ref, is_local, make_ref
from otp.erts.process import Dest, resolve, send
from otp.erts.registry import Name, Via
from otp.erts.scheduler import THIS
from otp.erts.signals import AliasReply
from otp.erts.timer import TIMERS

#: seconds a call waits unless it is told otherwise
CALL_TIMEOUT: Final = 5.0


R = TypeVar("R")


class _Atom:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: stands in a result for what was not given
ABSENT: Final[Any] = _Atom("ABSENT")
#: init() returns it: no process, no error
IGNORE: Final[Any] = _Atom("IGNORE")


class Throw(Exception):
    """Raise it anywhere in a callback: the same as if the callback had returned `value` (throw/1)."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


class From:
    """Whom to answer. `future` is there when the caller is on this node, else `pid` and `ref` find it."""

    __slots__ = ("future", "pid", "ref")

    def __init__(self, pid: Pid | None, ref: Ref | None, future: LoopFuture[Any] | None) -> None:
        self.pid, self.ref, self.future = pid, ref, future

    def __repr__(self) -> str:
        return f"From({self.pid})"


class Request(Generic[R]):
    """A request that says, for a type checker, what its answer is: `class Pop(Request[str])`."""

    __slots__ = ()


class Call:
    """A request that waits for an answer ('$gen_call')."""

    __slots__ = ("from_", "request")

    def __init__(self, from_: From, request: Any) -> None:
        self.from_, self.request = from_, request

    def __repr__(self) -> str:
        return f"Call({self.request!r})"


class Cast:
    """A request that does not ('$gen_cast')."""

    __slots__ = ("request",)

    def __init__(self, request: Any) -> None:
        self.request = request

    def __repr__(self) -> str:
        return f"Cast({self.request!r})"


class System:
    """A system message: answered by the behaviour's loop, never seen by callbacks (sys.erl)."""

    __slots__ = ("args", "from_", "op")

    def __init__(self, from_: From, op: str, args: tuple[Any, ...]) -> None:
        self.from_, self.op, self.args = from_, op, args

    def __repr__(self) -> str:
        return f"System({self.op})"


@dataclass(frozen=True, slots=True)
class Failed:
    """A system request that could not be carried out."""

    text: str


def plain(name: Name | None) -> Hashable:
    """A name without its registry: what a child with that name is called among its siblings."""
    return name.name if isinstance(name, Via) else name


# -- the client's side


def reply(from_: From, value: object) -> None:
    """Answer a call, from any process; a second answer, or one that comes too late, is dropped.

    A From that has only a reference names an alias: (from_, value) goes into its owner's mailbox.
    """
    if from_.future is not None:
        THIS.call_on_loop(from_.future.resolve, value)
    elif from_.pid is not None and from_.ref is not None:
        deliver(from_.pid, AliasReply(from_.ref, value))
    elif from_.ref is not None:
        send(from_.ref, (from_, value))


@overload
def call(dest: Dest, request: Request[R], timeout: float | None = CALL_TIMEOUT) -> Coroutine[Any, Any, R]: ...
@overload
def call(dest: Dest, request: object, timeout: float | None = CALL_TIMEOUT) -> Coroutine[Any, Any, Any]: ...
def call(dest: Dest, request: object, timeout: float | None = CALL_TIMEOUT) -> Coroutine[Any, Any, Any]:
    """Ask; await the answer. Seconds, None for ever. A Request[R] is answered with an R, for type checkers.

    Raises: CallError with why = noproc, timeout, calling_self, noconnection, or the server's exit reason.
    """
    return ask(dest, Call, request, timeout)


async def ask(
    dest: Dest, wrap: Callable[[From, Any], object], request: object, timeout: float | None = CALL_TIMEOUT
) -> Any:
    """The monitor, request and wait under every call; `wrap(from_, request)` makes the message."""
    pid = resolve(dest)
    if pid is None:
        raise exits.CallError(exits.NOPROC, dest, request)
    caller = THIS.running
    if caller is not None and caller.pid is pid:
        raise exits.CallError("calling_self", dest, request)
    future: LoopFuture[Any] = LoopFuture() if timeout is None else TimedFuture()

    def failed(why: object) -> None:
        fail_call(future, why, dest, request)

    timer = None
    if timeout is not None:
        timer = future.timer = TIMERS.after(timeout, failed, exits.TIMEOUT)  # type: ignore[attr-defined]  # a TimedFuture
    try:
        process = pid.target
        if process is None:
            if not is_local(pid):
                return await _ask_there(pid, wrap, request, future, failed)
            raise exits.CallError(exits.NOPROC, dest, request)
        ref = make_ref()
        add_watcher(ref, failed, process)
        process.deliver(wrap(From(caller.pid if caller is not None else None, ref, future), request))
        try:
            return await future
        finally:
            if process.watchers is not None:
                process.watchers.pop(ref, None)
    finally:
        if timer is not None:
            TIMERS.drop(timer)


# what gen_server.call() gives is this coroutine: who forgets to await it is told of the name that was called
ask.__name__ = ask.__qualname__ = "call"


def fail_call(future: LoopFuture[Any], why: object, dest: Dest, request: object) -> None:
    """Make a waiting call raise CallError(why)."""
    future.reject(exits.CallError(why, dest, request))


async def _ask_there(
    pid: Pid | NameAt,
    wrap: Callable[[From, Any], object],
    request: object,
    future: LoopFuture[Any],
    failed: Callable[[object], None],
) -> Any:
    ref = make_ref()
    caller = THIS.running
    me = caller.pid if caller is not None else Pid(HERE.node, HERE.creation, 0)
    ALIASES[ref.serial] = (future, failed)
    Net.carrier.monitor(ref, me, pid)
    deliver(pid, wrap(From(me, ref, None), request))
    try:
        return await future
    finally:
        ALIASES.pop(ref.serial, None)
        remove_watcher(ref, pid)


def cast(dest: Dest, request: object) -> None:
    """Tell, without waiting; never fails, not even to a dead process or an unknown name."""
    pid = resolve(dest)
    if pid is not None:
        THIS.call_on_loop(deliver, pid, Cast(request))


async def system(dest: Dest, op: str, *args: Any, timeout: float | None = CALL_TIMEOUT) -> Any:
    """Send a system request and wait. Raises: CallError as call(); RuntimeError with what went wrong in it."""
    answer = await ask(dest, lambda from_, op: System(from_, op, args), op, timeout)
    if isinstance(answer, Failed):
        raise RuntimeError(answer.text)
    return answer


async def stop(dest: Dest, reason: object = exits.NORMAL, timeout: float | None = None) -> None:
    """End a behaviour in order: its terminate runs with `reason`, and it is gone when this returns.

    Raises: CallError with noproc, timeout, or the reason if it ended by another one.
    """
    try:
        await ask(dest, lambda from_, _stop: System(from_, "terminate", (reason,)), "stop", timeout)
    except exits.CallError as exc:
        if exc.why != reason:
            raise
